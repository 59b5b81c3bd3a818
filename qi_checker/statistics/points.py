"""What every control chart is made of: points with a centre line and limits.

A chart is a tuple of points, one for each slot of the series (a month, a case), in order. A month
without a case keeps its slot: its value is None, it is never 0.
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
    sigma: float | None  # one standard deviation; None where the limits are not symmetric
    lower: float | None  # None: this point or this chart has no limit
    upper: float | None
    included: bool = True  # False: drawn, but left out of the lines and of the runs rules

    @property
    def above(self) -> bool:
        """Beyond the upper limit; a point on the limit is inside."""
        return self.value is not None and self.upper is not None and self.value > self.upper

    @property
    def below(self) -> bool:
        """Beyond the lower limit; a point on the limit is inside."""
        return self.value is not None and self.lower is not None and self.value < self.lower

    @property
    def outside(self) -> bool:
        return self.above or self.below

    @property
    def z(self) -> float | None:
        """Distance from the centre line in standard deviations; None without value or sigma."""
        if self.value is None or self.sigma is None:
            return None
        distance = self.value - self.centre
        if self.sigma:
            return distance / self.sigma
        return 0.0 if distance == 0 else inf if distance > 0 else -inf


Chart = tuple[Point, ...]


def beyond_limits(chart: Chart) -> tuple[int, ...]:
    """The indices of the points beyond a limit, excluded ones among them."""
    return tuple(i for i, point in enumerate(chart) if point.outside)


def base_of(length: int, baseline: Indices | None, exclude: Indices) -> list[int]:
    """The indices that the lines are computed from: the baseline (None: all) less the excluded.

    Raises ValueError for an index outside 0 to length - 1 and where nothing is left.
    """
    wrong = [i for i in (*(baseline or ()), *exclude) if not 0 <= i < length]
    if wrong:
        raise ValueError(f"no point has the index {wrong[0]}: the series has {length} points")
    base = sorted(set(range(length) if baseline is None else baseline) - set(exclude))
    if not base:
        raise ValueError("no point is left to compute the lines from")
    return base


def known(values: Values, base: Collection[int]) -> list[float]:
    """The values of the base that are there; ValueError where none is."""
    found = [value for i in base if (value := values[i]) is not None]
    if not found:
        raise ValueError("no value is left to compute the lines from")
    return found


def same_length(*series: Sequence[object]) -> int:
    """The length that all series have; ValueError otherwise."""
    lengths = {len(s) for s in series}
    if len(lengths) != 1:
        raise ValueError(f"the series differ in length: {sorted(lengths)}")
    return lengths.pop()
