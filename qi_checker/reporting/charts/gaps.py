"""Cases from one deviation to the next; the last gap is still growing and is drawn hollow."""

from __future__ import annotations

from qi_checker.audit.plots import Gaps
from qi_checker.reporting.charts import style
from qi_checker.reporting.charts.style import Canvas, Level


def picture(plot: Gaps) -> Canvas:
    """A dot for each gap in order, joined by a line; high is good."""
    canvas = style.canvas(290, bottom=76)
    axes, count = canvas.axes, len(plot.points)
    axes.set_xlim(0.5, count + 0.5)
    top = max([*(p.gap for p in plot.points), plot.upper or 0, plot.median or 0, 1])
    axes.set_ylim(-0.04 * top, 1.1 * top)
    _lines(canvas, plot)
    places = [(float(i), float(p.gap)) for i, p in enumerate(plot.points, 1)]
    axes.plot(*zip(*places, strict=True), color=style.LINE, linewidth=0.8)
    pairs = list(zip(places, plot.points, strict=True))
    size = 7 if count <= 60 else 4.5 if count <= 200 else 3
    kept = [at for at, p in pairs if p.case_id and not p.signal]
    signals = [at for at, p in pairs if p.signal]
    style.marks(canvas, kept, "gaps", "o", style.LINE, size)
    style.marks(canvas, [at for at, p in pairs if not p.case_id and not p.signal], "open", "o",
                style.LINE, size, markerfacecolor="white", markeredgewidth=1.4)  # fmt: skip
    closed = [at for at, p in pairs if p.signal and p.case_id]
    style.marks(canvas, closed, "improvement", "D", style.IMPROVEMENT, size)
    style.marks(canvas, [at for at, p in pairs if p.signal and not p.case_id], "improvement-open",
                "D", style.IMPROVEMENT, size, markerfacecolor="white")  # fmt: skip
    if len(signals) <= 40:
        style.letters(canvas, signals, "I", style.IMPROVEMENT)
    _ticks(canvas, plot)
    style.above(canvas, "cases from one deviation to the next")
    _key(canvas, plot)
    return canvas


def _lines(canvas: Canvas, plot: Gaps) -> None:
    levels = []
    left, right = canvas.axes.get_xlim()
    for value, words, width in ((plot.median, "median", 1.5), (plot.upper, "upper limit", 1.0)):
        if value is not None:
            canvas.axes.hlines(value, left, right, color=style.COMMON, linewidth=width)
            levels.append(Level(value, f"{words} {value:.1f}".removesuffix(".0"), style.MUTE))
    style.name_levels(canvas, levels)


def _ticks(canvas: Canvas, plot: Gaps) -> None:
    """The days of the deviations where there is room: the later end of a gap."""
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
        looks = {"color": style.LINE, "markerfacecolor": "white"}
        entries.append(("still open", "o", looks))
    if any(p.signal for p in plot.points):
        entries.append(("I: longer than chance", "D", {"color": style.IMPROVEMENT}))
    style.key(canvas, entries, 44)
