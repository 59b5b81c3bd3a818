"""One proportion with its uncertainty."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist

from qi_checker.statistics.binomial import beta_quantile, checked_counts

Interval = tuple[float, float]
_Z = 1.959963984540054  # two-sided 95 %


def wilson(successes: int, total: int, confidence: float = 0.95) -> Interval | None:
    """Wilson score interval as proportions from 0 to 1; None without a denominator.

    (p + z²/2n ± z·sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n). Wilson EB, J Am Stat Assoc
    1927;22:209; without continuity correction (Newcombe, Stat Med 1998;17:857, method 3).
    Raises ValueError for counts that are no proportion and a confidence outside 0 to 1.
    """
    z = _z(confidence)
    if total <= 0:
        return None
    checked_counts(successes, total)
    p, z2 = successes / total, z * z
    centre = p + z2 / (2 * total)
    half = z * sqrt(p * (1 - p) / total + z2 / (4 * total * total))
    scale = 1 + z2 / total
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)


def clopper_pearson(successes: int, total: int, confidence: float = 0.95) -> Interval | None:
    """Exact interval as proportions from 0 to 1; None without a denominator.

    Each bound is the rate at which the observed count, or one further out, has a probability of
    (1 - confidence)/2. Clopper CJ, Pearson ES, Biometrika 1934;26:404. Raises as `wilson` does.
    """
    _z(confidence)
    if total <= 0:
        return None
    checked_counts(successes, total)
    tail = (1 - confidence) / 2
    low = beta_quantile(tail, successes, total - successes + 1) if successes else 0.0
    high = 1.0
    if successes < total:
        high = beta_quantile(1 - tail, successes + 1, total - successes)
    return low, high


def _z(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise ValueError(f"{confidence} is no confidence: it must lie between 0 and 1")
    return _Z if confidence == 0.95 else NormalDist().inv_cdf((1 + confidence) / 2)
