"""Frozen baselines, new phases, and the words of the last point."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qi_checker.statistics.charts import Chart, Point
from qi_checker.statistics.making_data_count import (
    FEWEST,
    Assurance,
    Kind,
    Variation,
    assurance,
    variation,
)
from qi_checker.statistics.phases import Phase, Rebase, phases, suggestion
from qi_checker.statistics.rules import Finding, mdc
from tests.statistics.test_rules import of

MONTHS = [date(2024, m, 1) for m in range(1, 13)]


def test_a_phase_freezes_its_first_twelve_points() -> None:
    (whole,) = phases(24)
    assert (whole.start, whole.stop, whole.baseline, whole.trial) == (0, 24, range(12), False)
    first, second = phases(24, [16])
    assert (first.baseline, second.baseline) == (range(12), range(16, 24))
    assert (first.trial, second.trial) == (False, True)
    assert phases(24, [16], freeze=None)[0].baseline == range(16)
    assert phases(0) == ()


@given(st.integers(1, 60), st.sets(st.integers(0, 59)), st.none() | st.integers(1, 20))
def test_phases_part_a_series(length: int, starts: set[int], freeze: int | None) -> None:
    found = phases(length, {s for s in starts if s < length}, freeze)
    assert [i for p in found for i in range(p.start, p.stop)] == list(range(length))
    assert all(p.start == p.baseline.start < p.baseline.stop <= p.stop for p in found)


def test_a_start_outside_the_series_and_an_empty_baseline_are_refused() -> None:
    for wrong in (([24], 12), ([-1], 12), ([], 0)):
        with pytest.raises(ValueError, match=r"outside|one point"):
            phases(24, *wrong)


@pytest.mark.parametrize(("reason", "by"), [("", "audit lead"), ("new pathway", " ")])
def test_a_decision_needs_a_reason_and_a_name(reason: str, by: str) -> None:
    with pytest.raises(ValueError, match="reason"):
        Rebase(date(2024, 1, 1), reason, by)


def test_a_new_phase_is_suggested_from_the_first_point_of_its_run() -> None:
    chart, (phase,) = of([1, -1] * 6 + [-1, 1, 1, 0, 1, 1, 1, 1, 1, 1]), phases(22)
    found = suggestion(chart, phase)
    assert found is not None and (found.start, found.points, found.side) == (13, 8, 1)
    assert suggestion(chart[:21], Phase(0, 21, range(12))) is None
    assert suggestion(of([*[1, -1] * 6, *[1] * 8, -1]), phases(21)[0]) is None
    assert suggestion(of([1] * 19), phases(19)[0]) is None  # the baseline suggests nothing


def test_the_first_rule_in_order_names_the_last_point() -> None:
    rising = of([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7])
    assert variation(rising, mdc(rising), "higher") == Variation(Kind.IMPROVEMENT, 1, "trend")
    beyond = of([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 3.7])
    assert variation(beyond, mdc(beyond), "lower") == Variation(Kind.CONCERN, 1, "outside")
    assert variation(beyond, mdc(beyond), None) == Variation(Kind.NEUTRAL, 1, "outside")
    near = of([0.5, 0.4, 0.5, 0.4, 0.5, 2.5, 2.4])
    assert variation(near, mdc(near), "higher").rule == "2 of 3 beyond 2 sigma"


def test_only_the_last_point_counts() -> None:
    over = of([4.0, 0.1, -0.2])
    assert mdc(over)
    assert variation(over, mdc(over), "higher") == Variation(Kind.COMMON_CAUSE, 0, "")


def test_improvement_is_shown_where_concern_applies_too() -> None:
    chart = of([-0.1] * 7)
    both = (Finding("trend", (5, 6), 1), Finding("shift", tuple(range(7)), -1))
    assert variation(chart, both, "higher") == Variation(Kind.IMPROVEMENT, 1, "trend")
    assert variation(chart, both, "lower") == Variation(Kind.IMPROVEMENT, -1, "shift")


def limits_of(*limits: tuple[float, float]) -> Chart:
    return tuple(Point(0.5, 0.5, 0.1, lower, upper) for lower, upper in limits)


@pytest.mark.parametrize(
    ("target", "better", "said"),
    [
        (0.95, "higher", Assurance.FAIL),
        (0.10, "higher", Assurance.PASS),
        (0.50, "higher", Assurance.HIT_OR_MISS),
        (0.95, "lower", Assurance.PASS),
        (0.10, "lower", Assurance.FAIL),
        (None, "higher", None),
        (0.95, None, None),
    ],
)
def test_assurance(target, better, said) -> None:
    assert assurance(limits_of((0.2, 0.9)), target, better) is said


def test_assurance_is_of_the_latest_phase() -> None:
    rebased = limits_of((0.1, 0.4), (0.1, 0.4), (0.8, 1.0))
    assert assurance(rebased, 0.5, "higher") is Assurance.PASS


def test_without_limits_nothing_is_assured() -> None:
    assert assurance((Point(0.5, 0.5, None, None, None),), 0.9, "higher") is None
    assert assurance((), 0.9, "higher") is None
    assert FEWEST == 13
