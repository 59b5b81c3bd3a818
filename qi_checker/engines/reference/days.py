"""Arithmetic with calendar and working days."""

from __future__ import annotations

from datetime import date, timedelta

from qi_checker.protocol.durations import Duration, shift_months
from qi_checker.protocol.windows import Window

ONE_DAY = timedelta(days=1)
SATURDAY = 5


def later(day: date, duration: Duration) -> date:
    """The day this long after `day`; months and years clamp to the last day of a month."""
    if duration.unit == "day":
        return day + timedelta(days=duration.amount)
    if duration.unit == "week":
        return day + timedelta(weeks=duration.amount)
    return shift_months(day, duration.amount * (12 if duration.unit == "year" else 1))


def last_anchor(window: Window, day: date) -> date | None:
    """The last anchor date whose window still holds `day`; None where there is no limit.

    Because months clamp, this is not always the limit added to the day: 28 February is within a
    month before 31 March. The window never opens earlier for a later anchor, so we may walk.
    """
    limit = window.at_most or window.less_than
    if limit is None:
        return None
    anchor = later(day, limit)
    while _opens(window, anchor) > day:
        anchor -= ONE_DAY
    while _opens(window, anchor + ONE_DAY) <= day:
        anchor += ONE_DAY
    return anchor


def _opens(window: Window, anchor: date) -> date:
    opens = window.opens(anchor)
    assert opens is not None, "this window has a limit"
    return opens


def working_days_before(day: date, count: int, holidays: list[date]) -> date:
    """Count working days back from, and not including, `day`; none gives `day` itself."""
    while count > 0:
        day -= ONE_DAY
        if day.weekday() < SATURDAY and day not in holidays:
            count -= 1
    return day
