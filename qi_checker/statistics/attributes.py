"""Charts of counts: p, p' (Laney), u and c.

Sources: Montgomery DC, Introduction to Statistical Quality Control, chapter 7; Laney DB, Quality
Engineering 2002;14:531 (p'). At 3 to 5 cases a month the limits of a p chart say nothing (use
`exact_limits`): below 1 lies an upper limit only with more than 9p/(1-p) cases, above 0 a lower
one only with more than 9(1-p)/p.

In every function `events` counts what is charted, `cases` what it is a part of, both per slot;
`baseline` holds the indices that the lines are computed from (None: all), `exclude` those that
are drawn but neither computed from nor read by runs rules. ValueError for impossible counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import sqrt

from qi_checker.statistics.binomial import checked_counts
from qi_checker.statistics.individuals import D2, SCREEN
from qi_checker.statistics.points import Chart, Indices, Point, base_of, same_length

Counts = Sequence[int]


def p_chart(
    events: Counts, cases: Counts, baseline: Indices | None = None, exclude: Indices = ()
) -> Chart:
    """Rates from 0 to 1: CL = Σx/Σn, CL ± 3·sqrt(CL(1-CL)/n), clipped to 0 and 1."""
    centre, sigmas = _p_lines(events, cases, baseline, exclude)
    return _rates(events, cases, centre, sigmas, 1.0, exclude)


def p_prime_chart(
    events: Counts,
    cases: Counts,
    baseline: Indices | None = None,
    exclude: Indices = (),
    *,
    screened: bool = False,
    floor: float = 1.0,
) -> Chart:
    """A p chart whose sigma is multiplied by `sigma_z`, for large overdispersed denominators.

    With fewer than about 50 cases a slot it corrects nothing. A factor below 1 would narrow the
    limits, so it is floored at 1; `floor=0` gives the chart that other programs draw.
    """
    centre, sigmas = _p_lines(events, cases, baseline, exclude)
    factor = sigma_z(events, cases, baseline, exclude, screened=screened)
    widened = [None if s is None else s * max(floor, factor) for s in sigmas]
    return _rates(events, cases, centre, widened, 1.0, exclude)


def sigma_z(
    events: Counts,
    cases: Counts,
    baseline: Indices | None = None,
    exclude: Indices = (),
    *,
    screened: bool = False,
) -> float:
    """Laney's factor: mean |z_i - z_(i-1)| / 1.128 of z_i = (p_i - CL)/sd_i; 1 without spread.

    Screened: the differences of 3.267 times their mean and more are left out, once.
    """
    centre, sigmas = _p_lines(events, cases, baseline, exclude)
    base = base_of(len(events), baseline, exclude)
    z = [(events[i] / cases[i] - centre) / s for i in base if (s := sigmas[i])]
    steps = [abs(b - a) for a, b in pairwise(z)]
    if not steps:
        return 1.0
    mean = sum(steps) / len(steps)
    if screened:
        kept = [step for step in steps if step < SCREEN * mean]
        mean = sum(kept) / len(kept) if kept else mean
    return mean / D2


def u_chart(
    events: Counts, cases: Counts, baseline: Indices | None = None, exclude: Indices = ()
) -> Chart:
    """Events for each unit: CL = Σx/Σn, CL ± 3·sqrt(CL/n), not below 0.

    Here an event can happen more than once to a case, so that `events` may exceed `cases`.
    """
    base = base_of(same_length(events, cases), baseline, exclude)
    if min(*events, *cases) < 0:
        raise ValueError("a count below 0")
    centre = _pooled(events, cases, base)
    sigmas = [sqrt(centre / n) if n else None for n in cases]
    return _rates(events, cases, centre, sigmas, None, exclude)


def c_chart(events: Counts, baseline: Indices | None = None, exclude: Indices = ()) -> Chart:
    """Counts over equal areas of opportunity: CL = mean, CL ± 3·sqrt(CL), not below 0."""
    return u_chart(events, [1] * len(events), baseline, exclude)


def _p_lines(
    events: Counts, cases: Counts, baseline: Indices | None, exclude: Indices
) -> tuple[float, list[float | None]]:
    base = base_of(same_length(events, cases), baseline, exclude)
    for x, n in zip(events, cases, strict=True):
        checked_counts(x, n)
    centre = _pooled(events, cases, base)
    return centre, [sqrt(centre * (1 - centre) / n) if n else None for n in cases]


def _pooled(events: Counts, cases: Counts, base: Iterable[int]) -> float:
    indices = list(base)
    total = sum(cases[i] for i in indices)
    if not total:
        raise ValueError("the baseline has no case")
    return sum(events[i] for i in indices) / total


def _rates(
    events: Counts,
    cases: Counts,
    centre: float,
    sigmas: Sequence[float | None],
    ceiling: float | None,
    exclude: Indices,
) -> Chart:
    points = []
    for i, (x, n, sigma) in enumerate(zip(events, cases, sigmas, strict=True)):
        lower = upper = None
        if sigma is not None:
            lower, upper = max(0.0, centre - 3 * sigma), centre + 3 * sigma
            upper = upper if ceiling is None else min(ceiling, upper)
        value = x / n if n else None
        points.append(Point(value, centre, sigma, lower, upper, i not in exclude))
    return tuple(points)
