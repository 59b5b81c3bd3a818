"""How often charts signal, by simulation: at 3 to 5 cases a month, 12 months and 12 more.

Seeds are fixed. The wanted shares were found by other programs in 2000 series (runs of the
qicharts2 definition) and are printed to two or three digits; a share may differ by three standard
errors of the difference of two such simulations, and by half a digit of the print.
"""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt

import numpy as np
import pytest

from qi_checker.statistics.charts import i_chart
from qi_checker.statistics.limits import baseline_rate, exact_chart
from qi_checker.statistics.rare_events import bernoulli_cusum, clamped
from qi_checker.statistics.rules import RULE_SETS
from qi_checker.statistics.runs import RunChart, SignalStatus, run_chart

SERIES = 2000
Months = list[tuple[list[int], list[int]]]  # compliant cases and cases, of every series

# Compliance before and after -> shares of series.
RUN = {  # runs rules as they stand, not evaluable, signal with the guard
    (0.36, 0.36): (0.03, 0, 0.03),
    (0.75, 0.75): (0.05, 0.03, 0.03),
    (0.85, 0.85): (0.54, 0.54, 0.013),
    (0.90, 0.90): (0.80, 0.93, 0.002),
    (0.95, 0.95): (0.28, 1.0, 0),
    (0.36, 0.90): (0.91, 0, 0.91),
    (0.36, 0.60): (0.18, 0, 0.18),
    (0.95, 0.80): (0.85, 0.87, 0.03),
    (0.95, 0.60): (0.77, 0.29, 0.48),
}
EXACT = {  # by month, by quarter
    (0.36, 0.36): (0.003, 0.013),
    (0.75, 0.75): (0.009, 0.016),
    (0.85, 0.85): (0.013, 0.011),
    (0.90, 0.90): (0.015, 0.020),
    (0.95, 0.95): (0.09, 0.09),
    (0.36, 0.90): (0.09, 0.98),
    (0.36, 0.60): (0.02, 0.27),
    (0.95, 0.80): (0.32, 0.44),
    (0.95, 0.60): (0.80, 0.95),
}
CUSUM = {  # worse at 3.5, worse at 2.5, better at 2.5
    (0.36, 0.36): (0.07, 0.19, 0.23),
    (0.75, 0.75): (0.08, 0.21, 0.15),
    (0.90, 0.90): (0.03, 0.10, 0.05),
    (0.36, 0.60): (0, 0, 0.92),
    (0.95, 0.80): (0.70, 0.86, 0),
    (0.95, 0.60): (1.0, 1.0, 0),
}
NORMAL = {  # of 12 and of 24 points of pure chance, limits screened and from the same points
    "mdc": (0.08, 0.19),
    "provost": (0.08, 0.18),
    "anhoej": (0.07, 0.12),
    "ihi": (0.12, 0.37),
    "nelson": (0.09, 0.22),
}


def allowed(share: float, other: int = 2000, digit: float = 0.005) -> float:
    """Three standard errors of the difference, at 1% at least, and half a printed digit."""
    p = min(0.99, max(0.01, share))
    return 3 * sqrt(p * (1 - p) * (1 / SERIES + 1 / other)) + digit


def months(before: float, after: float, seed: int = 1) -> Months:
    rng = np.random.default_rng(seed)
    cases = rng.integers(3, 6, (SERIES, 24))
    events = rng.binomial(cases, np.r_[[before] * 12, [after] * 12])
    return list(zip(events.tolist(), cases.tolist(), strict=True))


def share(series: Months, signals: Callable[[list[int], list[int]], bool]) -> float:
    return sum(signals(events, cases) for events, cases in series) / len(series)


def rates(events: list[int], cases: list[int]) -> list[float]:
    return [x / n for x, n in zip(events, cases, strict=True)]


def first_two(chart: RunChart) -> bool:
    """The wanted shares of "not evaluable" are those of two conditions out of three."""
    return bites(chart, "useful") or bites(chart, "line")


def counted(charts: list[RunChart]) -> tuple[float, float, float]:
    return (
        sum(c.runs.signal for c in charts) / len(charts),
        sum(c.status is SignalStatus.NOT_EVALUABLE for c in charts) / len(charts),
        sum(c.status is SignalStatus.SIGNAL for c in charts) / len(charts),
    )


@pytest.mark.parametrize("change", RUN, ids=str)
def test_run_charts_about_the_median_of_all_months(change: tuple[float, float]) -> None:
    charts = [run_chart(rates(x, n)) for x, n in months(*change)]
    found = counted(charts)
    raw, not_evaluable, guarded = RUN[change]
    assert found[0] == pytest.approx(raw, abs=allowed(raw))
    two = sum(first_two(c) for c in charts) / SERIES
    assert two == pytest.approx(not_evaluable, abs=allowed(not_evaluable))
    assert two <= found[1] <= two + 0.1
    assert found[2] == pytest.approx(guarded, abs=allowed(guarded))


@pytest.mark.parametrize("rate", [0.36, 0.75, 0.80, 0.85, 0.90, 0.95])
def test_each_condition_of_the_guard_takes_its_false_signals(rate: float) -> None:
    """Shares: as they stand, 10 useful points, line within 0 and 1, a quarter on the line."""
    wanted = {
        0.36: (0.036, 0.036, 0.036, 0.032),
        0.75: (0.050, 0.047, 0.030, 0.025),
        0.80: (0.172, 0.145, 0.026, 0.024),
        0.85: (0.529, 0.322, 0.016, 0.016),
        0.90: (0.807, 0.199, 0.002, 0.002),
        0.95: (0.274, 0.007, 0, 0),
    }[rate]
    charts = [run_chart(rates(x, n)) for x, n in months(rate, rate, seed=2)]
    signals = [c for c in charts if c.runs.signal]
    found = [len(signals)]
    for condition in ("useful", "line", "quarter"):
        signals = [c for c in signals if not bites(c, condition)]
        found.append(len(signals))
    for number, share_ in zip(found, wanted, strict=True):
        assert number / SERIES == pytest.approx(share_, abs=allowed(share_, 3000, 0.0005))


def bites(chart: RunChart, condition: str) -> bool:
    return {
        "useful": chart.runs.useful < 10,
        "line": chart.points[0].centre in (0, 1),
        "quarter": chart.runs.on_line > 0.25 * chart.runs.points,
    }[condition]


def test_a_line_frozen_at_twelve_months_sees_more_and_errs_more() -> None:
    """No figure of others: the price of freezing, within three standard errors of its own."""
    for change, low, high in (((0.36, 0.36), 0.06, 0.12), ((0.36, 0.60), 0.39, 0.49)):
        charts = [run_chart(rates(x, n), range(12)) for x, n in months(*change)]
        assert low < counted(charts)[2] < high


@pytest.mark.parametrize("change", EXACT, ids=str)
def test_exact_limits_by_month_and_by_quarter_one_after_the_other(
    change: tuple[float, float],
) -> None:
    def signals(size: int) -> Callable[[list[int], list[int]], bool]:
        def judge(events: list[int], cases: list[int]) -> bool:
            rate = baseline_rate(events, cases, range(12))
            later = exact_chart(events[12:], cases[12:], rate, months=size, rolling=False)
            return any(point.side for point in later)

        return judge

    series = months(*change, seed=3)
    for size, wanted in zip((1, 3), EXACT[change], strict=True):
        assert share(series, signals(size)) == pytest.approx(wanted, abs=allowed(wanted))


def test_rolling_quarters_see_more_and_err_more() -> None:
    def judge(events: list[int], cases: list[int]) -> bool:
        rate = baseline_rate(events, cases, range(12))
        return any(point.side for point in exact_chart(events[12:], cases[12:], rate))

    for change, low, high in (((0.36, 0.36), 0.013, 0.038), ((0.36, 0.60), 0.32, 0.41)):
        assert low < share(months(*change, seed=3), judge) < high


@pytest.mark.parametrize("change", CUSUM, ids=str)
def test_cusums_of_deviations_after_the_baseline(change: tuple[float, float]) -> None:
    rng = np.random.default_rng(4)

    def judge(limit: float, kind: str) -> Callable[[list[int], list[int]], bool]:
        def signals(events: list[int], cases: list[int]) -> bool:
            rate = clamped(1 - baseline_rate(events, cases, range(12)))
            order = [
                bool(deviates)
                for x, n in zip(events[12:], cases[12:], strict=True)
                for deviates in rng.permutation(np.arange(n) >= x)
            ]
            return bool(getattr(bernoulli_cusum(order, rate, limit=limit), kind))

        return signals

    series = months(*change, seed=5)[:1000]
    levels = ((3.5, "worse_signals"), (2.5, "worse_signals"), (2.5, "better_signals"))
    for (limit, kind), wanted in zip(levels, CUSUM[change], strict=True):
        found = share(series, judge(limit, kind))
        assert found == pytest.approx(wanted, abs=1.3 * allowed(wanted)), (limit, kind)


@pytest.mark.parametrize("name", NORMAL)
def test_false_alarms_of_rule_sets_on_pure_chance(name: str) -> None:
    rng = np.random.default_rng(6)
    for points, wanted in zip((12, 24), NORMAL[name], strict=True):
        series = rng.normal(size=(SERIES, points)).tolist()
        found = sum(bool(RULE_SETS[name](chart_of(name, values))) for values in series) / SERIES
        assert found == pytest.approx(wanted, abs=allowed(wanted, 4000)), points


def chart_of(name: str, values: list[float]):
    return (
        run_chart(values, bounds=None).points if name == "ihi" else i_chart(values, screened=True)
    )
