"""Rates and their uncertainty, against published numbers and by their meaning."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qi_checker.audit.statistics import rate, wilson

# Newcombe RG, Stat Med 1998;17:857, table I, method 3: Wilson without continuity correction.
NEWCOMBE = [
    (81, 263, 0.2553, 0.3662),
    (15, 148, 0.0624, 0.1605),
    (0, 20, 0.0000, 0.1611),
    (1, 29, 0.0061, 0.1718),
]

_TINY = 1e-9  # what floating-point numbers may differ


@pytest.mark.parametrize(("successes", "total", "low", "high"), NEWCOMBE)
def test_wilson_gives_the_published_intervals(
    successes: int, total: int, low: float, high: float
) -> None:
    found = wilson(successes, total)
    assert found is not None
    assert found == pytest.approx((low, high), abs=0.00005)


def test_without_cases_there_is_no_interval() -> None:
    assert wilson(0, 0) is None


def test_all_of_a_few_is_not_certainty() -> None:
    """27 of 27, as in the study this project starts from."""
    assert wilson(27, 27) == pytest.approx((0.8754, 1.0), abs=0.00005)


@given(st.integers(1, 10_000_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_interval_holds_its_rate_and_mirrors(counts: tuple[int, int]) -> None:
    successes, total = counts
    found, mirrored = wilson(successes, total), wilson(total - successes, total)
    assert found is not None and mirrored is not None
    low, high = found
    assert 0 <= low <= successes / total + _TINY and successes / total <= high + _TINY
    assert high <= 1
    assert found == pytest.approx((1 - mirrored[1], 1 - mirrored[0]), abs=_TINY)


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
