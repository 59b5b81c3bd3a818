"""Charts of the plots in `render/plots.py`, as SVG text for a page.

`draw(plot)` returns one `<svg>` element, or "" if there is nothing to draw; the page then says so
in words. Numbers are those of `plot.rows()`: a chart computes only positions. The drawing library
is imported with the first chart, not with this package.
"""

from __future__ import annotations

from qi_checker.render.charts import cusum, forest, funnel, gaps, intervals, pareto, svg, trend
from qi_checker.render.charts.style import Canvas
from qi_checker.render.plots import CusumPlot, Forest, Funnel, Gaps, Intervals, Pareto, Plot, Trend


def draw(plot: Plot) -> str:
    """Draw a plot as one SVG element; "" for a plot without a number."""
    if not has_points(plot):
        return ""
    with svg.settings():
        return svg.text_of(_picture(plot), plot)


def has_points(plot: Plot) -> bool:
    """Whether there is at least one number to draw."""
    match plot:
        case Trend():
            return any(p.events is not None and p.cases for p in plot.points)
        case Intervals():
            return any(p.days is not None for p in plot.points)
        case Gaps() | CusumPlot():
            return bool(plot.points)
        case Pareto():
            return any(c.count is not None for c in plot.causes)
        case Funnel():
            return any(u.events is not None and u.cases for u in plot.units)
        case Forest():
            return bool(plot.lines)
    raise TypeError(type(plot).__name__)


def _picture(plot: Plot) -> Canvas:
    match plot:
        case Trend():
            return trend.picture(plot)
        case Intervals():
            return intervals.picture(plot)
        case Gaps():
            return gaps.picture(plot)
        case CusumPlot():
            return cusum.picture(plot)
        case Pareto():
            return pareto.picture(plot)
        case Funnel():
            return funnel.picture(plot)
        case Forest():
            return forest.picture(plot)
    raise TypeError(type(plot).__name__)
