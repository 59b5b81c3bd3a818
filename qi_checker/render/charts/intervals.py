"""Days from imaging to surgery, case by case: from one case to some thousands."""

from __future__ import annotations

from collections.abc import Iterator

from qi_checker.render.charts import canvas as draw
from qi_checker.render.charts.canvas import Canvas, Entry, Level, Place
from qi_checker.render.plots import Intervals

_BAND = 16  # height in points of the row of cases without days


def picture(plot: Intervals, narrow: bool) -> Canvas:
    """Draw a mark for each case at its number; cases without days are in a row at the floor."""
    low, high = _span(plot)
    levels = list(_levels(plot))
    key = draw.key_of(_key(plot), levels, narrow)
    canvas = draw.canvas(
        plot.key,
        narrow,
        180 if narrow else 228,
        left=30,
        top=46 if plot.happened or plot.periods else 30,
        bottom=draw.AXIS + draw.key_height(key, narrow),
    )
    count = len(plot.points)
    canvas.xs = (0.5 - count * 0.01, count + 0.5 + count * 0.01)
    band = _BAND / canvas.height * (high - low) if any(p.days is None for p in plot.points) else 0
    canvas.ys = (low - band, high)
    draw.value_axis(canvas, draw.round_ticks(low, high))
    _lines(canvas, plot, levels)
    draw.name_levels(canvas, levels)
    _periods(canvas, plot)
    size = 6.5 if count <= 60 else 4.5 if count <= 300 else 3.0 if count <= 800 else 2.2
    _marks(canvas, plot, size * 0.8 if narrow and count > 60 else size)
    places = {str(p.number): p.number - 0.5 for p in plot.points}
    draw.mark_events(canvas, [(places[e.at], e.number) for e in plot.happened if e.at in places])
    firsts = {p.month: p.number for p in reversed(plot.points)}
    draw.month_axis(canvas, sorted((float(n), m) for m, n in firsts.items()))
    draw.above(canvas, "days")
    draw.key(canvas, key)
    return canvas


def _span(plot: Intervals) -> tuple[float, float]:
    """Return the lowest and highest days of the axis, which enclose every mark and line."""
    days = [d for p in plot.points for d in (p.days, p.oldest) if d is not None]
    top = max([*days, plot.limit or 0, plot.upper or 0, 1])
    low = min([*days, 0])
    return low - 0.04 * (top - low), top + 0.05 * (top - low)


def _levels(plot: Intervals) -> Iterator[Level]:
    """Yield mean and limits, and the limit of the window."""
    floor = min([0, *(p.days for p in plot.points if p.days is not None)])
    for value, words, width in (
        (plot.centre, "mean", 1.5),
        (plot.upper, "upper limit", 1.0),
        (plot.lower, "lower limit", 1.0),
    ):
        # Days are not negative: a limit below 0 only means that low cannot signal.
        if value is not None and value >= floor:
            name = f"{words} {value:.1f}".removesuffix(".0")
            yield Level(value, name, draw.MUTE, width=width)
    if plot.limit is not None:
        yield Level(plot.limit, f"window {plot.limit} days", draw.BLACK, draw.DASHED)


def _lines(canvas: Canvas, plot: Intervals, levels: list[Level]) -> None:
    """Draw the window's limit; centre and limits are dotted after the baseline's cases."""
    left, right = canvas.xs
    end = plot.baseline + 0.5
    for level in levels:
        if level.dash:
            canvas.level(level.y, left, right, level.color, level.width, level.dash, "window")
            continue
        canvas.level(level.y, left, min(end, right), draw.COMMON, level.width)
        if end < right:
            canvas.level(level.y, end, right, draw.COMMON, level.width, draw.DOTTED)


def _marks(canvas: Canvas, plot: Intervals, size: float) -> None:
    def at(kind: str) -> list[Place]:
        these = [p for p in plot.points if p.kind == kind]
        return canvas.at((p.number, p.days) for p in these if p.days is not None)

    ends = []
    for p in plot.points:
        if p.days is not None and p.oldest is not None:
            stem = canvas.at([(p.number, p.days), (p.number, p.oldest)])
            canvas.line(stem, draw.MUTE, 0.9)
            ends.append(stem[1])
    canvas.marks(ends, "oldest", "dash", draw.MUTE, size)
    edge = 0.9 if size > 3 else 0.6
    canvas.marks(at("inside"), "inside", "circle", draw.LINE, size, edge=edge)
    canvas.marks(at("outside"), "outside", "triangle", draw.CONCERN, size + 1, draw.WHITE, edge)
    nothing = [(canvas.x(p.number), canvas.floor - 8) for p in plot.points if p.days is None]
    canvas.marks(nothing, "none", "cross", draw.MUTE, max(size - 1, 2.4))
    rings = [(p.number, p.days or 0) for p in plot.points if p.signal and p.days is not None]
    canvas.marks(canvas.at(rings), "signals", "circle", draw.INK, size + 5, "none", 1.1)


def _periods(canvas: Canvas, plot: Intervals) -> None:
    """Draw a dotted line between periods, with the name of each above its middle."""
    start = 0
    for name, cases in plot.periods:
        if start and cases:
            x = canvas.x(start + 0.5)
            canvas.line([(x, canvas.floor), (x, canvas.top)], draw.MUTE, 1, "2 3")
        if cases:
            words = f"{name} (n = {cases})"
            middle = canvas.x(start + 0.5 + cases / 2)
            canvas.text(words, middle, canvas.top - 8, anchor="middle", bold=True)
        start += cases


def _key(plot: Intervals) -> list[Entry]:
    kinds = {p.kind for p in plot.points}
    entries = []
    if "inside" in kinds:
        words = "inside the window" if plot.limit is not None else "case"
        entries.append(Entry(words, draw.LINE, "circle"))
    if "outside" in kinds:
        entries.append(Entry("outside", draw.CONCERN, "triangle", draw.WHITE))
    if any(p.oldest is not None for p in plot.points):
        entries.append(Entry("up to the oldest", draw.MUTE, "dash"))
    if any(p.days is None for p in plot.points):
        entries.append(Entry("nothing to count from", draw.MUTE, "cross"))
    if any(p.signal for p in plot.points):
        entries.append(Entry("beyond the limits", draw.INK, "circle", "none", 10))
    return entries
