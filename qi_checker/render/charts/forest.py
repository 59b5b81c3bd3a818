"""Rates with their intervals, one below the other, with the band of the published rates."""

from __future__ import annotations

from qi_checker.render.charts import canvas as draw
from qi_checker.render.charts.canvas import Canvas
from qi_checker.render.html import clip
from qi_checker.render.plots import Forest, RateLine

_ROW, _PHONE_ROW = 21, 34  # points from line to line; on a phone the words stand above the interval
_LETTERS = 42  # maximum length of the text left of the axes


def picture(plot: Forest, narrow: bool) -> Canvas:
    """Draw our rates as filled diamonds with bold text, published rates as hollow circles."""
    texts = [clip(line.words, _LETTERS) for line in plot.lines]
    row = _PHONE_ROW if narrow else _ROW
    left = 20 + max(
        draw.width_of(text, draw.SMALL, bold=line.ours)
        for text, line in zip(texts, plot.lines, strict=True)
    )
    height = row * len(plot.lines) + 8
    canvas = draw.canvas(
        plot.key, narrow, height, left=10 if narrow else left, right=62, top=6, bottom=24
    )
    highest = max(line.high for line in plot.lines)
    canvas.xs = (0, min(1.0, 0.1 * int(10 * highest + 1)))
    _ground(canvas, plot)
    for number, (line, text) in enumerate(zip(plot.lines, texts, strict=True)):
        y = canvas.top + (number + 0.5) * row + 4
        _rate(canvas, number, y + (7 if narrow else 0), line)
        _words(canvas, y - (7 if narrow else 0), line, text)
    return canvas


def _ground(canvas: Canvas, plot: Forest) -> None:
    """Draw the band of published rates, and a line at every 10%."""
    low, high = (canvas.x(rate) for rate in plot.band)
    canvas.rect(low, canvas.top, high - low, canvas.height, "#e6e8ea")
    ticks = [n / 10 for n in range(int(10 * canvas.xs[1] + 0.5) + 1)]
    for tick in ticks:
        x = canvas.x(tick)
        canvas.line([(x, canvas.top), (x, canvas.floor)], draw.GRID, 0.8)
    named = ticks[:: 1 if len(ticks) <= 6 else 2]
    draw.below_axis(canvas, [(tick, (f"{tick:.0%}",)) for tick in named])
    canvas.line([(canvas.left, canvas.floor), (canvas.right, canvas.floor)], draw.MUTE, 0.8)


def _rate(canvas: Canvas, number: int, y: float, line: RateLine) -> None:
    """Draw a rate and its interval."""
    color, name = (draw.LINE, "ours") if line.ours else (draw.MUTE, "published")
    ends = [(canvas.x(line.low), y), (canvas.x(line.high), y)]
    canvas.line(ends, color, 2.2 if line.ours else 1.3)
    shape, fill = ("diamond", "") if line.ours else ("circle", draw.WHITE)
    canvas.marks([(canvas.x(line.rate), y)], f"{name}-{number}", shape, color, 7, fill)


def _words(canvas: Canvas, y: float, line: RateLine, text: str) -> None:
    """Write the name of the rate left of the axes and its numbers right of them."""
    count = line.count or f"{line.rate:.0%}"
    y += 0.35 * draw.SMALL
    size, bold = draw.SMALL, line.ours
    if canvas.narrow:
        canvas.text(text, canvas.left, y, size=size, bold=bold)
        canvas.text(count, canvas.right, y, anchor="end", size=size, bold=bold)
    else:
        canvas.text(text, canvas.left - 8, y, anchor="end", size=size, bold=bold)
        canvas.text(count, canvas.right + 8, y, size=size, bold=bold)
