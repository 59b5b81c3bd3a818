"""The trend: a dot for each month with its interval, against the frozen baseline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from qi_checker.render.charts import style
from qi_checker.render.charts.style import Canvas, Level
from qi_checker.render.plots import Trend, TrendPoint

T = TypeVar("T")

_STRIP = 16  # height in points of one line of text above the axes
_MOST_COUNTS = 36
_NARROW = 34  # narrower slots have vertical counts


def picture(plot: Trend) -> Canvas:
    """Draw counts above, dots and whiskers, lines, and a separate row of quarterly signals."""
    slots = len(plot.points)
    upright = (style.WIDTH - 158) / slots < _NARROW
    counts = _strip(plot, upright)
    signals = _STRIP + 6 if any(p.quarter_signal for p in plot.points) else 0
    events = 22 if plot.happened else 0
    top = 12 + counts + signals + events
    canvas = style.canvas(205 + top, top=top, bottom=62)
    canvas.axes.set_xlim(-0.5, slots - 0.5)
    style.percent_axis(canvas)
    _lines(canvas, plot)
    _dots(canvas, plot)
    if counts:
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


def _words(point: TrendPoint) -> str:
    """Return x/n; a dash without operations, nothing if it is withheld."""
    if point.cases == 0:
        return "–"
    return f"{point.events}/{point.cases}" if point.events is not None else ""


def _strip(plot: Trend, upright: bool) -> float:
    """Return the height of the counts; with too many months only the table shows them."""
    if len(plot.points) > _MOST_COUNTS:
        return 0
    longest = max(style.width_of(_words(p), style.SMALL) for p in plot.points)
    return longest + 6 if upright else _STRIP


def _counts(canvas: Canvas, plot: Trend, upright: bool) -> None:
    """Write x/n above each month."""
    for i, p in enumerate(plot.points):
        words = _words(p)
        if words:
            canvas.axes.annotate(
                words,
                (i, 1),
                (0, 5),
                xycoords=("data", "axes fraction"),
                textcoords="offset points",
                ha="center",
                va="bottom",
                rotation=90 if upright and p.cases else 0,
                color=style.INK,
                fontsize=style.SMALL,
            )


def _lines(canvas: Canvas, plot: Trend) -> None:
    """Draw the line of each phase, dotted after its baseline, and the steps of the target."""
    end = plot.baseline[1] if plot.baseline else ""
    drawn_on = [p.month > end for p in plot.points]
    for start, stop, (rate, on) in _runs(list(zip(plot.centre, drawn_on, strict=True))):
        if rate is not None:
            canvas.axes.hlines(
                rate,
                start,
                stop,
                color=style.COMMON,
                linewidth=1.6,
                linestyles=style.DOTTED if on else "solid",
            )
    targets = [p.target for p in plot.points]
    for start, stop, rate in _runs(targets):
        if rate is not None:
            canvas.axes.hlines(
                rate, start, stop, color=style.BLACK, linewidth=1.4, linestyles=style.DASHED
            )
            if stop < len(targets) - 1:
                words = f"target {_percent(rate)}"
                x, way = _free_place(canvas, plot, words, (start, stop), rate)
                canvas.axes.annotate(
                    words,
                    (x, rate),
                    (-2, 3 * way),
                    textcoords="offset points",
                    ha="right",
                    va="bottom" if way > 0 else "top",
                    fontsize=style.SMALL,
                    zorder=2,
                    bbox={"fc": "white", "ec": "none", "pad": 0.5},
                )
    levels = []
    if (centre := plot.centre[-1]) is not None:
        levels.append(Level(centre, f"baseline {_percent(centre)}", style.MUTE))
    if (target := targets[-1]) is not None:
        levels.append(Level(target, f"target {_percent(target)}"))
    style.name_levels(canvas, levels)


def _free_place(
    canvas: Canvas, plot: Trend, words: str, span: tuple[float, float], rate: float
) -> tuple[float, int]:
    """Return the right end of a line's text inside the axes, and 1 for above it, -1 for below.

    The place has no dot under the text, and as few whiskers as possible; of equal places the one
    nearest to the right end of the line is chosen.
    """
    slot, unit = (
        canvas.width / len(plot.points),
        canvas.height / 1.06,
    )  # width of a month and height of 100%, in points
    wide, high = style.width_of(words, style.SMALL) / slot, (style.SMALL * 1.4 + 3) / unit
    radius = 5.5  # in points, with its outline
    first, last = span[0] + wide, span[1]
    rights = [last - n / 4 for n in range(int(max(0.0, last - first) * 4) + 1)]

    def cost(right: float, way: int) -> int:
        low, high_end = sorted((rate, rate + way * high))
        found = 0
        for i, p in enumerate(plot.points):
            if p.events is None or not p.cases:
                continue
            if not right - wide - radius / slot <= i <= right + radius / slot:
                continue
            found += 100 * (low - radius / unit <= p.events / p.cases <= high_end + radius / unit)
            if p.low is not None and p.high is not None:
                found += p.low <= high_end and p.high >= low
        return found

    places = [(right, way) for right in rights for way in (-1, 1)]
    return min(places, key=lambda place: cost(*place))


def _runs(values: Sequence[T]) -> Iterator[tuple[float, float, T]]:
    """Yield ranges of equal values, from the first slot's left edge to the last's right edge."""
    start = 0
    for i, value in enumerate(values):
        if i + 1 == len(values) or values[i + 1] != value:
            yield start - 0.5, i + 0.5, value
            start = i + 1


def _percent(rate: float) -> str:
    return f"{100 * rate:.1f}".removesuffix(".0") + "%"


def _signals(canvas: Canvas, plot: Trend, lift: float) -> None:
    """Mark quarters beyond the exact limits at their last month with shape and letter."""
    kinds = (("concern", "^", "C", style.CONCERN), ("improvement", "D", "I", style.IMPROVEMENT))
    for kind, marker, letter, color in kinds:
        for i, p in enumerate(plot.points):
            if p.quarter_signal == kind:
                y = 1 + (lift + 6) / canvas.height
                canvas.axes.plot(
                    [i - 0.12],
                    [y],
                    marker=marker,
                    color=color,
                    markersize=6,
                    linestyle="none",
                    clip_on=False,
                    gid=f"{kind}-{p.month}",
                    transform=canvas.axes.get_xaxis_transform(),
                )
                canvas.axes.annotate(
                    letter,
                    (i, y),
                    (4, 0),
                    va="center",
                    xycoords=("data", "axes fraction"),
                    color=color,
                    textcoords="offset points",
                    fontsize=style.TEXT,
                    fontweight="bold",
                )


def _key(canvas: Canvas, plot: Trend) -> None:
    line_style = {"color": style.LINE}
    entries = [("month with 95% interval", "o", line_style)]
    seen = {p.quarter_signal for p in plot.points}
    if "concern" in seen:
        entries.append(("C: quarter below its limits", "^", {"color": style.CONCERN}))
    if "improvement" in seen:
        entries.append(("I: quarter above", "D", {"color": style.IMPROVEMENT}))
    style.key(canvas, entries, 44)
