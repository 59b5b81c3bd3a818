"""The tools behind `nightly`: what is kept, whether it is whole, whether the settings work."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from qi_checker.cli.nights import settings_of
from qi_checker.errors import Exit, UserError
from qi_checker.nightly.keeping import opened
from qi_checker.store import Store


@contextmanager
def kept(arguments: argparse.Namespace) -> Iterator[Store]:
    store = opened(settings_of(arguments))
    try:
        yield store
    finally:
        store.close()


def check_config(arguments: argparse.Namespace) -> int:
    """Try everything that a night needs."""
    from qi_checker.nightly.trial import try_everything

    checks, problems = try_everything(settings_of(arguments))
    for check in checks:
        if check.ok:
            print(f"{check.name}: {check.words}")
    if problems:
        raise UserError(problems)
    return Exit.DONE


def runs(arguments: argparse.Namespace) -> int:
    """Every night that is kept, the latest first."""
    with kept(arguments) as store:
        found = store.runs()
    if arguments.format == "json":
        lines = [
            {
                "run": r.run_id,
                "protocol": r.protocol,
                "as_of": r.as_of,
                "started_at": r.started_at.isoformat(),
                "correction": r.correction,
                "in_force": r.in_force,
                "sha256": r.digest,
            }
            for r in found
        ]
        print(json.dumps(lines, indent=2, ensure_ascii=False))
        return Exit.DONE
    for r in found:
        note = f"  correction {r.correction}" if r.correction else ""
        replaced = "" if r.in_force else "  replaced by a later run"
        print(f"{r.run_id:6}  {r.as_of:19}  {r.protocol}{note}{replaced}")
    if not found:
        print("No night is kept yet.")
    return Exit.DONE


def show(arguments: argparse.Namespace) -> int:
    """findings.json of a kept night, as it was."""
    with kept(arguments) as store:
        sys.stdout.flush()
        for piece in store.findings_json(arguments.number):
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
    return Exit.DONE


def verify(arguments: argparse.Namespace) -> int:
    """Read the audit trail from its beginning to its end."""
    from qi_checker.nightly.health import verified
    from qi_checker.nightly.status import read_status

    status = read_status(settings_of(arguments).status)
    with kept(arguments) as store:
        faults, entries = verified(store, status)
    if not faults:
        print(f"The audit trail is whole: {entries} entries.")
        return Exit.DONE
    for fault in faults:
        print(f"qi-checker: the audit trail is not whole: {fault}.", file=sys.stderr)
    return Exit.FAILED_ON


def schema(arguments: argparse.Namespace) -> int:
    """The JSON Schema of the settings."""
    from qi_checker.nightly.load import settings_schema

    print(json.dumps(settings_schema(), indent=2, ensure_ascii=False))
    return Exit.DONE
