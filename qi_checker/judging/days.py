"""Arithmetic with calendar and working days."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

from qi_checker.protocol.durations import Duration, shift_months

ONE_DAY = timedelta(days=1)
SATURDAY = 5


def later(day: date, length: Duration, holidays: Collection[date] = ()) -> date:
    """The day this long after `day`; months and years clamp to the last day of a month."""
    return _shifted(day, length, 1, holidays)


def earlier(day: date, length: Duration, holidays: Collection[date] = ()) -> date:
    """The day this long before `day`; months and years clamp to the last day of a month."""
    return _shifted(day, length, -1, holidays)


def _shifted(day: date, length: Duration, way: int, holidays: Collection[date]) -> date:
    if length.unit == "working day":
        return _working_days(day, length.amount, way, holidays)
    if length.unit == "day":
        return day + way * timedelta(days=length.amount)
    if length.unit == "week":
        return day + way * timedelta(weeks=length.amount)
    return shift_months(day, way * length.amount * (12 if length.unit == "year" else 1))


def _working_days(day: date, count: int, way: int, holidays: Collection[date]) -> date:
    """Count working days from, and not including, `day`; none gives `day` itself."""
    while count > 0:
        day += way * ONE_DAY
        if day.weekday() < SATURDAY and day not in holidays:
            count -= 1
    return day
