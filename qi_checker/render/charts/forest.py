"""Rates with their intervals, one under the other, beside the band of the published ones."""

from __future__ import annotations

from qi_checker.render.charts import style
from qi_checker.render.charts.style import Canvas
from qi_checker.render.plots import Forest

_ROW = 21  # points from line to line
_LETTERS = 42  # of the words left of the axes


def picture(plot: Forest) -> Canvas:
    """Ours as filled diamonds with bold words, published ones as hollow circles."""
    count = len(plot.lines)
    words = [_short(line.words) for line in plot.lines]
    left = 20 + max(
        style.width_of(text, style.SMALL, bold=line.ours)
        for text, line in zip(words, plot.lines, strict=True)
    )
    canvas = style.canvas(_ROW * (count + 0.6) + 30, left=left, right=62, top=6, bottom=24)
    axes = canvas.axes
    axes.set_ylim(count - 0.4, -0.7)
    axes.set_yticks([])
    axes.set_xlim(0, min(1.0, 0.1 * int(10 * max(line.high for line in plot.lines) + 1)))
    axes.grid(axis="x", color=style.GRID, linewidth=0.8)
    axes.axvspan(*plot.band, color="#e6e8ea", zorder=0.5)
    axes.xaxis.set_major_formatter(lambda rate, _: f"{rate:.0%}")
    for i, line in enumerate(plot.lines):
        color, gid = (style.LINE, "ours") if line.ours else (style.MUTE, "published")
        axes.hlines(i, line.low, line.high, color=color, linewidth=2.2 if line.ours else 1.3)
        fill = color if line.ours else "white"
        style.marks(
            canvas,
            [(line.rate, i)],
            f"{gid}-{i}",
            "D" if line.ours else "o",
            color,
            7,
            markerfacecolor=fill,
        )
        weight = "bold" if line.ours else "normal"
        axes.annotate(
            words[i],
            (0, i),
            (-8, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            ha="right",
            va="center",
            color=style.INK,
            fontsize=style.SMALL,
            fontweight=weight,
        )
        axes.annotate(
            line.count or f"{line.rate:.0%}",
            (1, i),
            (8, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            va="center",
            color=style.INK,
            fontsize=style.SMALL,
            fontweight=weight,
        )
    return canvas


def _short(words: str) -> str:
    return words if len(words) <= _LETTERS else words[: _LETTERS - 2].rstrip() + " …"
