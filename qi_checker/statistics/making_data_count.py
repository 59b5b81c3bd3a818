"""Words for a chart as in NHS "plot the dots": the variation of the last point, and the assurance.

Source: NHS England, Making Data Count (icons of variation and assurance). Words come first; an icon
is drawn from them not the other way round.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from qi_checker.statistics.charts import Chart
from qi_checker.statistics.rules import Finding

Better = Literal["higher", "lower"] | None  # None: neither is an improvement
_PRIORITY = ("outside", "trend", "2 of 3 beyond 2 sigma", "shift")
FEWEST = 13  # points before limits and words are shown


class Kind(StrEnum):
    COMMON_CAUSE = "common cause"
    IMPROVEMENT = "special cause improvement"
    CONCERN = "special cause concern"
    NEUTRAL = "special cause"


class Assurance(StrEnum):
    FAIL = "consistently fails the target"
    PASS = "consistently meets the target"
    HIT_OR_MISS = "meets the target or not by chance"


@dataclass(frozen=True)
class Variation:
    kind: Kind
    side: int  # 1 high or rising, -1 low or falling, 0 common cause
    rule: str  # the first that applies; "" for common cause


def variation(chart: Chart, findings: Sequence[Finding], better: Better) -> Variation:
    """Return the variation of the last included value; `findings` come from `rules.mdc`.

    Of several rules, outside comes before trend, 2 of 3 and shift. If both improvement and
    concern apply, it is improvement, as in the NHS tool.
    """
    last = max((i for i, p in enumerate(chart) if p.included and p.value is not None), default=-1)
    firing = sorted(
        (f for f in findings if last in f.points and f.side and f.rule in _PRIORITY),
        key=lambda f: _PRIORITY.index(f.rule),
    )
    if not firing:
        return Variation(Kind.COMMON_CAUSE, 0, "")
    if better is None:
        return Variation(Kind.NEUTRAL, firing[0].side, firing[0].rule)
    wanted = 1 if better == "higher" else -1
    for finding in firing:
        if finding.side == wanted:
            return Variation(Kind.IMPROVEMENT, wanted, finding.rule)
    return Variation(Kind.CONCERN, -wanted, firing[0].rule)


def assurance(chart: Chart, target: float | None, better: Better) -> Assurance | None:
    """Whether chance alone can miss or reach the target, from the limits of the last point.

    `chart` may have several phases: the limits of the latest phase count, never those of the first.
    None without target, direction or limits.
    """
    if target is None or better is None or not chart:
        return None
    lower, upper = chart[-1].lower, chart[-1].upper
    if lower is None or upper is None:
        return None
    if lower <= target <= upper:
        return Assurance.HIT_OR_MISS
    failing = target > upper if better == "higher" else target < lower
    return Assurance.FAIL if failing else Assurance.PASS
