"""What holds for every chart, whatever its numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qi_checker.statistics.attributes import c_chart, p_chart, p_prime_chart, sigma_z, u_chart
from qi_checker.statistics.individuals import (
    i_chart,
    i_prime_chart,
    mean_range,
    moving_ranges,
    mr_chart,
    t_chart,
)
from qi_checker.statistics.points import Point

DAYS = st.lists(st.integers(0, 126), min_size=1, max_size=40)
MONTH = st.integers(0, 6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
MONTHS = st.lists(MONTH, min_size=1, max_size=40).filter(lambda m: any(n for _, n in m))


def limits(point: Point) -> tuple[float, float]:
    assert point.lower is not None and point.upper is not None
    return point.lower, point.upper


@given(MONTHS, st.sampled_from([p_chart, p_prime_chart, u_chart]))
def test_rates_stay_rates_and_an_empty_month_is_never_0(months, draw) -> None:
    events, cases = [x for x, _ in months], [n for _, n in months]
    for (x, n), point in zip(months, draw(events, cases), strict=True):
        if n:
            assert point.value == x / n
            lower, upper = limits(point)
            assert 0 <= lower <= point.centre <= upper
            assert draw is u_chart or upper <= 1
        else:
            assert point.value is point.lower is point.upper is None and not point.outside


@given(MONTHS)
def test_p_prime_is_never_narrower_than_p(months) -> None:
    events, cases = [x for x, _ in months], [n for _, n in months]
    for p, wide in zip(p_chart(events, cases), p_prime_chart(events, cases), strict=True):
        assert (p.sigma is None) == (wide.sigma is None)
        assert (wide.sigma or 0) >= (p.sigma or 0)


def test_where_the_p_chart_is_blind() -> None:
    """An upper limit below 1 needs more than 9p/(1-p) cases, a lower one above 0 9(1-p)/p."""
    rates = {0.36: (5.0625, 16), 0.75: (27, 3), 0.9: (81, 1)}
    for rate, (upper, lower) in rates.items():
        events, cases = [round(rate * 100_000), 0], [100_000, 1]
        for n in range(1, 120):
            cases[1] = n
            point = p_chart(events, cases, [0])[1]
            found = limits(point)
            assert (found[1] < 1 - 1e-12) == (n > upper)
            assert (found[0] > 1e-12) == (n > lower)


@given(DAYS, st.integers(-50, 50), st.integers(1, 9))
def test_an_i_chart_moves_and_scales_with_its_unit(days: list[int], shift: int, scale: int) -> None:
    before = i_chart(days)
    for a, b in zip(before, i_chart([scale * d + shift for d in days]), strict=True):
        assert (b.centre, b.lower, b.upper) == pytest.approx(
            tuple(scale * line + shift for line in (a.centre, *limits(a))), abs=1e-6
        )


@given(DAYS)
def test_screening_never_widens(days: list[int]) -> None:
    assert mean_range(days, screened=True) <= mean_range(days)


@given(DAYS, st.integers(1, 5))
def test_i_prime_with_equal_cases_is_an_i_chart(days: list[int], n: int) -> None:
    """But for 1.128, which is 2/sqrt(pi) rounded."""
    for plain, prime in zip(i_chart(days), i_prime_chart(days, [n] * len(days)), strict=True):
        assert prime.centre == pytest.approx(plain.centre)
        assert prime.sigma == pytest.approx(plain.sigma, rel=4e-4)


def test_i_prime_weighs_its_slots() -> None:
    chart = i_prime_chart([10.0, 20.0, None, 30.0], [1, 3, 0, 0])
    assert chart[0].centre == 17.5
    assert chart[0].sigma and chart[1].sigma
    assert chart[0].sigma == pytest.approx(chart[1].sigma * 3**0.5)
    assert chart[2].value is chart[3].value is chart[3].upper is None
    with pytest.raises(ValueError, match="no value"):
        i_prime_chart([1.0], [0])


def test_a_range_needs_two_neighbours() -> None:
    assert moving_ranges([1.0, 4.0, None, 9.0, 7.0]) == (None, 3.0, None, None, 2.0)
    assert moving_ranges([]) == ()
    assert mean_range([1.0, 4.0, 5.0, 9.0], exclude=[1]) == 4
    assert mean_range([1.0, 4.0, 5.0, 9.0], [0, 1]) == 3
    assert mean_range([5.0]) == 0


def test_a_value_left_out_is_drawn_but_moves_no_line() -> None:
    chart = i_chart([20.0, 22.0, 126.0, 20.0, 22.0], exclude=[2])
    assert (chart[2].value, chart[2].included, chart[2].outside) == (126, False, True)
    assert (chart[0].centre, chart[0].sigma) == (21, 2 / 1.128)


def test_a_constant_series_has_narrow_limits_and_any_change_is_outside() -> None:
    chart = i_chart([20.0] * 5 + [21.0, 19.0], range(5))
    assert [p.z for p in chart[4:]] == [0.0, float("inf"), -float("inf")]
    assert [p.outside for p in chart[4:]] == [False, True, True]
    assert sigma_z([2, 2], [2, 2]) == 1


def test_moving_ranges_have_no_first_point() -> None:
    chart = mr_chart([1.0, 3.0, 5.0])
    assert [p.value for p in chart] == [None, 2.0, 2.0] and chart[0].upper == 3.267 * 2


@pytest.mark.parametrize(
    ("draw", "said"),
    [
        (lambda: p_chart([3], [2]), "no proportion"),
        (lambda: p_chart([1, 1], [2]), "length"),
        (lambda: p_chart([0], [0]), "no case"),
        (lambda: p_chart([1], [2], [1]), "index"),
        (lambda: p_chart([1], [2], exclude=[0]), "no point"),
        (lambda: p_chart([], []), "no point"),
        (lambda: c_chart([-1]), "below 0"),
        (lambda: i_chart([None, 1.0], [0]), "no value"),
        (lambda: t_chart([3.0, 0.0]), "two events on one day"),
    ],
)
def test_impossible_series_are_refused(draw, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        draw()


def test_a_range_is_screened_from_3_267_times_the_mean() -> None:
    """Ten steps of 1 and one of 3.92 (3.1 times the mean) or of 4.47 (3.4 times)."""
    steady = [float(i % 2) for i in range(11)]
    kept, dropped = [*steady, 3.92], [*steady, 4.47]
    assert mean_range(kept, screened=True) == mean_range(kept) > 1
    assert mean_range(dropped, screened=True) == 1 < mean_range(dropped)
