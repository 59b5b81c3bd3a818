"""Working days: Monday to Friday, holidays of the site left out."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta


def working_days_before(day: date, number: int, holidays: Collection[date]) -> date:
    """The day that lies `number` working days before `day`; `day` itself for 0."""
    found = day
    for _ in range(number):
        found -= timedelta(days=1)
        while found.weekday() >= 5 or found in holidays:
            found -= timedelta(days=1)
    return found


def working_days_away(day: date, number: int, holidays: Collection[date]) -> date:
    """The same, and for a positive number the working day that lies so many after `day`."""
    if number <= 0:
        return working_days_before(day, -number, holidays)
    found = day
    for _ in range(number):
        found += timedelta(days=1)
        while found.weekday() >= 5 or found in holidays:
            found += timedelta(days=1)
    return found
