"""The trend: a dot for each month with its interval, against the frozen baseline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from qi_checker.render.charts import canvas as draw
from qi_checker.render.charts.canvas import Canvas, Entry, Level
from qi_checker.render.plots import Trend, TrendPoint

T = TypeVar("T")

_STRIP = 16  # height in points of one line of text above the axes
_MOST_COUNTS = 36
_NARROW = 34  # narrower slots have vertical counts


def picture(plot: Trend, narrow: bool) -> Canvas:
    """Draw counts above, dots and whiskers, lines, and a separate row of quarterly signals."""
    slots = len(plot.points)
    axes = draw.canvas(plot.key, narrow, 0)
    upright = axes.width / slots < _NARROW
    counts = _strip(plot, upright)
    signals = _STRIP + 6 if any(p.quarter_signal for p in plot.points) else 0
    top = 12 + counts + signals + (22 if plot.happened else 0)
    levels = _levels(plot)
    key = draw.key_of(_key(plot), levels, narrow)
    bottom = draw.AXIS + draw.key_height(key, narrow)
    canvas = draw.canvas(plot.key, narrow, 160 if narrow else 143, top=top, bottom=bottom)
    canvas.xs = (-0.5, slots - 0.5)
    draw.percent_axis(canvas)
    _lines(canvas, plot)
    draw.name_levels(canvas, levels)
    _dots(canvas, plot)
    if counts:
        _counts(canvas, plot, upright)
    _signals(canvas, plot, counts + 8)
    places = {p.month: i - 0.5 for i, p in enumerate(plot.points)}
    happened = [(places[e.at], e.number) for e in plot.happened if e.at in places]
    draw.mark_events(canvas, happened, counts + signals + 6)
    draw.month_axis(canvas, [(i, p.month) for i, p in enumerate(plot.points)])
    draw.key(canvas, key)
    return canvas


def _dots(canvas: Canvas, plot: Trend) -> None:
    shown = [(i, p) for i, p in enumerate(plot.points) if p.events is not None and p.cases]
    for i, p in shown:
        if p.low is not None and p.high is not None:
            canvas.line(canvas.at([(i, p.low), (i, p.high)]), draw.LINE, 1.2)
    dots = [(float(i), (p.events or 0) / (p.cases or 1)) for i, p in shown]
    size = 7 if len(plot.points) <= 60 else 4
    canvas.marks(canvas.at(dots), "months", "circle", draw.LINE, size)


def _words(point: TrendPoint) -> str:
    """Return x/n; a dash without operations, nothing if it is withheld."""
    if point.cases == 0:
        return "–"
    return f"{point.events}/{point.cases}" if point.events is not None else ""


def _strip(plot: Trend, upright: bool) -> float:
    """Return the height of the counts; with too many months only the table shows them."""
    if len(plot.points) > _MOST_COUNTS:
        return 0
    longest = max(draw.width_of(_words(p), draw.SMALL) for p in plot.points)
    return longest + 6 if upright else _STRIP


def _counts(canvas: Canvas, plot: Trend, upright: bool) -> None:
    """Write x/n above each month."""
    for i, p in enumerate(plot.points):
        if words := _words(p):
            x, y, size = canvas.x(i), canvas.top - 5, draw.SMALL
            if upright and p.cases:
                canvas.text(words, x + 0.35 * size, y, size=size, upright=True)
            else:
                canvas.text(words, x, y, size=size, anchor="middle")


def _levels(plot: Trend) -> list[Level]:
    """Return the lines of the last month."""
    levels = []
    if (centre := plot.centre[-1]) is not None:
        levels.append(Level(centre, f"baseline {draw.percent(centre)}", draw.MUTE, width=1.6))
    if (target := plot.points[-1].target) is not None:
        levels.append(Level(target, f"target {draw.percent(target)}", draw.BLACK, draw.DASHED))
    return levels


def _lines(canvas: Canvas, plot: Trend) -> None:
    """Draw the line of each phase, dotted after its baseline, and the steps of the target."""
    end = plot.baseline[1] if plot.baseline else ""
    after = [p.month > end for p in plot.points]
    for start, stop, (rate, on) in _runs(list(zip(plot.centre, after, strict=True))):
        if rate is not None:
            canvas.level(rate, start, stop, draw.COMMON, 1.6, draw.DOTTED if on else "")
    targets = [p.target for p in plot.points]
    for start, stop, rate in _runs(targets):
        if rate is not None:
            canvas.level(rate, start, stop, draw.BLACK, 1.4, draw.DASHED)
            if stop < len(targets) - 1:
                _earlier_target(canvas, plot, (start, stop), rate)


def _earlier_target(canvas: Canvas, plot: Trend, span: tuple[float, float], rate: float) -> None:
    """Write the name of an earlier target at its line, on white, where it covers the least."""
    words, size = f"target {draw.percent(rate)}", draw.SMALL
    right, way = free_place(canvas, plot, words, span, rate)
    wide, x = draw.width_of(words, size), canvas.x(right) - 2
    y = canvas.y(rate) + (-4 if way > 0 else 3 + size)
    canvas.rect(x - wide, y - size, wide, size + 3, draw.WHITE)
    canvas.text(words, x, y, anchor="end", size=size)


def free_place(
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
    wide, high = draw.width_of(words, draw.SMALL) / slot, (draw.SMALL * 1.4 + 3) / unit
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


def _signals(canvas: Canvas, plot: Trend, lift: float) -> None:
    """Mark quarters beyond the exact limits at their last month with shape and letter."""
    kinds = (
        ("concern", "triangle", "C", draw.CONCERN),
        ("improvement", "diamond", "I", draw.IMPROVEMENT),
    )
    y = canvas.top - lift - 6
    for kind, shape, letter, color in kinds:
        for i, p in enumerate(plot.points):
            if p.quarter_signal == kind:
                x = canvas.x(i)
                canvas.marks([(x - 4, y)], f"{kind}-{p.month}", shape, color)
                canvas.text(letter, x + 1, y + 0.35 * draw.TEXT, color, bold=True)


def _key(plot: Trend) -> list[Entry]:
    entries = [Entry("month with 95% interval", draw.LINE, "circle")]
    seen = {p.quarter_signal for p in plot.points}
    if "concern" in seen:
        entries.append(Entry("C: quarter below its limits", draw.CONCERN, "triangle"))
    if "improvement" in seen:
        entries.append(Entry("I: quarter above", draw.IMPROVEMENT, "diamond"))
    return entries
