"""Runs about the centre line, and their length and number by chance.

Sources: Anhøj J, Olesen AV, PLoS ONE 2014;9:e113825 (longest run, crossings); Swed FS, Eisenhart
C, Ann Math Stat 1943;14:66 (number of runs, computed here instead of copied from a table: printed
tables differ by one).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby, pairwise
from math import comb, log2
from statistics import median

from qi_checker.statistics.charts import Chart, Indices, Point, Values, base_of, known
from qi_checker.statistics.proportions import quantile

_ON_LINE = 1e-12  # a point closer to the line is on it: rates are quotients, not exact numbers


@dataclass(frozen=True)
class Runs:
    """The runs of a chart. Useful points have a value, are included and are not on the line."""

    points: int  # included, with a value
    useful: int
    longest: int
    longest_allowed: int
    crossings: int
    crossings_needed: int

    @property
    def on_line(self) -> int:
        return self.points - self.useful

    @property
    def long_run(self) -> bool:
        return self.longest > self.longest_allowed

    @property
    def few_crossings(self) -> bool:
        return self.crossings < self.crossings_needed

    @property
    def signal(self) -> bool:
        return self.long_run or self.few_crossings


def sides(chart: Chart) -> dict[int, int]:
    """Map index to 1 above, -1 below, 0 on the centre line, for included points with a value."""
    side_of = {}
    for i, point in enumerate(chart):
        if point.included and point.value is not None:
            away = point.value - point.centre
            side_of[i] = 0 if abs(away) < _ON_LINE else 1 if away > 0 else -1
    return side_of


def runs(chart: Chart) -> Runs:
    """Count the runs of one phase; points on the line neither count nor break a run."""
    side_of = sides(chart)
    useful = [side for side in side_of.values() if side]
    return Runs(
        points=len(side_of),
        useful=len(useful),
        longest=max((len(list(run)) for _, run in groupby(useful)), default=0),
        longest_allowed=longest_allowed(len(useful)),
        crossings=sum(a != b for a, b in pairwise(useful)),
        crossings_needed=crossings_needed(len(useful)),
    )


def longest_allowed(useful: int) -> int:
    """Return round(log2 n) + 3; a longer run is a signal."""
    return round(log2(useful)) + 3 if useful > 0 else 0


def crossings_needed(useful: int) -> int:
    """Return the 5% quantile of Bin(n - 1, ½); fewer crossings are a signal."""
    return quantile(0.05, useful - 1, 0.5) if useful > 1 else 0


def runs_limits(above: int, below: int, tail: float = 0.025) -> tuple[int, int]:
    """Return the fewest and the most runs without a signal, from the exact distribution.

    `tail` is the probability allowed on each side. Raises ValueError without points on both
    sides.
    """
    if above < 1 or below < 1:
        raise ValueError("the number of runs is random only with points on both sides")
    ways = {r: _ways(r, above, below) for r in range(2, 2 * min(above, below) + 2)}
    allowed = tail * comb(above + below, above)
    return _first(ways, allowed), _first(dict(reversed(ways.items())), allowed)


def _ways(count: int, above: int, below: int) -> int:
    """Return the number of orders of the points that have `count` runs."""
    half = count // 2
    if count % 2 == 0:
        return 2 * comb(above - 1, half - 1) * comb(below - 1, half - 1)
    return comb(above - 1, half) * comb(below - 1, half - 1) + comb(above - 1, half - 1) * comb(
        below - 1, half
    )


def _first(ways: dict[int, int], allowed: float) -> int:
    """Return the first number of runs whose cumulative ways exceed `allowed`."""
    total = 0
    for count, orders in ways.items():
        total += orders
        if total > allowed:
            return count
    raise AssertionError("all orders together exceed every tail")  # pragma: no cover


# ---- Run charts, with a guard: where runs rules mean nothing, they are not applied ----------------

# Of monthly rates with 3 to 5 cases, a textbook run chart signals in 54% of series at a constant
# 85% and in 80% at 90%: most months are at 100%, which is then the median. With the guard it is
# 3% at most if the line is the median of all 24 months. A line frozen at the first 12 detects more
# (36 to 60%: 44% of series instead of 17%) but is itself uncertain: 4 to 9% false signals at a
# constant 36 to 85%. "Not evaluable" is a separate answer and never shown as "no signal".


FEWEST_USEFUL = 10
MOST_ON_LINE = 0.25  # share of the points


class SignalStatus(StrEnum):
    SIGNAL = "signal"
    NO_SIGNAL = "no signal"
    NOT_EVALUABLE = "not evaluable"


class WhyNot(StrEnum):
    """Why runs rules are not applied."""

    FEW_USEFUL = "fewer than 10 points off the centre line"
    LINE_AT_BOUND = "the centre line is the lowest or highest value there can be"
    MANY_ON_LINE = "more than a quarter of the points on the centre line"


@dataclass(frozen=True)
class RunChart:
    """A run chart and its result."""

    points: Chart
    runs: Runs
    why_not: tuple[
        WhyNot, ...
    ]  # every condition of the guard that applies; empty: rules were applied

    @property
    def status(self) -> SignalStatus:
        if self.why_not:
            return SignalStatus.NOT_EVALUABLE
        return SignalStatus.SIGNAL if self.runs.signal else SignalStatus.NO_SIGNAL


def run_chart(
    values: Values,
    baseline: Indices | None = None,
    *,
    bounds: tuple[float, float] | None = (0.0, 1.0),
) -> RunChart:
    """Chart the values about the median of the baseline, in their own unit.

    The line is the median of the monthly rates and not their pooled mean, which brings false
    signals back (21% at 90%, 65% at 95%). `bounds` are the lowest and highest possible value: 0 and
    1 for a rate, None for an interval in days. `baseline` are indices as in `attributes`. Raises
    ValueError if the baseline has no value.
    """
    centre = median(known(values, base_of(len(values), baseline)))
    chart = tuple(Point(value, centre, None, None, None) for value in values)
    counted = runs(chart)
    return RunChart(chart, counted, why_not(counted, centre, bounds))


def why_not(counted: Runs, centre: float, bounds: tuple[float, float] | None) -> tuple[WhyNot, ...]:
    """Return the conditions of the guard that apply, in a fixed order."""
    conditions = {
        WhyNot.FEW_USEFUL: counted.useful < FEWEST_USEFUL,
        WhyNot.LINE_AT_BOUND: bounds is not None and not bounds[0] < centre < bounds[1],
        WhyNot.MANY_ON_LINE: counted.on_line > MOST_ON_LINE * counted.points,
    }
    return tuple(why for why, bites in conditions.items() if bites)
