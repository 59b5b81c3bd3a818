"""One proportion with its uncertainty, and the tails of the binomial distribution."""

from __future__ import annotations

from math import comb, fsum, sqrt
from statistics import NormalDist

Interval = tuple[float, float]
Z = 1.959963984540054  # two-sided 95%


def wilson(successes: int, total: int, confidence: float = 0.95) -> Interval | None:
    """Return the Wilson score interval as proportions from 0 to 1; None without a denominator.

    (p + z²/2n ± z·sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n). Wilson EB, J Am Stat Assoc
    1927;22:209; without continuity correction (Newcombe, Stat Med 1998;17:857, method 3).
    Raises ValueError for counts that are not a proportion and a confidence outside 0 to 1.
    """
    z = _z(confidence)
    if total <= 0:
        return None
    checked_counts(successes, total)
    p, z2 = successes / total, z * z
    centre = p + z2 / (2 * total)
    half = z * sqrt(p * (1 - p) / total + z2 / (4 * total * total))
    scale = 1 + z2 / total
    # The limits for 0 and for all cases are exactly 0 and 1. Rounded sums gave 0.9999999999999999
    # for 10 of 10, so a target of 100% was missed by the 16th decimal.
    low = max(0.0, (centre - half) / scale) if successes else 0.0
    high = min(1.0, (centre + half) / scale) if successes < total else 1.0
    return low, high


def _z(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise ValueError(f"{confidence} is not a confidence level: it must be between 0 and 1")
    return Z if confidence == 0.95 else NormalDist().inv_cdf((1 + confidence) / 2)


# ---- The tails of the binomial distribution ------------------------------------------------------

# A sum for few cases, SciPy for many. Loading SciPy takes a third of a second of the processor, a sixth
# of a monthly report of 500 operations, which asks for tails of a few dozen cases only.

_FEW = 500  # cases; a binomial coefficient of twice as many is still a float

_TIE = 1e-12  # a cumulative probability that differs by less counts as equal


def checked_counts(events: int, cases: int) -> None:
    """Raise ValueError unless 0 <= events <= cases."""
    if not 0 <= events <= cases:
        raise ValueError(
            f"{events} of {cases} is not a proportion: 0 <= events <= cases is required"
        )


def checked_rate(rate: float) -> None:
    """Raise ValueError unless the rate is a number from 0 to 1."""
    if not 0.0 <= rate <= 1.0:
        raise ValueError(f"{rate} is not a rate: it must be from 0 to 1")


def at_most(k: int, n: int, p: float) -> float:
    """Return P(X <= k) for X ~ Bin(n, p)."""
    checked_counts(0, n)
    checked_rate(p)
    if k < 0:
        return 0.0
    if k >= n:
        return 1.0
    if n <= _FEW:
        return min(1.0, fsum(_probability(i, n, p) for i in range(k + 1)))
    from scipy.special import bdtr

    return float(bdtr(k, n, p))


def at_least(k: int, n: int, p: float) -> float:
    """Return P(X >= k) for X ~ Bin(n, p)."""
    checked_counts(0, n)
    checked_rate(p)
    if k <= 0:
        return 1.0
    if k > n:
        return 0.0
    if n <= _FEW:
        return min(1.0, fsum(_probability(i, n, p) for i in range(k, n + 1)))
    from scipy.special import bdtrc

    return float(bdtrc(k - 1, n, p))


def _probability(k: int, n: int, p: float) -> float:
    return float(comb(n, k) * p**k * (1 - p) ** (n - k))


def quantile(q: float, n: int, p: float) -> int:
    """Return the smallest k with P(X <= k) >= q for X ~ Bin(n, p)."""
    checked_rate(q)
    low, high = 0, n
    while low < high:
        middle = (low + high) // 2
        if at_most(middle, n, p) >= q - _TIE:
            high = middle
        else:
            low = middle + 1
    return low
