"""A span with its anchor: the dates and moments that it reaches: section 5.

Limits in minutes and hours compare moments, all others compare dates (`ClockLimit`, `Stretch.dates`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import IntEnum
from functools import cached_property

from qi_checker.judging.values import ONE_DAY, When, earlier, later
from qi_checker.protocol.durations import Duration
from qi_checker.protocol.windows import Span


class Outcome(IntEnum):
    """The outcome of a criterion or a limit."""

    PASS = 0
    UNDECIDED = 1
    FAIL = 2


INSTANT = timedelta(microseconds=1)  # the shortest time


@dataclass(frozen=True)
class ClockLimit:
    """A maximum (`farthest`) or minimum distance from an anchor, counted back or forward."""

    anchor: When
    length: timedelta
    strict: bool
    farthest: bool
    back: bool

    @property
    def opens(self) -> bool:
        """Whether it excludes events that are too early; else those that are too late."""
        return self.back == self.farthest

    def outcome(self, at: When) -> Outcome:
        """Return whether it holds for every possible moment, for some or for none."""
        nearest, farthest = self._distances(at)
        held = self._holds(nearest), self._holds(farthest)
        if all(held):
            return Outcome.PASS
        return Outcome.UNDECIDED if any(held) else Outcome.FAIL

    def _distances(self, at: When) -> tuple[timedelta, timedelta]:
        """Return minimum and maximum distance; negative on the other side of the anchor."""
        if at.instant and self.anchor.instant:
            exact = self.anchor.instant - at.instant
            ends = exact, exact
        else:
            ends = (
                self.anchor.first_moment - at.last_moment,
                self.anchor.last_moment - at.first_moment,
            )
        return ends if self.back else (-ends[1], -ends[0])

    def _holds(self, distance: timedelta) -> bool:
        if distance == self.length:
            return not self.strict
        return (distance < self.length) == self.farthest

    @property
    def end(self) -> datetime:
        """Return the earliest moment that it allows if it `opens`, else the latest; local time."""
        moment = self.anchor.first_moment if self.opens else self.anchor.last_moment
        moment += -self.length if self.back else self.length
        if not self.strict:
            return moment
        return moment + INSTANT if self.opens else moment - INSTANT


@dataclass(frozen=True)
class Stretch:
    """A span with a known anchor; `holidays` are those of the site."""

    span: Span
    anchor: When
    holidays: Collection[date] = ()

    @property
    def day(self) -> date:
        """Return the date of the anchor."""
        return self.anchor.lo

    @property
    def back(self) -> bool:
        """Whether it is counted back from the anchor."""
        return self.span.before is not None

    @property
    def both_ways(self) -> bool:
        """Whether events on both sides of the anchor count."""
        return self.span.or_after is not None

    @property
    def ends_at_surgery(self) -> bool:
        """Whether nothing counts after the operation has begun."""
        return self.span.before == "surgery" and not self.both_ways

    def dates(self, near: date) -> tuple[date, date]:
        """Return first and last date; `near` is the day of the anchor, or its neighbour."""
        if self.back:
            return self._opens_back, self._last_back(near)
        return self._first_on(near), self._last_on()

    @cached_property
    def _opens_back(self) -> date:
        return self._first_back(self.day)

    def _first_back(self, anchor: date) -> date:
        far = self.span.far
        if far is None or far.clock is not None:
            return date.min
        first = earlier(anchor, far, self.holidays)
        return first + ONE_DAY if self.span.less_than else first

    def _last_back(self, near: date) -> date:
        if self.span.or_after:
            return self._last_within(self.span.or_after.limit, self.span.or_after.less_than)
        least = self.span.near
        if least is None or least.clock is not None:
            return near
        last = earlier(self.day, least, self.holidays)
        return min(near, last - ONE_DAY if self.span.more_than else last)

    def _first_on(self, near: date) -> date:
        least = self.span.near
        if least is None or least.clock is not None:
            return near
        first = later(self.day, least, self.holidays)
        return max(near, first + ONE_DAY if self.span.more_than else first)

    def _last_on(self) -> date:
        return self._last_within(self.span.far, self.span.less_than)

    def _last_within(self, limit: Duration | None, strict: Duration | None) -> date:
        if limit is None or limit.clock is not None:
            return date.max
        last = later(self.day, limit, self.holidays)
        return last - ONE_DAY if strict else last

    def near_days(self, at: When, booking: bool, same_day: str) -> tuple[date, date]:
        """Return the *order*: the near day that certainly counts, and that which possibly does."""
        if at.lo == self.day and at.clock and self.anchor.clock:
            near = self.day if at.before(self.anchor) == self.back else self._beside
            return near, near
        return self.usual_near_days(booking, same_day)

    @property
    def _beside(self) -> date:
        return self.day - ONE_DAY if self.back else self.day + ONE_DAY

    def usual_near_days(self, booking: bool, same_day: str) -> tuple[date, date]:
        """Return `near_days` for a value whose clock time decides nothing."""
        beside = self._beside
        sure = self.day if booking or same_day == "allow" else beside
        possible = beside if same_day == "refuse" and not booking else self.day
        return sure, possible

    def in_order(self, at: When, booking: bool, same_day: str) -> bool:
        """Whether it certainly is on the required side of the anchor."""
        if self.both_ways:
            return True
        sure, _ = self.near_days(at, booking, same_day)
        return at.hi <= sure if self.back else at.lo >= sure

    @cached_property
    def clock_limits(self) -> tuple[ClockLimit, ...]:
        """Return its limits in minutes and hours."""
        span, limits = self.span, []
        for length, strict, farthest in (
            (span.at_least, False, False),
            (span.more_than, True, False),
            (span.at_most, False, True),
            (span.less_than, True, True),
        ):
            if length and length.clock is not None:
                limits.append(ClockLimit(self.anchor, length.clock, strict, farthest, self.back))
        reach = span.or_after
        if reach and reach.limit.clock is not None:
            strict = reach.less_than is not None
            limits.append(ClockLimit(self.anchor, reach.limit.clock, strict, True, back=False))
        return tuple(limits)

    @property
    def first_moment(self) -> datetime | None:
        """Return the earliest moment that counts, in local time; None without a limit."""
        moments = [limit.end for limit in self.clock_limits if limit.opens]
        first = self.dates(self.day)[0]
        if first != date.min:
            moments.append(datetime.combine(first, time.min))
        if not self.back:
            moments.append(self.anchor.first_moment)
        return max(moments, default=None)

    @property
    def last_moment(self) -> datetime | None:
        """Return the latest moment that counts, in local time; None without a limit."""
        moments = [limit.end for limit in self.clock_limits if not limit.opens]
        last = self.dates(self.day)[1]
        if last != date.max:
            moments.append(datetime.combine(last, time.max))
        if self.back and not self.both_ways:
            moments.append(self.anchor.last_moment)
        return min(moments, default=None)

    @property
    def first(self) -> date:
        """Return the first date on which an event would count; `date.min` without a limit."""
        early = [limit.end.date() for limit in self.clock_limits if limit.opens]
        return max([self.dates(self.day)[0], *early])

    @property
    def last(self) -> date:
        """Return the last date on which an event would count; `date.max` without a limit."""
        late = [limit.end.date() for limit in self.clock_limits if not limit.opens]
        return min([self.dates(self.day)[1], *late])

    def last_anchor(self, at: When) -> date | None:
        """Return the last anchor date for which an event still counts; None without a limit."""
        far = self.span.far
        if far is None:
            return None
        if far.clock is not None:
            return (at.last_moment + far.clock).date()
        # Because months clamp, this is not always the limit added to the day: 28 February is
        # within a month before 31 March. The span never opens earlier for a later anchor.
        anchor = later(at.lo, far, self.holidays)
        while self._first_back(anchor) > at.lo:
            anchor -= ONE_DAY
        while self._first_back(anchor + ONE_DAY) <= at.lo:
            anchor += ONE_DAY
        return anchor
