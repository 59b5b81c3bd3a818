"""Exact funnels against two independent implementations' printed limits, and by their meaning."""

from __future__ import annotations

import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from qi_checker.statistics.limits import limit, limits, power, side

AT_90_PERCENT = {
    5: (0.2133, 0.4451, 0.9915, 0.9997),
    10: (0.4573, 0.6213, 0.9928, 0.9997),
    20: (0.6148, 0.7215, 0.9897, 0.9996),
    39: (0.7130, 0.7822, 0.9713, 0.9984),
    66: (0.7619, 0.8141, 0.9595, 0.9848),
    100: (0.7916, 0.8323, 0.9496, 0.9758),
}


@pytest.mark.parametrize("cases", AT_90_PERCENT)
def test_limits_at_a_target_of_90_percent(cases: int) -> None:
    found = limits(cases, 0.9)
    assert (found.lower_998, found.lower_95, found.upper_95, found.upper_998) == pytest.approx(
        AT_90_PERCENT[cases], abs=0.00005
    )


@given(st.integers(1, 500), st.floats(0.01, 0.99))
def test_limits_nest_and_hold_chance(cases: int, target: float) -> None:
    found = limits(cases, target)
    assert 0 <= found.lower_998 <= found.lower_95 <= found.upper_95 <= found.upper_998 <= 1
    binom = scipy.stats.binom(cases, target)
    for low, high, tail in (
        (found.lower_998, found.upper_998, 0.001),
        (found.lower_95, found.upper_95, 0.025),
    ):
        below = [k for k in range(cases + 1) if k / cases < low]
        above = [k for k in range(cases + 1) if k / cases > high]
        assert binom.pmf(below).sum() <= tail + 1e-9
        # The upper limit lies below its quantile, so that count is outside too.
        assert binom.pmf(above[1:]).sum() <= tail + 1e-9


@given(st.integers(1, 300), st.floats(0.01, 0.99), st.floats(0.001, 0.999))
def test_a_limit_mirrors(cases: int, target: float, q: float) -> None:
    """Up to one count: an interpolated limit lies below its quantile, mirrored above."""
    gap = limit(q, cases, target) - (1 - limit(1 - q, cases, 1 - target))
    assert abs(gap) <= 1 / cases + 1e-9


def test_where_a_unit_lies() -> None:
    found = limits(20, 0.9)
    assert [side(k, 20, found) for k in (12, 14, 15, 19, 20)] == [-2, -1, 0, 0, 2]


def test_a_doubling_of_five_expected_events_is_seen_in_21_percent() -> None:
    assert power(50_000, 0.0001, 0.0002) == pytest.approx(0.21, abs=0.005)
    assert power(50_000, 0.0001, 0.0002) == pytest.approx(scipy.stats.poisson.sf(12, 10), abs=1e-4)


@given(st.integers(1, 120), st.floats(0.02, 0.98), st.floats(0.0, 1.0))
def test_power_is_the_probability_of_what_is_called_far_out(
    cases: int, target: float, true_rate: float
) -> None:
    found = limits(cases, target)
    far = [k for k in range(cases + 1) if abs(side(k, cases, found)) == 2]
    oracle = scipy.stats.binom.pmf(far, cases, true_rate).sum()
    assert power(cases, target, true_rate) == pytest.approx(oracle, abs=1e-9)


def test_impossible_units_are_refused() -> None:
    with pytest.raises(ValueError, match="without cases"):
        limits(0, 0.9)
    with pytest.raises(ValueError, match="not a rate"):
        limits(5, 1.2)
    with pytest.raises(ValueError, match="not a proportion"):
        side(6, 5, limits(5, 0.9))
