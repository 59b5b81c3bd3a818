"""Questions about events, and whether an event is in the window: docs/evaluation.md, section 5."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import NamedTuple

from qi_checker.judging.records import Event
from qi_checker.judging.spans import INSTANT, ClockLimit, Outcome, Stretch
from qi_checker.judging.values import When
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.selectors import EventSelector
from qi_checker.protocol.vocabulary import Reason


class Criterion(NamedTuple):
    """The outcome of one criterion; with a reason unless it passes."""

    outcome: Outcome
    reason: Reason | None = None


PASSES = Criterion(Outcome.PASS)


def undecided(reason: Reason) -> Criterion:
    """Make a criterion that may pass or fail."""
    return Criterion(Outcome.UNDECIDED, reason)


def fails(reason: Reason) -> Criterion:
    """Make a criterion that certainly does not pass."""
    return Criterion(Outcome.FAIL, reason)


_UNDECIDED = {
    reason: undecided(reason)
    for reason in (Reason.SAME_DAY_UNTIMED, Reason.UNTIMED, Reason.PARTIAL_DATE)
}
_FAILS = {reason: fails(reason) for reason in Reason}
UNDATED = undecided(Reason.UNDATED)
BOOKED_OUTSIDE_WINDOW, TOO_OLD = fails(Reason.BOOKED_OUTSIDE_WINDOW), fails(Reason.TOO_OLD)


@dataclass(frozen=True)
class Question:
    """A selector and a window with known anchors: the test of a requirement or a condition.

    `silence_decides`: the question is whether something is *absent*. Stretches are in order.
    """

    event: EventSelector
    stretches: tuple[Stretch, ...]
    same_day: str = "unknown"
    pet_ct: str = "refuse"
    silence_decides: bool = False

    @cached_property
    def opens(self) -> date | None:
        """Return the first date on which an event would count; None without a limit."""
        first = max(stretch.first for stretch in self.stretches)
        return None if first == date.min else first

    @cached_property
    def closes(self) -> date | None:
        """Return the last date on which an event would count; None without a limit."""
        last = min(stretch.last for stretch in self.stretches)
        return None if last == date.max else last

    @cached_property
    def anchors(self) -> tuple[date, ...]:
        """Return the day of each anchor."""
        return tuple([stretch.day for stretch in self.stretches])

    @cached_property
    def usual(self) -> tuple[Range, Range]:
        """Return the range of an event and of a booking that begin on no anchor's day."""
        return self._usual(booking=False), self._usual(booking=True)

    def _usual(self, booking: bool) -> Range:
        near = [s.usual_near_days(booking, self.same_day) for s in self.stretches]
        return _range_of(self.stretches, near)

    @cached_property
    def first_moment(self) -> datetime | None:
        """Return the earliest moment that counts, in local time; None without a limit."""
        return max((m for s in self.stretches if (m := s.first_moment)), default=None)

    @cached_property
    def last_moment(self) -> datetime | None:
        """Return the latest moment that counts, in local time; None without a limit."""
        return min((m for s in self.stretches if (m := s.last_moment)), default=None)

    @cached_property
    def shuts(self) -> datetime | None:
        """Return when the first limit in minutes or hours is over; None without one."""
        return min((x.end for x in self.clock_limits if not x.opens), default=None)

    @cached_property
    def clock_limits(self) -> tuple[ClockLimit, ...]:
        """Return every limit in minutes and hours."""
        return tuple(limit for stretch in self.stretches for limit in stretch.clock_limits)

    def not_open(self, as_of: AsOf) -> bool:
        """Whether it has not opened yet; by the clock if both have one."""
        if self.opens is None or as_of.date != self.opens:
            return self.opens is not None and as_of.date < self.opens
        first = self.first_moment if self.clock_limits else None
        return bool(first and as_of.clock and as_of.clock < first)

    def is_done(self, event: Event) -> bool:
        """Whether it has a status that counts; a plan may be enough."""
        return event.status in self.event.status

    def is_booking(self, event: Event) -> bool:
        """Whether it is an appointment and an appointment is not enough."""
        return event.status == "booked" and event.status not in self.event.status


class Range(NamedTuple):
    """First and last dates over all spans: those that certainly count, and those that may."""

    sure: tuple[date, date]
    possible: tuple[date, date]

    def outcome(self, at: When) -> Outcome:
        """Return the outcome for a value."""
        if at.lo >= self.sure[0] and at.hi <= self.sure[1]:
            return Outcome.PASS
        first, last = self.possible
        if at.hi < first or at.lo > last or first > last:
            return Outcome.FAIL
        return Outcome.UNDECIDED


def window(event: Event, question: Question) -> Criterion:
    """Judge whether it is in the window; an order without a date can fail only by its status."""
    at = event.at
    if at is None:
        return UNDATED if question.is_done(event) else PASSES
    booking = question.is_booking(event)
    dates = _range(at, booking, question)
    by_dates = dates.outcome(at)
    outcome = max(by_dates, _by_clock(at, question)) if question.clock_limits else by_dates
    if outcome is Outcome.PASS:
        return PASSES
    if outcome is Outcome.UNDECIDED:
        day_known = at.lo == at.hi
        of_a_day = Reason.SAME_DAY_UNTIMED if by_dates is Outcome.UNDECIDED else Reason.UNTIMED
        return _UNDECIDED[of_a_day if day_known else Reason.PARTIAL_DATE]
    if booking:
        return BOOKED_OUTSIDE_WINDOW
    return _FAILS[_why(at, question, dates.possible[0])]


def _range(at: When, booking: bool, question: Question) -> Range:
    if at.lo not in question.anchors:
        return question.usual[booking]
    stretches = question.stretches
    return _range_of(stretches, [s.near_days(at, booking, question.same_day) for s in stretches])


def _range_of(stretches: Sequence[Stretch], near: Sequence[tuple[date, date]]) -> Range:
    """Return the range of all stretches; `near` are their near days (`Stretch.near_days`)."""
    spans = list(zip(stretches, near, strict=True))
    return Range(
        _overlap([s.dates(sure) for s, (sure, _) in spans]),
        _overlap([s.dates(possible) for s, (_, possible) in spans]),
    )


def _overlap(dates: list[tuple[date, date]]) -> tuple[date, date]:
    """Return the latest of all first dates and the earliest of all last ones."""
    return max(first for first, _ in dates), min(last for _, last in dates)


def _by_clock(at: When, question: Question) -> Outcome:
    return max((limit.outcome(at) for limit in question.clock_limits), default=Outcome.PASS)


def _why(at: When, question: Question, first: date) -> Reason:
    """Return the reason of a failed window."""
    failed = [limit for limit in question.clock_limits if limit.outcome(at) is Outcome.FAIL]
    for stretch in question.stretches:
        if _after_surgery(at, stretch):
            return Reason.AFTER_SURGERY
    if at.hi < first or any(limit.opens for limit in failed):
        return Reason.TOO_OLD if question.stretches[0].back else Reason.TOO_EARLY
    if (question.closes and at.lo > question.closes) or failed:
        return Reason.TOO_LATE
    return Reason.SAME_DAY_UNTIMED


def _after_surgery(at: When, stretch: Stretch) -> bool:
    if at.lo < stretch.day or not stretch.ends_at_surgery:
        return False
    if at.lo == stretch.day and at.clock and stretch.anchor.clock:
        return not at.before(stretch.anchor)
    return at.lo > stretch.day


def in_order(event: Event, question: Question) -> bool:
    """Whether it certainly is on the right side of every anchor, at any distance."""
    at, booking = event.at, question.is_booking(event)
    if at is None:
        return False
    return all(s.in_order(at, booking, question.same_day) for s in question.stretches)


def distance(event: Event, question: Question) -> int | None:
    """Return the distance to the nearest end of the window, None without a date.

    In days; if a limit of the window is in minutes or hours, in microseconds.
    """
    if event.at is None:
        return None
    if question.clock_limits:
        return _time_between(event.at, question) // INSTANT
    day = event.at.lo
    if question.opens and day < question.opens:
        return (question.opens - day).days
    return max((day - question.closes).days, 0) if question.closes else 0


def _time_between(at: When, question: Question) -> timedelta:
    """Return the time from its nearest possible moment to the nearest one that counts."""
    first, last = question.first_moment, question.last_moment
    if first and at.last_moment < first:
        return first - at.last_moment
    if last and at.first_moment > last:
        return at.first_moment - last
    return timedelta()
