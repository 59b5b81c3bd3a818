"""Coverage of a protocol by its examples: statuses, edges of windows, and days of versions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from qi_checker.authoring.coverage_statuses import impossible, possible
from qi_checker.judging import CaseTrace, RequirementTrace, read_data
from qi_checker.judging.edges import Edge, edges, hit
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.examples import Example
from qi_checker.protocol.models import Protocol, Version
from qi_checker.protocol.vocabulary import Status

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class StatusPoint:
    """A status of a requirement, in any version."""

    requirement: str
    status: Status


@dataclass(frozen=True)
class EdgePoint:
    """An edge of a requirement's window in one version."""

    version: str
    requirement: str
    edge: Edge


@dataclass(frozen=True)
class DayPoint:
    """A first or last day of a version, or the adjacent day, as the day of surgery."""

    version: str
    day: date
    words: str


Point = StatusPoint | EdgePoint | DayPoint


@dataclass(frozen=True)
class LeftOut:
    """A status that cannot occur, and why."""

    requirement: str
    status: Status
    why: str


def trace_of_example(bundle: Bundle, example: Example) -> CaseTrace | None:
    """Judge the case that an example is about; None if its row was rejected."""
    data = read_data(bundle, example.tables, example.as_of, example.site)
    return data.trace(example.case_id) if example.case_id in data.cases else None


def points(protocol: Protocol) -> list[Point]:
    """Return all points that examples can reach: by requirement, then the versions' days."""
    result: dict[Point, None] = {}
    for version in protocol.versions:
        for leaf in version.leaves:
            result |= dict.fromkeys(StatusPoint(leaf.id, s) for s in possible(leaf, version))
    for version in protocol.versions:
        for leaf in version.leaves:
            at_edges = edges(leaf.window)
            result |= dict.fromkeys(EdgePoint(version.version, leaf.id, edge) for edge in at_edges)
    return [*result, *_days(protocol.versions)]


def _days(versions: Sequence[Version]) -> Iterator[DayPoint]:
    """Yield boundary days once: a version's last day is the day before the next one's first."""
    reported: set[date] = set()
    for version in versions:
        first, last = version.in_force.from_, version.in_force.to
        named = [(first, "its first day"), (first - _DAY, "the day before its first")]
        if last is not None:
            named += [(last, "its last day"), (last + _DAY, "the day after its last")]
        for day, words in named:
            if day not in reported:
                reported.add(day)
                yield DayPoint(version.version, day, words)


def left_out(protocol: Protocol) -> list[LeftOut]:
    """Return the statuses that a requirement cannot have in any version."""
    can = {(p.requirement, p.status) for p in points(protocol) if isinstance(p, StatusPoint)}
    result: dict[tuple[str, Status], str] = {}
    for version in protocol.versions:
        for leaf in version.leaves:
            for status, why in impossible(leaf, version).items():
                if (leaf.id, status) not in can:
                    result.setdefault((leaf.id, status), why)
    return [LeftOut(id, status, why) for (id, status), why in result.items()]


def reached(trace: CaseTrace | None) -> Iterator[Point]:
    """Yield the points that one example reaches; a day of a version is identified by its date."""
    if trace is None:
        return
    for one in trace.requirements:
        yield StatusPoint(one.id, one.status)
        yield from _edges(one, trace.case.version.version)


def _edges(one: RequirementTrace, version: str) -> Iterator[EdgePoint]:
    if one.question is None:
        return
    for judged in one.events:
        for edge in hit(judged, one.question.stretches, one.requirement.window):
            yield EdgePoint(version, one.id, edge)


def reaches(point: Point, trace: CaseTrace | None) -> bool:
    """Whether an example reaches a point."""
    if isinstance(point, DayPoint):
        return trace is not None and trace.case.day == point.day
    return point in set(reached(trace))


def gaps(bundle: Bundle, examples: Sequence[Example]) -> tuple[list[Point], list[Point]]:
    """Return all points, and those that no example reaches."""
    traces = [trace_of_example(bundle, example) for example in examples]
    days = {trace.case.day for trace in traces if trace is not None}
    there = {point for trace in traces for point in reached(trace)}
    every = points(bundle.protocol)
    missing = [p for p in every if not (p.day in days if isinstance(p, DayPoint) else p in there)]
    return every, missing
