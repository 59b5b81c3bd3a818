"""Days from imaging to surgery, case by case: from one case to some thousands."""

from __future__ import annotations

from typing import Any

from qi_checker.render.charts import style
from qi_checker.render.charts.style import Canvas, Level
from qi_checker.render.plots import IntervalPoint, Intervals

Entries = list[tuple[str, str, dict[str, Any]]]  # text, marker, style
_BAND = 16  # height in points of the row of cases without days


def picture(plot: Intervals) -> Canvas:
    """Draw a mark for each case at its number; cases without days are in a row at the floor."""
    top = 46 if plot.happened or plot.periods else 30
    key = _key(plot)
    bottom = 42 + style.key_height(len(key))
    canvas = style.canvas(228 + top + bottom, top=top, bottom=bottom)
    count = len(plot.points)
    canvas.axes.set_xlim(0.5 - count * 0.01, count + 0.5 + count * 0.01)
    low, high = _span(plot)
    band = _BAND / canvas.height * (high - low) if any(p.days is None for p in plot.points) else 0
    canvas.axes.set_ylim(low - band, high)
    _lines(canvas, plot)
    _periods(canvas, plot)
    size = 6.5 if count <= 60 else 4.5 if count <= 300 else 3.0 if count <= 800 else 2.2
    _marks(canvas, plot, size)
    places = {str(p.number): p.number - 0.5 for p in plot.points}
    style.mark_events(canvas, [(places[e.at], e.number) for e in plot.happened if e.at in places])
    firsts = {p.month: p.number for p in reversed(plot.points)}
    style.month_axis(canvas, sorted((float(n), m) for m, n in firsts.items()))
    style.above(canvas, "days")
    style.key(canvas, key, 44)
    return canvas


def _span(plot: Intervals) -> tuple[float, float]:
    """Return the lowest and highest days of the axis, which enclose every mark and line."""
    days = [d for p in plot.points for d in (p.days, p.oldest) if d is not None]
    top = max([*days, plot.limit or 0, plot.upper or 0, 1])
    low = min([*days, 0])
    return low - 0.04 * (top - low), top + 0.05 * (top - low)


def _lines(canvas: Canvas, plot: Intervals) -> None:
    """Draw the window's limit; centre and limits are dotted after the baseline's cases."""
    axes, levels = canvas.axes, []
    left, right = axes.get_xlim()
    end = plot.baseline + 0.5
    floor = min([0, *(p.days for p in plot.points if p.days is not None)])
    for value, words, width in (
        (plot.centre, "mean", 1.5),
        (plot.upper, "upper limit", 1.0),
        (plot.lower, "lower limit", 1.0),
    ):
        if value is None or value < floor:
            continue  # days are not negative: a limit below 0 only means that low cannot signal
        axes.hlines(value, left, min(end, right), color=style.COMMON, linewidth=width)
        if end < right:
            axes.hlines(
                value, end, right, color=style.COMMON, linewidth=width, linestyles=style.DOTTED
            )
        levels.append(Level(value, f"{words} {value:.1f}".removesuffix(".0"), style.MUTE))
    if plot.limit is not None:
        axes.hlines(
            plot.limit,
            left,
            right,
            color=style.BLACK,
            linewidth=1.4,
            linestyles=style.DASHED,
            gid="window",
        )
        levels.append(Level(plot.limit, f"window {plot.limit} days"))
    style.name_levels(canvas, levels)


def _marks(canvas: Canvas, plot: Intervals, size: float) -> None:
    def at(kind: str) -> list[tuple[float, float]]:
        return [(p.number, p.days) for p in plot.points if p.kind == kind and p.days is not None]

    stems = [p for p in plot.points if p.days is not None and p.oldest is not None]
    if stems:
        at_x, low, high = (
            [p.number for p in stems],
            [p.days or 0 for p in stems],
            [p.oldest or 0 for p in stems],
        )
        canvas.axes.vlines(at_x, low, high, color=style.MUTE, linewidth=0.9)
        ends = [(float(x), float(y)) for x, y in zip(at_x, high, strict=True)]
        style.marks(canvas, ends, "oldest", "_", style.MUTE, size)
    thin = {"markeredgewidth": 0.9 if size > 3 else 0.6}
    style.marks(canvas, at("inside"), "inside", "o", style.LINE, size, **thin)
    style.marks(
        canvas,
        at("outside"),
        "outside",
        "^",
        style.CONCERN,
        size + 1,
        markerfacecolor="white",
        **thin,
    )
    nothing = [p.number for p in plot.points if p.days is None]
    if nothing:
        canvas.axes.plot(
            nothing,
            [8 / canvas.height] * len(nothing),
            linestyle="none",
            marker="x",
            color=style.MUTE,
            markersize=max(size - 1, 2.4),
            gid="none",
            clip_on=False,
            transform=canvas.axes.get_xaxis_transform(),
        )
    rings: list[IntervalPoint] = [p for p in plot.points if p.signal and p.days is not None]
    style.marks(
        canvas,
        [(p.number, p.days or 0) for p in rings],
        "signals",
        "o",
        style.INK,
        size + 5,
        markerfacecolor="none",
        markeredgewidth=1.1,
    )


def _periods(canvas: Canvas, plot: Intervals) -> None:
    """Draw a dotted line between periods, with the name of each above its middle."""
    start = 0
    for name, cases in plot.periods:
        if start and cases:
            canvas.axes.axvline(start + 0.5, color=style.MUTE, linewidth=1, dashes=(2, 3))
        if cases:
            canvas.axes.annotate(
                f"{name} (n = {cases})",
                (start + 0.5 + cases / 2, 1),
                (0, 8),
                xycoords=("data", "axes fraction"),
                ha="center",
                textcoords="offset points",
                color=style.INK,
                fontsize=style.TEXT,
                fontweight="bold",
            )
        start += cases


def _key(plot: Intervals) -> Entries:
    kinds = {p.kind for p in plot.points}
    entries: Entries = []
    if "inside" in kinds:
        entries.append(
            ("inside the window" if plot.limit is not None else "case", "o", {"color": style.LINE})
        )
    if "outside" in kinds:
        marker_style = {"color": style.CONCERN, "markerfacecolor": "white"}
        entries.append(("outside", "^", marker_style))
    if any(p.oldest is not None for p in plot.points):
        entries.append(("up to the oldest", "_", {"color": style.MUTE}))
    if any(p.days is None for p in plot.points):
        entries.append(("nothing to count from", "x", {"color": style.MUTE}))
    if any(p.signal for p in plot.points):
        ring = {"color": style.INK, "markerfacecolor": "none", "markersize": 10}
        entries.append(("beyond the limits", "o", ring))
    return entries
