"""import files, sql and omop, and demo."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from qi_checker.errors import Exit, Problem, UserError, count
from qi_checker.protocol.load import load_site


def files(arguments: argparse.Namespace) -> int:
    """Convert an export to records with a mapping."""
    return _write(arguments, arguments.folder, arguments.mapping)


def sql(arguments: argparse.Namespace) -> int:
    """Convert the tables of a database to records with a mapping."""
    from qi_checker.protocol.load_mapping import load_mapping

    loaded = load_mapping(arguments.mapping, arguments.url)
    return _write(arguments, arguments.mapping.parent, loaded)


def _write(arguments: argparse.Namespace, folder: Path, mapping: Any) -> int:
    from qi_checker.engines.duckdb.database import set_apart
    from qi_checker.protocol.site import Site
    from qi_checker.sources.files import read_folder
    from qi_checker.sources.written import check_folder, write_records

    check_folder(arguments.out, arguments.force)
    site = load_site(arguments.site) if arguments.site is not None else Site(timezone="UTC")
    records = read_folder(folder, site, mapping=mapping)
    records.notes[:0] = set_apart(records)
    done = write_records(records, arguments.out, arguments.format, arguments.force)
    print(f"{arguments.out}: {', '.join(f'{n} {name}' for name, n in done.rows.items())}")
    for note in done.notes:
        print(note)
    return Exit.DONE


def omop(arguments: argparse.Namespace) -> int:
    """Read an OMOP database into the records contract."""
    from qi_checker.sources.omop import import_omop

    done = import_omop(
        arguments.path, arguments.out, arguments.concepts, arguments.schema, arguments.force
    )
    print(f"{arguments.out}: {count(done.cases, 'case')}, {count(done.events, 'event')}")
    for note in done.notes:
        print(note)
    return Exit.DONE


def demo(arguments: argparse.Namespace) -> int:
    """Write a year of synthetic records."""
    from qi_checker.demo import write_demo
    from qi_checker.demo.exports import AS_OF as EXPORTED
    from qi_checker.demo.exports import write_exports
    from qi_checker.demo.hospital import AS_OF
    from qi_checker.demo.study import COMMAND, write_study

    _only_over_a_demo(arguments.out)
    write = write_study if arguments.study else write_exports if arguments.exports else write_demo
    try:
        write(arguments.out)
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        raise UserError(Problem(str(arguments.out), f"cannot be written: {why}")) from None
    if arguments.study:
        print(f"{arguments.out} holds records made up to match a published study. Compare with:")
        print(f"  qi-checker study --data {arguments.out} {COMMAND} --out study")
        return Exit.DONE
    if arguments.exports:
        print(f"{arguments.out} holds three exports of a made-up hospital. Look at one with:")
        print(f"  qi-checker inspect {arguments.out}/american")
        print(f"and judge it for {EXPORTED}.")
        return Exit.DONE
    print(f"{arguments.out} holds a year of one made-up hospital. Look at it with:")
    print(f"  qi-checker audit --data {arguments.out} --as-of {AS_OF} --out audit")
    print(f"  qi-checker checklist --data {arguments.out} --as-of {AS_OF}")
    return Exit.DONE


def _only_over_a_demo(out: Path) -> None:
    """Raise UserError for a folder that holds other files: a demo must not replace real records."""
    if not out.is_dir() or not any(out.iterdir()):
        return
    readme = out / "README.md"
    if readme.is_file() and readme.read_bytes().startswith(b"# Synthetic "):
        return
    raise UserError(
        Problem(
            str(out),
            "contains files that no demo wrote",
            "They could be overwritten",
            "Give a new or an empty folder",
        )
    )
