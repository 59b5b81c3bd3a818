"""Approved waivers: which ones are active, and why the others are ignored: section 9."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from qi_checker.judging.cases import Case
from qi_checker.judging.context import Setting
from qi_checker.judging.rows import Rejected, Row
from qi_checker.judging.values import When, later
from qi_checker.protocol import people
from qi_checker.protocol.models import ExceptionPolicy

NOT_KNOWN = "not known yet"
NOT_ALLOWED = "reason not allowed"
NO_DATES = "no validity dates"
TOO_LONG = "span longer than allowed"


@dataclass(frozen=True)
class Considered:
    """An exception of a case: active, or ignored (`ignored` says why).

    A rejected row has no `expires_on`. asked_late: requested after surgery.
    """

    row: Row
    requirement: str
    ignored: str = ""
    expires_on: date | None = None
    asked_late: bool = False

    @property
    def id(self) -> str:
        return self.row.text("exception_id")


@dataclass
class Waivers:
    """Every usable exception of a data set, judged. `of_case`: by case, in order of their ids."""

    of_case: dict[str, list[Considered]] = field(default_factory=dict)
    ignored: list[tuple[str, str]] = field(default_factory=list)
    recorded_later: int = 0


def read_waivers(used: list[Row], cases: dict[str, Case], setting: Setting) -> Waivers:
    """Judge every usable row of exceptions, in order of their ids."""
    waivers = Waivers()
    for row in sorted(used, key=lambda row: row.text("exception_id")):
        case = cases.get(row.text("case_id"))
        considered = consider(row, case, setting)
        if considered.ignored:
            waivers.ignored.append((considered.id, considered.ignored))
            waivers.recorded_later += considered.ignored == NOT_KNOWN
        if case is not None:
            waivers.of_case.setdefault(case.id, []).append(considered)
    return waivers


def consider(row: Row, case: Case | None, setting: Setting) -> Considered:
    """Judge one exception."""
    requirement, why = row.word("requirement"), why_ignored(row, case, setting)
    if why:
        return Considered(row, requirement, why)
    return Considered(
        row,
        requirement,
        expires_on=row.dates["expires_on"].lo,
        asked_late=case is not None and _asked_late(row, case),
    )


def _asked_late(row: Row, case: Case) -> bool:
    asked = row.dates.get("requested_at")
    return asked is not None and asked.first_moment > case.anchor.last_moment


def unusable(rejected: Rejected) -> Considered:
    """Make an ignored exception from a rejected row."""
    why = f"the row was rejected: {rejected.reason}"
    return Considered(rejected.row, rejected.row.word("requirement"), why)


@dataclass(frozen=True)
class Excepted:
    """The waiver of a requirement: until when, and whether it was requested after surgery."""

    until: date
    asked_late: bool


def active(considered: Iterable[Considered]) -> dict[str, Excepted]:
    """Return the waiver per requirement; of several the latest day, and late only if all were."""
    waivers: dict[str, Excepted] = {}
    for exception in considered:
        if exception.expires_on is None:
            continue
        other = waivers.get(exception.requirement, Excepted(date.min, True))
        until = max(exception.expires_on, other.until)
        waivers[exception.requirement] = Excepted(until, exception.asked_late and other.asked_late)
    return waivers


def why_ignored(row: Row, case: Case | None, setting: Setting) -> str:
    """Return the first reason to ignore an exception; empty if it is active."""
    if _later(row.dates.get("recorded_at"), setting):
        return NOT_KNOWN
    if case is None:
        return "unknown case"
    if row.word("requirement") not in {r.id for r in case.version.leaves}:
        return "unknown requirement"
    return _approval(row, setting) or _scope(row, case, setting)


def _approval(row: Row, setting: Setting) -> str:
    approved_at, revoked_at = row.dates.get("approved_at"), row.dates.get("revoked_at")
    if not row.text("approved_by") or approved_at is None:
        return "not approved"
    if _later(approved_at, setting):
        return "approved after as_of"
    if not row.text("requested_by"):
        return "no requester"
    if wrong := people.fault(row.text("requested_by"), row.text("approved_by")):
        return wrong
    if revoked_at and revoked_at.lo <= setting.as_of.date:
        return "revoked"
    return ""


def _scope(row: Row, case: Case, setting: Setting) -> str:
    start, end = row.dates.get("valid_from"), row.dates.get("expires_on")
    days = (start.lo, end.lo) if start is not None and end is not None else None
    if against := refusals(case.version.exceptions, row.word("reason"), days):
        return against[0]
    # The earlier day: a waiver valid on the day of surgery is still valid when last year is
    # audited.
    if days is not None and not days[0] <= min(setting.as_of.date, case.day) <= days[1]:
        return "not valid on the day"
    return ""


def refusals(
    policy: ExceptionPolicy | None, reason: str, days: tuple[date, date] | None
) -> list[str]:
    """Return why a protocol does not accept an exception, regardless of its approval.

    policy: of the version of the protocol; None if it accepts no exceptions.
    days: first and last day; None if one of them is missing.
    """
    reasons = []
    if policy is None or reason not in policy.reasons:
        reasons.append(NOT_ALLOWED)
    if days is None:
        reasons.append(NO_DATES)
    elif (last := last_day(policy, days[0])) is not None and days[1] > last:
        reasons.append(TOO_LONG)
    return reasons


def last_day(policy: ExceptionPolicy | None, first: date) -> date | None:
    """Return the last possible day of an exception, given its first; None without a limit."""
    return later(first, policy.at_most) if policy is not None and policy.at_most else None


def _later(value: When | None, setting: Setting) -> bool:
    return value is not None and value.after(setting.as_of)
