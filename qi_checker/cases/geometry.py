"""A line of days with labels that do not overlap.

Text widths are estimated with the widest of the usual fonts, so that labels do not overlap
whichever font is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from typing import NamedTuple

WIDTH = 720.0
NARROW = 350.0  # for a phone: a unit is a pixel there
MARGIN = 20.0
FONT = 11.0
_CHAR = 0.64 * FONT  # DejaVu Sans digit; Arial and Segoe UI are narrower
_GAP = 8.0


class Label(NamedTuple):
    """Text that starts at x on the base line y."""

    x: float
    y: float
    text: str
    bold: bool = False

    @property
    def end(self) -> float:
        return self.x + text_width(self.text)


class Scale:
    """Maps days to x; a day beyond either end is drawn at that end."""

    def __init__(self, first: date, last: date, width: float = WIDTH) -> None:
        self.first, self.last, self.width = first, last, width
        self.days = (last - first).days

    def x(self, day: date, part: float = 0.0) -> float:
        """Return the x of a day; `part` of a day is added."""
        days = (day - self.first).days + part
        return _x(0 if days < 0 else min(days, self.days), self.days, self.width)


# Rounding takes four times as long as looking it up, and a page has two hundred places.
@lru_cache(20_000)
def _x(days: float, of: int, width: float) -> float:
    return round(MARGIN + days / of * (width - 2 * MARGIN), 1)


def text_width(text: str) -> float:
    """Return an upper bound of the width of the text."""
    return len(text) * _CHAR


def stack(spans: Sequence[tuple[float, float]]) -> list[int]:
    """Return a row for each span: the first in which it does not overlap earlier spans."""
    ends: list[float] = []  # of each row, with the gap after it
    rows = [0] * len(spans)
    for i in sorted(range(len(spans)), key=spans.__getitem__):
        start, end = spans[i]
        for row, taken in enumerate(ends):
            if taken <= start:
                ends[row] = end + _GAP
                break
        else:
            row = len(ends)
            ends.append(end + _GAP)
        rows[i] = row
    return rows


def within(x: float, text: str, width: float = WIDTH) -> float:
    """Return the start of text centred on x, kept inside the picture."""
    wide = text_width(text)
    return round(min(max(x - wide / 2, 2.0), max(width - 2.0 - wide, 2.0)), 1)


def spread(
    anchors: Iterable[tuple[float, str]], base: float, step: float, width: float = WIDTH
) -> tuple[Label, ...]:
    """Centre labels on their x, from the row at `base`; overlapping labels move to other rows."""
    placed = [(within(x, text, width), text) for x, text in anchors]
    rows = stack([(x, x + text_width(text)) for x, text in placed])
    return tuple(
        Label(x, round(base + row * step, 1), text)
        for (x, text), row in zip(placed, rows, strict=True)
    )
