"""Rates with their uncertainty."""

from __future__ import annotations

from math import sqrt
from typing import Any

from qi_checker.audit.views import Rate

_Z = 1.959963984540054  # two-sided 95 %


def wilson(successes: int, total: int) -> tuple[float, float] | None:
    """Wilson score interval, 95 %, as proportions; None without a denominator.

    Wilson EB, J Am Stat Assoc 1927;22:209; without continuity correction (Newcombe,
    Stat Med 1998;17:857, method 3).
    """
    if total <= 0:
        return None
    p, z2 = successes / total, _Z * _Z
    centre = p + z2 / (2 * total)
    half = _Z * sqrt(p * (1 - p) / total + z2 / (4 * total * total))
    scale = 1 + z2 / total
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)


def rate(totals: dict[str, Any]) -> Rate:
    """The rate of the contract: exceptions leave the denominator, undetermined cases bound it."""
    compliant, eligible = int(totals["compliant"]), int(totals["eligible"])
    excepted, undetermined = int(totals["with_exception"]), int(totals["undetermined"])
    judged = eligible - excepted
    interval = wilson(compliant, judged)
    return Rate(
        compliant=compliant,
        eligible=eligible,
        with_exception=excepted,
        undetermined=undetermined,
        rate=compliant / judged if judged else None,
        low=interval[0] if interval else None,
        high=interval[1] if interval else None,
        worst=compliant / judged if judged else None,
        best=(compliant + undetermined) / judged if judged else None,
        raw=compliant / eligible if eligible else None,
    )
