"""Geometry of the window picture: where everything of one requirement stands on a line of days.

Only numbers are made here; `timeline.html.j2` draws them. Widths of texts are estimated with the
widest of the usual fonts, so that labels keep clear of each other whichever font is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from qi_checker.audit.views import Candidate, RequirementSheet
from qi_checker.reporting import words

WIDTH = 720.0
MARGIN = 20.0
FONT = 11.0
LANE = 19.0  # height of one row of events
LINE = 14.0  # height of one row of text
MOST_MARKS = 12  # more would not be legible; the table lists them all
_CHAR = 0.64 * FONT  # DejaVu Sans digit; Arial and Segoe UI are narrower
_GAP = 8.0
_SHAPE = 6.0  # half a symbol's width, with its outline
_STEPS = (1, 2, 7, 14, 28, 56, 91, 182, 364, 728, 1456, 3640)

SHAPES = {
    "counts": ("circle", True),
    "booked": ("triangle", True),
    "undecided": ("diamond", False),
    "fails": ("circle", False),
}
LEGEND = {
    ("circle", True): "counts",
    ("circle", False): "does not count",
    ("triangle", True): "booked, will count once done",
    ("triangle", False): "booked, does not count",
    ("diamond", False): "cannot be decided",
}


@dataclass(frozen=True)
class Label:
    """A text that starts at x on the base line y."""

    x: float
    y: float
    text: str
    bold: bool = False

    @property
    def end(self) -> float:
        return self.x + text_width(self.text)


@dataclass(frozen=True)
class Mark:
    """One event: its symbol at (x, y), its label, and a dashed bar where the date is partial."""

    number: int  # row of the table of candidates
    shape: str
    filled: bool
    x: float
    y: float
    bar: tuple[float, float] | None
    label: Label


@dataclass(frozen=True)
class Tick:
    x: float
    label: Label


@dataclass(frozen=True)
class Picture:
    """Everything that is drawn, in the units of the view box."""

    height: float
    axis: float  # y of the line of days
    top: float  # y where the band begins
    band: tuple[float, float]
    unlimited: bool  # the band has no first day
    surgery: float
    as_of: float
    lines: tuple[Label, ...]  # labels of the upright lines
    edges: tuple[Label, ...]  # first and last day of the window
    ticks: tuple[Tick, ...]
    marks: tuple[Mark, ...]
    legend: tuple[Mark, ...]
    partial: Label | None  # legend of the dashed bar
    left_out: int
    title: str
    description: str
    width: float = WIDTH


@dataclass(frozen=True)
class Scale:
    """Days to x; a day beyond either end is drawn at that end."""

    first: date
    last: date

    def x(self, day: date, part: float = 0.0) -> float:
        days = min(max((day - self.first).days + part, 0), self.days)
        return round(MARGIN + days / self.days * (WIDTH - 2 * MARGIN), 1)

    @property
    def days(self) -> int:
        return (self.last - self.first).days


def text_width(text: str) -> float:
    """At least as wide as the text will be."""
    return len(text) * _CHAR


def stack(spans: Sequence[tuple[float, float]]) -> list[int]:
    """A row for each span, the lowest where it keeps clear of those before it."""
    ends: list[float] = []
    rows = [0] * len(spans)
    for i in sorted(range(len(spans)), key=lambda i: spans[i]):
        start, end = spans[i]
        row = next((r for r, taken in enumerate(ends) if taken + _GAP <= start), len(ends))
        ends[row : row + 1] = [end]
        rows[i] = row
    return rows


def _within(x: float, text: str) -> float:
    """Where a text centred on x starts, kept inside the picture."""
    wide = text_width(text)
    return round(min(max(x - wide / 2, 2.0), max(WIDTH - 2.0 - wide, 2.0)), 1)


def _labels(anchors: Iterable[tuple[float, str]], base: float, step: float) -> tuple[Label, ...]:
    """Labels centred on their x, moved to further rows where they would overlap."""
    placed = [(_within(x, text), text) for x, text in anchors]
    rows = stack([(x, x + text_width(text)) for x, text in placed])
    return tuple(
        Label(x, round(base + row * step, 1), text)
        for (x, text), row in zip(placed, rows, strict=True)
    )


def _scale(sheet: RequirementSheet, surgery: date, as_of: date, shown: Sequence[Candidate]) -> Scale:
    """From somewhat before the window to somewhat after surgery; what is far off is clamped."""
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
    pad = max((end - start).days // 25, 1)
    return Scale(start - timedelta(days=pad), end + timedelta(days=pad))


def _shown(candidates: Sequence[Candidate]) -> list[tuple[int, Candidate]]:
    """Numbered as in the table; the chosen and the fitting first where there are too many."""
    dated = [(n, c) for n, c in enumerate(candidates, 1) if c.first and c.last]
    if len(dated) <= MOST_MARKS:
        return dated
    order = {"counts": 0, "booked": 1, "undecided": 2, "fails": 3}
    dated.sort(
        key=lambda nc: (not nc[1].chosen, order[words.result(nc[1]).key], abs(nc[1].days_before or 0))
    )
    return sorted(dated[:MOST_MARKS])


def _shape(candidate: Candidate) -> tuple[str, bool]:
    shape, filled = SHAPES[words.result(candidate).key]
    booked = candidate.status == "booked" and shape == "circle"
    return ("triangle", False) if booked else (shape, filled)


def _offset(candidate: Candidate, surgery: date) -> str:
    """Days before surgery, as a range where the date is partial."""
    assert candidate.first and candidate.last
    most, least = (surgery - candidate.first).days, (surgery - candidate.last).days
    return words.days_before(most) if most == least else f"{least} to {words.days_before(most)}"


def _marks(
    shown: Sequence[tuple[int, Candidate]], scale: Scale, surgery: date, axis_of: float
) -> tuple[tuple[Mark, ...], float]:
    """The marks, first row next to the axis, and the y of the axis below them."""
    drafts, spans = [], []
    for number, candidate in shown:
        assert candidate.first and candidate.last
        x0, x1 = scale.x(candidate.first), scale.x(candidate.last)
        partial = candidate.first != candidate.last
        text = f"{number}: {_offset(candidate, surgery)}"
        wide = text_width(text)
        right = x1 + _SHAPE + 4
        start = right if right + wide <= WIDTH - 2 else max(x0 - _SHAPE - 4 - wide, 2.0)
        drafts.append((number, candidate, x0, x1, partial, round(start, 1), text))
        spans.append((min(x0 - _SHAPE, start), max(x1 + _SHAPE, start + wide)))
    rows = stack(spans)
    axis = axis_of + (max(rows, default=0) + 1) * LANE + 6
    marks = []
    for (number, candidate, x0, x1, partial, start, text), row in zip(drafts, rows, strict=True):
        y = round(axis - 6 - LANE / 2 - row * LANE, 1)
        shape, filled = _shape(candidate)
        label = Label(start, y + 4, text, candidate.chosen)
        middle = round((x0 + x1) / 2, 1)
        bar = (x0, x1) if partial else None
        marks.append(Mark(number, shape, filled, middle, y, bar, label))
    return tuple(marks), axis


def _ticks(scale: Scale, surgery: date, axis: float) -> tuple[Tick, ...]:
    """Days before surgery, as densely as can be read."""
    per_day = (WIDTH - 2 * MARGIN) / scale.days
    step = next((s for s in _STEPS if s * per_day >= 44), _STEPS[-1])
    ticks = []
    for back in range(0, (surgery - scale.first).days + 1, step):
        x = scale.x(surgery - timedelta(days=back))
        ticks.append(Tick(x, Label(_within(x, str(back)), axis + 15, str(back))))
    return tuple(ticks)


def _legend(marks: Sequence[Mark], y: float) -> tuple[tuple[Mark, ...], Label | None, float]:
    """Only the symbols that occur; y of the last row comes back with them."""
    seen = [k for k in LEGEND if any((m.shape, m.filled) == k for m in marks)]
    entries, x = [], MARGIN
    for shape, filled in seen:
        text = LEGEND[shape, filled]
        if x + 2 * _SHAPE + text_width(text) > WIDTH:
            x, y = MARGIN, y + LINE
        label = Label(x + _SHAPE + 4, y, text)
        entries.append(Mark(0, shape, filled, x, y - 4, None, label))
        x = label.end + 3 * _SHAPE
    partial = None
    if any(m.bar for m in marks):
        text = "dashed: day not recorded"
        if x + 24 + text_width(text) > WIDTH:
            x, y = MARGIN, y + LINE
        partial = Label(x + 24, y, text)
    return tuple(entries), partial, y


def _lines(scale: Scale, surgery: date, as_of: date) -> tuple[Label, ...]:
    when = f"as of {as_of.isoformat()}"
    if as_of > scale.last:
        when += " →"
    elif as_of < scale.first:
        when = "← " + when
    anchors = [(scale.x(surgery), f"surgery {surgery.isoformat()}"), (scale.x(as_of), when)]
    return _labels(anchors, LINE - 3, LINE)


def _edges(sheet: RequirementSheet, scale: Scale, base: float) -> tuple[Label, ...]:
    assert sheet.window_closes
    anchors = [(scale.x(sheet.window_closes), f"closes {sheet.window_closes.isoformat()}")]
    if sheet.window_opens:
        anchors.insert(0, (scale.x(sheet.window_opens), f"opens {sheet.window_opens.isoformat()}"))
    return _labels(anchors, base, LINE)


def _described(sheet: RequirementSheet, surgery: date) -> str:
    opens = f"from {sheet.window_opens} " if sheet.window_opens else "without a first day "
    parts = [f"Window {opens}to {sheet.window_closes}."]
    for number, candidate in _shown(sheet.candidates):
        modality = candidate.modality or "event"
        parts.append(
            f"{number}: {modality}, {words.when(candidate)}, {_offset(candidate, surgery)}, "
            f"{words.result(candidate).words}."
        )
    return " ".join(parts)


def timeline(sheet: RequirementSheet, surgery: date, as_of: date) -> Picture | None:
    """The picture of one requirement, or None where it has no window."""
    if sheet.window_closes is None:
        return None
    shown = _shown(sheet.candidates)
    scale = _scale(sheet, surgery, as_of, [c for _, c in shown])
    lines = _lines(scale, surgery, as_of)
    top = max(label.y for label in lines) + 5
    marks, axis = _marks(shown, scale, surgery, top)
    edges = _edges(sheet, scale, axis + 15 + LINE)
    legend, partial, bottom = _legend(marks, max(label.y for label in edges) + LINE + 5)
    opens = scale.x(sheet.window_opens, -0.5) if sheet.window_opens else MARGIN
    dated = sum(1 for c in sheet.candidates if c.first)
    return Picture(
        height=round(bottom + 5 if marks else bottom - LINE, 1),
        axis=axis,
        top=top,
        band=(opens, scale.x(sheet.window_closes, 0.5)),
        unlimited=sheet.window_opens is None,
        surgery=scale.x(surgery),
        as_of=scale.x(as_of),
        lines=lines,
        edges=edges,
        ticks=_ticks(scale, surgery, axis),
        marks=marks,
        legend=legend,
        partial=partial,
        left_out=dated - len(shown),
        title=f"{sheet.title}: {sheet.sentence}",
        description=_described(sheet, surgery),
    )
