"""Rates with their intervals, one below the other, with the band of the published rates."""

from __future__ import annotations

from collections.abc import Sequence

from qi_checker.render.charts import style
from qi_checker.render.charts.style import Canvas
from qi_checker.render.html import clip
from qi_checker.render.plots import Forest, RateLine

_ROW = 21  # points from line to line
_LETTERS = 42  # maximum length of the text left of the axes


def picture(plot: Forest) -> Canvas:
    """Draw our rates as filled diamonds with bold text, published rates as hollow circles."""
    texts = [clip(line.words, _LETTERS) for line in plot.lines]
    canvas = _canvas(plot, texts)
    for row, (line, text) in enumerate(zip(plot.lines, texts, strict=True)):
        _rate(canvas, row, line)
        _words(canvas, row, line, text)
    return canvas


def _canvas(plot: Forest, texts: Sequence[str]) -> Canvas:
    """Make axes with a row and room for text per line, and the band of published rates."""
    left = 20 + max(
        style.width_of(text, style.SMALL, bold=line.ours)
        for text, line in zip(texts, plot.lines, strict=True)
    )
    count = len(plot.lines)
    canvas = style.canvas(_ROW * (count + 0.6) + 30, left=left, right=62, top=6, bottom=24)
    axes = canvas.axes
    axes.set_ylim(count - 0.4, -0.7)
    axes.set_yticks([])
    axes.set_xlim(0, min(1.0, 0.1 * int(10 * max(line.high for line in plot.lines) + 1)))
    axes.grid(axis="x", color=style.GRID, linewidth=0.8)
    axes.axvspan(*plot.band, color="#e6e8ea", zorder=0.5)
    axes.xaxis.set_major_formatter(lambda rate, _: f"{rate:.0%}")
    return canvas


def _rate(canvas: Canvas, row: int, line: RateLine) -> None:
    """Draw a rate and its interval."""
    color, gid = (style.LINE, "ours") if line.ours else (style.MUTE, "published")
    canvas.axes.hlines(row, line.low, line.high, color=color, linewidth=2.2 if line.ours else 1.3)
    style.marks(
        canvas,
        [(line.rate, row)],
        f"{gid}-{row}",
        "D" if line.ours else "o",
        color,
        7,
        markerfacecolor=color if line.ours else "white",
    )


def _words(canvas: Canvas, row: int, line: RateLine, text: str) -> None:
    """Write the name of the rate left of the axes and its numbers right of them."""
    count = line.count or f"{line.rate:.0%}"
    for words, side, shift, align in ((text, 0, -8, "right"), (count, 1, 8, "left")):
        canvas.axes.annotate(
            words,
            (side, row),
            (shift, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            ha=align,
            va="center",
            color=style.INK,
            fontsize=style.SMALL,
            fontweight="bold" if line.ours else "normal",
        )
