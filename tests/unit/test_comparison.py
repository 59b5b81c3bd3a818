"""Two periods compared: published numbers, an independent library, and what numbers mean."""

from __future__ import annotations

from statistics import median
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from qi_checker.statistics import comparison as c

STUDY = (10, 39, 5, 27)  # plan changed before and after, in the study this project starts from


def counts(largest: int = 40) -> st.SearchStrategy[tuple[int, int, int, int]]:
    """(a, n, b, m) with a <= n and b <= m."""
    size = st.integers(1, largest)
    return st.tuples(size, size).flatmap(
        lambda s: st.tuples(
            st.integers(0, s[0]), st.just(s[0]), st.integers(0, s[1]), st.just(s[1])
        )
    )


@pytest.mark.parametrize(
    ("table", "p"),
    [
        (STUDY, 0.563),
        ((3, 4, 1, 4), 0.4857143),
        ((8, 10, 1, 6), 0.0349650),
        ((14, 39, 27, 27), 1.5e-8),
        ((10, 39, 1, 27), 0.021),
        ((10, 39, 2, 27), 0.10),
    ],
)
def test_fisher_gives_the_known_values(table: tuple[int, int, int, int], p: float) -> None:
    assert c.fisher(*table) == pytest.approx(
        p, rel=0.04 if p < 1e-6 else 0.03 if p == 0.1 else 0.01
    )
    if table == STUDY:
        assert round(c.fisher(*table) or 0, 3) == 0.563


@pytest.mark.parametrize(
    ("test", "statistic", "p"),
    [(c.pearson, 0.461, 0.497), (c.yates, 0.145, 0.704), (c.n_minus_1, 0.454, 0.500)],
)
def test_chi_squared_of_the_study(test: Any, statistic: float, p: float) -> None:
    found = test(*STUDY)
    assert (round(found.statistic, 3), round(found.p, 3)) == (statistic, p)


def test_the_published_statistic_does_not_follow_from_the_counts() -> None:
    """None of the tests gives 1.405 for 10/39 and 5/27."""
    found = [t(*STUDY) for t in (c.pearson, c.yates, c.n_minus_1)]
    assert all(f is not None and abs(f.statistic - 1.405) > 0.9 for f in found)


def test_mri_before_and_after() -> None:
    plain, corrected = c.pearson(14, 39, 27, 27), c.yates(14, 39, 27, 27)
    assert plain is not None and corrected is not None
    assert (round(plain.statistic, 2), round(corrected.statistic, 2)) == (27.86, 25.20)


@pytest.mark.parametrize(
    ("table", "low", "high"),
    [
        ((48, 80, 56, 70), 0.0524, 0.3339),  # Newcombe 1998
        ((5, 27, 10, 39), -0.1416, 0.2570),
        ((14, 39, 27, 27), 0.4407, 0.7726),
    ],
)
def test_newcombe(table: tuple[int, int, int, int], low: float, high: float) -> None:
    found = c.newcombe(*table)
    assert found is not None
    assert found[1:] == pytest.approx((low, high), abs=0.00005)


def test_t_from_the_summary_of_nist() -> None:
    """NIST, AUTO83B: miles per gallon of American and Japanese cars."""
    x, y = c.Summary(249, 20.14458, 6.414700), c.Summary(79, 30.48101, 6.107710)
    welch, pooled = c.welch(x, y), c.pooled_t(x, y)
    assert welch is not None and pooled is not None
    assert welch.statistic == pytest.approx(-12.94627, abs=5e-6)
    assert pooled.statistic == pytest.approx(-12.62059, abs=5e-6)


def test_mann_whitney_of_a_textbook() -> None:
    found = c.mann_whitney([19, 22, 16, 29, 24], [20, 11, 17, 12])
    assert found is not None
    assert (found.statistic, round(found.p, 4), found.how) == (17, 0.1111, "exact")


def test_power_of_the_study() -> None:
    assert round(c.power(10 / 39, 39, 5 / 27, 27), 2) == 0.11
    assert c.needed(10 / 39, 5 / 27) == 529
    assert c.detectable(10, 39, 27) == 1


def test_numbers_of_a_small_sample() -> None:
    found = c.describe([1, 2, 3, 4, 10])
    assert (found.mean, found.median, found.q1, found.q3) == (4, 3, 2, 4)
    assert found.sd == pytest.approx(3.5355, abs=1e-4)
    assert (found.least, found.most) == (1, 10)


def test_too_little_gives_nothing_and_never_a_number() -> None:
    assert c.describe([]) == c.Summary(0)
    assert c.describe([5]).sd is None
    assert c.welch(c.describe([5]), c.describe([1, 2])) is None
    assert c.welch(c.describe([5, 5]), c.describe([2, 2])) is None
    assert c.mann_whitney([], [1]) is None
    assert c.hodges_lehmann([1], [1, 2]) is None
    assert c.newcombe(0, 0, 1, 2) is None and c.fisher(0, 0, 1, 2) is None
    for test in (c.pearson, c.yates, c.n_minus_1):
        assert test(0, 5, 0, 6) is None and test(5, 5, 6, 6) is None
    assert c.needed(0.5, 0.5) is None
    assert c.detectable(0, 10, 10) is None


def test_all_the_same_value_tells_nothing() -> None:
    found = c.mann_whitney([3, 3, 3], [3, 3])
    assert found is not None and found.p == 1


@given(counts())
def test_fisher_agrees_with_scipy(table: tuple[int, int, int, int]) -> None:
    from scipy.stats import fisher_exact

    a, n, b, m = table
    expected = fisher_exact([[a, n - a], [b, m - b]]).pvalue
    assert c.fisher(a, n, b, m) == pytest.approx(float(expected), rel=1e-9)


@given(counts())
def test_chi_squared_agrees_with_scipy(table: tuple[int, int, int, int]) -> None:
    from scipy.stats import chi2_contingency

    a, n, b, m = table
    assume(0 < a + b < n + m)
    cells = [[a, n - a], [b, m - b]]
    plain, corrected = c.pearson(a, n, b, m), c.yates(a, n, b, m)
    assert plain is not None and corrected is not None
    expected = chi2_contingency(cells, correction=False)
    assert (plain.statistic, plain.p) == pytest.approx((expected.statistic, expected.pvalue))
    expected = chi2_contingency(cells, correction=True)
    assert (corrected.statistic, corrected.p) == pytest.approx(
        (expected.statistic, expected.pvalue), abs=1e-12
    )


SAMPLE = st.lists(st.integers(0, 126), min_size=2, max_size=25)


@settings(deadline=None)
@given(SAMPLE, SAMPLE)
def test_two_samples_agree_with_scipy(x: list[int], y: list[int]) -> None:
    from scipy.stats import mannwhitneyu, ttest_ind

    assume(len({*x}) > 1 and len({*y}) > 1)
    one, other = c.describe(x), c.describe(y)
    for mine, equal in ((c.welch(one, other), False), (c.pooled_t(one, other), True)):
        expected = ttest_ind(x, y, equal_var=equal)
        assert mine is not None and mine.df is not None
        assert (mine.statistic, mine.p) == pytest.approx(
            (float(expected.statistic), float(expected.pvalue)), rel=1e-6, abs=1e-12
        )
    found = c.mann_whitney(x, y)
    assert found is not None
    method = "exact" if found.how == "exact" else "asymptotic"
    expected = mannwhitneyu(x, y, method=method)
    assert (found.statistic, found.p) == pytest.approx(
        (float(expected.statistic), float(expected.pvalue)), rel=1e-6
    )


@settings(deadline=None)
@given(st.lists(st.integers(0, 10_000), min_size=4, max_size=30, unique=True), st.integers(1, 3))
def test_mann_whitney_without_ties_is_exact(values: list[int], first: int) -> None:
    from scipy.stats import mannwhitneyu

    x, y = values[:first], values[first:]
    found = c.mann_whitney(x, y)
    assert found is not None and found.how == "exact"
    assert found.p == pytest.approx(float(mannwhitneyu(x, y, method="exact").pvalue))


@given(SAMPLE, SAMPLE)
def test_the_shift_lies_in_its_interval_and_mirrors(x: list[int], y: list[int]) -> None:
    found, mirrored = c.hodges_lehmann(x, y), c.hodges_lehmann(y, x)
    assert found is not None and mirrored is not None
    assert found[1] <= found[0] <= found[2]
    assert found == (-mirrored[0], -mirrored[2], -mirrored[1])


@given(SAMPLE, SAMPLE)
def test_the_shift_is_the_median_of_all_differences(x: list[int], y: list[int]) -> None:
    found = c.hodges_lehmann(x, y)
    every = sorted(b - a for a in x for b in y)
    assert found is not None
    assert found[0] == median(every) and {found[1], found[2]} <= set(every)


def test_a_registry_is_compared_without_looking_at_every_pair() -> None:
    """125,000 operations have four billion pairs: what compares them all does not end."""
    x, y = [n % 61 for n in range(65_000)], [n % 61 + 3 for n in range(60_000)]
    assert c.hodges_lehmann(x, y) == (3, 3, 3)
    found, rate = c.mann_whitney(x, y), c.fisher(30_000, 65_000, 27_000, 60_000)
    assert found is not None and found.p < 1e-9
    assert rate is not None and 0 < rate < 1e-3
    assert (c.detectable(30_000, 65_000, 60_000) or 0) > 27_000


@given(counts())
def test_a_difference_lies_in_its_interval_and_mirrors(table: tuple[int, int, int, int]) -> None:
    a, n, b, m = table
    found, mirrored = c.newcombe(a, n, b, m), c.newcombe(b, m, a, n)
    assert found is not None and mirrored is not None
    assert -1 <= found[1] <= found[0] + 1e-9 and found[0] - 1e-9 <= found[2] <= 1
    assert found == pytest.approx((-mirrored[0], -mirrored[2], -mirrored[1]))


@given(counts())
def test_what_fisher_could_tell_apart_it_does(table: tuple[int, int, int, int]) -> None:
    a, n, _, m = table
    found = c.detectable(a, n, m)
    if found is not None:
        assert (c.fisher(a, n, found, m) or 0) < 0.05 <= (c.fisher(a, n, found + 1, m) or 0)


def test_only_a_difference_has_power() -> None:
    assert c.power(0.5, 50, 0.5, 50) == pytest.approx(0.05)
    assert c.power(0.0, 5, 1.0, 5) == 1 and c.power(1.0, 5, 1.0, 5) == 0
    size = c.needed(0.3, 0.5)
    assert size is not None
    assert c.power(0.3, size, 0.5, size) >= 0.8 > c.power(0.3, size - 1, 0.5, size - 1)
