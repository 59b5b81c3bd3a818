"""Pictures of the study: days per operation with the window's line, and rates beside benchmarks.

Only places are computed here; the template draws. Every picture has its numbers in a table.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from qi_checker.audit.study_views import Point, Study
from qi_checker.reporting.benchmarks import BAND, BENCHMARKS

WIDTH, HEIGHT = 720, 330
LEFT, RIGHT, TOP, BOTTOM = 40, 122, 26, 44
_STEPS = (1, 2, 5, 10, 20, 30, 60, 90, 180, 365, 730)
_MOST_TICKS = 7
_APART = 13  # labels of lines keep so far from each other


@dataclass(frozen=True)
class Mark:
    """One operation: where it is drawn, and `kind`: inside, outside, or none (nothing to count)."""

    x: float
    y: float
    kind: str
    stem: float | None  # y of the oldest study, where it is another one


@dataclass(frozen=True)
class Line:
    """A level line over a stretch of x, with its label at the right."""

    y: float
    start: float
    end: float
    label: str
    label_y: float
    dash: str


@dataclass(frozen=True)
class Chart:
    """Days per operation in the order of surgery."""

    marks: tuple[Mark, ...]
    ticks: tuple[tuple[float, str], ...]
    lines: tuple[Line, ...]
    split: float  # x between the periods
    names: tuple[tuple[float, str], ...]  # (x, name of a period)
    title: str
    description: str
    width: int = WIDTH
    height: int = HEIGHT
    floor: float = HEIGHT - BOTTOM
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP


@dataclass(frozen=True)
class Bar:
    """One line of the benchmark picture, all in x."""

    y: int
    label: str
    low: float
    x: float
    high: float
    ours: bool


@dataclass(frozen=True)
class Forest:
    """Rates with their intervals beside the band of the benchmarks."""

    bars: tuple[Bar, ...]
    band: tuple[float, float]  # x and width
    ticks: tuple[tuple[float, str], ...]
    height: int
    title: str
    description: str
    width: int = WIDTH


def chart(study: Study, title: str) -> Chart | None:
    """Days from the newest study to surgery; None where nothing was there to count from."""
    lead = study.intervals[0] if study.intervals else None
    values = [d for p in study.points for d in (_lead(p), p.oldest) if d is not None]
    if lead is None or not values:
        return None
    top = max([*values, lead.limit or 0, 1])
    step = next((s for s in _STEPS if top / s <= _MOST_TICKS), 3650)
    ceiling = (top // step + (top % step > 0)) * step
    floor = HEIGHT - BOTTOM

    def y(days: float) -> float:
        return round(floor - days / ceiling * (floor - TOP), 1)

    counts = [sum(p.period == period.name for p in study.points) for period in study.periods]
    xs, split = _places(counts)
    marks = tuple(_mark(p, x, y, lead.limit, floor) for p, x in zip(study.points, xs, strict=True))
    levels = []
    if lead.limit is not None:
        levels.append((y(lead.limit), f"window: {lead.limit} days", ""))
    if lead.before.median is not None:
        levels.append((y(lead.before.median), f"median before: {lead.before.median:g}", "6 4"))
    names = tuple(
        (round(x, 1), f"{p.name.capitalize()} (n = {n})")
        for p, n, x in zip(study.periods, counts, ((LEFT + split) / 2, (split + WIDTH - RIGHT) / 2), strict=True)
        if n
    )  # fmt: skip
    return Chart(
        marks=marks,
        ticks=tuple((y(d), str(d)) for d in range(0, ceiling + 1, step)),
        lines=tuple(_lines(levels)),
        split=split,
        names=names,
        title=title,
        description="One mark for each operation, in the order of surgery. The median of the "
        "earlier period is drawn on over the later one. The table of operations has every number.",
    )


def _lead(point: Point) -> int | None:
    return point.newest


def _places(counts: Sequence[int]) -> tuple[list[float], float]:
    """x of every operation, and of the line between the periods; a gap stands between them."""
    slots = sum(counts) + 1
    wide = (WIDTH - RIGHT - LEFT) / slots
    xs = [round(LEFT + (i + 0.5 + (i >= counts[0])) * wide, 1) for i in range(sum(counts))]
    return xs, round(LEFT + (counts[0] + 0.5) * wide, 1)


def _mark(point: Point, x: float, y, limit: int | None, floor: float) -> Mark:  # type: ignore[no-untyped-def]
    if point.newest is None:
        return Mark(x, floor + 9, "none", None)
    kind = "outside" if limit is not None and point.newest > limit else "inside"
    other = point.oldest is not None and point.oldest != point.newest
    return Mark(x, y(point.newest), kind, y(point.oldest) if other else None)


def _lines(levels: Sequence[tuple[float, str, str]]) -> Iterable[Line]:
    """Level lines; where two are close, the label of the upper one moves up."""
    taken: list[float] = []
    for y, label, dash in sorted(levels, reverse=True):
        at = y + 4
        if taken and taken[-1] - at < _APART:
            at = taken[-1] - _APART
        taken.append(at)
        yield Line(y, LEFT, WIDTH - RIGHT, label, round(at, 1), dash)


def forest(study: Study, title: str) -> Forest | None:
    """The plan-change rates beside the benchmarks; None without a rate."""
    change = study.plan_change
    if change is None:
        return None
    left, right, height = 330, WIDTH - 20, 22

    def x(rate: float) -> float:
        return round(left + rate / 0.7 * (right - left), 1)

    ours = [
        (f"This study, {name}: {share.part}/{share.whole}", share.part / share.whole, share.low, share.high)
        for name, share in (("before", change.rate.before), ("after", change.rate.after))
        if share.whole
    ]  # fmt: skip
    if not ours:
        return None
    rows = [(*row, True) for row in ours]
    rows += [
        (f"{b.citation.split(',')[0]}{_side(b.citation)}: {b.count or '35 %'}", b.rate, b.low, b.high, False)
        for b in BENCHMARKS
    ]  # fmt: skip
    bars = tuple(
        Bar(30 + i * height, label, x(low or 0), x(rate), x(min(high or 1, 0.7)), mine)
        for i, (label, rate, low, high, mine) in enumerate(rows)
    )
    return Forest(
        bars=bars,
        band=(x(BAND[0]), round(x(BAND[1]) - x(BAND[0]), 1)),
        ticks=tuple((x(p / 100), f"{p} %") for p in range(0, 71, 10)),
        height=30 + len(rows) * height + 8,
        title=title,
        description="A dot for each rate with its 95 % interval; the grey band reaches from the "
        "lowest to the highest published rate. The table has every number.",
    )


def _side(citation: str) -> str:
    word = citation.rsplit(", ", 1)[-1]
    return f", {word}" if word in ("before", "after") else ""
