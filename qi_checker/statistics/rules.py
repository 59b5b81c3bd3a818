"""Rules that say which points of a chart are unlikely to be chance, and the named sets of them.

Each finding names its points, so that a table can list them and not a picture only. Excluded
points and slots without a value are passed over. The more rules, the more false alarms: of 24
points of pure chance, the share of series with a signal is about 12 % for `anhoej`, 19 % for
`mdc`, 18 % for `provost`, 22 % for `nelson` and 37 % for `ihi` (screened limits from the same
points). Hence `anhoej` is the default, and a trend rule never is one ("virtually useless", Anhøj
and Olesen 2014).

Sources: Anhøj J, Olesen AV, PLoS ONE 2014;9:e113825; NHS England, Making Data Count (mdc); Perla
RJ, Provost LP, Murray SK, BMJ Qual Saf 2011;20:46 (ihi); Provost LP, Murray SK, The Health Care
Data Guide, 2011 (provost); Western Electric, Statistical Quality Control Handbook, 1956; Nelson
LS, J Qual Technol 1984;16:237.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

from qi_checker.statistics.points import Chart
from qi_checker.statistics.rule_kinds import (
    Finding,
    alternating,
    far_from_line,
    near_limits,
    near_line,
    one_side,
    outside,
    trend,
)
from qi_checker.statistics.runs import runs, runs_limits, sides

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
