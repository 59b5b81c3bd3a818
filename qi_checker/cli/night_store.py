"""nightly purge, export, pseudonymise, backup and changes: what the store does, as commands."""

from __future__ import annotations

import argparse
import getpass
import json
from pathlib import Path

from qi_checker.cli.night_tools import kept
from qi_checker.cli.nights import settings_of, time_of_day
from qi_checker.errors import Exit, Problem, UserError
from qi_checker.protocol.as_of import AsOf


def changes(arguments: argparse.Namespace) -> int:
    """What changed in a night since the one before it."""
    with kept(arguments) as store:
        store.manifest(arguments.number)  # says that there is no such run
        found = store.changes(arguments.number)
    for change in found:
        print(f"{change.kind:12} {change.words} ({str(change.cause).replace('_', ' ')})")
    if not found:
        print("Nothing changed.")
    return Exit.DONE


def purge(arguments: argparse.Namespace) -> int:
    """Remove old nights; the trail tells of it."""
    settings = settings_of(arguments)
    if arguments.before is not None:
        before = AsOf.parse(arguments.before, "--before").date
    elif settings.config.retention is not None:
        today = time_of_day().astimezone(settings.site.zone).date()
        before = settings.config.retention.before(today)
    else:
        raise UserError(
            Problem(
                "nightly purge",
                "nothing says how long nights are kept",
                "",
                "Set retention, or give --before",
            )
        )
    with kept(arguments) as store:
        done = store.purge(before, time_of_day(), _actor())
    print(
        f"Removed from before {before}: {done.runs} runs, {done.rows} rows, "
        f"{done.exceptions} exceptions, {done.sign_offs} sign-offs."
    )
    return Exit.DONE


def export(arguments: argparse.Namespace) -> int:
    """Everything that is kept of a case."""
    with kept(arguments) as store:
        document = store.export_case(arguments.case_id)
    print(json.dumps(document, indent=2, ensure_ascii=False, default=str))
    return Exit.DONE


def pseudonymise(arguments: argparse.Namespace) -> int:
    """Replace the ids of a case, and print the new one."""
    key = _key(arguments.key_file)
    with kept(arguments) as store:
        print(store.pseudonymise(arguments.case_id, key, time_of_day(), _actor()))
    return Exit.DONE


def _key(path: Path) -> bytes:
    try:
        return path.read_bytes().strip()
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        raise UserError(Problem("--key-file", f"{path} cannot be read: {why}")) from None


def backup(arguments: argparse.Namespace) -> int:
    """Copy the store."""
    with kept(arguments) as store:
        store.backup(arguments.path)
    print(f"{arguments.path} holds the store.")
    return Exit.DONE


def _actor() -> str:
    """Who started it, for the audit trail."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "nobody known"
