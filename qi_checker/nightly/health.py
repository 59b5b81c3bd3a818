"""Checks of the job: `healthcheck` for monitoring, `check-config` for an administrator.

`check-config` tests everything that a night needs; it sends and stores nothing.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from qi_checker.audit.folder import OURS
from qi_checker.errors import Problem, UserError
from qi_checker.nightly.anchors import Kept, known
from qi_checker.nightly.config import seconds
from qi_checker.nightly.database import opened
from qi_checker.nightly.digests import server_of
from qi_checker.nightly.load import Settings
from qi_checker.nightly.lock import UNKNOWN, at_work, surely_over
from qi_checker.nightly.moments import newest_days, today_of
from qi_checker.nightly.outbox import Outbox, State
from qi_checker.nightly.reports import audit_folder
from qi_checker.nightly.smtp import tried
from qi_checker.nightly.status import read_status
from qi_checker.render.atomic import check_replaceable, refused
from qi_checker.sources.files import read_folder
from qi_checker.store import Store


@dataclass(frozen=True)
class Check:
    """The result of one check."""

    name: str
    ok: bool
    words: str


def health(settings: Settings, now: datetime) -> list[Check]:
    """Run all checks; the job is healthy if all of them pass."""
    status = read_status(settings.status)
    return [
        _age(status, settings, now),
        _last(status, settings, now),
        *_outbox(Outbox(settings.outbox), settings, now),
        *_of_the_store(settings, status, now),
    ]


def _age(status: dict[str, Any], settings: Settings, now: datetime) -> Check:
    good = status.get("last_good")
    if not good:
        return Check("last good run", False, "there was none")
    age = now - datetime.fromisoformat(good["finished_at"])
    limit = timedelta(seconds=seconds(settings.config.max_age))
    words = f"{_hours(age)} ago, for {good['as_of']}; the limit is {settings.config.max_age}"
    return Check("last good run", age <= limit, words)


def _hours(age: timedelta) -> str:
    minutes = max(0, int(age.total_seconds() // 60))
    return f"{minutes} minutes" if minutes < 120 else f"{minutes // 60} hours"


def _last(status: dict[str, Any], settings: Settings, now: datetime) -> Check:
    if not status:
        return Check("last run", False, "no status file")
    if status["state"] == "running":
        return _running(status, settings, now)
    refusing = [p["check"] for p in status.get("plausibility", []) if p["level"] == "refuse"]
    if refusing:
        words = ", ".join(dict.fromkeys(refusing))
        return Check("last run", False, f"its records were refused: {words}")
    failed = [p["name"] for p in status["phases"] if p["state"] == "failed"]
    if failed:
        return Check("last run", False, f"failed: {', '.join(failed)}")
    return Check("last run", status["state"] != "failed", f"{status['state']}")


def _running(status: dict[str, Any], settings: Settings, now: datetime) -> Check:
    """Check a run that is marked as running. Its lock ends with its process, however that ends."""
    try:
        owner = at_work(settings.lock)
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        return Check("last run", False, f"unknown: {settings.lock} cannot be read ({why})")
    who = f"process {status.get('pid')} on {status.get('host')}"
    since = f"since {status['started_at']} for {status['as_of']}"
    if owner is not None and owner.pid in (UNKNOWN, status.get("pid")):
        return Check("last run", True, f"running: {who}, {since}")
    after = read_status(settings.status)
    if after != status:
        return _last(after, settings, now)  # it ended during this check
    if owner is None and not surely_over(str(status.get("host")), status["started_at"], now):
        return Check(
            "last run", True, f"running: {who}, {since}; its lock cannot be seen from this host"
        )
    advice = "the last list stays in force, and the next start cleans up"
    if owner is not None:
        advice = f"process {owner.pid} on {owner.host} has the lock since {owner.since}"
    return Check(
        "last run", False, f"{who}, running {since}, ended before it was complete; {advice}"
    )


def _outbox(box: Outbox, settings: Settings, now: datetime) -> list[Check]:
    limit = seconds(settings.config.max_age)
    waiting = box.names("queued")
    files = [box.folder("queued") / name for name in waiting]
    old = [f for f in files if f.exists() and now.timestamp() - f.stat().st_mtime > limit]
    checks = [Check("outbox", not old, f"{len(waiting)} queued, {len(old)} of them for too long")]
    looked_at: tuple[State, ...] = ("refused", "doubtful")
    for state in looked_at:
        number = len(box.names(state))
        if number:
            words = f"{number} messages; see {box.folder(state)}, then remove them"
            checks.append(Check(f"outbox {state}", False, words))
    return checks


def _of_the_store(settings: Settings, status: dict[str, Any], now: datetime) -> list[Check]:
    try:
        store = opened(settings)
    except UserError as error:
        return [Check("audit trail", False, str(error.problems[0]))]
    try:
        known_ends = known(settings, status)
        return [_newest(store, settings, now), _trail(store, known_ends), _anchors(known_ends)]
    except UserError as error:
        return [Check("audit trail", False, str(error.problems[0]))]
    finally:
        store.close()


def _newest(store: Store, settings: Settings, now: datetime) -> Check:
    """Check that each protocol's newest night is for today or yesterday, or within `max_age`.

    A night for a future day would make every later night a replay.
    """
    today = today_of(now, settings)
    limit = timedelta(seconds=seconds(settings.config.max_age))
    oldest = today - max(timedelta(days=1), timedelta(days=limit.days))
    words, well = [], True
    for protocol, run in newest_days(store, settings).items():
        if run is None:
            words.append(f"{protocol}: there is none")
            well = False
            continue
        day = date.fromisoformat(run.as_of[:10])
        line = f"{protocol}: run {run.run_id} for {run.as_of}"
        if day > today:
            line += f", which is in the future; remove it: qi-checker nightly forget {run.run_id}"
        elif day < oldest:
            line += f", and today is {today}"
        words.append(line)
        well = well and oldest <= day <= today
    return Check("newest night", well, "; ".join(words))


def _trail(store: Store, known_ends: Kept) -> Check:
    """Check the chain of the audit trail against every end that was recorded elsewhere."""
    done = store.trail.verify(*known_ends.anchors)
    return Check(
        "audit trail", done.whole, "; ".join(done.faults) or f"intact, {done.entries} entries"
    )


def _anchors(known_ends: Kept) -> Check:
    return Check(
        "anchors of the trail", not known_ends.problem, known_ends.problem or known_ends.words
    )


def try_everything(settings: Settings) -> tuple[list[Check], list[Problem]]:
    """Test sources, store, folders and mail server; return the checks and all problems."""
    checks: list[Check] = []
    problems: list[Problem] = []
    trials: tuple[tuple[str, Callable[[Settings], str]], ...] = (
        ("sources", _sources),
        ("store", _store),
        ("folders", _folders),
        ("mail server", _mail),
    )
    for name, trial in trials:
        try:
            checks.append(Check(name, True, trial(settings)))
        except UserError as error:
            problems += error.problems
            checks.append(Check(name, False, "; ".join(str(p) for p in error.problems)))
    return checks, problems


def _sources(settings: Settings) -> str:
    records = read_folder(settings.data, settings.site, mapping=settings.mapping)
    try:
        counts = [
            f"{name} {(records.con.execute(f'SELECT count(*) FROM raw_{name}').fetchone() or (0,))[0]}"
            for name, table in sorted(records.tables.items())
            if not table.absent
        ]
    finally:
        records.con.close()
    return "rows read: " + ", ".join(counts)


def _store(settings: Settings) -> str:
    store = opened(settings)
    runs = len(store.runs())
    store.close()
    return f"{runs} stored runs"


def _folders(settings: Settings) -> str:
    check_replaceable(audit_folder(settings), OURS)
    folders = [settings.state, settings.reports, settings.log.parent, settings.status.parent]
    if settings.config.prometheus is not None:
        folders.append(settings.path(settings.config.prometheus).parent)
    problems = [p for folder in dict.fromkeys(folders) for p in _unwritable(folder)]
    if problems:
        raise UserError(problems)
    return "can be written"


def _unwritable(folder: Path) -> list[Problem]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder, prefix=".try-")
        os.close(handle)
        os.unlink(name)
    except OSError as error:
        return refused(folder, error, "Let the user that runs the job write there").problems
    return []


def _mail(settings: Settings) -> str:
    server = server_of(settings)
    if server is None:
        return "none: the digest is written as files only"
    config = settings.config.digest
    everybody = [a for each in config.recipients.values() for a in each] if config else []
    problems = tried(server, [config.sender, *everybody] if config else [])
    if problems:
        raise UserError(problems)
    return f"{server} answers" + (", and lets the user in" if server.user else "")
