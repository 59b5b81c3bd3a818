"""The two sums of a Bernoulli CUSUM: worse upwards, better downwards, each with its limit."""

from __future__ import annotations

from qi_checker.render.charts import canvas as draw
from qi_checker.render.charts.canvas import Canvas, Entry, Level
from qi_checker.render.plots import CusumPlot

_MOST_LETTERS = 12
_DASHES = "5 1.5"  # of the sum for better


def picture(plot: CusumPlot, narrow: bool) -> Canvas:
    """Draw steps from case to case; a sum that reaches its limit is a signal and starts again."""
    entries = _key(plot)
    limit = Level(plot.limit, f"limit {plot.limit:g}", draw.BLACK, draw.DASHED)
    key = draw.key_of(entries, [limit], narrow)
    bottom = draw.AXIS + draw.key_height(key, narrow)
    canvas = draw.canvas(plot.key, narrow, 214, left=30, bottom=bottom)
    count = len(plot.points)
    canvas.xs = (0, count + 1)
    top = 1.2 * max([plot.limit, *(p.worse for p in plot.points), *(p.better for p in plot.points)])
    canvas.ys = (-top, top)
    draw.value_axis(canvas, draw.round_ticks(-top, top, 8), lambda value: f"{abs(value):g}")
    canvas.level(0, *canvas.xs, draw.MUTE, 1)
    thick = 1.5 if count <= 400 else 0.9
    for values, color, dash, name in (
        ([p.worse for p in plot.points], draw.CONCERN, "", "worse"),
        ([-p.better for p in plot.points], draw.IMPROVEMENT, _DASHES, "better"),
    ):
        steps = canvas.at(enumerate([0.0, *values]))
        canvas.line(steps, color, thick, dash, steps=True, name=name)
    levels = [limit, Level(-plot.limit, limit.words)]
    for level in levels:
        canvas.level(level.y, *canvas.xs, draw.BLACK, 1.3, draw.DASHED)
    draw.name_levels(canvas, levels)
    _signals(canvas, plot)
    firsts = {f"{p.surgery_date:%Y-%m}": i for i, p in reversed(list(enumerate(plot.points, 1)))}
    draw.month_axis(canvas, sorted((float(i), month) for month, i in firsts.items()))
    draw.above(canvas, "sum for worse, upwards; sum for better, downwards")
    draw.key(canvas, key)
    return canvas


def _signals(canvas: Canvas, plot: CusumPlot) -> None:
    pairs = list(enumerate(plot.points, 1))
    worse = canvas.at((i, p.worse) for i, p in pairs if p.signal == "concern")
    better = canvas.at((i, -p.better) for i, p in pairs if p.signal == "improvement")
    canvas.marks(worse, "concern", "triangle", draw.CONCERN, 8)
    canvas.marks(better, "improvement", "diamond", draw.IMPROVEMENT, 7)
    if len(worse) + len(better) <= _MOST_LETTERS:  # more letters would overlap
        draw.letters(canvas, worse, "C", draw.CONCERN)
        draw.letters(canvas, better, "I", draw.IMPROVEMENT)


def _key(plot: CusumPlot) -> list[Entry]:
    entries = [
        Entry("worse", draw.CONCERN, width=1.5),
        Entry("better", draw.IMPROVEMENT, dash=_DASHES, width=1.5),
    ]
    seen = {p.signal for p in plot.points}
    if "concern" in seen:
        entries.append(Entry("C: signal of worse", draw.CONCERN, "triangle"))
    if "improvement" in seen:
        entries.append(Entry("I: signal of better", draw.IMPROVEMENT, "diamond"))
    return entries
