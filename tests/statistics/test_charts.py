"""What holds for a chart of single measurements, whatever its numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qi_checker.statistics.charts import Point, i_chart, mean_range, moving_ranges

DAYS = st.lists(st.integers(0, 126), min_size=1, max_size=40)


def limits(point: Point) -> tuple[float, float]:
    assert point.lower is not None and point.upper is not None
    return point.lower, point.upper


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


@pytest.mark.parametrize(
    ("draw", "said"),
    [
        (lambda: i_chart([1.0], [1]), "index"),
        (lambda: i_chart([1.0], exclude=[0]), "no point"),
        (lambda: i_chart([]), "no point"),
        (lambda: i_chart([None, 1.0], [0]), "no value"),
    ],
)
def test_impossible_series_are_refused(draw, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        draw()


def test_a_range_is_screened_from_3_267_times_the_mean() -> None:
    """Ten steps of 1 and one of 3.92 (3.1 times the mean) or of 4.47 (3.4 times)."""
    steady = [float(i % 2) for i in range(11)]
    within, dropped = [*steady, 3.92], [*steady, 4.47]
    assert mean_range(within, screened=True) == mean_range(within) > 1
    assert mean_range(dropped, screened=True) == 1 < mean_range(dropped)
