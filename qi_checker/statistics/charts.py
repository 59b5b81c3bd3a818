"""Control charts: their common parts, and the chart of single measurements.

A chart is a tuple of points, one for each slot of the series (a month, a case), in order. A month
without a case keeps its slot: its value is None, never 0.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import inf

Values = Sequence[float | None]
Indices = Collection[int]


@dataclass(frozen=True)
class Point:
    """One slot. Values, lines and sigma are in the unit of the series (a rate is 0 to 1)."""

    value: float | None
    centre: float
    sigma: float | None  # one standard deviation; None if the limits are not symmetric
    lower: float | None  # None: this point or this chart has no limit
    upper: float | None
    included: bool = True  # False: drawn, but left out of the lines and of the runs rules

    @property
    def above(self) -> bool:
        """Whether it is above the upper limit; a point on the limit is inside."""
        return self.value is not None and self.upper is not None and self.value > self.upper

    @property
    def below(self) -> bool:
        """Whether it is below the lower limit; a point on the limit is inside."""
        return self.value is not None and self.lower is not None and self.value < self.lower

    @property
    def outside(self) -> bool:
        return self.above or self.below

    @property
    def z(self) -> float | None:
        """Return the distance from the centre line in sigma; None without value or sigma."""
        if self.value is None or self.sigma is None:
            return None
        distance = self.value - self.centre
        if self.sigma:
            return distance / self.sigma
        return 0.0 if distance == 0 else inf if distance > 0 else -inf


Chart = tuple[Point, ...]


def beyond_limits(chart: Chart) -> tuple[int, ...]:
    """Return the indices of the points beyond a limit, including excluded points."""
    return tuple(i for i, point in enumerate(chart) if point.outside)


def base_of(length: int, baseline: Indices | None, exclude: Indices = ()) -> list[int]:
    """Return the indices for computing the lines: the baseline (None: all) without the excluded.

    Raises ValueError for an index outside 0 to length - 1 and if nothing is left.
    """
    wrong = [i for i in (*(baseline or ()), *exclude) if not 0 <= i < length]
    if wrong:
        raise ValueError(f"no point has the index {wrong[0]}: the series has {length} points")
    base = sorted(set(range(length) if baseline is None else baseline) - set(exclude))
    if not base:
        raise ValueError("no point is left to compute the lines from")
    return base


def known(values: Values, base: Collection[int]) -> list[float]:
    """Return the existing values of the base; raise ValueError without any."""
    present = [value for i in base if (value := values[i]) is not None]
    if not present:
        raise ValueError("no value is left to compute the lines from")
    return present


def same_length(*series: Sequence[object]) -> int:
    """Return the common length of all series; raise ValueError otherwise."""
    lengths = {len(s) for s in series}
    if len(lengths) != 1:
        raise ValueError(f"the series differ in length: {sorted(lengths)}")
    return lengths.pop()


# ---- The chart of single measurements (I, or XmR) ------------------------------------------------

# This is the best chart for a protocol with a window: the interval in days of every case, in
# the order of cases, with the window's line.
#
# Sources: Montgomery DC, Introduction to Statistical Quality Control, section 6.4; screening of moving
# ranges: Nelson LS, J Qual Technol 1982;14:172.
#
# A value of None is a slot without a measurement. `baseline` holds the indices that the lines are
# computed from (None: all), `exclude` those that are drawn but not used for the lines or by runs
# rules; a moving range needs two neighbours that are both in the baseline. ValueError if the
# baseline holds no value.


D2 = 1.128  # expected range of two standard normal values
SCREEN = 3.267  # D4 for two values: the upper limit of moving ranges in units of their mean


def moving_ranges(values: Values) -> tuple[float | None, ...]:
    """|x_i - x_(i-1)| in the unit of the values; None at the first and beside a missing value."""
    pairs = zip((None, *values[:-1]), values, strict=True) if values else ()
    return tuple(None if a is None or b is None else abs(b - a) for a, b in pairs)


def mean_range(
    values: Values,
    baseline: Indices | None = None,
    exclude: Indices = (),
    *,
    screened: bool = False,
) -> float:
    """Return the mean moving range of the baseline; 0 if no two neighbours have a value.

    Screened: ranges of at least 3.267 times their mean are left out, once, so that a single shift
    does not widen the limits that should show it.
    """
    base = set(base_of(len(values), baseline, exclude))
    ranges = [
        r for i, r in enumerate(moving_ranges(values)) if r is not None and {i - 1, i} <= base
    ]
    if not ranges:
        return 0.0
    mean = sum(ranges) / len(ranges)
    if screened:
        within = [r for r in ranges if r < SCREEN * mean]
        mean = sum(within) / len(within) if within else mean
    return mean


def i_chart(
    values: Values,
    baseline: Indices | None = None,
    exclude: Indices = (),
    *,
    screened: bool = False,
) -> Chart:
    """CL = mean, CL ± 3·(mean moving range)/1.128, in the unit of the values.

    Limits are not cut off at 0: for values that cannot be negative, a negative lower limit means
    that a low value cannot signal. Screened limits are used by the NHS "plot the dots" code,
    unscreened limits by the NHS spreadsheet and Montgomery.
    """
    centre_of = known(values, base_of(len(values), baseline, exclude))
    centre = sum(centre_of) / len(centre_of)
    sigma = mean_range(values, baseline, exclude, screened=screened) / D2
    lower, upper = centre - 3 * sigma, centre + 3 * sigma
    return tuple(
        Point(value, centre, sigma, lower, upper, i not in exclude)
        for i, value in enumerate(values)
    )
