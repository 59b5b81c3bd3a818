"""Charts against the published examples, all points of them."""

from __future__ import annotations

import pytest

from qi_checker.statistics.attributes import c_chart, p_chart, p_prime_chart, sigma_z, u_chart
from qi_checker.statistics.individuals import i_chart, mean_range, mr_chart, t_chart
from qi_checker.statistics.phases import in_phases, phases
from qi_checker.statistics.points import Chart, beyond_limits
from qi_checker.statistics.run_chart import SignalStatus, run_chart
from tests.statistics.golden import FOLDER, Series, assert_same, assert_same_runs, series

USED = {
    "liver_small_p",
    "liver_small_run",
    "liver_small_run_all",
    "montgomery_6_5_i",
    "montgomery_6_5_mr",
    "montgomery_7_1_p",
    "montgomery_7_3_c",
    "montgomery_7_4_u",
    "montgomery_7_6_t",
    "montgomery_t7_4_p",
    "montgomery_t7_4_pp",
    "nhsr_i_screened",
    "nhsr_i_unscreened",
}


def test_every_golden_file_is_tested() -> None:
    assert {f.stem.removeprefix("golden_") for f in FOLDER.glob("*.csv")} == USED


def test_p_of_two_phases_with_two_samples_left_out() -> None:
    golden = series("montgomery_7_1_p")
    x, n = golden.counts("num"), golden.counts("den")

    def draw(part: slice, base: list[int], out: list[int]) -> Chart:
        return p_chart(x[part], n[part], base, out)

    chart = in_phases(draw, phases(94, [30], freeze=None), golden.excluded)
    assert golden.excluded == [14, 22]
    assert_same(chart[:30], golden.part("1"))
    assert_same(chart[30:], golden.part("2"))
    assert beyond_limits(chart) == (14, 20, 22)
    first, second = chart[0], chart[-1]
    assert (first.centre, first.lower, first.upper) == pytest.approx(
        (0.2150000, 0.0407028, 0.3892972), abs=5e-8
    )
    assert (second.centre, second.lower, second.upper) == pytest.approx(
        (0.1096875, 0, 0.2422700), abs=5e-8
    )


def test_p_with_denominators_that_vary() -> None:
    golden = series("montgomery_t7_4_p")
    chart = p_chart(golden.counts("num"), golden.counts("den"))
    assert_same(chart, golden)
    assert chart[1].lower == 0 and chart[1].upper == pytest.approx(0.1940934, abs=5e-8)
    assert chart[10].upper == pytest.approx(0.1795823, abs=5e-8)
    assert beyond_limits(chart) == (10,)


def test_p_prime_as_other_programs_draw_it_and_floored_at_1() -> None:
    golden = series("montgomery_t7_4_pp")
    x, n = golden.counts("num"), golden.counts("den")
    assert_same(p_prime_chart(x, n, floor=0), golden)
    assert sigma_z(x, n) == pytest.approx(0.965674, abs=5e-7)
    assert sigma_z(x, n, screened=True) == pytest.approx(0.853066, abs=5e-7)
    assert p_prime_chart(x, n) == p_chart(x, n)


def test_p_prime_of_huge_denominators_follows_the_published_ratio() -> None:
    """Weekly accidents: the data stay out; their printed limits fix one another."""
    centre, p_lower, p_upper, factor = 0.9528997, 0.9516996, 0.9540999, 10.640422
    half = (p_upper - p_lower) / 2 * factor
    assert (centre - half, centre + half) == pytest.approx((0.9401296, 0.9656698), abs=2e-6)


def test_individuals_and_moving_ranges_frozen_at_20() -> None:
    golden = series("montgomery_6_5_i")
    chart = i_chart(golden.values(), range(20))
    assert_same(chart, golden)
    assert beyond_limits(chart) == (38, 39)
    assert (chart[0].centre, chart[0].lower, chart[0].upper) == pytest.approx(
        (300.5, 279.783315, 321.216685), abs=5e-7
    )
    ranges = mr_chart(golden.values(), range(20))
    assert_same(ranges, series("montgomery_6_5_mr"))
    assert ranges[5].centre == pytest.approx(7.7894737, abs=5e-8)
    assert ranges[5].upper == pytest.approx(25.448211, abs=5e-7)


def test_counts_frozen_at_26_signal_by_crossings_only() -> None:
    golden = series("montgomery_7_3_c")
    chart = c_chart(golden.counts("num"), range(26), golden.excluded)
    assert_same(chart, golden)
    assert golden.excluded == [5, 19]


def test_events_for_each_unit() -> None:
    golden = series("montgomery_7_4_u")
    chart = u_chart(golden.counts("num"), golden.counts("den"))
    assert_same(chart, golden)
    assert chart[0].upper == pytest.approx(0.1894123, abs=5e-8)


def test_times_between_events() -> None:
    golden = series("montgomery_7_6_t")
    chart = t_chart(golden.values())
    assert_same(chart, golden)
    scaled = [t ** (1 / 3.6) for t in golden.values()]
    assert sum(scaled) / 20 == pytest.approx(5.389277, abs=5e-7)
    assert mean_range(scaled) == pytest.approx(2.360921, abs=5e-7)


@pytest.mark.parametrize("screened", [True, False])
def test_individuals_with_one_outlier(screened: bool) -> None:
    golden = series("nhsr_i_screened" if screened else "nhsr_i_unscreened")
    chart = i_chart(golden.values(), screened=screened)
    assert_same(chart, golden)
    printed = (1.94, -0.72, 4.60) if screened else (1.94, -3.06, 6.95)
    found = (chart[0].centre, chart[0].lower, chart[0].upper)
    assert found == pytest.approx(printed, abs=0.005)


def liver() -> tuple[Series, list[float]]:
    golden = series("liver_small_run")
    rates = [x / n for x, n in zip(golden.counts("num"), golden.counts("den"), strict=True)]
    return golden, rates


def test_a_small_series_that_improved_on_a_frozen_p_chart() -> None:
    golden = series("liver_small_p")
    chart = p_chart(golden.counts("num"), golden.counts("den"), range(12))
    assert_same(chart, golden)
    assert chart[0].centre == pytest.approx(0.3617021, abs=5e-8)
    assert beyond_limits(chart) == ()  # limits 0 and 1: blind at this size


def test_a_small_series_that_improved_on_a_run_chart() -> None:
    golden, rates = liver()
    frozen = run_chart(rates, range(12))
    assert_same_runs(frozen.points, golden)
    assert (frozen.points[0].centre, frozen.runs.useful) == (1 / 3, 20)
    assert frozen.status is SignalStatus.SIGNAL
    whole = run_chart(rates)
    assert_same_runs(whole.points, series("liver_small_run_all"))
    assert whole.points[0].centre == 0.75
