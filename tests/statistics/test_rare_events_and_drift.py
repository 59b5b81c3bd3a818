"""Cases between deviations, the CUSUM of single cases, and exact limits for quarters."""

from __future__ import annotations

from math import log

import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from qi_checker.statistics.charts import beyond_limits
from qi_checker.statistics.limits import TAIL, baseline_rate, exact_chart, exact_limits
from qi_checker.statistics.rare_events import (
    bernoulli_cusum,
    cases_between,
    clamped,
    g_chart,
    upper_gap_limit,
    weights,
)

BOOLS = st.lists(st.booleans(), max_size=80)


def test_gaps_are_differences_of_case_numbers() -> None:
    cases = [False, True, False, False, True, True, False]
    assert cases_between(cases).closed == (3, 1)
    assert cases_between(cases, first=True).closed == (2, 3, 1)
    assert cases_between(cases).open == 1
    assert (cases_between([False] * 5).closed, cases_between([False] * 5).open) == ((), 5)


@given(BOOLS)
def test_gaps_and_what_is_open_hold_every_case_once(deviations: list[bool]) -> None:
    found = cases_between(deviations, first=True)
    assert sum(found.closed) + found.open == len(deviations)
    assert len(found.closed) == sum(deviations)
    assert cases_between(deviations).closed == found.closed[1:]


def test_limits_of_gaps_come_from_the_mean() -> None:
    """The printed mean and limit of a cardiac surgery series; the median gave 97.48."""
    assert upper_gap_limit(31.671642) == pytest.approx(128.174910, abs=5e-6)


def test_the_median_is_drawn_and_only_long_gaps_signal() -> None:
    gaps = [10, 20, 30, 40, 200]
    chart = g_chart(gaps, range(4))
    assert (chart[0].centre, chart[0].lower) == (25, 0)
    assert chart[0].upper == upper_gap_limit(25)
    assert beyond_limits(chart) == (4,)
    given_mean = g_chart(gaps, mean=100.0)
    assert given_mean[0].centre == pytest.approx(69.3)
    assert beyond_limits(given_mean) == ()
    with pytest.raises(ValueError, match="gap below 0"):
        g_chart([-1])


def test_weights_of_a_baseline_of_3_5_percent() -> None:
    worse, better = weights(0.035, 2), weights(0.035, 0.5)
    assert (worse.alternative, better.alternative) == pytest.approx(
        (0.0676329, 0.0178117), abs=5e-8
    )
    assert (worse.event, worse.no_event) == pytest.approx((0.6587458, -0.0344014), abs=5e-8)
    assert better.event == pytest.approx(log(0.0178117 / 0.035), abs=5e-6)


def test_a_signal_starts_again_from_zero() -> None:
    """w = 0.6587 an event: the sixth reaches 3.5."""
    found = bernoulli_cusum([True] * 12, 0.035)
    assert found.worse_signals == (5, 11)
    assert found.worse[5] == pytest.approx(6 * 0.6587458, abs=1e-6)
    assert found.worse[6] == pytest.approx(0.6587458, abs=1e-7)
    assert found.better == (0.0,) * 12


def test_a_long_run_without_events_signals_improvement() -> None:
    found = bernoulli_cusum([False] * 300, 0.1, limit=2.5)
    step = log((1 - 0.05 / 0.95) / 0.9)
    assert found.better_signals[0] == int(2.5 / step)
    assert found.worse_signals == ()


@given(BOOLS, st.floats(0.02, 0.98), st.floats(0.5, 4))
def test_sums_stay_from_zero_to_the_limit_unless_they_signal(events, rate: float, limit) -> None:
    found = bernoulli_cusum(events, rate, limit=limit)
    for sums, signals in (
        (found.worse, found.worse_signals),
        (found.better, found.better_signals),
    ):
        assert len(sums) == len(events) and all(s >= 0 for s in sums)
        assert [i for i, s in enumerate(sums) if s >= limit] == list(signals)


def test_a_baseline_without_events_is_held_at_2_percent() -> None:
    assert (clamped(0.0), clamped(1.0), clamped(0.3)) == (0.02, 0.98, 0.3)
    for wrong in ((0.0, 2.0), (1.0, 2.0), (0.5, 0.0)):
        with pytest.raises(ValueError, match=r"baseline rate|odds"):
            weights(*wrong)
    with pytest.raises(ValueError, match="limit"):
        bernoulli_cusum([True], 0.5, limit=0)


@given(st.integers(0, 200), st.floats(0, 1), st.sampled_from([TAIL, 0.025, 0.2]))
def test_exact_limits_are_the_outermost_counts_that_chance_gives(n: int, rate: float, tail) -> None:
    fewest, most = exact_limits(n, rate, tail)
    assert 0 <= fewest <= n and 0 <= most <= n
    binom = scipy.stats.binom(n, rate)
    near = 1e-9  # where a tail is the wanted one but for rounding
    assert binom.cdf(fewest) >= tail - near and binom.sf(most - 1) >= tail - near
    assert fewest == 0 or binom.cdf(fewest - 1) < tail + near
    assert most == n or binom.sf(most) < tail + near


def test_quarters_roll_or_follow_one_another() -> None:
    events, cases = [1, 2, 1, 4, 4, 3, 0], [4, 4, 4, 4, 4, 3, 0]
    rolling = exact_chart(events, cases, 0.36)
    assert [(p.start, p.stop) for p in rolling] == [(k, k + 3) for k in range(5)]
    assert [(p.events, p.cases) for p in rolling] == [(4, 12), (7, 12), (9, 12), (11, 11), (7, 7)]
    assert [p.side for p in rolling] == [0, 0, 0, 1, 1]
    apart = exact_chart(events, cases, 0.36, rolling=False)
    assert [(p.start, p.stop) for p in apart] == [(0, 3), (3, 6)]
    assert exact_chart(events[:2], cases[:2], 0.36) == ()


def test_a_fall_signals_below() -> None:
    (point,) = exact_chart([1, 1, 1], [4, 4, 4], 0.9)
    assert (point.side, point.fewest) == (-1, 7)


def test_months_without_a_case_never_signal() -> None:
    assert [p.side for p in exact_chart([0] * 4, [0] * 4, 0.9)] == [0, 0]


def test_the_baselines_rate_is_pooled() -> None:
    assert baseline_rate([1, 4, 9], [4, 4, 10], [0, 1]) == 5 / 8
    with pytest.raises(ValueError, match="no case"):
        baseline_rate([0, 1], [0, 1], [0])


def test_impossible_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="not a proportion"):
        exact_chart([5, 0, 0], [4, 1, 1], 0.5)
    with pytest.raises(ValueError, match="tail"):
        exact_limits(5, 0.5, 0.7)
    with pytest.raises(ValueError, match="one month"):
        exact_chart([1], [1], 0.5, months=0)
    with pytest.raises(ValueError, match="length"):
        exact_chart([1], [1, 2], 0.5)
