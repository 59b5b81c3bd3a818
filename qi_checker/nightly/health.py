"""Whether somebody must look: what `healthcheck` says to monitoring."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from qi_checker.errors import UserError
from qi_checker.nightly.keeping import opened
from qi_checker.nightly.load import Settings
from qi_checker.nightly.lock import UNKNOWN, at_work, surely_over
from qi_checker.nightly.outbox import Outbox, State
from qi_checker.nightly.status import read_status
from qi_checker.nightly.waits import seconds
from qi_checker.store import Store


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    ok: bool
    words: str


def health(settings: Settings, now: datetime) -> list[Check]:
    """Everything that is looked at; the job is well if all of them are."""
    status = read_status(settings.status)
    return [
        _age(status, settings, now),
        _last(status, settings, now),
        *_outbox(Outbox(settings.outbox), settings, now),
        _trail(settings, status),
    ]


def _age(status: dict[str, Any], settings: Settings, now: datetime) -> Check:
    good = status.get("last_good")
    if not good:
        return Check("last good run", False, "there has been none")
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
    failed = [p["name"] for p in status["phases"] if p["state"] == "failed"]
    if failed:
        return Check("last run", False, f"failed: {', '.join(failed)}")
    return Check("last run", status["state"] != "failed", f"{status['state']}")


def _running(status: dict[str, Any], settings: Settings, now: datetime) -> Check:
    """A run that says it is at work. Its lock ends with its process, in whatever way that ends."""
    try:
        owner = at_work(settings.lock)
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        return Check("last run", False, f"running, or not: {settings.lock} cannot be read ({why})")
    who = f"process {status.get('pid')} on {status.get('host')}"
    since = f"at work since {status['started_at']} for {status['as_of']}"
    if owner is not None and owner.pid in (UNKNOWN, status.get("pid")):
        return Check("last run", True, f"running: {who}, {since}")
    after = read_status(settings.status)
    if after != status:
        return _last(after, settings, now)  # it was done while we looked
    if owner is None and not surely_over(str(status.get("host")), status["started_at"], now):
        return Check("last run", True, f"running: {who}, {since}; from here its lock is not seen")
    mend = "what was in force stays, and the next start clears up"
    if owner is not None:
        mend = f"process {owner.pid} on {owner.host} has the lock since {owner.since}"
    return Check("last run", False, f"{who}, {since}, ended before it was done; {mend}")


def _outbox(box: Outbox, settings: Settings, now: datetime) -> list[Check]:
    limit = seconds(settings.config.max_age)
    waiting = box.names("queued")
    files = [box.folder("queued") / name for name in waiting]
    old = [f for f in files if f.exists() and now.timestamp() - f.stat().st_mtime > limit]
    found = [Check("outbox", not old, f"{len(waiting)} queued, {len(old)} of them too long")]
    looked_at: tuple[State, ...] = ("refused", "doubtful")
    for state in looked_at:
        number = len(box.names(state))
        if number:
            words = f"{number} messages; look at {box.folder(state)}, then remove them"
            found.append(Check(f"outbox {state}", False, words))
    return found


def _trail(settings: Settings, status: dict[str, Any]) -> Check:
    """The chain of the audit trail, up to the end that the last good run has written down."""
    try:
        store = opened(settings)
        try:
            faults, entries = verified(store, status)
        finally:
            store.close()
    except UserError as error:
        return Check("audit trail", False, str(error.problems[0]))
    return Check("audit trail", not faults, "; ".join(faults) or f"whole, {entries} entries")


def verified(store: Store, status: dict[str, Any]) -> tuple[tuple[str, ...], int]:
    """What is wrong with the trail, and how many entries it has.

    Its end as the last good run wrote it down shows whether entries were cut off since.
    """
    from qi_checker.store.trail import Anchor  # its tables need a store that was opened

    known = (status.get("last_good") or {}).get("trail")
    done = store.trail.verify(Anchor(known["sequence"], known["hash"]) if known else None)
    return done.faults, done.entries
