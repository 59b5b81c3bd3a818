"""Shared by all charts: sizes, colours, the canvas, axes, names of lines, the key.

Sizes are in points. A chart is 600 wide, which is nearly a printed page, so that 10.5 points of text
are 9 on paper. For a phone it is drawn again, 320 wide: letters keep their size, and the names of lines
stand in the key, not beside the axes. Colours have a contrast of at least 4.5:1 on white, as measured by
the tests, and no colour is the only sign of anything: there is always a shape, a letter or text as well.

The SVG is written here and not by a drawing library. Loading one took longer than a whole report does
without it, and its charts could neither be drawn for a phone nor written without a rewrite of its output.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from markupsafe import escape

from qi_checker.render.words import MONTHS, in_xml

WIDTH, PHONE = 600, 320
TEXT, SMALL = 10.5, 9.5
LINE = "#005EB8"
CONCERN = "#B34700"  # triangle, letter C
IMPROVEMENT = "#0072B2"  # diamond, letter I
COMMON = "#666666"  # circle
INK = "#1a1a1a"
MUTE = "#595959"
GRID = "#d9dde1"  # decoration only
BLACK = "#000000"
WHITE = "#ffffff"
DOTTED = "2 3"  # a line that was computed earlier and continues
DASHED = "7 4"  # a line that was set: target, window, limit
# The font of the page (reports/style.css), whose letters are narrower than the estimate.
FONTS = "'Segoe UI', 'Helvetica Neue', Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
AXIS = 44  # height of the names of months below the axes
_MONTH_ROOM = 28
_LETTER, _BOLD = 0.62, 0.7  # mean width of a letter in units of the font size (DejaVu Sans)
_ROW = TEXT + 8  # height of a row of the key

Place = tuple[float, float]


def clean(text: str) -> str:
    """Escape text, and replace what XML cannot hold."""
    return str(escape(in_xml(text)))


def width_of(text: str, size: float = TEXT, *, bold: bool = False) -> float:
    """Estimate the width of text in points."""
    return len(text) * size * (_BOLD if bold else _LETTER)


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


@dataclass
class Canvas:
    """A picture under way: one pair of axes inside margins. `x` and `y` turn data into points."""

    name: str  # begins every id
    narrow: bool
    left: float
    top: float
    width: float  # of the axes
    height: float
    whole: Place  # width and height of the picture
    xs: Place = (0.0, 1.0)  # data at the left and the right end of the axes
    ys: Place = (0.0, 1.0)  # data at their floor and their ceiling
    parts: list[str] = field(default_factory=list)

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def floor(self) -> float:
        return self.top + self.height

    def x(self, value: float) -> float:
        return self.left + (value - self.xs[0]) / (self.xs[1] - self.xs[0]) * self.width

    def y(self, value: float) -> float:
        return self.floor - (value - self.ys[0]) / (self.ys[1] - self.ys[0]) * self.height

    def line(
        self,
        points: Iterable[Place],
        color: str,
        width: float = 1.0,
        dash: str = "",
        *,
        steps: bool = False,
        name: str = "",
    ) -> None:
        """Draw a line through points, level between them and then upright if `steps`."""
        (x, y), *rest = points
        d = f"M{_n(x)} {_n(y)}"
        for x, y in rest:
            d += f"H{_n(x)}V{_n(y)}" if steps else f"L{_n(x)} {_n(y)}"
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        path = f'<path d="{d}" fill="none" stroke="{color}" stroke-width="{_n(width)}"{dashes}/>'
        self.parts.append(f'<g id="{self.name}-{name}">{path}</g>' if name else path)

    def level(
        self,
        y: float,
        left: float,
        right: float,
        color: str,
        width: float,
        dash: str = "",
        name: str = "",
    ) -> None:
        """Draw a horizontal line at a height, between two places of the axis, all in data."""
        at = self.y(y)
        self.line([(self.x(left), at), (self.x(right), at)], color, width, dash, name=name)

    def text(
        self,
        words: str,
        x: float,
        y: float,
        color: str = INK,
        *,
        anchor: str = "start",
        size: float = TEXT,
        bold: bool = False,
        upright: bool = False,
    ) -> None:
        """Write text with its baseline at y; `upright` from below to above."""
        look = f' fill="{color}"' if color != INK else ""
        look += f' text-anchor="{anchor}"' if anchor != "start" else ""
        look += f' font-size="{size:g}"' if size != TEXT else ""
        look += ' font-weight="bold"' if bold else ""
        look += f' transform="rotate(-90 {_n(x)} {_n(y)})"' if upright else ""
        self.parts.append(f'<text x="{_n(x)}" y="{_n(y)}"{look}>{clean(words)}</text>')

    def rect(
        self, x: float, y: float, width: float, height: float, fill: str, edge: str = ""
    ) -> None:
        look = f' stroke="{edge}" stroke-width="0.8" rx="2"' if edge else ""
        box = f'x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}"'
        self.parts.append(f'<rect {box} fill="{fill}"{look}/>')

    def marks(
        self,
        points: Sequence[Place],
        name: str,
        shape: str,
        color: str,
        size: float = 6,
        fill: str = "",
        edge: float = 1.0,
    ) -> None:
        """Draw marks of one kind at points; `name` is the group in which each is one `use`."""
        if not points:
            return
        id = f"{self.name}-{name}"
        look = f'fill="{fill or color}" stroke="{color}" stroke-width="{edge:g}"'
        mark = f'<defs><path id="{id}-mark" d="{SHAPES[shape](size / 2)}"/></defs>'
        uses = "".join(f'<use href="#{id}-mark" x="{_n(x)}" y="{_n(y)}"/>' for x, y in points)
        self.parts.append(f'<g id="{id}" {look}>{mark}{uses}</g>')

    def at(self, points: Iterable[Place]) -> list[Place]:
        """Turn data into points."""
        return [(self.x(x), self.y(y)) for x, y in points]


# The outline of each mark with half its size.
SHAPES: dict[str, Callable[[float], str]] = {
    "circle": lambda r: f"M{-r:g} 0a{r:g} {r:g} 0 1 0 {2 * r:g} 0a{r:g} {r:g} 0 1 0 {-2 * r:g} 0z",
    "triangle": lambda r: f"M0 {-r:g}L{r:g} {r:g}H{-r:g}z",
    "diamond": lambda r: f"M0 {-1.4 * r:.3g}L{1.4 * r:.3g} 0L0 {1.4 * r:.3g}L{-1.4 * r:.3g} 0z",
    "dash": lambda r: f"M{-r:g} 0H{r:g}",
    "cross": lambda r: f"M{-r:g} {-r:g}L{r:g} {r:g}M{-r:g} {r:g}L{r:g} {-r:g}",
}


def canvas(
    key: str,
    narrow: bool,
    height: float,
    *,
    left: float = 42,
    right: float = 118,
    top: float = 30,
    bottom: float = AXIS,
) -> Canvas:
    """Make empty axes with margins; `height` is that of the axes. A phone has no room at the right."""
    whole = PHONE if narrow else WIDTH
    wide = whole - left - (10 if narrow else right)
    name = f"{key}-phone" if narrow else key
    return Canvas(name, narrow, left, top, wide, height, (whole, top + height + bottom))


def percent_axis(canvas: Canvas) -> None:
    """Set an axis from 0 to 100% with a tick every 20%."""
    canvas.ys = (-0.03, 1.03)
    value_axis(canvas, [i / 5 for i in range(6)], lambda rate: f"{rate:.0%}")


def value_axis(
    canvas: Canvas, ticks: Sequence[float], words: Callable[[float], str] = "{:g}".format
) -> None:
    """Draw a grid line and a number at each tick, and the line of the axes' floor."""
    for tick in ticks:
        canvas.level(tick, *canvas.xs, GRID, 0.8)
        canvas.text(words(tick), canvas.left - 6, canvas.y(tick) + 0.35 * TEXT, anchor="end")
    canvas.line([(canvas.left, canvas.floor), (canvas.right, canvas.floor)], MUTE, 0.8)


def round_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Return multiples of 1, 2 or 5 and their tens, from low to high, at whole numbers."""
    rough = max((high - low) / most, 1)
    power = 10 ** math.floor(math.log10(rough))
    step = next(n * power for n in (1, 2, 5, 10) if n * power >= rough)
    return [float(n * step) for n in range(math.ceil(low / step), math.floor(high / step) + 1)]


def below_axis(canvas: Canvas, places: Iterable[tuple[float, Sequence[str]]]) -> None:
    """Write lines of text below the axes, each at its x, with a tick."""
    for x, lines in places:
        at = canvas.x(x)
        canvas.line([(at, canvas.floor), (at, canvas.floor + 3)], MUTE, 0.8)
        for row, words in enumerate(lines):
            y = canvas.floor + 15 + row * (TEXT + 2)
            canvas.text(words, at, y, anchor="middle")


def month_axis(canvas: Canvas, starts: Sequence[tuple[float, str]]) -> None:
    """Write names of months at x, with the year under its first month, as many as fit.

    `starts` is (x, "2025-01") in order. If there is little room, only the first of every second
    month, quarter or half-year is named, then only years.
    """
    scale = canvas.width / (canvas.xs[1] - canvas.xs[0])
    shown: list[tuple[float, str]] = []
    for step in (1, 2, 3, 6, 12, 24, 60, 120, 1200):
        shown = _firsts(starts, step)
        if all((b[0] - a[0]) * scale >= _MONTH_ROOM for a, b in pairwise(shown)):
            break
    places, year = [], ""
    for x, month in shown:
        new, year = month[:4] != year, month[:4]
        name = MONTHS[int(month[5:7]) - 1]
        places.append((x, (year,) if step >= 12 else (name, year) if new else (name,)))
    below_axis(canvas, places)


def _firsts(starts: Sequence[tuple[float, str]], step: int) -> list[tuple[float, str]]:
    """Return the first of every `step` months from January; months without cases may be missing."""
    firsts: dict[int, tuple[float, str]] = {}
    for x, month in starts:
        firsts.setdefault((int(month[:4]) * 12 + int(month[5:7]) - 1) // step, (x, month))
    return list(firsts.values())


def above(canvas: Canvas, text: str) -> None:
    """Write the label of the vertical axis above its top left."""
    canvas.text(text, 4, canvas.top - 10, MUTE)


@dataclass(frozen=True)
class Entry:
    """A line of the key: a mark, or a piece of line if there is no shape."""

    words: str
    color: str
    shape: str = ""
    fill: str = ""
    size: float = 7
    dash: str = ""
    width: float = 1.4


@dataclass(frozen=True)
class Level:
    """The height of a horizontal line, its name, and its look in the key of a phone."""

    y: float
    words: str
    color: str = INK
    dash: str = ""
    width: float = 1.4


def name_levels(canvas: Canvas, levels: Sequence[Level]) -> None:
    """Write names right of the axes at their lines' heights; those that would touch move apart.

    On a phone the key names the lines.
    """
    if canvas.narrow:
        return
    bottom = math.inf
    for level in sorted(levels, key=lambda v: (v.y, v.words)):
        bottom = min(canvas.y(level.y), bottom - TEXT - 3)
        canvas.text(level.words, canvas.right + 6, bottom + 0.35 * TEXT, level.color)


def key_of(entries: Sequence[Entry], levels: Sequence[Level], narrow: bool) -> list[Entry]:
    """Return the entries of the key, on a phone with the names of the lines, from top to bottom."""
    lines = sorted(levels, key=lambda v: (-v.y, v.words)) if narrow else ()
    return [*entries, *(Entry(v.words, v.color, dash=v.dash, width=v.width) for v in lines)]


def _rows(entries: Sequence[Entry], narrow: bool) -> list[list[tuple[float, Entry]]]:
    """Put the entries into rows, each with its x."""
    left, end = (4.0, PHONE) if narrow else (36.0, WIDTH)
    rows: list[list[tuple[float, Entry]]] = [[]]
    x = left
    for entry in entries:
        wide = 20 + width_of(entry.words)
        if rows[-1] and x + wide > end:
            rows.append([])
            x = left
        rows[-1].append((x, entry))
        x += wide + 12
    return rows


def key_height(entries: Sequence[Entry], narrow: bool) -> float:
    """Return the height of a key."""
    return len(_rows(entries, narrow)) * _ROW if entries else 0


def key(canvas: Canvas, entries: Sequence[Entry], below: float = AXIS) -> None:
    """Draw the key, so far below the axes."""
    number = 0
    for row, line in enumerate(_rows(entries, canvas.narrow)):
        y = canvas.floor + below + row * _ROW + 6
        for x, entry in line:
            number += 1
            if entry.shape:
                canvas.marks(
                    [(x + 7, y)], f"key-{number}", entry.shape, entry.color, entry.size, entry.fill
                )
            else:
                canvas.line([(x, y), (x + 15, y)], entry.color, entry.width, entry.dash)
            canvas.text(entry.words, x + 20, y + 0.35 * TEXT)


def mark_events(canvas: Canvas, numbers: Sequence[tuple[float, int]], lift: float = 6) -> None:
    """Draw numbered dashed lines; events at one x share a line, with their numbers together."""
    at: dict[float, list[int]] = {}
    for x, number in numbers:
        at.setdefault(x, []).append(number)
    for x, here in at.items():
        middle, end = canvas.x(x), canvas.top - lift
        words = ", ".join(map(str, here))
        half = width_of(words, bold=True) / 2 + 3
        line = [(middle, canvas.floor), (middle, end)]
        canvas.line(line, MUTE, 1, "4 3", name=f"event-{here[0]}")
        canvas.rect(middle - half, end - 13, 2 * half, 15, WHITE, MUTE)
        canvas.text(words, middle, end - 2, anchor="middle", bold=True)


def letters(canvas: Canvas, points: Sequence[Place], letter: str, color: str) -> None:
    """Write the letter of a signal above its marks: shape and letter, not only colour."""
    for x, y in points:
        canvas.text(letter, x, y - 7, color, anchor="middle", bold=True)


def percent(rate: float) -> str:
    """Format a rate with one decimal where it is not whole."""
    return f"{100 * rate:.1f}".removesuffix(".0") + "%"
