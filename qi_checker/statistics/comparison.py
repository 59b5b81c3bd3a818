"""Two periods compared: rates by count, intervals by day. Formulas with their sources.

Counts are (a of n) before and (b of m) after. The functions do not depend on what is counted.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, comb, erfc, sqrt
from statistics import mean, median, quantiles, stdev
from typing import Any

from qi_checker.statistics.proportions import Z, wilson

POWER_Z = 0.8416212335729143  # of 80%
_EXACT_UP_TO = 100  # observations in both samples for the exact Mann-Whitney test
_NEAR = 1e-10  # of the range of all differences: closer differences count as equal
_TIE = 1e-7  # relative difference up to which two likelihoods count as equal


@dataclass(frozen=True)
class Outcome:
    """A test's statistic and two-sided p; `df` where it has degrees of freedom."""

    statistic: float
    p: float
    df: float | None = None
    how: str = ""


@dataclass(frozen=True)
class Summary:
    """Descriptive statistics of a sample; None if there are too few values."""

    n: int
    mean: float | None = None
    sd: float | None = None
    median: float | None = None
    q1: float | None = None
    q3: float | None = None
    least: float | None = None
    most: float | None = None


def newcombe(a: int, n: int, b: int, m: int) -> tuple[float, float, float] | None:
    """Return the difference b/m - a/n with its 95% interval, from the two Wilson intervals.

    Newcombe RG, Stat Med 1998;17:873, method 10.
    """
    first, second = wilson(a, n), wilson(b, m)
    if first is None or second is None:
        return None
    p, q = a / n, b / m
    low = q - p - sqrt((q - second[0]) ** 2 + (first[1] - p) ** 2)
    high = q - p + sqrt((second[1] - q) ** 2 + (p - first[0]) ** 2)
    return q - p, max(-1.0, low), min(1.0, high)


def fisher(a: int, n: int, b: int, m: int) -> float | None:
    """Return the two-sided p of Fisher's exact test: every table at most as likely as this one.

    Likelihoods are compared with a tolerance of 1e-7, as in R, so that rounding never separates
    equally likely tables. Whole numbers would be exact without a tolerance, but took minutes for
    two periods of 60,000 cases.
    """
    if n <= 0 or m <= 0:
        return None
    import numpy as np
    from scipy.special import gammaln

    hits = a + b
    first = max(0, hits - m)
    x = np.arange(first, min(n, hits) + 1)
    y = hits - x
    ways = -(gammaln(x + 1) + gammaln(n - x + 1) + gammaln(y + 1) + gammaln(m - y + 1))
    likely = np.exp(ways - ways.max())
    extreme = likely[likely <= likely[a - first] * (1 + _TIE)].sum()
    return min(1.0, float(extreme / likely.sum()))


def pearson(a: int, n: int, b: int, m: int) -> Outcome | None:
    """Return Pearson's chi-squared; None if a margin is empty."""
    total, hits = n + m, a + b
    if min(n, m, hits, total - hits) <= 0:
        return None
    cross = a * (m - b) - b * (n - a)
    statistic = total * cross**2 / (n * m * hits * (total - hits))
    return Outcome(statistic, chi_squared_p(statistic), 1)


def n_minus_1(a: int, n: int, b: int, m: int) -> Outcome | None:
    """Return chi-squared times (N-1)/N (Campbell I, Stat Med 2007;26:3661)."""
    plain, total = pearson(a, n, b, m), n + m
    if plain is None:
        return None
    statistic = plain.statistic * (total - 1) / total
    return Outcome(statistic, chi_squared_p(statistic), 1)


def yates(a: int, n: int, b: int, m: int) -> Outcome | None:
    """Return chi-squared with Yates' correction, shown if a published figure may have used it."""
    total, hits = n + m, a + b
    if min(n, m, hits, total - hits) <= 0:
        return None
    cross = max(0.0, abs(a * (m - b) - b * (n - a)) - total / 2)
    statistic = total * cross**2 / (n * m * hits * (total - hits))
    return Outcome(statistic, chi_squared_p(statistic), 1)


def chi_squared_p(statistic: float) -> float:
    """Return the upper tail of chi-squared with one degree of freedom, a squared normal."""
    return erfc(sqrt(statistic / 2))


def least_expected(a: int, n: int, b: int, m: int) -> float:
    """Return the smallest expected count of the 2×2 table: N-1 chi-squared needs at least 1."""
    total, hits = n + m, a + b
    return min(n, m) * min(hits, total - hits) / total if total else 0.0


def describe(values: Sequence[float]) -> Summary:
    """Compute mean, SD (n-1), median, quartiles (linear interpolation between ranks), range."""
    n = len(values)
    if not n:
        return Summary(0)
    spread = stdev(values) if n > 1 else None
    q1, _, q3 = quantiles(values, n=4, method="inclusive") if n > 1 else (None, None, None)
    return Summary(n, mean(values), spread, median(values), q1, q3, min(values), max(values))


def welch(x: Summary, y: Summary) -> Outcome | None:
    """Return Welch's t for means that may have different variances (Biometrika 1947;34:28)."""
    if None in (x.sd, y.sd) or not (x.sd or y.sd):
        return None
    assert x.sd is not None and y.sd is not None and x.mean is not None and y.mean is not None
    u, v = x.sd**2 / x.n, y.sd**2 / y.n
    df = (u + v) ** 2 / (u**2 / (x.n - 1) + v**2 / (y.n - 1))
    t = (x.mean - y.mean) / sqrt(u + v)
    return Outcome(t, _t_two_sided(t, df), df)


def pooled_t(x: Summary, y: Summary) -> Outcome | None:
    """Return Student's t with one variance for both: shown beside published figures only."""
    if None in (x.sd, y.sd) or not (x.sd or y.sd):
        return None
    assert x.sd is not None and y.sd is not None and x.mean is not None and y.mean is not None
    df = x.n + y.n - 2
    variance = ((x.n - 1) * x.sd**2 + (y.n - 1) * y.sd**2) / df
    t = (x.mean - y.mean) / sqrt(variance * (1 / x.n + 1 / y.n))
    return Outcome(t, _t_two_sided(t, df), df)


def _t_two_sided(t: float, df: float) -> float:
    """P(|T| >= |t|) for Student's t with `df` degrees of freedom, which may be a fraction."""
    from scipy.special import betainc

    return float(betainc(df / 2, 0.5, df / (df + t * t)))


def mann_whitney(x: Sequence[float], y: Sequence[float]) -> Outcome | None:
    """Return U of the first sample and its two-sided p; `how` is exact or normal.

    Exact if no value occurs twice and there are at most 100 values; else the normal
    approximation with the correction for ties and for continuity (Mann and Whitney, Ann Math
    Stat 1947;18:50).
    """
    n, m = len(x), len(y)
    if not n or not m:
        return None
    ordered = sorted(y)  # ranks by bisection: comparing every pair took ten minutes for a registry
    u = sum(bisect_left(ordered, a) + bisect_right(ordered, a) for a in x) / 2
    ties = Counter([*x, *y]).values()
    if max(ties) == 1 and n + m <= _EXACT_UP_TO:
        return Outcome(u, _exact_u(int(min(u, n * m - u)), n, m), how="exact")
    total = n + m
    variance = n * m / 12 * (total + 1 - sum(t**3 - t for t in ties) / (total * (total - 1)))
    if variance <= 0:
        return Outcome(u, 1.0, how="normal, corrected for ties")
    z = max(0.0, abs(u - n * m / 2) - 0.5) / sqrt(variance)
    return Outcome(u, erfc(z / sqrt(2)), how="normal, corrected for ties")


def _exact_u(smaller: int, n: int, m: int) -> float:
    """Return the two-sided p of U at most `smaller`: the share of all ways to mix two samples."""
    ways = [1] + [0] * (n * m)  # the Gaussian binomial coefficient, factor by factor
    for i in range(1, n + 1):
        for at in range(n * m, m + i - 1, -1):
            ways[at] -= ways[at - m - i]
        for at in range(i, n * m + 1):
            ways[at] += ways[at - i]
    return min(1.0, 2 * sum(ways[: smaller + 1]) / comb(n + m, n))


def hodges_lehmann(x: Sequence[float], y: Sequence[float]) -> tuple[float, float, float] | None:
    """Return the shift of y against x, the median of all differences, with a 95% interval.

    The interval uses the normal approximation of U for its ranks (Hollander and Wolfe,
    Nonparametric Statistical Methods, section 4.3).
    """
    n, m = len(x), len(y)
    if n < 2 or m < 2:
        return None
    pairs = n * m
    rank = int(pairs / 2 - Z * sqrt(pairs * (n + m + 1) / 12))
    at = max(rank, 1) - 1
    shifts = _Differences(x, y)
    middle = (shifts.at((pairs - 1) // 2) + shifts.at(pairs // 2)) / 2
    return middle, shifts.at(at), shifts.at(pairs - 1 - at)


class _Differences:
    """All differences y - x in ascending order, without storing them.

    Two periods of 60,000 cases have 3.6 billion. The difference of a rank is found by bisecting the
    range of values: with sorted samples it is fast to count the differences up to a value.
    """

    def __init__(self, x: Sequence[float], y: Sequence[float]) -> None:
        import numpy as np

        self._x, self._y = np.sort(np.asarray(x, float)), np.sort(np.asarray(y, float))

    def _up_to(self, value: float) -> Any:
        """Count, for each x, its differences that are at most `value`."""
        return self._y.searchsorted(self._x + value, side="right")

    def at(self, rank: int) -> float:
        """Return the difference of a rank, from 0; equal differences have consecutive ranks."""
        least = float(self._y[0] - self._x[-1])
        if self._up_to(least).sum() > rank:
            return least
        low, high = least, float(self._y[-1] - self._x[0])
        near = (high - low) * _NEAR
        while high - low > near:
            middle = (low + high) / 2
            if self._up_to(middle).sum() > rank:
                high = middle
            else:
                low = middle
        following = self._up_to(low)  # for each x, the first difference above `low`
        left = following < len(self._y)
        return float((self._y[following[left]] - self._x[left]).min())


def power(p: float, n: int, q: float, m: int) -> float:
    """Return the probability of finding a difference of p and q at 5% two-sided.

    Normal approximation with the variances of the two rates (Fleiss, Statistical
    Methods for Rates and Proportions, chapter 4).
    """
    error = sqrt(p * (1 - p) / n + q * (1 - q) / m)
    if not error:
        return float(p != q)
    shift = abs(p - q) / error
    return (erfc((Z - shift) / sqrt(2)) + erfc((Z + shift) / sqrt(2))) / 2


def needed(p: float, q: float) -> int | None:
    """Return the cases in each period for 80% power (see `power`); None without a difference."""
    if p == q:
        return None
    return ceil((Z + POWER_Z) ** 2 * (p * (1 - p) + q * (1 - q)) / (p - q) ** 2)


def detectable(a: int, n: int, m: int) -> int | None:
    """Return the largest count of m below rate a/n that Fisher's test separates from it at 5%."""
    most = min(m, -(-a * m // n) - 1) if a else -1  # the largest count whose rate is below a/n
    counts = (b for b in range(most, -1, -1) if (fisher(a, n, b, m) or 0) < 0.05)
    return next(counts, None)
