"""Changes from one audit to a later audit, with their causes; docs/changes.md defines every word.

Pure: two snapshots in, sorted changes out. Nothing is evaluated again, so a cause is stated only as
far as the two snapshots show it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from qi_checker.digest.snapshot import CaseResult, Finding, Key, Snapshot
from qi_checker.errors import Problem, UserError
from qi_checker.protocol.english import ASKED_LATE
from qi_checker.protocol.vocabulary import Reason, Status


class Kind(StrEnum):
    """Kind of a change; lists use this order."""

    NEW = "new"
    REOPENED = "reopened"
    RESCHEDULED = "rescheduled"
    REJUDGED = "rejudged"
    RESOLVED = "resolved"
    CASE_ADDED = "case_added"
    CASE_GONE = "case_gone"


class Cause(StrEnum):
    """Cause of a change, as far as two audits show it."""

    FEED = "feed"
    RESCHEDULE = "reschedule"
    EXCEPTION = "exception"
    NEW_EVENT = "new_event"
    LATE_DATA = "late_data"
    TIME = "time"
    PROTOCOL = "protocol"
    PROTOCOL_OR_DATA = "protocol or data"
    DATA = "data"


DEVIATIONS = (Status.ERROR, Status.EXPIRED, Status.MISSING, Status.UNKNOWN)
_FULFILLED = (Status.MET, Status.EXEMPT, Status.BOOKED)
_OPEN = (Status.DUE, Status.BOOKED)


@dataclass(frozen=True)
class Change:
    """One thing that changed. `requirement` is "" for a new case or a case that is gone."""

    case_id: str
    requirement: str
    kind: Kind
    cause: Cause
    before_status: str
    after_status: str
    before_reason: str
    after_reason: str
    before_surgery: dt.date | None
    after_surgery: dt.date | None
    words: str  # one plain sentence; ids and dates only


def changes(now: Snapshot, before: Snapshot, earlier: Collection[Key] = ()) -> tuple[Change, ...]:
    """Compare two snapshots; return the changes sorted by kind, case and requirement.

    `earlier`: case and requirement of every problem in any audit before `before`; without it no
    change is `reopened`. Raises UserError where the two cannot be compared.
    """
    _comparable(now, before)
    return tuple(sorted(_each(now, before, frozenset(earlier)), key=_order))


def is_problem(found: Finding, as_of: dt.date) -> bool:
    """Whether somebody must act: a deviation, or due after the last day to arrange it."""
    overdue = found.status == Status.DUE and found.act_by is not None and found.act_by < as_of
    return found.status in DEVIATIONS or overdue


def _order(change: Change) -> tuple[int, str, str]:
    return list(Kind).index(change.kind), change.case_id, change.requirement


def _comparable(now: Snapshot, before: Snapshot) -> None:
    if now.protocol_id != before.protocol_id:
        why = f"One is of {before.protocol_id}, the other of {now.protocol_id}"
        raise UserError(Problem(before.where, "is the audit of another protocol", why))
    if before.as_of > now.as_of:
        why = f"It is as of {before.as_of}, the other as of {now.as_of}"
        raise UserError(Problem(before.where, "is the later audit of the two", why))


def _each(now: Snapshot, before: Snapshot, earlier: frozenset[Key]) -> Iterator[Change]:
    for case_id, case in now.cases.items():
        if case_id not in before.cases:
            yield _came(case, before)
    for case_id, case in before.cases.items():
        if case_id not in now.cases:
            yield _went(case, now, before)
    for key, finding in now.findings.items():
        if key[0] in before.cases:
            yield from _of_finding(_Pair(now, before, finding, before.findings.get(key)), earlier)
        elif is_problem(finding, now.as_of):
            # The case occurs for the first time, so its problems are new.
            change = _Pair(now, before, finding, None).change(Kind.NEW)
            yield replace(change, cause=_came(now.cases[key[0]], before).cause)


def _came(case: CaseResult, before: Snapshot) -> Change:
    late = case.surgery_date is not None and case.surgery_date <= before.as_of
    words = f"{case.case_id} is new, surgery on {case.surgery_date}."
    return Change(
        case.case_id,
        "",
        Kind.CASE_ADDED,
        Cause.LATE_DATA if late else Cause.DATA,
        "",
        case.verdict,
        "",
        "",
        None,
        case.surgery_date,
        words,
    )


def _went(case: CaseResult, now: Snapshot, before: Snapshot) -> Change:
    cause = Cause.DATA if _same(now, before, "program") else _either(now, before)
    words = f"{case.case_id}, surgery on {case.surgery_date}, is no longer in the records."
    return Change(
        case.case_id,
        "",
        Kind.CASE_GONE,
        cause,
        case.verdict,
        "",
        "",
        "",
        case.surgery_date,
        None,
        words,
    )


def _of_finding(pair: _Pair, earlier: frozenset[Key]) -> Iterator[Change]:
    kind = pair.kind()
    if kind is Kind.NEW and (pair.now.case_id, pair.now.requirement) in earlier:
        kind = Kind.REOPENED
    if kind is not None:
        yield pair.change(kind)


@dataclass(frozen=True)
class _Pair:
    """One requirement of one case, tonight and before; `was` is None for a new requirement."""

    tonight: Snapshot
    before: Snapshot
    now: Finding
    was: Finding | None

    @property
    def status_before(self) -> str:
        return self.was.status if self.was else ""

    @property
    def surgery(self) -> tuple[dt.date | None, dt.date | None]:
        old = self.before.cases.get(self.now.case_id)
        return (
            old.surgery_date if old else None,
            self.tonight.cases[self.now.case_id].surgery_date,
        )

    @property
    def moved(self) -> bool:
        old, new = self.surgery
        return old is not None and old != new

    @property
    def flipped_by_moving(self) -> bool:
        """Whether the date of surgery changed, and no other event decides now."""
        same_event = self.was is not None and self.now.event_id in ("", self.was.event_id)
        changed = self.now.status != self.status_before or self._problem_now != self._problem_then
        excepted = Status.EXEMPT in (self.now.status, self.status_before)
        return self.moved and same_event and changed and not (excepted or self.stale)

    @property
    def stale(self) -> bool:
        """Whether a source had not delivered in one of the two audits."""
        return Reason.FEED_STALE in (self.now.reason, self.was.reason if self.was else "")

    @property
    def judged_before(self) -> bool:
        """Whether the operation was over and the requirement decided."""
        old = self.surgery[0]
        over = old is not None and old <= self.before.as_of
        return self.was is not None and over and self.was.status not in _OPEN

    @property
    def _problem_now(self) -> bool:
        return is_problem(self.now, self.tonight.as_of)

    @property
    def _problem_then(self) -> bool:
        return self.was is not None and is_problem(self.was, self.before.as_of)

    def kind(self) -> Kind | None:
        """Return the kind of change of this requirement, or None if it needs no line."""
        flipped = self.now.status != self.status_before
        if self.judged_before:
            return Kind.REJUDGED if flipped else None
        if self.flipped_by_moving:
            return Kind.RESCHEDULED
        if self._problem_now and (flipped or not self._problem_then):
            return Kind.NEW
        if self._problem_then and not self._problem_now:
            return Kind.RESOLVED
        lost = self.status_before in _FULFILLED and self.now.status == Status.DUE
        return Kind.NEW if lost else None

    def cause(self) -> Cause:
        """Return the cause, as far as the snapshots show it: docs/changes.md, section 3."""
        rules_differ = not _same(self.tonight, self.before, "rules")
        if self.stale and not rules_differ:
            return Cause.FEED
        if rules_differ:
            return self._time_or(_either(self.tonight, self.before))
        if _same(self.tonight, self.before, "data"):
            return Cause.TIME
        if self.flipped_by_moving:
            return Cause.RESCHEDULE
        if Status.EXEMPT in (self.now.status, self.status_before):
            return Cause.EXCEPTION
        return self._time_or(self._event())

    def _time_or(self, other: Cause) -> Cause:
        """Return `time` if the calendar explains it: open before, and a last day has passed."""
        if self.was is None or self.was.status not in _OPEN or other is Cause.PROTOCOL_OR_DATA:
            return other
        same = self.now.event_id == self.was.event_id and not self.moved
        last = self.now.act_by if self.now.status == Status.DUE else self.now.window_closes
        same_window = self.now.window_closes == self.was.window_closes
        passed = last is not None and self.before.as_of <= last < self.tonight.as_of
        gone = self.now.reason == Reason.BOOKING_PASSED
        return Cause.TIME if same and same_window and (passed or gone) else other

    def _event(self) -> Cause:
        """Return the cause: a later event, an event known too late, or a corrected record."""
        if not self.now.event_id or self.now.event_date is None:
            return Cause.DATA
        if self.now.event_date > self.before.as_of:
            return Cause.NEW_EVENT
        return Cause.LATE_DATA

    def change(self, kind: Kind) -> Change:
        old, new = self.surgery
        reason = self.now.reason
        aged = self.now.status == Status.EXPIRED and reason == Reason.TOO_OLD
        if kind is Kind.RESCHEDULED and aged and self.status_before in _FULFILLED:
            reason = Reason.EXPIRED_BY_RESCHEDULE  # it was in time for the earlier date
        then = self.status_before or "did not apply"
        moved = f" Surgery moved from {old} to {new}." if self.moved else ""
        late = ASKED_LATE if ASKED_LATE in self.now.sentence else ""
        status = f"{self.now.status}{late}"
        words = f"{self.now.case_id} {self.now.requirement}: {then}, now {status}.{moved}"
        return Change(
            self.now.case_id,
            self.now.requirement,
            kind,
            self.cause(),
            self.status_before,
            self.now.status,
            self.was.reason if self.was else "",
            reason,
            old,
            new,
            words,
        )


def _same(now: Snapshot, before: Snapshot, part: str) -> bool:
    """Whether `data`, the `program`, or everything that decides (`rules`) was the same in both."""
    if part == "data":
        return bool(now.manifest["data"]["sha256"] == before.manifest["data"]["sha256"])
    parts = ("program",) if part == "program" else ("program", "protocol", "site")
    return all(now.manifest.get(p) == before.manifest.get(p) for p in parts)


def _either(now: Snapshot, before: Snapshot) -> Cause:
    """Return the cause where the rules differ: with the same records, or with different records."""
    return Cause.PROTOCOL if _same(now, before, "data") else Cause.PROTOCOL_OR_DATA
