"""Rules and their sets, by the vectors of their authors and by their meaning."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qi_checker.statistics.charts import Chart, Point, i_chart
from qi_checker.statistics.rules import (
    RULE_SETS,
    alternating,
    anhoej,
    far_from_line,
    ihi,
    mdc,
    near_limits,
    near_line,
    nelson,
    one_side,
    outside,
    provost,
    trend,
)
from qi_checker.statistics.runs import crossings_needed, longest_allowed, runs, runs_limits

Z = Sequence[float | None]


def of(z: Z, excluded: Sequence[int] = ()) -> Chart:
    """A chart with line 0, sigma 1 and limits at 3."""
    return tuple(Point(v, 0.0, 1.0, -3.0, 3.0, i not in excluded) for i, v in enumerate(z))


def names(findings) -> set[str]:
    return {f.rule for f in findings}


RUN_LIMITS = [6] * 2 + [7] * 11 + [8] * 18
CROSSINGS = [2, 2, 3, 3, 4, 4, 4, 5, 5, 6, 6, 6, 7, 7, 8, 8, 8, 9, 9, 10, 10, 11, 11, 11, 12]
CROSSINGS += [12, 13, 13, 14, 14, 14]


def test_limits_of_runs_for_10_to_40_useful_points() -> None:
    assert [longest_allowed(n) for n in range(10, 41)] == RUN_LIMITS
    assert [crossings_needed(n) for n in range(10, 41)] == CROSSINGS


@pytest.mark.parametrize(
    ("n", "few", "many"),
    [(10, 3, 9), (12, 4, 10), (14, 4, 12), (16, 5, 13), (20, 7, 15), (24, 8, 18), (30, 11, 21)],
)
def test_numbers_of_runs_from_the_exact_distribution(n: int, few: int, many: int) -> None:
    assert runs_limits(n // 2, n // 2) == (few, many)


def test_numbers_of_runs_at_5_percent_on_each_side() -> None:
    assert runs_limits(8, 8, tail=0.05) == (6, 12)
    assert runs_limits(12, 12, tail=0.05) == (9, 17)


@given(st.integers(1, 12), st.integers(1, 12))
def test_numbers_of_runs_do_not_depend_on_which_side_is_up(above: int, below: int) -> None:
    few, many = runs_limits(above, below)
    assert (few, many) == runs_limits(below, above)
    assert 2 <= few <= many <= 2 * min(above, below) + 1


def test_runs_need_both_sides() -> None:
    with pytest.raises(ValueError, match="both sides"):
        runs_limits(5, 0)


def test_a_point_on_a_limit_is_inside() -> None:
    assert [f.points for f in outside(of([3.0, 3.01, -3.0, -3.01]))] == [(1,), (3,)]
    assert [f.side for f in outside(of([3.01, -3.01]))] == [1, -1]


def test_a_shift_is_broken_by_the_line_or_passes_over_it() -> None:
    assert list(one_side(of([1] * 6), 7)) == []
    (found,) = one_side(of([1] * 8 + [-1]), 7)
    assert (found.points, found.side) == (tuple(range(8)), 1)
    assert found.points[6:] == (6, 7)  # where the seventh point, and each one after it, flags
    crossed = of([1, 1, 1, 0, 1, 1, 1])
    assert list(one_side(crossed, 6)) == []
    assert [f.points for f in one_side(crossed, 6, skip_line=True)] == [(0, 1, 2, 4, 5, 6)]


@pytest.mark.parametrize(
    ("values", "side"),
    [([1, 2, 3, 4, 5, 6, 7], 1), ([1, 2, 3, 3, 4, 5, 6], None), ([7, 6, 5, 4, 3, 2, 1], -1)],
)
def test_seven_points_in_a_trend_are_six_strict_steps(values: list[float], side) -> None:
    found = list(trend(of(values), 7))
    assert [f.side for f in found] == ([] if side is None else [side])
    assert list(trend(of(values[:6]), 7)) == []


def test_equal_neighbours_count_once_in_an_ihi_trend() -> None:
    (found,) = trend(of([1, 2, 2, 3, 4, 5, 0]), 5, ties_once=True)
    assert found.points == (0, 1, 3, 4, 5)
    assert list(trend(of([1, 2, 2, 3, 4, 0]), 5, ties_once=True)) == []


def test_two_of_three_near_a_limit_with_the_third_on_the_same_side() -> None:
    assert [f.points for f in mdc(of([2.5, 0.1, 2.5]))] == [(0, 2)]
    assert mdc(of([2.5, -0.1, 2.5])) == ()
    assert [f.points for f in near_limits(of([2.5, -0.1, 2.5]), 2, 3, 2.0)] == [(0, 2)]
    assert mdc(of([2.5, -2.5, 0.1])) == ()
    assert mdc(of([2.0, 2.0, 2.0])) == ()


def test_whether_a_point_beyond_the_limit_counts_as_near_is_chosen() -> None:
    chart = of([2.5, 0.5, 3.5])
    assert names(mdc(chart)) == {"outside", "2 of 3 beyond 2 sigma"}
    assert names(mdc(chart, count_outside=False)) == {"outside"}


def test_two_opposite_outliers_after_a_symmetric_series_are_common_cause() -> None:
    chart = i_chart([1, -1] * 7 + [5.5, -5.5], screened=True)
    assert chart[-1].centre == 0 and 2 < (chart[-2].z or 0) < 3
    assert [f for f in mdc(chart) if {14, 15} & set(f.points)] == []


def test_four_of_five_beyond_one_sigma() -> None:
    western = RULE_SETS["western electric"]
    assert names(western(of([1.5, 1.5, -0.5, 1.5, 1.5]))) == {"4 of 5 beyond 1 sigma"}
    assert western(of([1.5, 1.5, -0.5, -0.5, 1.5, 1.5])) == ()
    assert names(western(of([0.5] * 8))) == {"shift"} and western(of([0.5] * 7)) == ()


def test_shapes_of_nelson() -> None:
    up_and_down = of([0.4, -0.4] * 7)
    assert [len(f.points) for f in alternating(up_and_down, 14)] == [14]
    assert list(alternating(up_and_down[:13], 14)) == []
    assert list(alternating(of([0.4, -0.4] * 6 + [-0.4, 0.4]), 13)) == []
    assert [f.points for f in near_line(of([1.2] + [0.5, -0.5] * 8), 15)] == [tuple(range(1, 17))]
    far = of([1.5, -1.5] * 4)
    assert "far from the line" in names(nelson(far))
    assert "far from the line" not in names(nelson(far[:7]))
    assert list(far_from_line(of([1.5] * 8), 8)) == []  # one side only: that is a shift


def test_numbers_that_tell_the_sets_apart() -> None:
    fires = {
        length: {name for name, rules in RULE_SETS.items() if rules(of([0.1] * length + [-0.1]))}
        for length in (6, 7, 8, 9)
    }
    assert fires[6] == {"ihi"}
    assert fires[7] - {"anhoej"} == {"ihi", "mdc"}
    assert fires[8] - {"anhoej"} == {"ihi", "mdc", "provost", "western electric"}
    assert fires[9] - {"anhoej"} == set(RULE_SETS) - {"anhoej"}
    rising = [-0.5, -0.2, 0.1, 0.3, 0.4, 0.6]
    assert "trend" in names(provost(of(rising))) and "trend" not in names(provost(of(rising[:5])))
    assert "trend" in names(ihi(of(rising[:5]))) and "trend" not in names(ihi(of(rising[:4])))
    assert names(provost(of([0.2, -0.2] * 7 + [0.2]))) == {"near the line"}


def test_anhoej_names_the_long_run_and_the_missing_crossings() -> None:
    found = {f.rule: f for f in anhoej(of([1, -1, 1, -1] + [1] * 8))}
    assert found["long run"].points == tuple(range(4, 12)) and found["long run"].side == 1
    assert "few crossings" not in found  # four of three needed
    assert names(anhoej(of([1] * 6 + [-1] * 6))) == {"few crossings"}
    assert names(anhoej(of([3.5, -1]))) == {"outside"}


def test_runs_of_ihi_too_few_and_too_many() -> None:
    assert "too few runs" in names(ihi(of([1] * 5 + [-1] * 5)))
    assert names(ihi(of([1, -1] * 5))) == {"too many runs"}
    assert ihi(of([1, 1, -1, 1, -1, -1, 1, -1, 1, -1])) == ()


def test_points_without_a_value_or_left_out_are_passed_over() -> None:
    assert [f.points for f in one_side(of([1, None, 1, 1]), 3)] == [(0, 2, 3)]
    assert [f.points for f in one_side(of([1, -1, 1, 1], excluded=[1]), 3)] == [(0, 2, 3)]
    assert list(outside(of([9.0], excluded=[0]))) == []


def test_a_rate_that_is_equal_but_for_rounding_lies_on_the_line() -> None:
    chart = tuple(Point(v, 0.3, None, None, None) for v in (0.1 + 0.2, 0.4))
    assert 0.1 + 0.2 != 0.3
    assert (runs(chart).useful, runs(chart).on_line) == (1, 1)


def test_zones_need_a_sigma() -> None:
    chart = tuple(Point(value, 2.0, None, 0.0, 9.0) for value in (1.0, 2.0, 3.0))
    with pytest.raises(ValueError, match="sigma"):
        nelson(chart)
    assert names(anhoej(chart)) <= {"long run", "few crossings"}


@given(
    st.lists(st.floats(-4, 4).map(lambda v: round(v, 1)), max_size=30),
    st.sampled_from([*RULE_SETS]),
)
def test_a_chart_turned_upside_down_gives_the_same_points(z: list[float], name: str) -> None:
    found = {(f.rule, f.points, f.side) for f in RULE_SETS[name](of(z))}
    turned = {(f.rule, f.points, -f.side) for f in RULE_SETS[name](of([-v for v in z]))}
    assert found == turned


@given(st.lists(st.sampled_from([-1, 0, 1]), max_size=40))
def test_runs_add_up(z: list[int]) -> None:
    found = runs(of(z))
    assert found.points == len(z) and found.useful == len(z) - z.count(0)
    assert found.longest + found.crossings <= max(found.useful, 0)
    assert (found.useful == 0) == (found.longest == 0)
