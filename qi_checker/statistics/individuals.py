"""The chart of single measurements (I, or XmR).

The best chart of a protocol with a window is of this kind: the interval in days of every case, in
the order of cases, with the window's line.

Sources: Montgomery DC, Introduction to Statistical Quality Control, section 6.4; screening of moving
ranges: Nelson LS, J Qual Technol 1982;14:172.

A value of None is a slot without a measurement. `baseline` holds the indices that the lines are
computed from (None: all), `exclude` those that are drawn but neither computed from nor read by runs
rules; a moving range needs two neighbours that are both in the baseline. ValueError where the
baseline holds no value.
"""

from __future__ import annotations

from qi_checker.statistics.points import Chart, Indices, Point, Values, base_of, known

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
