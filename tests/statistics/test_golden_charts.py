"""Limits and runs against the published examples, all points of them."""

from __future__ import annotations

import pytest

from qi_checker.statistics.charts import beyond_limits, i_chart
from qi_checker.statistics.runs import SignalStatus, run_chart
from tests.statistics.golden import (
    FOLDER,
    Series,
    as_printed,
    assert_same,
    assert_same_runs,
    series,
)

# Charts of kinds that this program does not draw: their printed lines test the rules.
PRINTED = {
    "liver_small_p",
    "montgomery_6_5_mr",
    "montgomery_7_3_c",
    "montgomery_7_4_u",
    "montgomery_7_6_t",
    "montgomery_t7_4_p",
    "montgomery_t7_4_pp",
}
PHASES = {"montgomery_7_1_p"}
DRAWN = {
    "liver_small_run",
    "liver_small_run_all",
    "montgomery_6_5_i",
    "nhsr_i_screened",
    "nhsr_i_unscreened",
}


def test_every_golden_file_is_tested() -> None:
    found = {f.stem.removeprefix("golden_") for f in FOLDER.glob("*.csv")}
    assert found == PRINTED | PHASES | DRAWN


@pytest.mark.parametrize("name", sorted(PRINTED))
def test_points_beyond_a_limit_and_runs_of_a_printed_chart(name: str) -> None:
    golden = series(name)
    chart = as_printed(golden)
    assert list(beyond_limits(chart)) == golden.flagged("sigma", "TRUE")
    assert_same_runs(chart, golden)


def test_two_phases_with_two_samples_left_out() -> None:
    golden = series("montgomery_7_1_p")
    assert golden.excluded == [14, 22]
    assert beyond_limits(as_printed(golden)) == (14, 20, 22)
    for phase in ("1", "2"):
        part = golden.part(phase)
        assert_same_runs(as_printed(part), part)


def test_individuals_frozen_at_20() -> None:
    golden = series("montgomery_6_5_i")
    chart = i_chart(golden.values(), range(20))
    assert_same(chart, golden)
    assert beyond_limits(chart) == (38, 39)
    assert (chart[0].centre, chart[0].lower, chart[0].upper) == pytest.approx(
        (300.5, 279.783315, 321.216685), abs=5e-7
    )


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


def test_a_small_series_that_improved_on_a_run_chart() -> None:
    golden, rates = liver()
    frozen = run_chart(rates, range(12))
    assert_same_runs(frozen.points, golden)
    assert (frozen.points[0].centre, frozen.runs.useful) == (1 / 3, 20)
    assert frozen.status is SignalStatus.SIGNAL
    whole = run_chart(rates)
    assert_same_runs(whole.points, series("liver_small_run_all"))
    assert whole.points[0].centre == 0.75
