"""Run charts, with a guard: where runs rules say nothing, they are not applied.

Of monthly rates with 3 to 5 cases, a textbook run chart signals in 54 % of series at a constant
85 % and in 80 % at 90 %: most months are at 100 %, which is then the median. With the guard it is
3 % at most where the line is the median of all 24 months. A line frozen at the first 12 sees more
(36 to 60 %: 44 % of series instead of 17 %) but is itself uncertain: 4 to 9 % false signals at a
constant 36 to 85 %. "Not evaluable" is an answer of its own and never shown as "no signal".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from statistics import median

from qi_checker.statistics.points import Chart, Indices, Point, Values, base_of, known
from qi_checker.statistics.runs import Runs, runs

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
    """A run chart and what may be said of it."""

    points: Chart
    runs: Runs
    why_not: tuple[WhyNot, ...]  # every condition that bites; empty: rules were applied

    @property
    def status(self) -> SignalStatus:
        if self.why_not:
            return SignalStatus.NOT_EVALUABLE
        return SignalStatus.SIGNAL if self.runs.signal else SignalStatus.NO_SIGNAL


def run_chart(
    values: Values,
    baseline: Indices | None = None,
    exclude: Indices = (),
    *,
    bounds: tuple[float, float] | None = (0.0, 1.0),
) -> RunChart:
    """The values about the median of the baseline, in their own unit.

    The line is the median of the monthly rates and not their pooled mean, on which false signals
    come back (21 % at 90 %, 65 % at 95 %). `bounds` are the lowest and highest possible value:
    0 and 1 for a rate, None for an interval in days. `baseline` and `exclude` are indices as in
    `attributes`. Raises ValueError where the baseline holds no value.
    """
    centre = median(known(values, base_of(len(values), baseline, exclude)))
    chart = tuple(
        Point(value, centre, None, None, None, i not in exclude) for i, value in enumerate(values)
    )
    found = runs(chart)
    return RunChart(chart, found, why_not(found, centre, bounds))


def why_not(found: Runs, centre: float, bounds: tuple[float, float] | None) -> tuple[WhyNot, ...]:
    """The conditions of the guard that bite, in a fixed order."""
    conditions = {
        WhyNot.FEW_USEFUL: found.useful < FEWEST_USEFUL,
        WhyNot.LINE_AT_BOUND: bounds is not None and not bounds[0] < centre < bounds[1],
        WhyNot.MANY_ON_LINE: found.on_line > MOST_ON_LINE * found.points,
    }
    return tuple(why for why, bites in conditions.items() if bites)
