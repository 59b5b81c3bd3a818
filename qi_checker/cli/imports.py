"""import omop, and demo."""

from __future__ import annotations

import argparse

from qi_checker.errors import Exit


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

    write_demo(arguments.out)
    print(f"{arguments.out} holds a year of one made-up hospital. Look at it with:")
    print(f"  qi-checker audit --data {arguments.out} --as-of {AS_OF} --out audit")
    print(f"  qi-checker checklist --data {arguments.out} --as-of {AS_OF}")
    return Exit.DONE
