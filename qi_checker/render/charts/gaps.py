"""Cases from one deviation to the next; the last gap is still open and is drawn hollow."""

from __future__ import annotations

from qi_checker.render.charts import canvas as draw
from qi_checker.render.charts.canvas import Canvas, Entry, Level
from qi_checker.render.plots import Gaps

_MOST_LETTERS = 12


def picture(plot: Gaps, narrow: bool) -> Canvas:
    """Draw a dot for each gap in order, joined by a line; high is good."""
    levels = [
        Level(value, f"{words} {value:.1f}".removesuffix(".0"), draw.MUTE, width=width)
        for value, words, width in (
            (plot.median, "median", 1.5),
            (plot.upper, "upper limit", 1.0),
        )
        if value is not None
    ]
    key = draw.key_of(_key(plot), levels, narrow)
    bottom = draw.AXIS + draw.key_height(key, narrow)
    canvas = draw.canvas(plot.key, narrow, 190, left=30, bottom=bottom)
    canvas.xs = (0.5, len(plot.points) + 0.5)
    top = max([*(p.gap for p in plot.points), plot.upper or 0, plot.median or 0, 1])
    canvas.ys = (-0.04 * top, 1.1 * top)
    draw.value_axis(canvas, draw.round_ticks(0, 1.1 * top))
    for level in levels:
        canvas.level(level.y, *canvas.xs, draw.COMMON, level.width)
    draw.name_levels(canvas, levels)
    _marks(canvas, plot)
    # The days are those of the deviations, the later end of a gap.
    days = [p.surgery_date for p in plot.points]
    draw.month_axis(canvas, [(i, d.strftime("%Y-%m")) for i, d in enumerate(days, 1) if d])
    draw.above(canvas, "cases from one deviation to the next")
    draw.key(canvas, key)
    return canvas


def _marks(canvas: Canvas, plot: Gaps) -> None:
    """Draw circles joined by a line; diamonds for gaps longer than chance; hollow while open."""
    count = len(plot.points)
    size = 7 if count <= 60 else 4.5 if count <= 200 else 3
    places = canvas.at((i, p.gap) for i, p in enumerate(plot.points, 1))
    canvas.line(places, draw.LINE, 0.8)
    pairs = list(zip(places, plot.points, strict=True))
    for signal, name, shape, color in (
        (False, "gaps", "circle", draw.LINE),
        (True, "improvement", "diamond", draw.IMPROVEMENT),
    ):
        ours = [(at, p.case_id) for at, p in pairs if p.signal == signal]
        canvas.marks([at for at, case in ours if case], name, shape, color, size)
        still = [at for at, case in ours if not case]
        canvas.marks(still, f"{name}-open", shape, color, size, draw.WHITE, 1.4)
    signals = [at for at, p in pairs if p.signal]
    if len(signals) <= _MOST_LETTERS:
        draw.letters(canvas, signals, "I", draw.IMPROVEMENT)


def _key(plot: Gaps) -> list[Entry]:
    entries = [Entry("gap up to a deviation", draw.LINE, "circle")]
    if any(not p.case_id for p in plot.points):
        entries.append(Entry("still open", draw.LINE, "circle", draw.WHITE))
    if any(p.signal for p in plot.points):
        entries.append(Entry("I: longer than chance", draw.IMPROVEMENT, "diamond"))
    return entries
