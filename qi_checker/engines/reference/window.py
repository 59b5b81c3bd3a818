"""The window: whether one event lies inside, for certain or perhaps: section 5."""

from __future__ import annotations

from datetime import date, timedelta

from qi_checker.engines.reference.cases import Case
from qi_checker.engines.reference.criteria import PASSES, Criterion, Outcome
from qi_checker.engines.reference.records import Event
from qi_checker.engines.reference.values import When
from qi_checker.protocol.models import Requirement
from qi_checker.protocol.vocabulary import Reason

ONE_DAY = timedelta(days=1)


def window(event: Event, requirement: Requirement, case: Case) -> Criterion:
    """Inside the window; an event without a date fails, if at all, by its status."""
    if event.at is None:
        return PASSES
    found = _in_window(event, event.at, requirement, case)
    if event.status == "booked" and found.outcome is Outcome.FAIL:
        return Criterion(Outcome.FAIL, Reason.BOOKED_OUTSIDE_WINDOW)
    return found


def _in_window(event: Event, at: When, requirement: Requirement, case: Case) -> Criterion:
    opens = requirement.window.opens(case.day) or date.min
    if _by_the_clocks(at, case):
        if at.before(case.anchor):
            return PASSES
        return Criterion(Outcome.FAIL, Reason.AFTER_SURGERY)
    sure, possible = _last_days(event, requirement, case)
    if at.lo >= opens and at.hi <= sure:
        return PASSES
    if at.hi < opens:
        return Criterion(Outcome.FAIL, Reason.TOO_OLD)
    if at.lo > case.day:
        return Criterion(Outcome.FAIL, Reason.AFTER_SURGERY)
    if at.lo > possible or opens > possible:
        return Criterion(Outcome.FAIL, Reason.SAME_DAY_UNTIMED)
    untimed = at.lo == at.hi
    return Criterion(Outcome.UNDECIDED, Reason.SAME_DAY_UNTIMED if untimed else Reason.PARTIAL_DATE)


def _by_the_clocks(at: When, case: Case) -> bool:
    """On the day of surgery, where both clock times are known, they decide."""
    return bool(at.lo == case.day and at.clock and case.anchor.clock)


def _last_days(event: Event, requirement: Requirement, case: Case) -> tuple[date, date]:
    """The last day that certainly counts and the last that possibly does, without the clocks."""
    day_before = case.day - ONE_DAY
    if event.status == "booked" or requirement.same_day == "allow":
        return case.day, case.day
    return day_before, day_before if requirement.same_day == "refuse" else case.day


def before_operation(event: Event, requirement: Requirement, case: Case) -> bool:
    """Whether it certainly was before the operation, at any time before."""
    if event.at is None:
        return False
    if _by_the_clocks(event.at, case):
        return event.at.before(case.anchor)
    return event.at.hi <= _last_days(event, requirement, case)[0]


def distance(event: Event, requirement: Requirement, case: Case) -> int | None:
    """Days to the nearest end of the window, None without a date."""
    if event.at is None:
        return None
    opens = requirement.window.opens(case.day) or date.min
    if event.at.lo < opens:
        return (opens - event.at.lo).days
    return max((event.at.lo - case.day).days, 0)
