"""Rules that find points of a chart that are unlikely to be chance, and named sets of rules.

Each finding names its points, so that a table can list them, not only a picture. Excluded points
and slots without a value are ignored. The more rules, the more false alarms: of 24 points of pure
chance, the share of series with a signal is about 12% for `anhoej`, 19% for `mdc`, 18% for
`provost`, 22% for `nelson` and 37% for `ihi` (screened limits from the same points). Hence `anhoej`
is the default, and a trend rule never is ("virtually useless", Anhøj and Olesen 2014).

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
    """Yield each included point beyond a limit; a point on the limit is inside."""
    for i, point in enumerate(chart):
        if point.included and point.outside:
            yield Finding("outside", (i,), 1 if point.above else -1)


def one_side(chart: Chart, length: int, *, skip_line: bool = False) -> Iterator[Finding]:
    """Yield runs of at least `length` points on one side; a point on the line breaks a run.

    `skip_line`: such a point neither counts nor breaks.
    """
    pairs = [pair for pair in sides(chart).items() if pair[1] or not skip_line]
    for side, run in groupby(pairs, key=lambda pair: pair[1]):
        points = tuple(i for i, _ in run)
        if side and len(points) >= length:
            yield Finding("shift", points, side)


def trend(chart: Chart, length: int, *, ties_once: bool = False) -> Iterator[Finding]:
    """Yield runs of at least `length` consecutive points that strictly rise or fall.

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
    """Yield `need` of `of` consecutive points beyond `sigmas` on one side, with the far points.

    `all_on_side`: the other points are on that side of the line, too.
    """
    distances = _distances(chart)
    for side in (1, -1):
        named: set[int] = set()
        for window in (distances[k : k + of] for k in range(len(distances) - of + 1)):
            far = [
                i
                for i, z in window
                if side * z > sigmas and (count_outside or not chart[i].outside)
            ]
            if len(far) >= need and (not all_on_side or all(side * z > 0 for _, z in window)):
                named.update(far)
        if named:
            yield Finding(f"{need} of {of} beyond {sigmas:g} sigma", tuple(sorted(named)), side)


def near_line(chart: Chart, length: int) -> Iterator[Finding]:
    """Yield runs of at least `length` consecutive points within one sigma of the line."""
    yield from _zone("near the line", chart, length, lambda z: abs(z) < 1)


def far_from_line(chart: Chart, length: int) -> Iterator[Finding]:
    """Yield runs of at least `length` points beyond one sigma, with points on both sides."""
    for finding in _zone("far from the line", chart, length, lambda z: abs(z) > 1):
        if len({(chart[i].z or 0) > 0 for i in finding.points}) == 2:
            yield finding


def alternating(chart: Chart, length: int) -> Iterator[Finding]:
    """Yield runs of at least `length` consecutive points that go up and down in turn."""
    values = [(i, p.value) for i, p in enumerate(chart) if p.included and p.value is not None]
    start = 0
    for k in range(1, len(values) + 1):
        if k == len(values) or not _turns(values, start, k):
            if k - start >= length:
                yield Finding("alternating", tuple(i for i, _ in values[start:k]), 0)
            start = k - 1


def _turns(values: list[tuple[int, float]], start: int, k: int) -> bool:
    """Whether there is a step to k, and in the opposite direction to the step before."""
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
    """Return index and distance in sigma of included values; ValueError without sigma."""
    distances = []
    for i, point in enumerate(chart):
        if point.included and point.value is not None:
            if point.z is None:
                raise ValueError("zone rules need a chart with a sigma")
            distances.append((i, point.z))
    return distances


# ---- the named sets -----------------------------------------------------------------------------


Findings = tuple[Finding, ...]
RuleSet = Callable[[Chart], Findings]


def anhoej(chart: Chart) -> Findings:
    """Apply Anhøj's rules: beyond a limit; run longer than round(log2 n) + 3; few crossings."""
    counted = runs(chart)
    findings = list(outside(chart))
    if counted.long_run:
        findings += [
            Finding("long run", tuple(i for i, _ in run), side)
            for side, run in _useful_runs(chart)
            if len(run) > counted.longest_allowed
        ]
    if counted.few_crossings:
        findings.append(Finding("few crossings", tuple(sides(chart)), 0))
    return tuple(findings)


def mdc(chart: Chart, *, count_outside: bool = True) -> Findings:
    """Apply NHS "plot the dots": beyond a limit; 7 on one side; 7 in a trend; 2 of 3 near a limit.

    The three points of the last rule are all on the same side of the mean, and the far points are
    named. Points beyond the limit count towards it since November 2023; `count_outside=False` is
    the usage before that, and of the R package NHSRplotthedots 0.2.2.
    """
    return (
        *outside(chart),
        *one_side(chart, 7),
        *trend(chart, 7),
        *near_limits(chart, 2, 3, 2.0, all_on_side=True, count_outside=count_outside),
    )


def ihi(chart: Chart) -> Findings:
    """Apply the run chart rules: shift of 6, trend of 5, too few or too many runs.

    Points on the median are skipped by a shift; equal neighbours count once in a trend. The
    fourth rule, an astronomical point that everybody sees, is for people and not computed.
    """
    findings = [*one_side(chart, 6, skip_line=True), *trend(chart, 5, ties_once=True)]
    useful = [side for side in sides(chart).values() if side]
    above, below = useful.count(1), useful.count(-1)
    if above and below:
        fewest, most = runs_limits(above, below)
        number = runs(chart).crossings + 1
        if number < fewest:
            findings.append(Finding("too few runs", tuple(sides(chart)), 0))
        if number > most:
            findings.append(Finding("too many runs", tuple(sides(chart)), 0))
    return tuple(findings)


def provost(chart: Chart) -> Findings:
    """Apply Provost and Murray: outside; 8 on one side; 6 in a trend; 2 of 3 outer third; 15
    inner."""
    return (
        *outside(chart),
        *one_side(chart, 8),
        *trend(chart, 6),
        *near_limits(chart, 2, 3, 2.0),
        *near_line(chart, 15),
    )


def western_electric(chart: Chart) -> Findings:
    """Apply the Western Electric rules: outside; 2 of 3 beyond 2 sigma and 4 of 5 beyond 1 on one
    side; 8 on one side."""
    return (
        *outside(chart),
        *near_limits(chart, 2, 3, 2.0),
        *near_limits(chart, 4, 5, 1.0),
        *one_side(chart, 8),
    )


def nelson(chart: Chart) -> Findings:
    """Apply the eight tests: western electric with 9 on one side, and four more shapes."""
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


def _useful_runs(chart: Chart) -> list[tuple[int, list[tuple[int, int]]]]:
    useful = [(i, side) for i, side in sides(chart).items() if side]
    return [(side, list(run)) for side, run in groupby(useful, key=lambda pair: pair[1])]
