"""The days of a study as a series: limits from the earlier period continue over the later one.

A comparison of two periods ignores time inside them (Fretheim A et al., J Clin Epidemiol
2015;68:324); an individuals (XmR) chart with a frozen baseline beside it does not.
"""

from __future__ import annotations

from collections.abc import Sequence

from qi_checker.statistics.charts import Chart, beyond_limits, i_chart
from qi_checker.statistics.runs import runs, sides
from qi_checker.study.cases import AFTER, BEFORE
from qi_checker.study.views import Point, Series

FEWEST = 12  # operations with days before; limits from fewer are unreliable


def series(points: Sequence[Point]) -> Series | None:
    """Return the chart of `newest` in numbers; None if the earlier period is too short."""
    baseline = [i for i, p in enumerate(points) if p.period == BEFORE]
    if sum(points[i].newest is not None for i in baseline) < FEWEST:
        return None
    chart = i_chart([p.newest for p in points], baseline)
    before, after = _of(chart, points, BEFORE), _of(chart, points, AFTER)
    side_of, counted = sides(after), runs(after)
    return Series(
        centre=chart[0].centre,
        lower=chart[0].lower or 0.0,
        upper=chart[0].upper or 0.0,
        beyond=(len(beyond_limits(before)), len(beyond_limits(after))),
        later=len(side_of),
        later_below=sum(side < 0 for side in side_of.values()),
        longest=counted.longest,
        longest_allowed=counted.longest_allowed,
        crossings=counted.crossings,
        crossings_needed=counted.crossings_needed,
    )


def _of(chart: Chart, points: Sequence[Point], period: str) -> Chart:
    return tuple(c for c, p in zip(chart, points, strict=True) if p.period == period)
