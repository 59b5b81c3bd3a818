"""The two sums of a Bernoulli CUSUM: worse upwards, better downwards, each with its limit."""

from __future__ import annotations

from typing import Any

from qi_checker.render.charts import style
from qi_checker.render.charts.style import Canvas, Level
from qi_checker.render.plots import CusumPlot

_MOST_LETTERS = 12


def picture(plot: CusumPlot) -> Canvas:
    """Draw steps from case to case; a sum that reaches its limit is a signal and starts again."""
    canvas = style.canvas(310, bottom=62)
    axes, count = canvas.axes, len(plot.points)
    axes.set_xlim(0, count + 1)
    top = 1.2 * max([plot.limit, *(p.worse for p in plot.points), *(p.better for p in plot.points)])
    axes.set_ylim(-top, top)
    axes.axhline(0, color=style.MUTE, linewidth=1)
    thick = 1.5 if count <= 400 else 0.9
    numbers = [0, *range(1, count + 1)]
    axes.step(
        numbers,
        [0, *(p.worse for p in plot.points)],
        where="post",
        color=style.CONCERN,
        linewidth=thick,
        gid="worse",
    )
    axes.step(
        numbers,
        [0, *(-p.better for p in plot.points)],
        where="post",
        color=style.IMPROVEMENT,
        linewidth=thick,
        gid="better",
        dashes=(5, 1.5),
    )
    for level in (plot.limit, -plot.limit):
        axes.axhline(level, color=style.BLACK, linewidth=1.3, dashes=(5, 3))
    style.name_levels(
        canvas,
        [Level(plot.limit, f"limit {plot.limit:g}"), Level(-plot.limit, f"limit {plot.limit:g}")],
    )
    _signals(canvas, plot)
    axes.yaxis.set_major_formatter(lambda value, _: f"{abs(value):g}")
    firsts = {
        p.surgery_date.strftime("%Y-%m"): i for i, p in reversed(list(enumerate(plot.points, 1)))
    }
    style.month_axis(canvas, sorted((float(i), month) for month, i in firsts.items()))
    style.above(canvas, "sum for worse, upwards; sum for better, downwards")
    _key(canvas, plot)
    return canvas


def _signals(canvas: Canvas, plot: CusumPlot) -> None:
    pairs = list(enumerate(plot.points, 1))
    worse = [(float(i), p.worse) for i, p in pairs if p.signal == "concern"]
    better = [(float(i), -p.better) for i, p in pairs if p.signal == "improvement"]
    style.marks(canvas, worse, "concern", "^", style.CONCERN, 8)
    style.marks(canvas, better, "improvement", "D", style.IMPROVEMENT, 7)
    if len(worse) + len(better) <= _MOST_LETTERS:  # more letters would overlap
        style.letters(canvas, worse, "C", style.CONCERN)
        style.letters(canvas, better, "I", style.IMPROVEMENT)


def _key(canvas: Canvas, plot: CusumPlot) -> None:
    solid = {"color": style.CONCERN, "linestyle": "-"}
    entries: list[tuple[str, str, dict[str, Any]]] = [("worse", "", solid)]
    entries.append(("better", "", {"color": style.IMPROVEMENT, "linestyle": (0, (5, 1.5))}))
    seen = {p.signal for p in plot.points}
    if "concern" in seen:
        entries.append(("C: signal of worse", "^", {"color": style.CONCERN}))
    if "improvement" in seen:
        entries.append(("I: signal of better", "D", {"color": style.IMPROVEMENT}))
    style.key(canvas, entries, 44)
