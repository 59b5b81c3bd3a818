"""How a candidate event reads: its date as far as it is known, its criteria, what it comes to."""

from __future__ import annotations

import re
from dataclasses import dataclass

from qi_checker.cases.views import Candidate
from qi_checker.render.words import day, days_before

_LOCAL = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?")


@dataclass(frozen=True)
class Result:
    """What a candidate event comes to; `key`: counts, booked, undecided or fails."""

    key: str
    words: str


def result(candidate: Candidate) -> Result:
    """One word for all criteria of an event together."""
    outcomes = {c.outcome for c in candidate.criteria}
    if "fail" in outcomes:
        return Result("fails", "does not count")
    if "undecided" in outcomes:
        return Result("undecided", "cannot be decided")
    if candidate.status == "booked":
        return Result("booked", "will count once done")
    return Result("counts", "counts")


def why_not(candidate: Candidate) -> tuple[str, ...]:
    """In words, every criterion that is not passed."""
    return tuple(c.why for c in candidate.criteria if c.outcome != "pass" and c.why)


def when(candidate: Candidate) -> str:
    """The date of an event as far as it is known."""
    if candidate.first is None or candidate.last is None:
        return "no date"
    if candidate.first != candidate.last:
        return f"{candidate.at}: {candidate.first.isoformat()} to {candidate.last.isoformat()}"
    recorded = candidate.at.strip()
    if recorded == candidate.first.isoformat():
        return day(candidate.first)
    if _LOCAL.fullmatch(recorded):
        return f"{day(candidate.first)} {recorded[11:16]}"
    return f"{day(candidate.first)}, recorded as {recorded}"  # with an offset: not the local clock


def judged(candidate: Candidate, criterion: str) -> str:
    """The value that a criterion looked at, empty where there is none or it needs no words."""
    values = {
        "modality": candidate.modality,
        "region": candidate.region,
        "status": candidate.status,
        "window": days_apart(candidate).removesuffix(" before"),
    }
    return values.get(criterion, "")


def days_apart(candidate: Candidate) -> str:
    """Days before surgery, as a range where the date is partial."""
    most = candidate.days_before
    if most is None or candidate.first is None or candidate.last is None:
        return ""
    least = most - (candidate.last - candidate.first).days
    return days_before(most) if least == most else f"{least} to {days_before(most)}"
