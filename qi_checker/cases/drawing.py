"""The lines, symbols and text of a window picture as SVG.

Written here and not in a template: a page has about four hundred numbers in its pictures, and a
template escapes each of them, which took as long as the rest of the page. Only text needs escaping;
the text of every `Label` passes through `safe`. Styles are attributes, which PDF makers support.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from qi_checker.cases.geometry import Label
from qi_checker.cases.timeline import Picture, Shape, Tick
from qi_checker.render.html import safe

_INK, _GREY, _BLUE, _BAND, _PAPER = "#1a1a1a", "#595959", "#005eb8", "#dbe6f1", "#ffffff"
_GROUP = '<g aria-hidden="true" font-family="Arial, \'DejaVu Sans\', sans-serif" font-size="11">'


def drawing(picture: Picture) -> str:
    """Draw a picture; hidden from screen readers, since the table below repeats all of it."""
    parts = [_GROUP, *_window(picture), *_days(picture), *_marks(picture), "</g>"]
    return "\n".join(parts)


def symbol(shape: Shape, x: float, y: float) -> str:
    """Draw the symbol of an event around this point."""
    fill = _INK if shape.filled else _PAPER
    look = f'fill="{fill}" stroke="{_INK}" stroke-width="1.6"/>'
    if shape.name == "circle":
        return f'<circle cx="{x}" cy="{y}" r="5" {look}'
    path = "l6 11h-12z" if shape.name == "triangle" else "l6 6l-6 6l-6-6z"
    return f'<path d="M{x} {y - 6}{path}" {look}'


def _text(label: Label, colour: str = _INK) -> str:
    x, y, text, bold = label
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x}" y="{y}" fill="{colour}"{weight}>{safe(text)}</text>'


def _window(picture: Picture) -> list[str]:
    """Draw the band of the window with its ends, and the line of days."""
    opens, closes = picture.band
    top, axis = picture.top, picture.axis
    size = f'width="{closes - opens}" height="{axis - top}"'
    ends = (closes,) if picture.open_start else (opens, closes)
    return [
        f'<rect x="{opens}" y="{top}" {size} fill="{_BAND}"/>',
        *[f'<path d="M{x} {top}V{axis + 5}" stroke="{_BLUE}" stroke-width="2"/>' for x in ends],
        f'<path d="M8 {axis}H{picture.width - 8}" stroke="{_INK}"/>',
    ]


def _days(picture: Picture) -> list[str]:
    """Draw the days before surgery, surgery and the day of the evaluation."""
    top, axis = picture.top - 3, picture.axis
    parts = [
        *_ticks(picture.ticks, axis),
        f'<path d="M{picture.surgery} {top}V{axis}" stroke="{_INK}" stroke-width="2"/>',
    ]
    if picture.as_of is not None:
        line = f'<path d="M{picture.as_of} {top}V{axis}" stroke="{_INK}"'
        parts.append(f'{line} stroke-width="1.4" stroke-dasharray="2 3"/>')
    return parts + [_text(label) for label in (*picture.lines, *picture.edges)]


@lru_cache(5_000)  # like `timeline._ticks`
def _ticks(ticks: Sequence[Tick], axis: float) -> list[str]:
    parts = []
    for x, label in ticks:
        parts += [f'<path d="M{x} {axis}v4" stroke="{_INK}"/>', _text(label, _GREY)]
    return parts


def _marks(picture: Picture) -> list[str]:
    """Draw every event: a bar if its date is partial, its symbol, and its label on a background."""
    parts = []
    for _, shape, x, y, bar, label, crossed in picture.marks:
        if bar:
            line = f'<path d="M{bar[0]} {y}H{bar[1]}" stroke="{_INK}"'
            parts.append(f'{line} stroke-width="2.5" stroke-dasharray="5 3"/>')
        if crossed:
            box = f'<rect x="{label.x}" y="{label.y - 10}" width="{crossed}" height="13"'
            parts.append(f'{box} fill="{_PAPER}" fill-opacity="0.8"/>')
        parts += [symbol(shape, x, y), _text(label)]
    return parts
