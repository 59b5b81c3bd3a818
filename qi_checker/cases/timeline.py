"""The window picture of one requirement: its events on a line of days.

Only numbers are computed here; `drawing.py` draws them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from qi_checker.cases.geometry import (
    MARGIN,
    NARROW,
    WIDTH,
    Label,
    Scale,
    spread,
    stack,
    text_width,
    within,
)
from qi_checker.cases.views import Candidate, RequirementSheet
from qi_checker.cases.words import Told, told
from qi_checker.render.words import planned

LANE = 19.0  # height of one row of events
LINE = 14.0  # height of one row of text
MOST_MARKS = 12  # more would not be legible; the table lists them all
_SHAPE = 6.0  # half a symbol's width, with its outline
_STEPS = (1, 2, 7, 14, 28, 56, 91, 182, 364, 728, 1456, 3640)


class Shape(NamedTuple):
    """The symbol of an event; its shape says as much as its filling, for print and for eyes."""

    name: str  # circle, triangle, diamond
    filled: bool


SHAPES = {
    "counts": Shape("circle", True),
    "booked": Shape("triangle", True),
    "undecided": Shape("diamond", False),
    "fails": Shape("circle", False),
}


class Mark(NamedTuple):
    """One event: its symbol at (x, y), its label, and a dashed bar if the date is partial."""

    number: int  # row of the table of candidates
    shape: Shape
    x: float
    y: float
    bar: tuple[float, float] | None
    label: Label
    crossed: float | None = None  # width of a label that a vertical line crosses


class Tick(NamedTuple):
    """A day on the line."""

    x: float
    label: Label


@dataclass(frozen=True)
class Picture:
    """Everything to draw, in the units of the view box."""

    height: float
    axis: float  # y of the line of days
    top: float  # y where the band begins
    band: tuple[float, float]
    unlimited: bool  # the band has no first day
    surgery: float
    as_of: float | None  # None if it is too far away to be drawn
    lines: tuple[Label, ...]  # labels of the vertical lines
    edges: tuple[Label, ...]  # first and last day of the window
    ticks: tuple[Tick, ...]
    marks: tuple[Mark, ...]
    left_out: int
    title: str
    description: str
    width: float


def _scale(
    sheet: RequirementSheet,
    surgery: date,
    as_of: date,
    shown: Sequence[Candidate],
    width: float,
) -> Scale:
    """Return a scale from before the window to after surgery; distant days are clamped."""
    closes = sheet.window_closes or surgery
    firsts = [c.first for c in shown if c.first]
    lasts = [c.last for c in shown if c.last]
    if sheet.window_opens is None:
        start = min([*firsts, as_of, surgery - timedelta(days=30)])
        reach = 7
    else:
        reach = max((closes - sheet.window_opens).days, 7)
        far = sheet.window_opens - timedelta(days=reach)
        near = [d for d in (*firsts, as_of) if d >= far]
        start = min([sheet.window_opens, *near])
    beyond = max(surgery, closes) + timedelta(days=reach // 2)
    end = max([surgery, closes, *(d for d in (*lasts, as_of) if d <= beyond)])
    pad = max((end - start).days // 16, 1)
    return Scale(start - timedelta(days=pad), end + timedelta(days=pad), width)


def _drawn(events: Sequence[Told]) -> list[Told]:
    """Return the events with a date; if there are too many, the chosen and matching ones first."""
    dated = [one for one in events if one.event.first and one.event.last]
    if len(dated) <= MOST_MARKS:
        return dated
    order = {"counts": 0, "booked": 1, "undecided": 2, "fails": 3}
    dated.sort(
        key=lambda one: (
            not one.event.chosen,
            order[one.result.key],
            abs(one.event.days_before or 0),
        )
    )
    return sorted(dated[:MOST_MARKS], key=lambda one: one.number)


_NOT_BOOKED = Shape("triangle", False)  # an appointment that will not count


def shape_of(told: Told) -> Shape:
    """Choose the symbol. Filled circle: counts; hollow: does not; triangle: booked; diamond:
    cannot be decided."""
    shape = SHAPES[told.result.key]
    return _NOT_BOOKED if told.event.status == "booked" and not shape.filled else shape


def _beside(x0: float, x1: float, text: str, width: float) -> float:
    """Return the start of a mark's label: to its right, or to its left if that would be cut off."""
    wide, clear = text_width(text), _SHAPE + 4
    right = x1 + clear
    return round(right if right + wide <= width - 2 else max(x0 - clear - wide, 2.0), 1)


def _marks(
    shown: Sequence[Told],
    scale: Scale,
    top: float,
    uprights: Sequence[float],
) -> tuple[Mark, ...]:
    """Place the events in rows from the top down, with labels that do not overlap."""
    drafts = []
    for one in shown:
        first, last = one.event.first, one.event.last
        assert first and last
        left = scale.x(first)
        ends = left, left if first == last else scale.x(last)
        text = f"{one.number}: {one.apart}".removesuffix(": ")
        if first < scale.first:
            text = f"← {text}"
        elif last > scale.last:
            text = f"{text} →"
        drafts.append((one, ends, Label(_beside(*ends, text, scale.width), 0, text)))
    rows = stack([(min(x0 - _SHAPE, t.x), max(x1 + _SHAPE, t.end)) for _, (x0, x1), t in drafts])
    marks = []
    for (one, (x0, x1), label), row in zip(drafts, rows, strict=True):
        y = round(top + LANE * (row + 0.5), 1)
        bar = (x0, x1) if one.event.first != one.event.last else None
        end = label.end
        crossed = any(label.x - 2 < x < end for x in (*uprights, *(bar or ())))
        label = Label(label.x, y + 4, label.text, one.event.chosen)
        middle = round((x0 + x1) / 2, 1)
        wide = round(end - label.x, 1) if crossed else None
        marks.append(Mark(one.number, shape_of(one), middle, y, bar, label, wide))
    return tuple(marks)


def _ticks(scale: Scale, surgery: date, axis: float) -> tuple[Tick, ...]:
    """Return ticks for days before surgery, as dense as is legible."""
    per_day = (scale.width - 2 * MARGIN) / scale.days
    step = next((s for s in _STEPS if s * per_day >= 44), _STEPS[-1])
    backs = range(0, (surgery - scale.first).days + 1, step)
    ticks = []
    for back in backs:
        x = scale.x(surgery - timedelta(days=back))
        text = f"{back} days" if back == backs[-1] else str(back)
        ticks.append(Tick(x, Label(within(x, text, scale.width), axis + 15, text)))
    # The last text is the longest, and is at the edge.
    if len(ticks) > 1 and ticks[-1].label.end > ticks[-2].label.x:
        del ticks[-2]
    return tuple(ticks)


def _lines(scale: Scale, surgery: date, as_of: date) -> tuple[Label, ...]:
    text = f"as of {planned(as_of, surgery)}"
    if as_of > scale.last:
        text += " →"
    elif as_of < scale.first:
        text = "← " + text
    anchors = [(scale.x(surgery), f"surgery {planned(surgery, as_of)}"), (scale.x(as_of), text)]
    return spread(anchors, LINE - 3, LINE, scale.width)


def _edges(sheet: RequirementSheet, scale: Scale, base: float) -> tuple[Label, ...]:
    assert sheet.window_closes
    anchors = [
        (
            scale.x(sheet.window_closes),
            f"closes {planned(sheet.window_closes, sheet.window_closes)}",
        )
    ]
    if sheet.window_opens:
        anchors.insert(
            0,
            (
                scale.x(sheet.window_opens),
                f"opens {planned(sheet.window_opens, sheet.window_closes)}",
            ),
        )
    return spread(anchors, base, LINE, scale.width)


def _described(sheet: RequirementSheet, shown: Sequence[Told]) -> str:
    opens = f"from {sheet.window_opens} " if sheet.window_opens else "without a first day "
    parts = [f"Window {opens}to {sheet.window_closes}."]
    for number, event, result, when, apart in shown:
        parts.append(f"{number}: {event.modality or 'event'}, {when}, {apart}, {result.words}.")
    return " ".join(parts)


def timeline(
    sheet: RequirementSheet, surgery: date, as_of: date, width: float = WIDTH
) -> Picture | None:
    """Make the picture of one requirement, or None if it has no window.

    width: of the view box. Text keeps its size, so a narrow picture is legible on a phone.
    """
    pictures = pictures_of(sheet, told(sheet.candidates), surgery, as_of, (width,))
    return pictures[0] if pictures else None


def pictures_of(
    sheet: RequirementSheet,
    events: Sequence[Told],
    surgery: date,
    as_of: date,
    widths: Sequence[float] = (WIDTH, NARROW),
) -> tuple[Picture, ...]:
    """Make the picture of one requirement in several widths, with one name and description."""
    if sheet.window_closes is None:
        return ()
    shown = _drawn(events)
    description = _described(sheet, shown)
    return tuple(_picture(sheet, surgery, as_of, shown, description, width) for width in widths)


def _picture(
    sheet: RequirementSheet,
    surgery: date,
    as_of: date,
    shown: Sequence[Told],
    description: str,
    width: float,
) -> Picture:
    assert sheet.window_closes
    scale = _scale(sheet, surgery, as_of, [one.event for one in shown], width)
    lines = _lines(scale, surgery, as_of)
    top = max(label.y for label in lines) + 5
    opens = scale.x(sheet.window_opens, -0.5) if sheet.window_opens else MARGIN
    band = (opens, scale.x(sheet.window_closes, 0.5))
    upright = scale.x(as_of) if scale.first <= as_of <= scale.last else None
    uprights = [*band, scale.x(surgery), *([upright] if upright is not None else [])]
    marks = _marks(shown, scale, top, uprights)
    axis = round(max((m.y for m in marks), default=top + LANE / 2) + LANE / 2 + 3, 1)
    edges = _edges(sheet, scale, axis + 15 + LINE)
    dated = sum(1 for c in sheet.candidates if c.first)
    return Picture(
        height=round(max(label.y for label in edges) + 5, 1),
        axis=axis,
        top=top,
        band=band,
        unlimited=sheet.window_opens is None,
        surgery=scale.x(surgery),
        as_of=upright,
        lines=lines,
        edges=edges,
        ticks=_ticks(scale, surgery, axis),
        marks=marks,
        left_out=dated - len(shown),
        title=f"{sheet.title}: {sheet.sentence}",
        description=description,
        width=width,
    )
