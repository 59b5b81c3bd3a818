"""Synthetic plots of the size of one monthly report."""

from __future__ import annotations

from datetime import date, timedelta

from qi_checker.render.plots import (
    Cause,
    CusumPlot,
    CusumPoint,
    GapPoint,
    Gaps,
    IntervalPoint,
    Intervals,
    Pareto,
    Plot,
    Trend,
    TrendPoint,
)

_FIRST = date(2024, 1, 2)


def _day(case: int) -> date:
    return _FIRST + timedelta(days=4 * case)


def _trend() -> Trend:
    points = tuple(
        TrendPoint(f"{2024 + i // 12}-{i % 12 + 1:02}", 3 + i % 2, 5, 0.4, 0.98, 10, 15, "", 0.95)
        for i in range(24)
    )
    return Trend("Trend", "Months", points, (0.8,) * 24, ("2024-01", "2024-12"), "no signal")


def _intervals() -> Intervals:
    points = tuple(
        IntervalPoint(
            i + 1,
            f"C{i}",
            _day(i),
            i * 37 % 60,
            "inside" if i * 37 % 60 <= 30 else "outside",
            _day(i).strftime("%Y-%m"),
        )
        for i in range(200)
    )
    return Intervals("Days", "Cases", "MRI", 30, points, 29.5, 0.0, 88.0, 60)


def _gaps() -> Gaps:
    points = tuple(GapPoint(i + 1, f"C{i}", _day(9 * i), i * 7 % 19, False) for i in range(20))
    return Gaps("Gaps", "Deviations", points, 7.0, 40.0)


def _cusum() -> CusumPlot:
    points = tuple(
        CusumPoint(i + 1, f"C{i}", _day(i), i % 9 > 0, i % 9 / 3, i % 7 / 3, "") for i in range(120)
    )
    return CusumPlot("Sums", "Cases", points, 3.5, 0.1, 2.0)


def _causes() -> Pareto:
    return Pareto("Causes", "Owners", tuple(Cause(f"cause {i}", "clinic", 9 - i) for i in range(6)))


PLOTS: tuple[Plot, ...] = (_trend(), _intervals(), _gaps(), _cusum(), _causes())
