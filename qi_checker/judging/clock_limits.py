"""Limits in minutes and hours, which compare moments and not dates: section 5, clock limits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from qi_checker.judging.outcomes import Outcome
from qi_checker.judging.values import When

INSTANT = timedelta(microseconds=1)  # the shortest time there is


@dataclass(frozen=True)
class ClockLimit:
    """A greatest (`farthest`) or least distance from an anchor, counted back or on from it."""

    anchor: When
    length: timedelta
    strict: bool
    farthest: bool
    back: bool

    @property
    def opens(self) -> bool:
        """Whether it keeps out what is too early; else what is too late."""
        return self.back == self.farthest

    def outcome(self, at: When) -> Outcome:
        """Whether it holds for every moment that is possible, for some or for none."""
        nearest, farthest = self._distances(at)
        held = self._holds(nearest), self._holds(farthest)
        if all(held):
            return Outcome.PASS
        return Outcome.UNDECIDED if any(held) else Outcome.FAIL

    def _distances(self, at: When) -> tuple[timedelta, timedelta]:
        """The least and the greatest possible; negative on the other side of the anchor."""
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
        """The earliest moment that it allows if it `opens`, else the latest; local time."""
        moment = self.anchor.first_moment if self.opens else self.anchor.last_moment
        moment += -self.length if self.back else self.length
        if not self.strict:
            return moment
        return moment + INSTANT if self.opens else moment - INSTANT
