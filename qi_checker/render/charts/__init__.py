"""Charts of the plots in `render/plots.py`, as SVG text for a page.

`draw(plot)` returns one `<svg>` element, or "" if there is nothing to draw; the page then says so
in words. Numbers are those of `plot.rows()`: a chart computes only positions.
"""

from __future__ import annotations

from markupsafe import Markup

from qi_checker.render.charts import cusum, forest, funnel, gaps, intervals, trend
from qi_checker.render.charts.canvas import FONTS, INK, TEXT, Canvas, clean
from qi_checker.render.plots import CusumPlot, Forest, Funnel, Gaps, Intervals, Plot, Trend


def pictures(plot: Plot) -> Markup:
    """Draw a plot for a page: once for a screen and paper, once for a phone; the page shows one."""
    return Markup(draw(plot) + draw(plot, narrow=True))


def draw(plot: Plot, narrow: bool = False) -> str:
    """Draw a plot as one SVG element; "" for a plot without a number.

    The narrow picture takes its title and description from the other one, which is on the same page.
    """
    if not has_points(plot):
        return ""
    canvas = _picture(plot, narrow)
    width, height = canvas.whole
    look = "chart phone" if narrow else "chart"
    names = f"{plot.key}-title {plot.key}-desc"
    words = "".join(
        f'<{tag} id="{plot.key}-{tag}">{clean(text)}</{tag}>'
        for tag, text in (("title", plot.title), ("desc", plot.description))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{look}" viewBox="0 0 {width:g} {height:g}" '
        f'role="img" aria-labelledby="{names}">{"" if narrow else words}\n'
        f'<g aria-hidden="true" font-family="{FONTS}" font-size="{TEXT}" fill="{INK}">\n'
        + "\n".join(canvas.parts)
        + "\n</g></svg>\n"
    )


def has_points(plot: Plot) -> bool:
    """Whether there is at least one number to draw."""
    match plot:
        case Trend():
            return any(p.events is not None and p.cases for p in plot.points)
        case Intervals():
            return any(p.days is not None for p in plot.points)
        case Gaps() | CusumPlot():
            return bool(plot.points)
        case Funnel():
            return any(u.events is not None and u.cases for u in plot.units)
        case Forest():
            return bool(plot.lines)
    raise TypeError(type(plot).__name__)


def _picture(plot: Plot, narrow: bool) -> Canvas:
    match plot:
        case Trend():
            return trend.picture(plot, narrow)
        case Intervals():
            return intervals.picture(plot, narrow)
        case Gaps():
            return gaps.picture(plot, narrow)
        case CusumPlot():
            return cusum.picture(plot, narrow)
        case Funnel():
            return funnel.picture(plot, narrow)
        case Forest():
            return forest.picture(plot, narrow)
    raise TypeError(type(plot).__name__)
