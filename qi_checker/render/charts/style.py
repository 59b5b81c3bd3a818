"""Shared by all charts: sizes, colours, axes of months, labels at the end of lines.

Sizes are in points; a chart is 600 wide, which is nearly a printed page, so that 10.5 points of
text are 9 on paper. Colours have a contrast of at least 4.5:1 on white, as measured by the tests,
and no colour is the only sign of anything: there is always a shape, a letter or text as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 600
TEXT = 10.5
SMALL = 9.5
LINE = "#005EB8"
CONCERN = "#B34700"  # triangle, letter C
IMPROVEMENT = "#0072B2"  # diamond, letter I
COMMON = "#666666"  # circle
INK = "#1a1a1a"
MUTE = "#595959"
GRID = "#d9dde1"  # decoration only
BLACK = "#000000"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DOTTED = (0, (1.5, 2))  # a line that was computed earlier and continues
DASHED = (0, (5, 3))  # a line that was set: target, window, limit
_MONTH_ROOM = 28
_BOLD = 0.7
_LETTER = 0.62  # mean width of a letter in units of the font size (DejaVu Sans)


@dataclass(frozen=True)
class Canvas:
    """A figure and its one pair of axes, with the axes' size in points."""

    figure: Figure
    axes: Axes
    width: float
    height: float


def canvas(
    height: float, *, left: float = 46, right: float = 118, top: float = 34, bottom: float = 40
) -> Canvas:
    """Make empty axes with margins in points, horizontal grid lines and no frame but the bottom."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH / 72, height / 72), dpi=72)
    wide, high = WIDTH - left - right, height - top - bottom
    axes = figure.add_axes((left / WIDTH, bottom / height, wide / WIDTH, high / height))
    figure.patch.set_visible(False)
    axes.patch.set_visible(False)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(MUTE)
    axes.tick_params(colors=MUTE, labelcolor=INK, labelsize=TEXT, length=3)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    return Canvas(figure, axes, wide, high)


def width_of(text: str, size: float = TEXT, *, bold: bool = False) -> float:
    """Estimate the width of text in points."""
    return len(text) * size * (_BOLD if bold else _LETTER)


def above(canvas: Canvas, text: str, x: float = 0.0) -> None:
    """Write the label of the vertical axis above its top left."""
    canvas.axes.annotate(
        text,
        (x, 1),
        (-40, 8),
        xycoords="axes fraction",
        textcoords="offset points",
        color=MUTE,
        fontsize=TEXT,
    )


def percent_axis(canvas: Canvas) -> None:
    """Set an axis from 0 to 100% with a tick every 20%."""
    canvas.axes.set_ylim(-0.03, 1.03)
    ticks = [i / 5 for i in range(6)]
    canvas.axes.set_yticks(ticks, [f"{t:.0%}" for t in ticks])


def whole_numbers(canvas: Canvas, axis: str = "x") -> None:
    """Put ticks at whole numbers only, since cases are whole numbers."""
    from matplotlib.ticker import MaxNLocator

    which = canvas.axes.xaxis if axis == "x" else canvas.axes.yaxis
    which.set_major_locator(MaxNLocator(8, integer=True))


def month_axis(canvas: Canvas, starts: Sequence[tuple[float, str]]) -> None:
    """Write names of months at x, with the year under its first month, as many as fit.

    `starts` is (x, "2025-01") in order. If there is little room, only the first of every second
    month, quarter or half-year is named, then only years.
    """
    low, high = canvas.axes.get_xlim()
    scale = canvas.width / (high - low)
    starts_shown: list[tuple[float, str]] = []
    for step in (1, 2, 3, 6, 12, 24, 60, 120, 1200):
        starts_shown = _firsts(starts, step)
        if all((b[0] - a[0]) * scale >= _MONTH_ROOM for a, b in pairwise(starts_shown)):
            break
    labels, year = [], ""
    for _, month in starts_shown:
        new, year = month[:4] != year, month[:4]
        name = _MONTHS[int(month[5:7]) - 1]
        labels.append(year if step >= 12 else f"{name}\n{year}" if new else name)
    canvas.axes.set_xticks([x for x, _ in starts_shown], labels)


def _firsts(starts: Sequence[tuple[float, str]], step: int) -> list[tuple[float, str]]:
    """Return the first of every `step` months from January; months without cases may be missing."""
    firsts: dict[int, tuple[float, str]] = {}
    for x, month in starts:
        firsts.setdefault((int(month[:4]) * 12 + int(month[5:7]) - 1) // step, (x, month))
    return list(firsts.values())


@dataclass(frozen=True)
class Level:
    """The height of a horizontal line and the text at its right end."""

    y: float
    words: str
    color: str = INK


def name_levels(canvas: Canvas, levels: Sequence[Level]) -> None:
    """Write text right of the axes at its lines' heights; labels that would touch move apart."""
    low, high = canvas.axes.get_ylim()
    distance = (TEXT + 3) / canvas.height * (high - low)
    taken: list[float] = []
    for level in sorted(levels, key=lambda v: (v.y, v.words)):
        at = level.y if not taken else max(level.y, taken[-1] + distance)
        taken.append(at)
        canvas.axes.annotate(
            level.words,
            (1, at),
            (6, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            va="center",
            color=level.color,
            fontsize=TEXT,
        )


def mark_events(canvas: Canvas, numbers: Sequence[tuple[float, int]], lift: float = 6) -> None:
    """Draw numbered dashed lines; events at one x share a line, with their numbers together."""
    axes = canvas.axes
    at: dict[float, list[int]] = {}
    for x, number in numbers:
        at.setdefault(x, []).append(number)
    for x, here in at.items():
        axes.plot(
            [x, x],
            [0, 1 + lift / canvas.height],
            color=MUTE,
            linewidth=1,
            dashes=(4, 3),
            clip_on=False,
            transform=axes.get_xaxis_transform(),
            gid=f"event-{here[0]}",
        )
        axes.annotate(
            ", ".join(map(str, here)),
            (x, 1),
            (0, lift),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="center",
            color=INK,
            fontsize=TEXT,
            fontweight="bold",
            bbox={"boxstyle": "round,pad=0.25", "fc": "white", "ec": MUTE, "lw": 0.8},
        )


def letters(canvas: Canvas, points: Sequence[tuple[float, float]], letter: str, color: str) -> None:
    """Write the letter of a signal beside its marks: shape and letter, not only colour."""
    for x, y in points:
        canvas.axes.annotate(
            letter,
            (x, y),
            (0, 6),
            textcoords="offset points",
            ha="center",
            va="bottom",
            color=color,
            fontsize=TEXT,
            fontweight="bold",
        )


def marks(
    canvas: Canvas,
    points: Sequence[tuple[float, float]],
    gid: str,
    marker: str,
    color: str,
    size: float = 6,
    **more: Any,
) -> None:
    """Draw marks of one kind; `gid` names their group, in which each is one `use` element."""
    if points:
        canvas.axes.plot(
            [x for x, _ in points],
            [y for _, y in points],
            linestyle="none",
            marker=marker,
            color=color,
            markersize=size,
            gid=gid,
            clip_on=False,
            **more,
        )


def _columns(entries: int) -> int:
    return entries if entries < 5 else 3


def key_height(entries: int) -> float:
    """Return the height in points of a key with this number of entries."""
    return -(-entries // _columns(entries)) * (TEXT + 8) if entries else 0


def key(canvas: Canvas, entries: Sequence[tuple[str, str, dict[str, Any]]], below: float) -> None:
    """Draw the key under the axes from (text, marker, style); over four entries in two rows."""
    if not entries:
        return
    from matplotlib.lines import Line2D

    lines = [
        Line2D([], [], **{"linestyle": "none", "marker": marker, "markersize": 7, **style_keys})
        for _, marker, style_keys in entries
    ]
    drop = -below / canvas.height
    canvas.axes.legend(
        lines,
        [words for words, _, _ in entries],
        loc="upper left",
        bbox_to_anchor=(-0.02, drop),
        ncols=_columns(len(entries)),
        frameon=False,
        fontsize=TEXT,
        handletextpad=0.4,
        columnspacing=1.4,
        borderpad=0,
        borderaxespad=0,
    )
