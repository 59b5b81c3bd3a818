"""Rates of an audit; their intervals and every other formula are in `qi_checker.statistics`."""

from __future__ import annotations

from typing import Any

from qi_checker.render.views import Rate
from qi_checker.statistics.proportions import wilson


def rate(totals: dict[str, Any]) -> Rate:
    """Compute the rate: exceptions leave the denominator, undetermined cases bound it."""
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
