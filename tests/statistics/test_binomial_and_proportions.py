"""The binomial distribution and the intervals of one proportion, against tables and scipy."""

from __future__ import annotations

import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from qi_checker.statistics.proportions import at_least, at_most, quantile, wilson

COUNTS = st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
RATES = st.one_of(st.sampled_from([0.0, 1.0, 0.5, 0.36, 0.9]), st.floats(1e-6, 1 - 1e-6))

WILSON = [  # Newcombe 1998, table I, method 3; then the study's own counts
    (81, 263, 0.2553, 0.3662),
    (15, 148, 0.0624, 0.1605),
    (0, 20, 0.0000, 0.1611),
    (1, 29, 0.0061, 0.1718),
    (3, 3, 0.4385, 1),
    (3, 4, 0.3006, 0.9544),
    (12, 12, 0.7575, 1),
    (27, 27, 0.8754, 1),
    (39, 39, 0.9103, 1),
    (14, 39, 0.2274, 0.5158),
    (10, 39, 0.1457, 0.4108),
    (5, 27, 0.0818, 0.3670),
]


@pytest.mark.parametrize(("successes", "total", "low", "high"), WILSON)
def test_wilson_gives_the_printed_intervals(
    successes: int, total: int, low: float, high: float
) -> None:
    assert wilson(successes, total) == pytest.approx((low, high), abs=0.00005)


@given(st.integers(1, 10_000_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_wilson_interval_holds_its_rate_and_mirrors(counts: tuple[int, int]) -> None:
    successes, total = counts
    found, mirrored = wilson(successes, total), wilson(total - successes, total)
    assert found is not None and mirrored is not None
    low, high = found
    assert 0 <= low <= successes / total + 1e-9 and successes / total <= high + 1e-9
    assert high <= 1
    assert found == pytest.approx((1 - mirrored[1], 1 - mirrored[0]), abs=1e-9)


@given(st.integers(1, 1_000_000))
def test_wilson_is_exact_where_none_or_all_succeed(total: int) -> None:
    """A target of 100% was missed by 10 of 10, whose upper limit was 0.9999999999999999."""
    none, every = wilson(0, total), wilson(total, total)
    assert none is not None and every is not None
    assert (none[0], every[1]) == (0.0, 1.0)


@given(COUNTS, st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_wilson_is_that_of_scipy(counts: tuple[int, int], confidence: float) -> None:
    oracle = scipy.stats.binomtest(*counts).proportion_ci(confidence, method="wilson")
    assert wilson(*counts, confidence) == pytest.approx(tuple(oracle), abs=1e-9)


def test_without_cases_there_is_no_interval() -> None:
    assert wilson(0, 0) is None


def test_impossible_counts_and_confidences_are_refused() -> None:
    for wrong in ((4, 3), (-1, 3), (1, 3, 0.0), (1, 3, 1.0)):
        with pytest.raises(ValueError, match=r"proportion|confidence"):
            wilson(*wrong)


@given(COUNTS, RATES)
def test_tails_are_those_of_scipy(counts: tuple[int, int], rate: float) -> None:
    k, n = counts
    assert at_most(k, n, rate) == pytest.approx(
        scipy.stats.binom.cdf(k, n, rate), rel=1e-9, abs=1e-14
    )
    assert at_least(k, n, rate) == pytest.approx(
        scipy.stats.binom.sf(k - 1, n, rate), rel=1e-9, abs=1e-14
    )


@given(COUNTS, RATES)
def test_the_two_tails_of_a_count_add_up(counts: tuple[int, int], rate: float) -> None:
    k, n = counts
    assert at_most(k - 1, n, rate) + at_least(k, n, rate) == pytest.approx(1, abs=1e-11)


@given(st.integers(0, 400), RATES, st.floats(0.0005, 0.9995))
def test_a_quantile_is_the_smallest_count_that_reaches_it(n: int, rate: float, q: float) -> None:
    k = quantile(q, n, rate)
    assert at_most(k, n, rate) >= q - 1e-9
    assert k == 0 or at_most(k - 1, n, rate) < q


def test_counts_of_a_registry_keep_their_precision() -> None:
    for rate in (0.0001, 0.36, 0.999):
        k = quantile(0.01, 1_000_000, rate)
        assert k == scipy.stats.binom.ppf(0.01, 1_000_000, rate)
        oracle = scipy.stats.binom.cdf(k, 1_000_000, rate)
        assert at_most(k, 1_000_000, rate) == pytest.approx(oracle, rel=1e-8)


def test_impossible_parameters_are_refused() -> None:
    for wrong in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="not a rate"):
            at_most(1, 2, wrong)
    with pytest.raises(ValueError, match="not a proportion"):
        at_least(1, -2, 0.5)
