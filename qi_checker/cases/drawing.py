"""The lines, symbols and text of a window picture as SVG.

Written here and not in a template: a page has about four hundred numbers in its pictures, and a
template escapes each of them, which took as long as the rest of the page. Only text needs escaping;
the text of every `Label` passes through `escape`. Styles are attributes, which PDF makers support.
"""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup, escape

from qi_checker.cases.geometry import Label
from qi_checker.cases.timeline import Mark, Picture, Shape

_INK, _GREY, _BLUE, _BAND, _PAPER = "#1a1a1a", "#595959", "#005eb8", "#dbe6f1", "#ffffff"


def drawing(picture: Picture) -> Markup:
    """Draw a picture; hidden from screen readers, since the table below repeats all of it."""
    parts = (*_window(picture), *_days(picture), *_marks(picture))
    fonts = 'font-family="Arial, \'DejaVu Sans\', sans-serif" font-size="11"'
    return Markup("\n".join((f'<g aria-hidden="true" {fonts}>', *parts, "</g>")))


def symbol(shape: Shape, x: float, y: float) -> Markup:
    """Draw the symbol of an event around this point."""
    fill = _INK if shape.filled else _PAPER
    look = f'fill="{fill}" stroke="{_INK}" stroke-width="1.6"/>'
    if shape.name == "circle":
        return Markup(f'<circle cx="{x}" cy="{y}" r="5" {look}')
    path = "l6 11h-12z" if shape.name == "triangle" else "l6 6l-6 6l-6-6z"
    return Markup(f'<path d="M{x} {y - 6}{path}" {look}')


def _text(label: Label, colour: str = _INK) -> str:
    bold = ' font-weight="bold"' if label.bold else ""
    return f'<text x="{label.x}" y="{label.y}" fill="{colour}"{bold}>{escape(label.text)}</text>'


def _window(picture: Picture) -> Iterator[str]:
    """Draw the band of the window with its ends, and the line of days."""
    opens, closes = picture.band
    top, axis = picture.top, picture.axis
    yield (
        f'<rect x="{opens}" y="{top}" width="{closes - opens}" height="{axis - top}" fill="{_BAND}"/>'
    )
    for end in (closes,) if picture.unlimited else (opens, closes):
        yield f'<path d="M{end} {top}V{axis + 5}" stroke="{_BLUE}" stroke-width="2"/>'
    yield f'<path d="M8 {axis}H{picture.width - 8}" stroke="{_INK}"/>'


def _days(picture: Picture) -> Iterator[str]:
    """Draw the days before surgery, surgery and the day of the evaluation."""
    top, axis = picture.top - 3, picture.axis
    for tick in picture.ticks:
        yield f'<path d="M{tick.x} {axis}v4" stroke="{_INK}"/>'
        yield _text(tick.label, _GREY)
    yield f'<path d="M{picture.surgery} {top}V{axis}" stroke="{_INK}" stroke-width="2"/>'
    if picture.as_of is not None:
        line = f'<path d="M{picture.as_of} {top}V{axis}" stroke="{_INK}"'
        yield f'{line} stroke-width="1.4" stroke-dasharray="2 3"/>'
    for label in (*picture.lines, *picture.edges):
        yield _text(label)


def _marks(picture: Picture) -> Iterator[str]:
    """Draw every event: a bar if its date is partial, its symbol, and its label on a background."""
    for mark in picture.marks:
        yield from _mark(mark)


def _mark(mark: Mark) -> Iterator[str]:
    if mark.bar:
        line = f'<path d="M{mark.bar[0]} {mark.y}H{mark.bar[1]}" stroke="{_INK}"'
        yield f'{line} stroke-width="2.5" stroke-dasharray="5 3"/>'
    x, y = mark.label.x, mark.label.y
    if mark.crossed:
        box = f'<rect x="{x}" y="{y - 10}" width="{mark.crossed}" height="13"'
        yield f'{box} fill="{_PAPER}" fill-opacity="0.8"/>'
    yield symbol(mark.shape, mark.x, mark.y)
    yield _text(mark.label)
