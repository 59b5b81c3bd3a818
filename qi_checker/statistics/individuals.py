"""Charts of single measurements: I (XmR), MR, t, and I' for values with a denominator.

The best chart of a protocol with a window is of this kind: the interval in days of every case, in
the order of cases, with the window's line.

Sources: Montgomery DC, Introduction to Statistical Quality Control, section 6.4 (I and MR) and 7.3
(times between events, Nelson LS, J Qual Technol 1994;26:239); screening of moving ranges: Nelson
LS, J Qual Technol 1982;14:172; I': Taylor WA, Normalized Individuals (I_N) Control Chart, 2017.

A value of None is a slot without a measurement. `baseline` and `exclude` are indices, as in
`attributes`; a moving range needs two neighbours that are both in the baseline. ValueError where
the baseline holds no value.
"""

from __future__ import annotations

from math import pi, sqrt

from qi_checker.statistics.points import Chart, Indices, Point, Values, base_of, known, same_length

D2 = 1.128  # expected range of two standard normal values
SCREEN = 3.267  # D4 for two values: the upper limit of moving ranges in units of their mean
_POWER = 3.6  # t^(1/3.6) of exponential times is nearly normal


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
    """The mean moving range of the baseline; 0 where no two neighbours have a value.

    Screened: ranges of 3.267 times their mean and more are left out, once, so that a single shift
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
        kept = [r for r in ranges if r < SCREEN * mean]
        mean = sum(kept) / len(kept) if kept else mean
    return mean


def i_chart(
    values: Values,
    baseline: Indices | None = None,
    exclude: Indices = (),
    *,
    screened: bool = False,
) -> Chart:
    """CL = mean, CL ± 3·(mean moving range)/1.128, in the unit of the values.

    Limits are not cut off at 0: of values that cannot be negative, a negative lower limit says
    that a low value cannot signal. Screened limits are the usage of NHS "plot the dots" code;
    unscreened ones that of the NHS spreadsheet and of Montgomery.
    """
    centre_of = known(values, base_of(len(values), baseline, exclude))
    centre = sum(centre_of) / len(centre_of)
    sigma = mean_range(values, baseline, exclude, screened=screened) / D2
    lower, upper = centre - 3 * sigma, centre + 3 * sigma
    return tuple(
        Point(value, centre, sigma, lower, upper, i not in exclude)
        for i, value in enumerate(values)
    )


def mr_chart(values: Values, baseline: Indices | None = None, exclude: Indices = ()) -> Chart:
    """Moving ranges: CL = their mean, limits 0 and 3.267·CL.

    For limits only: neighbouring ranges share a value, so that no runs rule holds.
    """
    centre = mean_range(values, baseline, exclude)
    return tuple(
        Point(moved, centre, None, 0.0, SCREEN * centre, i not in exclude)
        for i, moved in enumerate(moving_ranges(values))
    )


def t_chart(
    times: Values,
    baseline: Indices | None = None,
    exclude: Indices = (),
    *,
    screened: bool = False,
) -> Chart:
    """Times between rare events (days, > 0): an I chart of t^(1/3.6), drawn in days again.

    Only where the number of cases between the events is unknown; `g_chart` is better otherwise.
    Raises ValueError for a time of 0 or less: two events on one day have no time between them.
    """
    if any(t is not None and t <= 0 for t in times):
        raise ValueError("a t chart needs times above 0: two events on one day break it")
    scaled = [None if t is None else t ** (1 / _POWER) for t in times]
    chart = i_chart(scaled, baseline, exclude, screened=screened)
    return tuple(
        Point(
            t,
            max(0.0, p.centre) ** _POWER,
            None,
            max(0.0, p.lower or 0.0) ** _POWER,
            max(0.0, p.upper or 0.0) ** _POWER,
            p.included,
        )
        for t, p in zip(times, chart, strict=True)
    )


def i_prime_chart(
    values: Values,
    cases: Values,
    baseline: Indices | None = None,
    exclude: Indices = (),
) -> Chart:
    """Means of `cases` values a slot: CL = Σ(y·n)/Σn, CL ± 3·mean(s)/sqrt(n).

    s_i = sqrt(π/2)·|y_i - y_(i-1)| / sqrt(1/n_i + 1/n_(i-1)). A slot needs both a value and at
    least one case. Raises ValueError where the baseline has none.
    """
    same_length(values, cases)
    base = set(base_of(len(values), baseline, exclude))
    pairs = [(y, n) if y is not None and n else None for y, n in zip(values, cases, strict=True)]
    used = [pair for i in sorted(base) if (pair := pairs[i]) is not None]
    if not used:
        raise ValueError("no value is left to compute the lines from")
    centre = sum(y * n for y, n in used) / sum(n for _, n in used)
    spreads = [
        sqrt(pi / 2) * abs(b[0] - a[0]) / sqrt(1 / a[1] + 1 / b[1])
        for i in sorted(base)
        if i - 1 in base and (a := pairs[i - 1]) and (b := pairs[i])
    ]
    spread = sum(spreads) / len(spreads) if spreads else 0.0
    points = []
    for i, pair in enumerate(pairs):
        sigma = spread / sqrt(pair[1]) if pair else None
        lower, upper = (None, None) if sigma is None else (centre - 3 * sigma, centre + 3 * sigma)
        points.append(Point(pair and pair[0], centre, sigma, lower, upper, i not in exclude))
    return tuple(points)
