"""A window on the calendar: the days that count for one day of surgery, to check by hand."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from qi_checker.protocol.durations import Duration, shift_months
from qi_checker.protocol.windows import Span, Window, anchor_words
from qi_checker.protocol.words import Titles

DAY = date(2026, 3, 31)  # a Tuesday; the month before is shorter, which shows how a month clamps
CLOCK = time(10, 0)


def example(window: Window, titles: Titles) -> str:
    """Format `for surgery on 2026-03-31: 2026-03-01 to 2026-03-31`; one part per span."""
    return "; and ".join(_of_span(span, titles) for span in window.spans)


def _of_span(span: Span, titles: Titles) -> str:
    reach = span.or_after.limit if span.or_after is not None else None
    limits = (span.near, span.far, reach)
    clock = any(limit is not None and limit.clock is not None for limit in limits)
    day = f"{DAY} at {CLOCK:%H:%M}" if clock else f"{DAY}"
    near, far = _near(span, clock), _far(span)
    first, last = (far, near) if span.before is not None else (near, far)
    if span.or_after is not None and reach is not None:
        last = _edge(reach, forward=True, strict=span.or_after.less_than is not None)
    return f"for {anchor_words(span.anchor, titles)} on {day}: {_range(first, last)}"


def _range(first: str, last: str) -> str:
    if first and last:
        return first if first == last else f"{first} to {last}"
    return f"from {first} on" if first else f"any day until {last}"


def _near(span: Span, clock: bool) -> str:
    """Return the edge nearer to the anchor: the anchor itself without a minimum distance."""
    if span.near is None:
        return _moment(datetime.combine(DAY, CLOCK)) if clock else f"{DAY}"
    return _edge(span.near, span.after is not None, span.more_than is not None, outward=True)


def _far(span: Span) -> str:
    if span.far is None:
        return ""
    return _edge(span.far, span.after is not None, span.less_than is not None)


def _edge(length: Duration, forward: bool, strict: bool, outward: bool = False) -> str:
    """Return the first or last day or moment that counts; a strict limit is one day off the edge.

    `outward`: a minimum distance; if strict, it is one day further from the anchor.
    """
    if length.clock is not None:
        moment = datetime.combine(DAY, CLOCK) + (length.clock if forward else -length.clock)
        word = "after " if forward == outward else "before "
        return f"{word if strict else ''}{_moment(moment)}"
    day = shifted(DAY, length, forward)
    if strict:
        day += timedelta(days=1 if forward == outward else -1)
    return f"{day}"


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def shifted(day: date, length: Duration, forward: bool) -> date:
    """Move a day by a length of days or longer; working days ignore holidays."""
    sign = 1 if forward else -1
    if length.unit == "working day":
        for _ in range(length.amount):
            day += timedelta(days=sign)
            while day.weekday() >= 5:
                day += timedelta(days=sign)
        return day
    if length.unit in ("day", "week"):
        return day + timedelta(days=sign * length.amount * (7 if length.unit == "week" else 1))
    return shift_months(day, sign * length.amount * (12 if length.unit == "year" else 1))
