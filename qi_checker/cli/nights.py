"""nightly, healthcheck and the tools behind `nightly`."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path

from qi_checker.cli.clock import time_of_day
from qi_checker.cli.common import NOW, progress, warn
from qi_checker.errors import Exit, Problem, UserError, count
from qi_checker.nightly.database import opened
from qi_checker.nightly.load import Settings, load_settings
from qi_checker.nightly.moments import check_days, now_here, today_of
from qi_checker.private import spill_under
from qi_checker.protocol.as_of import AsOf
from qi_checker.store import Store

_FEW = 7  # a purge by retention may always remove this many runs


def settings_of(arguments: argparse.Namespace) -> Settings:
    """Load the settings that `--config` names."""
    if arguments.config is None:
        raise UserError(Problem("--config", "is required", "", "Write: --config nightly.yaml"))
    settings = load_settings(arguments.config)
    spill_under(settings.state / "spill")
    return settings


def nightly(arguments: argparse.Namespace) -> int:
    """Run the night, or a span of past nights."""
    settings = settings_of(arguments)
    if arguments.first is not None or arguments.last is not None:
        return _replay(arguments, settings)
    from qi_checker.nightly.night import run_night

    as_of = _moment(arguments, settings)
    with progress() as shown:
        by_clock = arguments.as_of in (None, NOW)
        done = run_night(settings, as_of, time_of_day, shown.phase, by_clock, arguments.accept)
    for words in done.warnings:
        warn(words)
    for words in done.problems:
        print(f"qi-checker: {words}", file=sys.stderr)
    print(done.words)
    return done.code


def _moment(arguments: argparse.Namespace, settings: Settings) -> AsOf:
    """Return the moment of the evaluation: as given, else the current time at the site."""
    if arguments.as_of in (None, NOW):
        return now_here(time_of_day(), settings.site.zone)
    as_of = AsOf.parse(arguments.as_of)
    if not arguments.allow_future:
        check_days([as_of.date], time_of_day(), settings, "--as-of")
    return as_of


def _replay(arguments: argparse.Namespace, settings: Settings) -> int:
    from qi_checker.nightly.replay import days, replay

    given = ("--from", arguments.first), ("--to", arguments.last)
    missing = [option for option, text in given if text is None]
    if missing or arguments.as_of is not None:
        raise UserError(Problem("--from, --to", "both are required, without --as-of"))
    first, last = (AsOf.parse(text, option) for option, text in given)
    if not arguments.allow_future:
        check_days([last.date], time_of_day(), settings, "--to")
    span = days(first, last)
    with progress() as shown:
        for words in replay(settings, span, time_of_day, shown.phase):
            print(words)
    return Exit.DONE


def healthcheck(arguments: argparse.Namespace) -> int:
    """Print the state of the job; exit code 1 if somebody must look."""
    from qi_checker.nightly.health import health

    checks = health(settings_of(arguments), time_of_day())
    well = all(check.ok for check in checks)
    if arguments.format == "json":
        document = {"ok": well, "checks": [asdict(check) for check in checks]}
        print(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        for check in checks:
            print(f"{'ok  ' if check.ok else 'FAIL'} {check.name}: {check.words}")
    return Exit.DONE if well else Exit.FAILED_ON


@contextmanager
def open_store(arguments: argparse.Namespace) -> Iterator[Store]:
    store = opened(settings_of(arguments))
    try:
        yield store
    finally:
        store.close()


def check_config(arguments: argparse.Namespace) -> int:
    """Test everything that a night needs."""
    from qi_checker.nightly.health import try_everything

    checks, problems = try_everything(settings_of(arguments))
    for check in checks:
        if check.ok:
            print(f"{check.name}: {check.words}")
    if problems:
        raise UserError(problems)
    return Exit.DONE


def runs(arguments: argparse.Namespace) -> int:
    """Print every stored night, the latest first."""
    with open_store(arguments) as store:
        kept = store.runs()
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
            for r in kept
        ]
        print(json.dumps(lines, indent=2, ensure_ascii=False))
        return Exit.DONE
    for r in kept:
        note = f"  correction {r.correction}" if r.correction else ""
        replaced = "" if r.in_force else "  replaced by a later run"
        print(f"{r.run_id:6}  {r.as_of:19}  {r.protocol}{note}{replaced}")
    if not kept:
        print("No night is stored yet.")
    return Exit.DONE


def show(arguments: argparse.Namespace) -> int:
    """Print findings.json of a stored night, byte for byte."""
    with open_store(arguments) as store:
        sys.stdout.flush()
        for piece in store.findings_json(arguments.number):
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
    return Exit.DONE


def verify(arguments: argparse.Namespace) -> int:
    """Verify the audit trail and the rows that are bound to it, from beginning to end."""
    from qi_checker.nightly.anchors import known, verified

    with open_store(arguments) as store:
        result = verified(store, known(settings_of(arguments)), arguments.anchor)
    if result.noted:
        print("These entries removed or replaced something. Was that intended?")
    for words in result.noted:
        print(f"  {words}")
    if result.whole:
        print(
            f"The audit trail is intact: {count(result.entries, 'entry', 'entries')}, and "
            f"{count(len(result.bound), 'record')} bound to it, none changed."
        )
        return Exit.DONE
    for fault in result.faults:
        print(f"qi-checker: the audit trail is not intact: {fault}.", file=sys.stderr)
    return Exit.FAILED_ON


def schema(arguments: argparse.Namespace) -> int:
    """Print the JSON Schema of the settings."""
    from qi_checker.nightly.load import settings_schema

    print(json.dumps(settings_schema(), indent=2, ensure_ascii=False))
    return Exit.DONE


def changes(arguments: argparse.Namespace) -> int:
    """Print the changes of a night since the night before it."""
    with open_store(arguments) as store:
        store.manifest(arguments.number)  # raises UserError for an unknown run
        changed = store.changes(arguments.number)
    for change in changed:
        print(f"{change.kind:12} {change.words} ({str(change.cause).replace('_', ' ')})")
    if not changed:
        print("Nothing changed.")
    return Exit.DONE


def purge(arguments: argparse.Namespace) -> int:
    """Remove old nights; the trail records it."""
    settings = settings_of(arguments)
    today = today_of(time_of_day(), settings)
    given = arguments.before
    before = AsOf.parse(given, "--before").date if given is not None else _expired(settings, today)
    if before > today:
        what = f"{before} is in the future: today is {today}"
        raise UserError(Problem("--before", what, "", "Give the first day to keep"))
    with open_store(arguments) as store:
        if given is None:
            _check_share(store, before)
        done = store.purge(before, time_of_day(), system_user())
    print(
        f"Removed from before {before}: {count(done.runs, 'run')}, {count(done.rows, 'row')}, "
        f"{count(done.exceptions, 'exception')}, {count(done.sign_offs, 'sign-off')}, "
        f"notes and other entries of people: {done.written}; entries of the trail that became "
        f"marks: {done.entries}."
    )
    return Exit.DONE


def _expired(settings: Settings, today: date) -> date:
    """Return the first day whose night is kept, by the retention of the settings."""
    if settings.config.retention is None:
        what = "the settings have no retention"
        raise UserError(Problem("nightly purge", what, "", "Set retention, or give --before"))
    return settings.config.retention.before(today)


def _check_share(store: Store, before: date) -> None:
    """Raise UserError if a purge by retention would remove most nights: the clock may be wrong."""
    gone, there = store.old_runs(before)
    if gone > max(_FEW, there // 2):
        raise UserError(
            Problem(
                "nightly purge",
                f"{gone} of {there} runs are from before {before}",
                "That is most of them, so the clock of this machine may be wrong",
                f"If it is right, give --before {before}",
            )
        )


def forget(arguments: argparse.Namespace) -> int:
    """Remove a night as if it had never been stored, and its queued messages."""
    from qi_checker.nightly.lock import held
    from qi_checker.nightly.outbox import Outbox

    settings = settings_of(arguments)
    with (
        held(settings.lock, time_of_day, timedelta(0)),
        open_store(arguments) as store,
    ):
        done = store.forget(arguments.number, time_of_day(), system_user())
        queued = Outbox(settings.outbox).drop(done.run_id)
    print(
        f"Run {done.run_id} of {done.protocol} for {done.as_of} is forgotten: {count(done.rows, 'row')} and "
        f"{count(queued, 'queued message')} removed. Reports show it until the next night."
    )
    return Exit.DONE


def export(arguments: argparse.Namespace) -> int:
    """Print everything that the store holds about a case."""
    with open_store(arguments) as store:
        document = store.export_case(arguments.case_id)
    print(json.dumps(document, indent=2, ensure_ascii=False, default=str))
    return Exit.DONE


def pseudonymise(arguments: argparse.Namespace) -> int:
    """Replace the ids of a case, and print the new one."""
    key = _key(arguments.key_file)
    with open_store(arguments) as store:
        print(store.pseudonymise(arguments.case_id, key, time_of_day(), system_user()))
    return Exit.DONE


def _key(path: Path) -> bytes:
    try:
        return path.read_bytes().strip()
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        raise UserError(Problem("--key-file", f"{path} cannot be read: {why}")) from None


def backup(arguments: argparse.Namespace) -> int:
    """Copy the store."""
    with open_store(arguments) as store:
        store.backup(arguments.path)
    print(f"{arguments.path} holds the store.")
    return Exit.DONE


def system_user() -> str:
    """Return the user who started a command; a container may have no name for its user."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "nobody known"
