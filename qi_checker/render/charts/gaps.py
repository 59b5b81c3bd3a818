"""Cases from one deviation to the next; the last gap is still open and is drawn hollow."""

from __future__ import annotations

from qi_checker.render.charts import style
from qi_checker.render.charts.style import Canvas, Level
from qi_checker.render.plots import Gaps

_MOST_LETTERS = 12


def picture(plot: Gaps) -> Canvas:
    """Draw a dot for each gap in order, joined by a line; high is good."""
    canvas = style.canvas(290, bottom=62)
    axes, count = canvas.axes, len(plot.points)
    axes.set_xlim(0.5, count + 0.5)
    top = max([*(p.gap for p in plot.points), plot.upper or 0, plot.median or 0, 1])
    axes.set_ylim(-0.04 * top, 1.1 * top)
    _lines(canvas, plot)
    _marks(canvas, plot)
    _ticks(canvas, plot)
    style.whole_numbers(canvas, "y")
    style.above(canvas, "cases from one deviation to the next")
    _key(canvas, plot)
    return canvas


def _marks(canvas: Canvas, plot: Gaps) -> None:
    """Draw circles joined by a line; diamonds for gaps longer than chance; hollow while open."""
    count = len(plot.points)
    size = 7 if count <= 60 else 4.5 if count <= 200 else 3
    places = [(float(i), float(p.gap)) for i, p in enumerate(plot.points, 1)]
    xs, ys = [x for x, _ in places], [y for _, y in places]
    canvas.axes.plot(xs, ys, color=style.LINE, linewidth=0.8)
    pairs = list(zip(places, plot.points, strict=True))
    for signal, gid, marker, color in (
        (False, "gaps", "o", style.LINE),
        (True, "improvement", "D", style.IMPROVEMENT),
    ):
        ours = [(at, p.case_id) for at, p in pairs if p.signal == signal]
        style.marks(canvas, [at for at, case in ours if case], gid, marker, color, size)
        style.marks(
            canvas,
            [at for at, case in ours if not case],
            f"{gid}-open",
            marker,
            color,
            size,
            markerfacecolor="white",
            markeredgewidth=1.4,
        )
    signals = [at for at, p in pairs if p.signal]
    if len(signals) <= _MOST_LETTERS:
        style.letters(canvas, signals, "I", style.IMPROVEMENT)


def _lines(canvas: Canvas, plot: Gaps) -> None:
    levels = []
    left, right = canvas.axes.get_xlim()
    for value, words, width in ((plot.median, "median", 1.5), (plot.upper, "upper limit", 1.0)):
        if value is not None:
            canvas.axes.hlines(value, left, right, color=style.COMMON, linewidth=width)
            levels.append(Level(value, f"{words} {value:.1f}".removesuffix(".0"), style.MUTE))
    style.name_levels(canvas, levels)


def _ticks(canvas: Canvas, plot: Gaps) -> None:
    """Label the days of the deviations (the later end of a gap) where there is room."""
    named = [
        (i, p.surgery_date.strftime("%Y-%m"))
        for i, p in enumerate(plot.points, 1)
        if p.surgery_date
    ]
    if named:
        style.month_axis(canvas, named)
    else:
        canvas.axes.set_xticks([])


def _key(canvas: Canvas, plot: Gaps) -> None:
    entries = [("gap up to a deviation", "o", {"color": style.LINE})]
    if any(not p.case_id for p in plot.points):
        marker_style = {"color": style.LINE, "markerfacecolor": "white"}
        entries.append(("still open", "o", marker_style))
    if any(p.signal for p in plot.points):
        entries.append(("I: longer than chance", "D", {"color": style.IMPROVEMENT}))
    style.key(canvas, entries, 44)
