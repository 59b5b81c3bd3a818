"""Exact binomial limits against a frozen baseline, for months with a few cases.

A count signals if, at the baseline's rate, so few or so many events have a probability below
0.00135 on their side, which is what 3 sigma mean for a normal variable. With 3 to 5 cases a month
look at quarters: limits by month are blind there. Over the 12 months after a baseline of 12,
quarters one after the other signal falsely in 1 to 2 % of series and find a rise from 36 to 60 %
in 26 %; rolling quarters, looked at every month, in 2 to 3 % and 37 %.

`events` counts what is charted (the compliant cases, say), `cases` what it is a part of, one
number a month; a month without a case is 0 of 0 and keeps its slot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qi_checker.statistics.binomial import at_least, at_most, checked_counts, checked_rate
from qi_checker.statistics.points import Indices, base_of, same_length

TAIL = 0.00135  # of a normal variable beyond 3 sigma, on one side


@dataclass(frozen=True)
class ExactPoint:
    """Months start to stop - 1 together."""

    start: int
    stop: int
    events: int
    cases: int
    fewest: int  # events that are no signal: from fewest to most
    most: int

    @property
    def side(self) -> int:
        """1: more events than chance gives; -1: fewer; 0: no signal."""
        return (self.events > self.most) - (self.events < self.fewest)


def baseline_rate(
    events: Sequence[int], cases: Sequence[int], baseline: Indices | None = None
) -> float:
    """Σx/Σn of the baseline; ValueError where it has no case.

    A rate of exactly 0 or 1 makes one single case a signal: hold it with `cusum.clamped`, or say
    that the baseline leaves nothing to compare with.
    """
    base = base_of(same_length(events, cases), baseline, ())
    total = sum(cases[i] for i in base)
    if not total:
        raise ValueError("the baseline has no case")
    return sum(events[i] for i in base) / total


def exact_limits(cases: int, rate: float, tail: float = TAIL) -> tuple[int, int]:
    """The fewest and the most events of `cases` that are no signal at this rate.

    P(X <= k) < tail is a signal below and P(X >= k) < tail one above, X ~ Bin(cases, rate).
    """
    checked_counts(0, cases)
    checked_rate(rate)
    if not 0 < tail < 0.5:
        raise ValueError("a tail must be a probability between 0 and a half")
    low, high = 0, cases
    while low < high:  # the smallest k whose lower tail is large enough
        middle = (low + high) // 2
        low, high = (middle + 1, high) if at_most(middle, cases, rate) < tail else (low, middle)
    fewest, low, high = low, 0, cases
    while low < high:  # the largest k whose upper tail is large enough
        middle = (low + high + 1) // 2
        low, high = (low, middle - 1) if at_least(middle, cases, rate) < tail else (middle, high)
    return fewest, low


def exact_chart(
    events: Sequence[int],
    cases: Sequence[int],
    rate: float,
    *,
    months: int = 3,
    rolling: bool = True,
    tail: float = TAIL,
) -> tuple[ExactPoint, ...]:
    """One point for every `months` whole months: rolling, or one after the other.

    An unfinished quarter at the end is no point. `rate` is the frozen baseline's. Give the months
    after the baseline only, else its own cases would be judged against themselves.
    """
    length = same_length(events, cases)
    for x, n in zip(events, cases, strict=True):
        checked_counts(x, n)
    if months < 1:
        raise ValueError("a window has one month at least")
    points = []
    for start in range(0, length - months + 1, 1 if rolling else months):
        stop = start + months
        n = sum(cases[start:stop])
        fewest, most = exact_limits(n, rate, tail)
        points.append(ExactPoint(start, stop, sum(events[start:stop]), n, fewest, most))
    return tuple(points)
