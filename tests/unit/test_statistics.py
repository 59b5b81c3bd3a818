"""Rates of an audit, by their meaning; intervals are tested in tests/statistics."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from qi_checker.audit.rates import rate
from qi_checker.statistics.proportions import wilson


def _totals(compliant: int, eligible: int, excepted: int = 0, undetermined: int = 0) -> Any:
    return {
        "compliant": compliant,
        "eligible": eligible,
        "with_exception": excepted,
        "undetermined": undetermined,
    }


def test_exceptions_leave_the_denominator_and_the_raw_rate_ignores_that() -> None:
    found = rate(_totals(27, 32, excepted=2))
    assert found.rate == 27 / 30
    assert found.raw == 27 / 32
    assert (found.low, found.high) == wilson(27, 30)


def test_undetermined_cases_bound_the_rate() -> None:
    found = rate(_totals(20, 30, excepted=5, undetermined=3))
    assert (found.worst, found.rate, found.best) == (20 / 25, 20 / 25, 23 / 25)


def test_no_eligible_case_is_no_rate_and_never_0_or_100_percent() -> None:
    found = rate(_totals(0, 0))
    assert {found.rate, found.low, found.high, found.worst, found.best, found.raw} == {None}


def test_where_every_case_is_excepted_only_the_raw_rate_is_left() -> None:
    found = rate(_totals(0, 4, excepted=4))
    assert (found.rate, found.low, found.best, found.raw) == (None, None, None, 0.0)


@given(st.tuples(*[st.integers(0, 50)] * 4))
def test_the_bounds_hold_the_rate(parts: tuple[int, int, int, int]) -> None:
    compliant, excepted, undetermined, failed = parts
    found = rate(_totals(compliant, sum(parts), excepted, undetermined))
    if found.rate is not None:
        assert found.worst is not None and found.best is not None
        assert 0 <= found.worst <= found.rate <= found.best <= 1
        assert (found.best == 1) == (failed == 0)
