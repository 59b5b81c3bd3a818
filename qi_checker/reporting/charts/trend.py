"""The trend: a dot for each month with its interval, against the frozen baseline."""

from __future__ import annotations

from qi_checker.audit.plots import Trend
from qi_checker.reporting.charts import style
from qi_checker.reporting.charts.style import Canvas, Level

_STRIP = 16  # points of one line of text above the axes
_NARROW = 34  # a slot with less room has its counts upright


def picture(plot: Trend) -> Canvas:
    """Counts above, dots and whiskers, lines; signals of the quarter in a row of their own."""
    slots = len(plot.points)
    upright = (style.WIDTH - 158) / slots < _NARROW
    counts = 40 if upright else _STRIP
    signals = _STRIP + 6 if any(p.quarter_signal for p in plot.points) else 0
    events = 22 if plot.happened else 0
    top = 12 + counts + signals + events
    canvas = style.canvas(250 + top, top=top, bottom=62)
    canvas.axes.set_xlim(-0.5, slots - 0.5)
    style.percent_axis(canvas)
    _lines(canvas, plot)
    _dots(canvas, plot)
    _counts(canvas, plot, upright)
    _signals(canvas, plot, counts + 8)
    places = {p.month: i - 0.5 for i, p in enumerate(plot.points)}
    happened = [(places[e.at], e.number) for e in plot.happened if e.at in places]
    style.mark_events(canvas, happened, counts + signals + 8)
    style.month_axis(canvas, [(i, p.month) for i, p in enumerate(plot.points)])
    _key(canvas, plot)
    return canvas


def _dots(canvas: Canvas, plot: Trend) -> None:
    shown = [(i, p) for i, p in enumerate(plot.points) if p.events is not None and p.cases]
    for i, p in shown:
        if p.low is not None and p.high is not None:
            canvas.axes.vlines(i, p.low, p.high, color=style.LINE, linewidth=1.2)
    dots = [(float(i), (p.events or 0) / (p.cases or 1)) for i, p in shown]
    style.marks(canvas, dots, "months", "o", style.LINE, 7 if len(plot.points) <= 60 else 4)


def _counts(canvas: Canvas, plot: Trend, upright: bool) -> None:
    """x/n above each month; a dash where nobody was operated, nothing where it is withheld."""
    size = style.TEXT if len(plot.points) <= 36 else 0.0
    for i, p in enumerate(plot.points):
        words = "–" if p.cases == 0 else f"{p.events}/{p.cases}" if p.events is not None else ""
        if words and size:
            canvas.axes.annotate(words, (i, 1), (0, 5), xycoords=("data", "axes fraction"),
                                 textcoords="offset points", ha="center", va="bottom",
                                 rotation=90 if upright else 0, color=style.INK, fontsize=size)  # fmt: skip


def _lines(canvas: Canvas, plot: Trend) -> None:
    """The line of each phase, dotted after the months that gave it; the target's steps."""
    axes, last = canvas.axes, len(plot.points) - 1
    months = [p.month for p in plot.points]
    end = plot.baseline[1] if plot.baseline else ""
    levels = []
    for i, centre in enumerate(plot.centre):
        if centre is not None:
            frozen = months[i] > end
            axes.hlines(centre, i - 0.5, i + 0.5, color=style.COMMON, linewidth=1.6,
                        linestyles=[(0, (1.5, 2))] if frozen else "solid")  # fmt: skip
    for i, p in enumerate(plot.points):
        if p.target is None:
            continue
        axes.hlines(p.target, i - 0.5, i + 0.5, color=style.BLACK, linewidth=1.4,
                    linestyles=[(0, (5, 3))])  # fmt: skip
        ends = i == last or plot.points[i + 1].target != p.target
        if ends and i != last:
            axes.annotate(f"target {_percent(p.target)}", (i + 0.5, p.target), (-2, -3),
                          textcoords="offset points", ha="right", va="top", fontsize=style.SMALL,
                          bbox={"fc": "white", "ec": "none", "pad": 0.5})  # fmt: skip
    centre, target = plot.centre[last], plot.points[last].target
    if centre is not None:
        levels.append(Level(centre, f"baseline {_percent(centre)}", style.MUTE))
    if target is not None:
        levels.append(Level(target, f"target {_percent(target)}"))
    style.name_levels(canvas, levels)


def _percent(rate: float) -> str:
    return f"{100 * rate:.1f}".removesuffix(".0") + " %"


def _signals(canvas: Canvas, plot: Trend, lift: float) -> None:
    """Quarters beyond the exact limits, marked at their last month: shape and letter."""
    kinds = (("concern", "^", "C", style.CONCERN), ("improvement", "D", "I", style.IMPROVEMENT))
    for kind, marker, letter, color in kinds:
        for i, p in enumerate(plot.points):
            if p.quarter_signal == kind:
                y = 1 + (lift + 6) / canvas.height
                canvas.axes.plot([i - 0.12], [y], marker=marker, color=color, markersize=6,
                                 linestyle="none", clip_on=False, gid=f"{kind}-{p.month}",
                                 transform=canvas.axes.get_xaxis_transform())  # fmt: skip
                canvas.axes.annotate(letter, (i, y), (4, 0), va="center",
                                     xycoords=("data", "axes fraction"), color=color,
                                     textcoords="offset points", fontsize=style.TEXT,
                                     fontweight="bold")  # fmt: skip


def _key(canvas: Canvas, plot: Trend) -> None:
    looks = {"color": style.LINE}
    entries = [("month with 95 % interval", "o", looks)]
    seen = {p.quarter_signal for p in plot.points}
    if "concern" in seen:
        entries.append(("C: quarter below its limits", "^", {"color": style.CONCERN}))
    if "improvement" in seen:
        entries.append(("I: quarter above", "D", {"color": style.IMPROVEMENT}))
    style.key(canvas, entries, 44)
