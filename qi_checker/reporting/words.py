"""How words, days and numbers read, on paper and on a terminal alike.

No percentage stands without its two numbers, none is given for fewer than five cases, and 0 and
100 % are printed only where they are exact: "100 %" of 999 in 1000 hides the one that matters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from qi_checker.audit.views import AuditPage, Candidate, Rate, RequirementTotals

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
FEWEST_FOR_PERCENT = 5
_LOCAL = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?")
_EXACT = 1e-9  # a Wilson limit of 27/27 comes out as 0.9999999999999999


@dataclass(frozen=True)
class Sign:
    """A symbol beside a word, never instead of it; `tone` is the colour's name in the CSS."""

    symbol: str
    tone: str


SIGNS = {
    "compliant": Sign("✓", "good"),
    "compliant_with_exception": Sign("E", "good"),
    "pending": Sign("△", "good"),
    "action_needed": Sign("!", "concern"),
    "undetermined": Sign("?", "neutral"),
    "not_compliant": Sign("✗", "concern"),
    "not_applicable": Sign("–", "neutral"),
    "error": Sign("‼", "concern"),
    "met": Sign("✓", "good"),
    "exempt": Sign("E", "good"),
    "booked": Sign("△", "good"),
    "due": Sign("!", "concern"),
    "unknown": Sign("?", "neutral"),
    "expired": Sign("✗", "concern"),
    "missing": Sign("✗", "concern"),
    "pass": Sign("✓", "good"),
    "undecided": Sign("?", "neutral"),
    "fail": Sign("✗", "concern"),
}
OUTCOMES = {"pass": "passed", "undecided": "undecided", "fail": "failed"}


def label(word: str) -> str:
    """`not_compliant` -> `Not compliant`: the word of the files, readable."""
    text = word.replace("_", " ")
    return text[:1].upper() + text[1:]


def day(value: date | None) -> str:
    """`Mon 2026-02-23`; the weekday is what a booking desk thinks in."""
    return f"{WEEKDAYS[value.weekday()]} {value.isoformat()}" if value else ""


def moment(as_of: str) -> str:
    """The moment of an evaluation: a date means its end."""
    when = datetime.fromisoformat(as_of)
    if len(as_of) == len("2026-02-23"):
        return f"{day(when.date())}, end of the day"
    return f"{day(when.date())} {when:%H:%M}"


def count(number: int, noun: str = "", plural: str = "") -> str:
    """`1 case`, `1,200 cases`."""
    if not noun:
        return f"{number:,}"
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def days_before(days: int) -> str:
    """Where an event lies, from the day of surgery."""
    if days == 0:
        return "day of surgery"
    return f"{count(days, 'day')} before" if days > 0 else f"{count(-days, 'day')} after"


def days_left(days: int | None) -> str:
    """How long there is to arrange something."""
    if days is None:
        return ""
    if days < 0:
        return f"{count(-days, 'day')} overdue"
    return "today" if days == 0 else f"in {count(days, 'day')}"


def _digits(value: float) -> str:
    whole = int(value * 100 + 0.5)
    if whole >= 100 and value < 1 - _EXACT:
        return ">99"
    if whole <= 0 and value > _EXACT:
        return "<1"
    return str(whole)


def percent(value: float) -> str:
    """`90 %`."""
    return _digits(value) + " %"


def share(part: int, whole: int) -> str:
    """`27/30 (90 %)`, without the percentage where there are too few."""
    fraction = f"{part:,}/{whole:,}"
    return f"{fraction} ({percent(part / whole)})" if whole >= FEWEST_FOR_PERCENT else fraction


def counted(rate: Rate) -> int:
    """The denominator of the rate."""
    return rate.eligible - rate.with_exception


def interval(rate: Rate) -> str:
    """`95 % CI 74-97`, empty where no percentage is given."""
    if rate.low is None or rate.high is None or counted(rate) < FEWEST_FOR_PERCENT:
        return ""
    return f"95 % CI {_digits(rate.low)}-{_digits(rate.high)}"


def rate_words(rate: Rate) -> str:
    """`27/30 (90 %, 95 % CI 74-97)`."""
    whole = counted(rate)
    if not rate.eligible:
        return "no eligible cases"
    if not whole:
        return "every eligible case has an exception"
    inside = interval(rate)
    if not inside:
        return share(rate.compliant, whole)
    return f"{rate.compliant:,}/{whole:,} ({percent(rate.compliant / whole)}, {inside})"


def _in_time(totals: Sequence[RequirementTotals]) -> str:
    if any(t.group for t in totals):
        return "fulfilled the protocol in time"
    if len(totals) == 1:
        return f"had {totals[0].title} in time"
    return "had both in time" if len(totals) == 2 else f"had all {len(totals)} in time"


def finding(page: AuditPage) -> str:
    """The whole audit in one sentence."""
    rate, whole = page.rate, counted(page.rate)
    if not rate.eligible:
        return "There are no eligible cases, so there is no rate."
    if not whole:
        return (
            f"Every eligible operation ({rate.eligible:,}) is covered by an approved exception, "
            "so there is no rate."
        )
    noun = "operation" if whole == 1 else "operations"
    who = f"eligible {noun}" + (" without an exception" if rate.with_exception else "")
    inside = interval(rate)
    brackets = f"{percent(rate.compliant / whole)}, {inside}" if inside else "too few for a rate"
    return f"{rate.compliant:,} of {whole:,} {who} {_in_time(page.requirements)} ({brackets})."


def against_target(page: AuditPage) -> str:
    """What may be said about the target: nothing that the interval does not carry."""
    low, high = page.rate.low, page.rate.high
    if not page.target or not interval(page.rate) or low is None or high is None:
        return f"Target: {page.target}." if page.target else ""
    target = float(page.target.rstrip(" %")) / 100
    if low >= target:
        return f"The target of {page.target} is met; the whole interval lies at or above it."
    if high < target:
        return f"The target of {page.target} is missed; the whole interval lies below it."
    return f"The interval includes the target of {page.target}: too few cases to say on which side."


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
    """The value that a criterion looked at."""
    if criterion == "window":
        days = candidate.days_before
        partial = candidate.first != candidate.last
        return "" if days is None else ("at most " if partial else "") + days_before(days)
    values = {
        "code": candidate.codes,
        "modality": candidate.modality,
        "region": candidate.region,
        "status": candidate.status,
    }
    return values.get(criterion, "") or "none recorded"
