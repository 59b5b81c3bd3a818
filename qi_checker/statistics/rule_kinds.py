"""The kinds of rules that the named sets of `rules` are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise

from qi_checker.statistics.points import Chart
from qi_checker.statistics.runs import sides


@dataclass(frozen=True)
class Finding:
    """One rule that fired: its name, the indices of its points, and the direction.

    side: 1 above the line or rising, -1 below or falling, 0 neither.
    """

    rule: str
    points: tuple[int, ...]
    side: int


def outside(chart: Chart) -> Iterator[Finding]:
    """Each included point beyond a limit; on the limit is inside."""
    for i, point in enumerate(chart):
        if point.included and point.outside:
            yield Finding("outside", (i,), 1 if point.above else -1)


def one_side(chart: Chart, length: int, *, skip_line: bool = False) -> Iterator[Finding]:
    """At least so many consecutive points on one side; a point on the line breaks the run.

    `skip_line`: it neither counts nor breaks.
    """
    found = [pair for pair in sides(chart).items() if pair[1] or not skip_line]
    for side, run in groupby(found, key=lambda pair: pair[1]):
        points = tuple(i for i, _ in run)
        if side and len(points) >= length:
            yield Finding("shift", points, side)


def trend(chart: Chart, length: int, *, ties_once: bool = False) -> Iterator[Finding]:
    """At least so many consecutive points that strictly rise or fall.

    Equal neighbours break a trend; `ties_once`: they count as one point.
    """
    values = [(i, p.value) for i, p in enumerate(chart) if p.included and p.value is not None]
    if ties_once:
        values = [v for k, v in enumerate(values) if k == 0 or v[1] != values[k - 1][1]]
    steps = [(b[1] > a[1]) - (b[1] < a[1]) for a, b in pairwise(values)]
    start = 0
    for direction, run in groupby(steps):
        size = len(list(run))
        if direction and size + 1 >= length:
            points = tuple(i for i, _ in values[start : start + size + 1])
            yield Finding("trend", points, direction)
        start += size


def near_limits(
    chart: Chart,
    need: int,
    of: int,
    sigmas: float,
    *,
    all_on_side: bool = False,
    count_outside: bool = True,
) -> Iterator[Finding]:
    """`need` of `of` consecutive points beyond so many sigma on one side; the far ones are named.

    `all_on_side`: the other points lie on that side of the line too.
    """
    found = _distances(chart)
    for side in (1, -1):
        named: set[int] = set()
        for window in (found[k : k + of] for k in range(len(found) - of + 1)):
            far = [
                i
                for i, z in window
                if side * z > sigmas and (count_outside or not chart[i].outside)
            ]
            if len(far) >= need and (not all_on_side or all(side * z > 0 for _, z in window)):
                named.update(far)
        if named:
            yield Finding(f"{need} of {of} beyond {sigmas:g} sigma", tuple(sorted(named)), side)


def near_line(chart: Chart, length: int, sigmas: float = 1.0) -> Iterator[Finding]:
    """At least so many consecutive points within so many sigma of the line."""
    yield from _zone("near the line", chart, length, lambda z: abs(z) < sigmas)


def far_from_line(chart: Chart, length: int, sigmas: float = 1.0) -> Iterator[Finding]:
    """At least so many consecutive points beyond so many sigma, with points on both sides."""
    for finding in _zone("far from the line", chart, length, lambda z: abs(z) > sigmas):
        if len({(chart[i].z or 0) > 0 for i in finding.points}) == 2:
            yield finding


def alternating(chart: Chart, length: int) -> Iterator[Finding]:
    """At least so many consecutive points that go up and down in turn."""
    values = [(i, p.value) for i, p in enumerate(chart) if p.included and p.value is not None]
    start = 0
    for k in range(1, len(values) + 1):
        if k == len(values) or not _turns(values, start, k):
            if k - start >= length:
                yield Finding("alternating", tuple(i for i, _ in values[start:k]), 0)
            start = k - 1


def _turns(values: list[tuple[int, float]], start: int, k: int) -> bool:
    """Whether the step to k is one, and against the step before it."""
    step = values[k][1] - values[k - 1][1]
    return step != 0 and (k - 1 == start or step * (values[k - 1][1] - values[k - 2][1]) < 0)


def _zone(
    rule: str, chart: Chart, length: int, inside: Callable[[float], bool]
) -> Iterator[Finding]:
    for held, run in groupby(_distances(chart), key=lambda pair: inside(pair[1])):
        points = tuple(i for i, _ in run)
        if held and len(points) >= length:
            yield Finding(rule, points, 0)


def _distances(chart: Chart) -> list[tuple[int, float]]:
    """Index and distance in sigma of included points with a value; ValueError without sigma."""
    found = []
    for i, point in enumerate(chart):
        if point.included and point.value is not None:
            if point.z is None:
                raise ValueError("rules of zones need a chart with a sigma")
            found.append((i, point.z))
    return found
