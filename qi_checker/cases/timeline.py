"""The window picture of one requirement: its events on a line of days.

Only numbers are computed here; `drawing.py` draws them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache
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
from qi_checker.cases.words import EventText
from qi_checker.render.words import planned

LANE = 19.0  # height of one row of events
LINE = 14.0  # height of one row of text
MOST_MARKS = 12  # more would not be legible; the table lists them all
_SHAPE = 6.0  # half a symbol's width, with its outline
_CLEAR = _SHAPE + 4  # from a symbol's middle to its label
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


class Picture(NamedTuple):
    """Everything to draw, in the units of the view box."""

    height: float
    axis: float  # y of the line of days
    top: float  # y where the band begins
    band: tuple[float, float]
    open_start: bool  # the window has no first day
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


class _Event(NamedTuple):
    """One event of a picture, with the text of its label."""

    number: int
    first: date
    last: date
    text: str
    shape: Shape
    chosen: bool


class _Plan(NamedTuple):
    """Everything about a picture that is the same in each width; `first` and `last` of the line."""

    sheet: RequirementSheet
    surgery: date
    as_of: date
    first: date
    last: date
    events: tuple[_Event, ...]
    lines: tuple[tuple[date, str], ...]  # vertical lines and their labels
    edges: tuple[tuple[date, str], ...]
    left_out: int
    title: str
    description: str


def _plan(
    sheet: RequirementSheet, events: Sequence[EventText], surgery: date, as_of: date
) -> _Plan:
    assert sheet.window_closes
    shown = _drawn(events)
    first, last = _ends(sheet, surgery, as_of, [one.event for one in shown])
    drafts = []
    for one in shown:
        begins, ends = one.event.first, one.event.last
        assert begins and ends
        text = f"{one.number}: {one.apart}" if one.apart else str(one.number)
        text = _arrow(text, begins < first, ends > last)
        drafts.append(_Event(one.number, begins, ends, text, shape_of(one), one.event.chosen))
    today = _arrow(f"as of {planned(as_of, surgery)}", as_of < first, as_of > last)
    opens, closes = sheet.window_opens, sheet.window_closes
    edges = [(closes, f"closes {planned(closes, closes)}")]
    if opens:
        edges.insert(0, (opens, f"opens {planned(opens, closes)}"))
    dated = sum([1 for one in events if one.event.first])
    return _Plan(
        sheet=sheet,
        surgery=surgery,
        as_of=as_of,
        first=first,
        last=last,
        events=tuple(drafts),
        lines=((surgery, f"surgery {planned(surgery, as_of)}"), (as_of, today)),
        edges=tuple(edges),
        left_out=dated - len(shown),
        title=f"{sheet.title}: {sheet.sentence}",
        description=_described(sheet, shown),
    )


def _arrow(text: str, before: bool, after: bool) -> str:
    """Mark the label of what is beyond an end of the line."""
    if before:
        return f"← {text}"
    return f"{text} →" if after else text


def _ends(
    sheet: RequirementSheet, surgery: date, as_of: date, shown: Sequence[Candidate]
) -> tuple[date, date]:
    """Return the ends of a line from before the window to after surgery, clamping distant days."""
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
    end = max([surgery, closes, *[d for d in (*lasts, as_of) if d <= beyond]])
    pad = timedelta(days=max((end - start).days // 16, 1))
    return start - pad, end + pad


def _drawn(events: Sequence[EventText]) -> list[EventText]:
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


def shape_of(event: EventText) -> Shape:
    """Choose the symbol. Filled circle: counts; hollow: does not; triangle: booked; diamond:
    cannot be decided."""
    shape = SHAPES[event.result.key]
    return _NOT_BOOKED if event.event.status == "booked" and not shape.filled else shape


def _marks(
    events: Sequence[_Event], scale: Scale, top: float, verticals: Sequence[float]
) -> tuple[Mark, ...]:
    """Place the events in rows from the top down, with labels that do not overlap."""
    drafts = []
    for event in events:
        x0 = x1 = scale.x(event.first)
        if event.last != event.first:
            x1 = scale.x(event.last)
        # The label is right of the symbol, or left of it if it would be cut off.
        wide, start = text_width(event.text), x1 + _CLEAR
        if start + wide > scale.width - 2:
            start = max(x0 - _CLEAR - wide, 2.0)
        start = round(start, 1)
        drafts.append((event, x0, x1, start, start + wide))
    rows = stack(
        [(min(x0 - _SHAPE, start), max(x1 + _SHAPE, end)) for _, x0, x1, start, end in drafts]
    )
    ys = [round(top + LANE * (row + 0.5), 1) for row in range(max(rows, default=0) + 1)]
    marks = []
    for (event, x0, x1, start, end), row in zip(drafts, rows, strict=True):
        y, middle, bar, lines = ys[row], x0, None, verticals
        if event.last != event.first:
            middle, bar = round((x0 + x1) / 2, 1), (x0, x1)
            lines = (*verticals, x0, x1)
        label = Label(start, y + 4, event.text, event.chosen)
        covered = None
        for x in lines:
            if start - 2 < x < end:
                covered = round(end - start, 1)
                break
        marks.append(Mark(event.number, event.shape, middle, y, bar, label, covered))
    return tuple(marks)


# In bulk, most cases of a protocol have one of a few hundred lines of days.
@lru_cache(5_000)
def _ticks(surgery: int, days: int, width: float, axis: float) -> tuple[Tick, ...]:
    """Return ticks for days before surgery, as dense as is legible; days count from the left."""
    first = date(2000, 1, 1)  # any day
    scale = Scale(first, first + timedelta(days=days), width)
    per_day = (width - 2 * MARGIN) / days
    step = next((s for s in _STEPS if s * per_day >= 44), _STEPS[-1])
    backs = range(0, surgery + 1, step)
    ticks = []
    for back in backs:
        x = scale.x(first + timedelta(days=surgery - back))
        text = f"{back} days" if back == backs[-1] else str(back)
        ticks.append(Tick(x, Label(within(x, text, width), axis + 15, text)))
    # The last text is the longest, and is at the edge.
    if len(ticks) > 1 and ticks[-1].label.end > ticks[-2].label.x:
        del ticks[-2]
    return tuple(ticks)


def _labels(
    anchors: Sequence[tuple[date, str]], scale: Scale, base: float, step: float
) -> tuple[Label, ...]:
    return spread([(scale.x(day), text) for day, text in anchors], base, step, scale.width)


def _described(sheet: RequirementSheet, shown: Sequence[EventText]) -> str:
    opens = f"from {sheet.window_opens} " if sheet.window_opens else "without a first day "
    parts = [f"Window {opens}to {sheet.window_closes}."]
    for number, event, result, when, apart in shown:
        parts.append(f"{number}: {event.modality or 'event'}, {when}, {apart}, {result.words}.")
    return " ".join(parts)


def pictures_of(
    sheet: RequirementSheet,
    events: Sequence[EventText],
    surgery: date,
    as_of: date,
) -> tuple[Picture, ...]:
    """Make the picture of one requirement in two widths, with one name and description.

    Text keeps its size, so the narrow picture is legible on a phone. A requirement without a window
    has none.
    """
    if sheet.window_closes is None:
        return ()
    plan = _plan(sheet, events, surgery, as_of)
    return tuple([_picture(plan, width) for width in (WIDTH, NARROW)])


def _picture(plan: _Plan, width: float) -> Picture:
    opens, closes = plan.sheet.window_opens, plan.sheet.window_closes
    assert closes
    scale = Scale(plan.first, plan.last, width)
    lines = _labels(plan.lines, scale, LINE - 3, LINE)
    top = max([label.y for label in lines]) + 5
    band = (scale.x(opens, -0.5) if opens else MARGIN, scale.x(closes, 0.5))
    surgery = scale.x(plan.surgery)
    as_of = scale.x(plan.as_of) if plan.first <= plan.as_of <= plan.last else None
    verticals = (*band, surgery) if as_of is None else (*band, surgery, as_of)
    marks = _marks(plan.events, scale, top, verticals)
    axis = round(max([m.y for m in marks], default=top + LANE / 2) + LANE / 2 + 3, 1)
    edges = _labels(plan.edges, scale, axis + 15 + LINE, LINE)
    return Picture(
        height=round(max([label.y for label in edges]) + 5, 1),
        axis=axis,
        top=top,
        band=band,
        open_start=opens is None,
        surgery=surgery,
        as_of=as_of,
        lines=lines,
        edges=edges,
        ticks=_ticks((plan.surgery - plan.first).days, scale.days, width, axis),
        marks=marks,
        left_out=plan.left_out,
        title=plan.title,
        description=plan.description,
        width=width,
    )
