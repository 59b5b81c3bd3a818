"""One proportion with its uncertainty."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist

from qi_checker.statistics.binomial import checked_counts

Interval = tuple[float, float]
Z = 1.959963984540054  # two-sided 95 %


def wilson(successes: int, total: int, confidence: float = 0.95) -> Interval | None:
    """Give the Wilson score interval as proportions from 0 to 1; None without a denominator.

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
    # The limits of 0 and of all are exactly 0 and 1. Rounded sums gave 0.9999999999999999 for 10 of
    # 10, and so a target of 100% was missed by the 16th decimal.
    low = max(0.0, (centre - half) / scale) if successes else 0.0
    high = min(1.0, (centre + half) / scale) if successes < total else 1.0
    return low, high


def _z(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise ValueError(f"{confidence} is no confidence: it must lie between 0 and 1")
    return Z if confidence == 0.95 else NormalDist().inv_cdf((1 + confidence) / 2)
