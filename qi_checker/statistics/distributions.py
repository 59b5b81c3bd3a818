"""Tail probabilities that the tests need: normal, chi-squared with one degree of freedom, t."""

from __future__ import annotations

from math import erfc, exp, lgamma, log, log1p, sqrt

Z = 1.959963984540054  # two-sided 95 %
_TINY = 1e-300
_STEPS = 500


def normal_two_sided(z: float) -> float:
    """P(|Z| >= |z|)."""
    return erfc(abs(z) / sqrt(2))


def normal_below(z: float) -> float:
    """P(Z <= z)."""
    return erfc(-z / sqrt(2)) / 2


def chi_squared_p(statistic: float) -> float:
    """Upper tail of chi-squared with one degree of freedom."""
    return erfc(sqrt(statistic / 2))


def t_two_sided(t: float, df: float) -> float:
    """P(|T| >= |t|) for Student's t with `df` degrees of freedom, which may be a fraction."""
    return incomplete_beta(df / 2, 0.5, df / (df + t * t))


def incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function I_x(a, b).

    Continued fraction of NIST DLMF 8.17.22, taken on the side where it converges fast.
    """
    if x <= 0 or x >= 1:
        return float(x >= 1)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x))
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(a, b, x) / a
    return 1 - front * _fraction(b, a, 1 - x) / b


def _fraction(a: float, b: float, x: float) -> float:
    """The continued fraction by Lentz's method (Thompson and Barnett, J Comput Phys 1986;64:490)."""
    c, d = 1.0, 1 / _apart(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / _apart(1 + term * d)
            c = _apart(1 + term / c)
            value *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return value


def _apart(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
