"""The edges of a window: the last day or minute inside each limit, and the first outside.

A rule with 30 days instead of 31 differs from the right one only at its edges, so examples must hit
these.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from qi_checker.judging.outcomes import Judged
from qi_checker.judging.spans import Outcome, Stretch
from qi_checker.judging.values import earlier, later
from qi_checker.protocol.durations import Duration
from qi_checker.protocol.windows import Span, Window, anchor_words

_DAY, _MINUTE = timedelta(days=1), timedelta(minutes=1)
INSIDE, OUTSIDE = "inside", "outside"
ANCHOR = ""  # the key of the edge at the anchor itself


@dataclass(frozen=True)
class Edge:
    """One side of one limit of a requirement's window; `span` is its number, from 0."""

    span: int
    key: str  # at_most, or_after.less_than ... or ANCHOR
    side: str

    def words(self, window: Window, titles: Mapping[str, str]) -> str:
        """Return `the last day inside at_most: 30 days`; `titles` are those of the requirements."""
        span = window.spans[self.span]
        if self.key == ANCHOR:
            return f"{self._beside(span)} {anchor_words(span.anchor, titles)}"
        length = _length(span, self.key)
        unit = "minute" if length.clock is not None else "day"
        which = "last" if self.side == INSIDE else "first"
        return f"the {which} {unit} {self.side} {self.key}: {length}"

    def _beside(self, span: Span) -> str:
        """Return `the day of`, or the adjacent day or minute."""
        back = span.before is not None
        if _by_minutes(span):
            of_anchor = back == (self.side == OUTSIDE)
            return "the minute of" if of_anchor else "the last minute before"
        beyond = "the day after" if back else "the day before"
        return "the day of" if self.side == INSIDE else beyond

    def steps(self) -> tuple[str | int, ...]:
        """Return the path of the limit relative to its requirement: window, and, 0, at_most."""
        holder: tuple[str | int, ...] = (
            ("window", "and", self.span - 1) if self.span else ("window",)
        )
        return (*holder, *self.key.split(".")) if self.key else holder


def edges(window: Window) -> list[Edge]:
    """Return both sides of every limit, in the order written, and of the anchor if it is an end."""
    result = []
    for number, span in enumerate(window.spans):
        keys = [key for key in _KEYS if _of(span, key) is not None]
        if span.or_after is None and span.near is None:
            keys.append(ANCHOR)
        result += [Edge(number, key, side) for key in keys for side in (INSIDE, OUTSIDE)]
    return result


_KEYS = ("at_most", "less_than", "at_least", "more_than", "or_after.at_most", "or_after.less_than")


def _of(span: Span, key: str) -> Duration | None:
    holder, _, name = key.rpartition(".")
    owner = span.or_after if holder else span
    found: Duration | None = getattr(owner, name) if owner is not None else None
    return found


def _length(span: Span, key: str) -> Duration:
    length = _of(span, key)
    assert length is not None, "an edge belongs to an existing limit"
    return length


def _by_minutes(span: Span) -> bool:
    return span.far is not None and span.far.clock is not None


def place(edge: Edge, stretch: Stretch) -> date | datetime | None:
    """Return the date of an edge, or its moment for minutes and hours; None without a clock."""
    span = stretch.span
    if edge.key == ANCHOR:
        return _anchor_place(edge, stretch)
    length = _length(span, edge.key)
    back = stretch.back and not edge.key.startswith("or_after")
    strict = edge.key.endswith(("less_than", "more_than"))
    # Towards the anchor is inwards for a maximum distance, outwards for a minimum.
    inwards = (1 if back else -1) * (-1 if edge.key in ("at_least", "more_than") else 1)
    steps = inwards * (strict - (edge.side == OUTSIDE))
    if length.clock is not None:
        clock = stretch.anchor.clock
        if clock is None:
            return None
        return clock + (-length.clock if back else length.clock) + steps * _MINUTE
    day = (earlier if back else later)(stretch.day, length, stretch.holidays)
    return day + steps * _DAY


def _anchor_place(edge: Edge, stretch: Stretch) -> date | datetime | None:
    if _by_minutes(stretch.span):
        at_anchor = (edge.side == OUTSIDE) == stretch.back
        clock = stretch.anchor.clock
        return None if clock is None else clock - (timedelta() if at_anchor else _MINUTE)
    beyond = _DAY if stretch.back else -_DAY
    return stretch.day + (beyond if edge.side == OUTSIDE else timedelta())


def hit(judged: Judged, stretches: tuple[Stretch, ...], window: Window) -> Iterator[Edge]:
    """Yield the edges that an event meeting all other criteria hits."""
    at = judged.event.at
    if at is None or at.lo != at.hi or not judged.right_study:
        return
    if judged.status.outcome is not Outcome.PASS:
        return
    for edge in edges(window):
        where = place(edge, stretches[edge.span])
        if isinstance(where, datetime):
            there = at.clock is not None and where <= at.clock < where + _MINUTE
        else:
            there = at.lo == where
        if there and _counts(edge, judged):
            yield edge


def _counts(edge: Edge, judged: Judged) -> bool:
    """Whether a hit counts: no other limit excludes it; on the anchor's day `same_day` decides."""
    fails = judged.window.outcome is Outcome.FAIL
    if edge.key == ANCHOR and edge.side == INSIDE:
        return True
    return fails == (edge.side == OUTSIDE)
