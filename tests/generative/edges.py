"""Moments at the edges of a window, where evaluations go wrong."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from qi_checker.judging.values import earlier, later
from qi_checker.protocol.durations import Duration
from qi_checker.protocol.windows import Span

Moment = date | datetime  # a date-time with or without an offset
DAY = timedelta(days=1)
BESIDE = (timedelta(microseconds=1), timedelta(seconds=1), timedelta(minutes=1))


def moment(text: str | None) -> Moment | None:
    """What a text of the generator stands for; None where it cannot be read."""
    plain = re.sub(r" (?=[+-])", "", text or "")
    try:
        return date.fromisoformat(plain) if len(plain) == 10 else datetime.fromisoformat(plain)
    except ValueError:
        return None


def edge(draws: random.Random, span: Span, anchor: Moment) -> Moment:
    """A moment exactly at a limit of a span, a little beside it, or somewhere on its way there."""
    back = span.before is not None
    limits = [(length, back) for length in (span.near, span.far) if length]
    if span.or_after:
        limits.append((span.or_after.limit, False))
    if not limits or draws.random() < 0.15:
        days = draws.choice((0, 0, 1, 2, draws.randint(0, 30)))
        return anchor - days * DAY if back else anchor + days * DAY
    length, way_back = draws.choice(limits)
    if length.clock is not None:
        return _clock_edge(draws, length.clock, way_back, anchor)
    return _day_edge(draws, length, way_back, _day(anchor))


def _clock_edge(draws: random.Random, length: timedelta, back: bool, anchor: Moment) -> Moment:
    start = anchor if isinstance(anchor, datetime) else datetime.combine(anchor, time(8))
    found = start - length if back else start + length
    way = draws.choice((0, 0, 0, -1, 1))
    beside = draws.choice((*BESIDE, length * draws.random()))
    return found + way * beside


def _day_edge(draws: random.Random, length: Duration, back: bool, anchor: date) -> date:
    found = (earlier if back else later)(anchor, length)
    if draws.random() < 0.4:
        inside = draws.randint(0, abs((anchor - found).days))
        return anchor - inside * DAY if back else anchor + inside * DAY
    return found + draws.choice((-1, 0, 0, 0, 1)) * DAY


def _day(value: Moment) -> date:
    return value.date() if isinstance(value, datetime) else value


def written(draws: random.Random, value: datetime, offsets: Sequence[str]) -> str:
    """A date-time with an offset is often written with another one, now and then without."""
    chance = draws.random()
    if value.tzinfo and chance < 0.4:
        zone = datetime.fromisoformat(f"2026-01-01T00:00{draws.choice(offsets).strip()}").tzinfo
        value = value.astimezone(zone)
    elif chance < 0.5:
        value = value.replace(tzinfo=None)
    return value.isoformat(draws.choice("T "))
