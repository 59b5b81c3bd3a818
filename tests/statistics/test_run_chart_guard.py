"""Where runs rules say nothing, they are not applied, and that is said."""

from __future__ import annotations

import pytest

from qi_checker.statistics.runs import SignalStatus, WhyNot, run_chart

MANY, LINE, FEW = WhyNot.MANY_ON_LINE, WhyNot.LINE_AT_BOUND, WhyNot.FEW_USEFUL


def test_a_median_of_100_percent_is_not_evaluable_though_the_rules_fire() -> None:
    chart = run_chart([1.0] * 16 + [0.75] * 8)
    assert chart.runs.signal
    assert chart.status is SignalStatus.NOT_EVALUABLE
    assert chart.why_not == (FEW, LINE, MANY)
    assert (chart.runs.on_line, chart.runs.points) == (16, 24)


def test_each_condition_bites_alone() -> None:
    varied = [0.2, 0.8] * 5
    assert run_chart(varied).why_not == ()
    assert run_chart([0.5, *varied[:8]]).why_not == (FEW,)
    assert run_chart([1.0] + [0.9] * 11, range(1)).why_not == (LINE,)
    assert run_chart([0.0] + [0.1] * 11, range(1)).why_not == (LINE,)
    assert run_chart([0.5, 0.5, 0.5, *varied]).why_not == ()
    assert run_chart([0.5] * 4 + varied).why_not == (MANY,)


def test_a_quarter_on_the_line_is_just_evaluable() -> None:
    assert run_chart([0.5] * 4 + [0.2, 0.8] * 6).why_not == ()


def test_intervals_in_days_have_no_highest_value() -> None:
    days = [1.0, *[20, 46] * 6]
    assert run_chart(days, range(1), bounds=None).status is not SignalStatus.NOT_EVALUABLE
    assert run_chart(days, range(1), bounds=(0, 1)).why_not == (LINE,)


def test_the_three_answers() -> None:
    assert run_chart([0.2, 0.8] * 6).status is SignalStatus.NO_SIGNAL
    assert run_chart([0.2] * 6 + [0.8] * 6).status is SignalStatus.SIGNAL
    assert run_chart([0.2] * 4).status is SignalStatus.NOT_EVALUABLE
    assert [s.value for s in SignalStatus] == ["signal", "no signal", "not evaluable"]


def test_a_month_without_a_case_keeps_its_slot_and_is_no_point() -> None:
    with_gap, without = [0.2, None, 0.8, *[0.2, 0.8] * 5], [0.2, 0.8] * 6
    assert len(run_chart(with_gap).points) == 13
    assert run_chart(with_gap).runs == run_chart(without).runs


def test_a_baseline_without_a_value_is_refused() -> None:
    with pytest.raises(ValueError, match="no value"):
        run_chart([None, 0.5], [0])
    with pytest.raises(ValueError, match="no point"):
        run_chart([])
