"""import omop, and demo."""

from __future__ import annotations

import argparse
from pathlib import Path

from qi_checker.errors import Exit, Problem, UserError


def omop(arguments: argparse.Namespace) -> int:
    """Read an OMOP database into the records contract."""
    from qi_checker.sources.omop import import_omop

    done = import_omop(
        arguments.path, arguments.out, arguments.concepts, arguments.schema, arguments.force
    )
    print(f"{arguments.out}: {done.cases} cases, {done.events} events")
    for note in done.notes:
        print(note)
    return Exit.DONE


def demo(arguments: argparse.Namespace) -> int:
    """Write a year of made-up records."""
    from qi_checker.demo import write_demo
    from qi_checker.demo.hospital import AS_OF
    from qi_checker.demo.study import COMMAND, write_study

    _only_over_a_demo(arguments.out)
    try:
        (write_study if arguments.study else write_demo)(arguments.out)
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        raise UserError(Problem(str(arguments.out), f"cannot be written: {why}")) from None
    if arguments.study:
        print(f"{arguments.out} holds records made up to match a published study. Compare with:")
        print(f"  qi-checker study --data {arguments.out} {COMMAND} --out study")
        return Exit.DONE
    print(f"{arguments.out} holds a year of one made-up hospital. Look at it with:")
    print(f"  qi-checker audit --data {arguments.out} --as-of {AS_OF} --out audit")
    print(f"  qi-checker checklist --data {arguments.out} --as-of {AS_OF}")
    return Exit.DONE


def _only_over_a_demo(out: Path) -> None:
    """Made-up rows must never take the place of somebody's records."""
    if not out.is_dir() or not any(out.iterdir()):
        return
    readme = out / "README.md"
    if readme.is_file() and readme.read_bytes().startswith(b"# Synthetic hospital"):
        return
    raise UserError(
        Problem(
            str(out),
            "holds files that are not of a demo",
            "They could be overwritten",
            "Give a new or an empty folder",
        )
    )
