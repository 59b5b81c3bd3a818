"""Causes as horizontal bars, the most frequent first, each with who can act on it."""

from __future__ import annotations

import textwrap

from qi_checker.render.charts import style
from qi_checker.render.charts.style import Canvas
from qi_checker.render.plots import Pareto

_LETTERS = 32  # maximum length of a text line left of the bars
_LINES = 3


def picture(plot: Pareto) -> Canvas:
    """Draw text left, bars right with count and cumulative share; without a number, no bar."""
    words = [_wrapped(c.words, c.owner) for c in plot.causes]
    heights = [len(lines) * (style.TEXT + 3) + 9 for lines in words]
    canvas = style.canvas(sum(heights) + 24, left=220, right=124, top=18, bottom=6)
    axes = canvas.axes
    axes.grid(visible=False)
    axes.spines["bottom"].set_visible(False)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_ylim(sum(heights), 0)
    axes.set_xlim(0, max([*(c.count or 0 for c in plot.causes), 1]))
    axes.axvline(0, color=style.MUTE, linewidth=1)
    y = 0.0
    for cause, row, lines, height in zip(plot.causes, plot.rows(), words, heights, strict=True):
        _row(canvas, y + height / 2, lines, cause.count, row[3])
        y += height
    return canvas


def _row(canvas: Canvas, y: float, lines: list[str], count: int | None, share: object) -> None:
    top = -(len(lines) - 1) / 2
    for i, line in enumerate(lines):
        owner = i == len(lines) - 1
        down = -(top + i) * (style.TEXT + 2.5)
        canvas.axes.annotate(
            line,
            (0, y),
            (-7, down),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            ha="right",
            va="center",
            color=style.MUTE if owner else style.INK,
            fontsize=style.SMALL if owner else style.TEXT,
        )
    if count is None:
        return
    canvas.axes.barh(y, count, height=15, color=style.LINE, gid=f"bar-{y:g}")
    text = str(count) if not isinstance(share, float) else f"{count} · {share:.0%} so far"
    canvas.axes.annotate(
        text,
        (count, y),
        (5, 0),
        textcoords="offset points",
        va="center",
        color=style.INK,
        fontsize=style.TEXT,
    )


def _wrapped(words: str, owner: str) -> list[str]:
    """Return at most three lines with the cause and its owner."""
    lines = textwrap.wrap(words, _LETTERS, max_lines=_LINES, placeholder=" …") or [""]
    return [*lines, textwrap.shorten(owner, _LETTERS + 4, placeholder=" …")]
