"""The window: whether one event lies inside, for certain or perhaps: section 5."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from qi_checker.judging.outcomes import PASSES, Criterion, Outcome, fails, undecided
from qi_checker.judging.questions import Question
from qi_checker.judging.records import Event
from qi_checker.judging.stretches import Stretch
from qi_checker.judging.values import When
from qi_checker.protocol.vocabulary import Reason


@dataclass(frozen=True)
class Range:
    """First and last dates over all spans: those that certainly count, and those that may."""

    sure: tuple[date, date]
    possible: tuple[date, date]

    def outcome(self, at: When) -> Outcome:
        """Whether a value lies in it."""
        if at.lo >= self.sure[0] and at.hi <= self.sure[1]:
            return Outcome.PASS
        first, last = self.possible
        if at.hi < first or at.lo > last or first > last:
            return Outcome.FAIL
        return Outcome.UNDECIDED


def window(event: Event, question: Question) -> Criterion:
    """Inside the window; an order without a date fails, if at all, by its status."""
    if event.at is None:
        return undecided(Reason.UNDATED) if question.is_done(event) else PASSES
    booking = question.is_booking(event)
    dates = _range(event.at, booking, question)
    by_dates, by_clock = dates.outcome(event.at), _by_clock(event.at, question)
    outcome = max(by_dates, by_clock)
    if outcome is Outcome.PASS:
        return PASSES
    if outcome is Outcome.UNDECIDED:
        day_known = event.at.lo == event.at.hi
        of_a_day = Reason.SAME_DAY_UNTIMED if by_dates is Outcome.UNDECIDED else Reason.UNTIMED
        return undecided(of_a_day if day_known else Reason.PARTIAL_DATE)
    if booking:
        return fails(Reason.BOOKED_OUTSIDE_WINDOW)
    return fails(_why(event.at, question, dates.possible[0]))


def _range(at: When, booking: bool, question: Question) -> Range:
    days = [s.near_days(at, booking, question.same_day) for s in question.stretches]
    sure = [s.dates(near[0]) for s, near in zip(question.stretches, days, strict=True)]
    possible = [s.dates(near[1]) for s, near in zip(question.stretches, days, strict=True)]
    return Range(_overlap(sure), _overlap(possible))


def _overlap(dates: list[tuple[date, date]]) -> tuple[date, date]:
    """The latest of all firsts and the earliest of all lasts."""
    return max(first for first, _ in dates), min(last for _, last in dates)


def _by_clock(at: When, question: Question) -> Outcome:
    limits = [limit for stretch in question.stretches for limit in stretch.clock_limits]
    return max((limit.outcome(at) for limit in limits), default=Outcome.PASS)


def _why(at: When, question: Question, first: date) -> Reason:
    """The reason of a window that fails."""
    limits = [limit for stretch in question.stretches for limit in stretch.clock_limits]
    failed = [limit for limit in limits if limit.outcome(at) is Outcome.FAIL]
    if any(_after_surgery(at, stretch) for stretch in question.stretches):
        return Reason.AFTER_SURGERY
    if at.hi < first or any(limit.opens for limit in failed):
        return Reason.TOO_OLD if question.stretches[0].back else Reason.TOO_EARLY
    if (question.closes and at.lo > question.closes) or failed:
        return Reason.TOO_LATE
    return Reason.SAME_DAY_UNTIMED


def _after_surgery(at: When, stretch: Stretch) -> bool:
    if stretch.span.before != "surgery" or stretch.span.or_after is not None:
        return False
    if at.lo == stretch.day and at.clock and stretch.anchor.clock:
        return not at.before(stretch.anchor)
    return at.lo > stretch.day


def in_order(event: Event, question: Question) -> bool:
    """Whether it certainly is on the right side of every anchor, however far from it."""
    at, booking = event.at, question.is_booking(event)
    if at is None:
        return False
    return all(s.in_order(at, booking, question.same_day) for s in question.stretches)


def distance(event: Event, question: Question) -> int | None:
    """Days to the nearest end of the window, None without a date."""
    if event.at is None:
        return None
    day = event.at.lo
    if question.opens and day < question.opens:
        return (question.opens - day).days
    return max((day - question.closes).days, 0) if question.closes else 0
