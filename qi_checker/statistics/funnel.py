"""Exact binomial funnels: surgeons or sites against one target, never a league table.

Source: Spiegelhalter DJ, Stat Med 2005;24:1185. Limits by the arcsine are not offered: at 3 to 5
cases and a target of 90 % the "99.8 %" limit lies below the target.
"""

from __future__ import annotations

from dataclasses import dataclass

from qi_checker.statistics.binomial import at_least, at_most, checked_counts, checked_rate, quantile

QUANTILES = (0.001, 0.025, 0.975, 0.999)  # the 99.8 % and the 95 % limits


@dataclass(frozen=True)
class FunnelLimits:
    """Rates from 0 to 1 for one number of cases: 99.8 % outside, 95 % inside."""

    lower_998: float
    lower_95: float
    upper_95: float
    upper_998: float


def limit(q: float, cases: int, target: float) -> float:
    """The q-quantile of the rate, interpolated between counts and held within 0 and 1.

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
    """The four limits for one number of cases; raises as `limit` does."""
    return FunnelLimits(*(limit(q, cases, target) for q in QUANTILES))


def side(events: int, cases: int, found: FunnelLimits) -> int:
    """-2, -1, 0, 1, 2: below the 99.8 % limit, below the 95 % limit, inside, above, far above."""
    checked_counts(events, cases)
    rate = events / cases
    above = (rate > found.upper_95) + (rate > found.upper_998)
    return above - (rate < found.lower_95) - (rate < found.lower_998)


def power(cases: int, target: float, true_rate: float) -> float:
    """The probability that a unit with this true rate lies beyond a 99.8 % limit.

    It stands beside "no signal": with 5 expected events a doubling is seen 21 % of the time.
    """
    found = limits(cases, target)
    counts = range(cases + 1)
    low = next((k for k in counts if k / cases >= found.lower_998), cases + 1)
    high = next((k for k in counts if k / cases > found.upper_998), cases + 1)
    return at_most(low - 1, cases, true_rate) + at_least(high, cases, true_rate)
