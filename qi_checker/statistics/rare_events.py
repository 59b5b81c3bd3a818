"""Cases between deviations (g chart): the right chart once about 80 % of the cases comply.

Source: Benneyan JC, Health Care Manag Sci 2001;4:305; limits in the form of Montgomery's chapter
7 and of the programs in use: from the mean, while the median is drawn as the centre line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from statistics import median

from qi_checker.statistics.points import Chart, Indices, Point, base_of, known


@dataclass(frozen=True)
class Gaps:
    """Cases from one deviation to the next, in the order of cases."""

    closed: tuple[int, ...]  # differences of case numbers; two deviations in a row: 1
    open: int  # cases since the last deviation: the next gap is longer than that


def cases_between(deviations: Sequence[bool], *, first: bool = False) -> Gaps:
    """Gaps between the cases that deviate, one truth value a case in order.

    A gap is the difference of two case numbers, so it counts the second deviation too. The cases
    before the first deviation are no gap, since nobody knows how long it had lasted; `first=True`
    counts them. Say in the caption which was done. Deviations of one day stay separate cases.
    """
    numbers = [i + 1 for i, deviates in enumerate(deviations) if deviates]
    starts = [0, *numbers] if first else numbers
    closed = tuple(b - a for a, b in pairwise(starts))
    return Gaps(closed, len(deviations) - (numbers[-1] if numbers else 0))


def g_chart(
    gaps: Sequence[int],
    baseline: Indices | None = None,
    exclude: Indices = (),
    *,
    mean: float | None = None,
) -> Chart:
    """Limits m ± 3·sqrt(m(m+1)), not below 0, with m the mean gap; drawn centre: the median.

    With m given (a known rate) the drawn centre is 0.693·m, the median of such gaps. Built on the
    median, the limits would be too narrow and signal falsely. Raises ValueError for a gap below 0
    and an empty baseline.
    """
    if any(gap < 0 for gap in gaps) or (mean is not None and mean < 0):
        raise ValueError("a gap below 0")
    base = known(gaps, base_of(len(gaps), baseline, exclude))
    centre = median(base) if mean is None else 0.693 * mean
    m = sum(base) / len(base) if mean is None else mean
    upper = upper_gap_limit(m)
    lower = max(0.0, m - 3 * sqrt(m * (m + 1)))
    return tuple(
        Point(gap, centre, None, lower, upper, i not in exclude) for i, gap in enumerate(gaps)
    )


def upper_gap_limit(mean: float) -> float:
    """m + 3·sqrt(m(m+1)) cases; a longer gap, also an open one, is a signal of improvement."""
    return mean + 3 * sqrt(mean * (mean + 1))
