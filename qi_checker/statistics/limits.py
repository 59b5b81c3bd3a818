"""Exact binomial limits: of months with a few cases, and of units in a funnel.

Of months: against a frozen baseline.

A count signals if, at the baseline's rate, so few or so many events have a probability below
0.00135 on their side, which corresponds to 3 sigma of a normal variable. With 3 to 5 cases a month
look at quarters: monthly limits find nothing there. Over the 12 months after a baseline of 12,
consecutive quarters signal falsely in 1 to 2% of series and find a rise from 36 to 60%
in 26%; rolling quarters, checked every month, in 2 to 3% and 37%.

`events` is the charted count (such as compliant cases), `cases` its denominator, one
number per month; a month without a case is 0 of 0 and keeps its slot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qi_checker.statistics.charts import Indices, base_of, same_length
from qi_checker.statistics.proportions import (
    at_least,
    at_most,
    checked_counts,
    checked_rate,
    quantile,
)

TAIL = 0.00135  # of a normal variable beyond 3 sigma, on one side


@dataclass(frozen=True)
class ExactPoint:
    """Months start to stop - 1 together."""

    start: int
    stop: int
    events: int
    cases: int
    fewest: int  # events without a signal: from fewest to most
    most: int

    @property
    def side(self) -> int:
        """Return 1 for more events than chance gives, -1 for fewer, 0 for no signal."""
        return (self.events > self.most) - (self.events < self.fewest)


def baseline_rate(
    events: Sequence[int], cases: Sequence[int], baseline: Indices | None = None
) -> float:
    """Return Σx/Σn of the baseline; raise ValueError if it has no case.

    With a rate of exactly 0 or 1 a single case is a signal: limit it with `cusum.clamped`, or
    report that the baseline leaves nothing to compare with.
    """
    base = base_of(same_length(events, cases), baseline)
    total = sum(cases[i] for i in base)
    if not total:
        raise ValueError("the baseline has no case")
    return sum(events[i] for i in base) / total


def exact_limits(cases: int, rate: float, tail: float = TAIL) -> tuple[int, int]:
    """Return the fewest and the most events of `cases` that are no signal at this rate.

    P(X <= k) < tail is a signal below and P(X >= k) < tail is a signal above, X ~ Bin(cases, rate).
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
) -> tuple[ExactPoint, ...]:
    """Return one point for every `months` whole months: rolling or consecutive.

    An unfinished quarter at the end gives no point. `rate` is the rate of the frozen baseline. Pass
    only the months after the baseline, since its own cases would be judged against themselves.
    """
    length = same_length(events, cases)
    for x, n in zip(events, cases, strict=True):
        checked_counts(x, n)
    if months < 1:
        raise ValueError("a window needs at least one month")
    points = []
    for start in range(0, length - months + 1, 1 if rolling else months):
        stop = start + months
        n = sum(cases[start:stop])
        fewest, most = exact_limits(n, rate)
        points.append(ExactPoint(start, stop, sum(events[start:stop]), n, fewest, most))
    return tuple(points)


# ---- Exact binomial funnels: surgeons or sites against one target, never a league table ----------

# Source: Spiegelhalter DJ, Stat Med 2005;24:1185. Limits by the arcsine are not offered: at 3 to 5
# cases and a target of 90% the "99.8%" limit is below the target.


QUANTILES = (0.001, 0.025, 0.975, 0.999)  # the 99.8% and the 95% limits


@dataclass(frozen=True)
class FunnelLimits:
    """Rates from 0 to 1 for one number of cases: 99.8% outside, 95% inside."""

    lower_998: float
    lower_95: float
    upper_95: float
    upper_998: float


def limit(q: float, cases: int, target: float) -> float:
    """Return the q-quantile of the rate, interpolated between counts and limited to 0 to 1.

    r the quantile of Bin(n, target), F its distribution: (r - (F(r)-q)/(F(r)-F(r-1))) / n.
    Raises ValueError without cases and for a target or q outside 0 to 1.
    """
    checked_rate(target)
    if cases < 1:
        raise ValueError("a funnel has no limits without cases")
    r = quantile(q, cases, target)
    reached, before = at_most(r, cases, target), at_most(r - 1, cases, target)
    part = (reached - q) / (reached - before) if reached > before else 0.0
    return min(1.0, max(0.0, (r - part) / cases))


def limits(cases: int, target: float) -> FunnelLimits:
    """Return the four limits for one number of cases; raise as `limit` does."""
    return FunnelLimits(*(limit(q, cases, target) for q in QUANTILES))


def side(events: int, cases: int, found: FunnelLimits) -> int:
    """Return -2 below the 99.8% limit, -1 below the 95% limit, 0 inside, 1 and 2 above them."""
    checked_counts(events, cases)
    rate = events / cases
    above = (rate > found.upper_95) + (rate > found.upper_998)
    return above - (rate < found.lower_95) - (rate < found.lower_998)


def power(cases: int, target: float, true_rate: float) -> float:
    """Return the probability that a unit with this true rate is beyond a 99.8% limit.

    It is printed beside "no signal": with 5 expected events a doubling is seen 21% of the time.
    """
    found = limits(cases, target)
    counts = range(cases + 1)
    low = next((k for k in counts if k / cases >= found.lower_998), cases + 1)
    high = next((k for k in counts if k / cases > found.upper_998), cases + 1)
    return at_most(low - 1, cases, true_rate) + at_least(high, cases, true_rate)
