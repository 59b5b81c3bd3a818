"""Rules that say which points of a chart are unlikely to be chance, and the named sets of them.

Each finding names its points, so that a table can list them and not a picture only. Excluded
points and slots without a value are passed over. The more rules, the more false alarms: of 24
points of pure chance, the share of series with a signal is about 12% for `anhoej`, 19% for
`mdc`, 18% for `provost`, 22% for `nelson` and 37% for `ihi` (screened limits from the same
points). Hence `anhoej` is the default, and a trend rule never is one ("virtually useless", Anhøj
and Olesen 2014).

Sources: Anhøj J, Olesen AV, PLoS ONE 2014;9:e113825; NHS England, Making Data Count (mdc); Perla
RJ, Provost LP, Murray SK, BMJ Qual Saf 2011;20:46 (ihi); Provost LP, Murray SK, The Health Care
Data Guide, 2011 (provost); Western Electric, Statistical Quality Control Handbook, 1956; Nelson
LS, J Qual Technol 1984;16:237.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise

from qi_checker.statistics.charts import Chart
from qi_checker.statistics.runs import runs, runs_limits, sides


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


# ---- the named sets -----------------------------------------------------------------------------


Findings = tuple[Finding, ...]
RuleSet = Callable[[Chart], Findings]


def anhoej(chart: Chart) -> Findings:
    """Beyond a limit; the longest run longer than round(log2 n) + 3; too few crossings."""
    counted = runs(chart)
    found = list(outside(chart))
    if counted.long_run:
        found += [
            Finding("long run", tuple(i for i, _ in run), side)
            for side, run in _useful_runs(chart)
            if len(run) > counted.longest_allowed
        ]
    if counted.few_crossings:
        found.append(Finding("few crossings", tuple(sides(chart)), 0))
    return tuple(found)


def mdc(chart: Chart, *, count_outside: bool = True) -> Findings:
    """NHS "plot the dots": beyond a limit; 7 on one side; 7 in a trend; 2 of 3 near a limit.

    Of the three points of the last rule all lie on the same side of the mean, and the far ones
    are named. Points beyond the limit count towards it since November 2023; `count_outside=False`
    is the usage before, and of the R package NHSRplotthedots 0.2.2.
    """
    return (
        *outside(chart),
        *one_side(chart, 7),
        *trend(chart, 7),
        *near_limits(chart, 2, 3, 2.0, all_on_side=True, count_outside=count_outside),
    )


def ihi(chart: Chart) -> Findings:
    """Run chart rules: shift of 6, trend of 5, too few or too many runs.

    Points on the median are skipped by a shift; equal neighbours count once in a trend. The
    fourth rule, a point that everybody sees is astronomical, is for people and not computed.
    """
    found = [*one_side(chart, 6, skip_line=True), *trend(chart, 5, ties_once=True)]
    useful = [side for side in sides(chart).values() if side]
    above, below = useful.count(1), useful.count(-1)
    if above and below:
        fewest, most = runs_limits(above, below)
        number = runs(chart).crossings + 1
        if number < fewest:
            found.append(Finding("too few runs", tuple(sides(chart)), 0))
        if number > most:
            found.append(Finding("too many runs", tuple(sides(chart)), 0))
    return tuple(found)


def provost(chart: Chart) -> Findings:
    """Provost and Murray: outside; 8 on one side; 6 in a trend; 2 of 3 outer third; 15 inner."""
    return (
        *outside(chart),
        *one_side(chart, 8),
        *trend(chart, 6),
        *near_limits(chart, 2, 3, 2.0),
        *near_line(chart, 15),
    )


def western_electric(chart: Chart) -> Findings:
    """Outside; 2 of 3 beyond 2 sigma and 4 of 5 beyond 1 sigma on one side; 8 on one side."""
    return (
        *outside(chart),
        *near_limits(chart, 2, 3, 2.0),
        *near_limits(chart, 4, 5, 1.0),
        *one_side(chart, 8),
    )


def nelson(chart: Chart) -> Findings:
    """The eight tests: western electric with 9 on one side, and four shapes more."""
    return (
        *outside(chart),
        *one_side(chart, 9),
        *trend(chart, 6),
        *alternating(chart, 14),
        *near_limits(chart, 2, 3, 2.0),
        *near_limits(chart, 4, 5, 1.0),
        *near_line(chart, 15),
        *far_from_line(chart, 8),
    )


RULE_SETS: dict[str, RuleSet] = {
    "anhoej": anhoej,
    "ihi": ihi,
    "mdc": mdc,
    "nelson": nelson,
    "provost": provost,
    "western electric": western_electric,
}
DEFAULT = "anhoej"


def _useful_runs(chart: Chart) -> list[tuple[int, list[tuple[int, int]]]]:
    useful = [(i, side) for i, side in sides(chart).items() if side]
    return [(side, list(run)) for side, run in groupby(useful, key=lambda pair: pair[1])]
