"""The tails of the binomial distribution.

SciPy computes them; it takes a tenth of a second to load and is imported when the first one is asked
for, since most commands need none.
"""

from __future__ import annotations

_TIE = 1e-12  # a cumulated probability that differs by less is the wanted one


def checked_counts(events: int, cases: int) -> None:
    """Raise ValueError unless 0 <= events <= cases."""
    if not 0 <= events <= cases:
        raise ValueError(f"{events} of {cases} is no proportion: 0 <= events <= cases is needed")


def checked_rate(rate: float) -> None:
    """Raise ValueError unless the rate is a number from 0 to 1."""
    if not 0.0 <= rate <= 1.0:
        raise ValueError(f"{rate} is no rate: it must lie from 0 to 1")


def at_most(k: int, n: int, p: float) -> float:
    """Give P(X <= k) for X ~ Bin(n, p)."""
    checked_counts(0, n)
    checked_rate(p)
    if k < 0:
        return 0.0
    if k >= n:
        return 1.0
    from scipy.special import bdtr

    return float(bdtr(k, n, p))


def at_least(k: int, n: int, p: float) -> float:
    """Give P(X >= k) for X ~ Bin(n, p)."""
    checked_counts(0, n)
    checked_rate(p)
    if k <= 0:
        return 1.0
    if k > n:
        return 0.0
    from scipy.special import bdtrc

    return float(bdtrc(k - 1, n, p))


def quantile(q: float, n: int, p: float) -> int:
    """Give the smallest k with P(X <= k) >= q for X ~ Bin(n, p)."""
    checked_rate(q)
    low, high = 0, n
    while low < high:
        middle = (low + high) // 2
        if at_most(middle, n, p) >= q - _TIE:
            high = middle
        else:
            low = middle + 1
    return low
