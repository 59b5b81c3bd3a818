"""What to try to make a requirement due, expired ...: records a little different from an example's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from qi_checker.judging.charts import Chart
from qi_checker.judging.days import earlier
from qi_checker.judging.questions import Question
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.examples import Example
from qi_checker.protocol.models import Requirement
from qi_checker.protocol.vocabulary import Status

Row = Mapping[str, str]
_DAY = timedelta(days=1)
_ISO = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(.*)", re.DOTALL)
_SEEN = ("modality", "region")  # what a source may leave out, so that it cannot be told


@dataclass(frozen=True)
class Scene:
    """The records of a sketch as they are written; `full` is the case with the defaults."""

    as_of: AsOf
    case: Row
    full: Row
    others: tuple[Row, ...] = ()
    events: tuple[Row, ...] = ()
    exceptions: tuple[Row, ...] = ()
    site: Mapping[str, Any] | None = None

    @classmethod
    def of(cls, example: Example, day: date) -> Scene:
        """The records of an example; other ids than those given by number are kept."""
        given = example.given
        return cls(
            example.as_of,
            given.case,
            example.tables["cases"][0],
            tuple(given.other_cases),
            tuple(given.events),
            tuple(given.exceptions),
            given.site,
        )

    def given(self) -> dict[str, Any]:
        """As it stands under `given`."""
        found: dict[str, Any] = {"as_of": str(self.as_of)}
        parts = (
            ("site", self.site),
            ("case", self.case),
            ("other_cases", self.others),
            ("events", self.events),
            ("exceptions", self.exceptions),
        )
        for name, value in parts:
            if value:
                plain = dict(value) if isinstance(value, Mapping) else [dict(v) for v in value]
                found[name] = plain
        return found

    def seen(self, as_of: AsOf) -> Scene:
        return replace(self, as_of=as_of)

    def with_case(self, **columns: str) -> Scene:
        return replace(self, case={**self.case, **columns}, full={**self.full, **columns})

    def with_event(self, *rows: Row) -> Scene:
        return replace(self, events=(*self.events, *rows))


def moved(scene: Scene, by: timedelta) -> Scene:
    """The same so many days later: every date of every record, and the moment it is judged."""
    dates = {k: v for k, v in scene.full.items() if _ISO.fullmatch(v)}
    case = {**scene.case, **dates}
    clock = scene.as_of.clock
    return replace(
        scene,
        as_of=AsOf(scene.as_of.date + by, clock + by if clock else None),
        case=_shifted(case, by),
        full=_shifted(scene.full, by),
        others=tuple(_shifted(row, by) for row in scene.others),
        events=tuple(_shifted(row, by) for row in scene.events),
        exceptions=tuple(_shifted(row, by) for row in scene.exceptions),
    )


def _shifted(row: Row, by: timedelta) -> dict[str, str]:
    found = {}
    for name, text in row.items():
        parts = _ISO.fullmatch(text)
        found[name] = text
        if parts:
            try:
                found[name] = (date.fromisoformat(parts[1]) + by).isoformat() + parts[2]
            except (ValueError, OverflowError):
                continue
    return found


def scenes_for(
    status: Status,
    scene: Scene,
    event: Row,
    leaf: Requirement,
    question: Question,
    chart: Chart,
) -> Iterator[Scene]:
    """What may give the requirement this status, the likeliest first."""
    day = chart.case.day
    past = [scene.seen(as_of) for as_of in _moments_after(scene, question, day)]
    ahead = [
        scene.with_case(status="scheduled").seen(AsOf(moment))
        for moment in _moments_before(question, day)
    ]
    at = [*_minutes(question), *(found.isoformat() for found in _days(question, day))]
    if status is Status.NOT_APPLICABLE:
        yield scene.with_case(status="cancelled")
    elif status is Status.DUE:
        yield from (b for a in ahead for b in (a, *_each(a, event, at, leaf, status="booked")))
        yield from past
    elif status is Status.BOOKED:
        yield from (b for a in (*ahead, *past) for b in _each(a, event, at, leaf, status="booked"))
    elif status is Status.EXEMPT:
        waived = [replace(p, exceptions=(_waiver(leaf, chart),)) for p in past]
        yield from (b for w in waived for b in (w, *_each(w, event, at, leaf)))
    elif status is Status.UNKNOWN:
        yield from (b for p in past for b in _doubtful(p, event, at, leaf))
    else:
        yield from past
        yield from (b for p in past for b in _each(p, event, at, leaf))


def _moments_after(scene: Scene, question: Question, day: date) -> Iterator[AsOf]:
    """When everything is over."""
    yield scene.as_of
    last = max(day, question.closes or day)
    yield AsOf(last + 30 * _DAY)
    yield AsOf(last + _DAY)


def _moments_before(question: Question, day: date) -> Iterator[date]:
    """When there is still time: a week before surgery, the first and the last day of the window."""
    ends = [end for end in (question.opens, question.closes) if end is not None]
    yield from dict.fromkeys([day - 7 * _DAY, *ends, day - _DAY, day - 60 * _DAY])


def _days(question: Question, day: date) -> Iterator[date]:
    """Days in the middle, at the ends and just outside of the window."""
    opens, closes = question.opens, question.closes
    inside = [opens + _DAY] if opens is not None else []
    inside += [closes - _DAY] if closes is not None else []
    ends = [end for end in (opens, closes) if end is not None]
    outside = [opens - _DAY] if opens is not None else []
    outside += [closes + _DAY] if closes is not None else []
    yield from dict.fromkeys([*inside, *ends, *outside, day - _DAY, day + _DAY])


def _minutes(question: Question) -> Iterator[str]:
    """Moments just inside and just outside of limits in minutes and hours."""
    for stretch in question.stretches:
        for limit in stretch.clock_limits if stretch.anchor.clock else ():
            for minutes in (1, -1) if limit.opens else (-1, 1):
                yield (limit.end + timedelta(minutes=minutes)).isoformat()[:16]


def _each(
    scene: Scene, event: Row, days: list[str], leaf: Requirement, status: str = ""
) -> Iterator[Scene]:
    """The event on each of the days; as often as the requirement counts, far enough apart."""
    told = {"status": status} if status else {}
    for at in days:
        rows = [{**event, **told, "at": at}]
        day = date.fromisoformat(at[:10])
        for _ in range(1, leaf.count or 1):
            day = earlier(day, leaf.apart.at_least) if leaf.apart else day - _DAY
            rows.append({**event, **told, "at": day.isoformat()})
        yield scene.with_event(*rows)


def _doubtful(scene: Scene, event: Row, days: list[str], leaf: Requirement) -> Iterator[Scene]:
    """Of the event only the month is known, or not what it shows; or its row cannot be read."""
    yield from _each(scene, event, days, leaf)  # on the day of an anchor, without a clock time
    for day in days:
        yield scene.with_event({**event, "at": day[:7]})
    for day in days:
        for column in _SEEN:
            if column in event:
                told = {k: v for k, v in event.items() if k != column}
                yield scene.with_event({**told, "at": day})
    yield scene.with_event({**event, "at": "not readable"})


def _waiver(leaf: Requirement, chart: Chart) -> dict[str, str]:
    """An approved exception that is valid on the day of surgery."""
    policy = chart.case.version.exceptions
    day = chart.case.day
    return {
        "requirement": leaf.id,
        "reason": policy.reasons[0] if policy else "",
        "requested_by": "Dr Ash",
        "approved_by": "Dr Birch",
        "approved_at": (day - _DAY).isoformat(),
        "valid_from": (day - _DAY).isoformat(),
        "expires_on": day.isoformat(),
    }
