"""The calendar: the days in use, each with the number of its working day.

Windows and lead times use it to count working days: the n-th working day after a day has that day's
number plus n, the n-th before it has `next` minus n. The day of a number is the one with the same
`next`, which only a working day has.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, timedelta

from qi_checker.engines.inputs.database import Database
from qi_checker.query.tables import CALENDAR

_DAY = timedelta(days=1)


def is_working_day(day: date, holidays: Collection[date]) -> bool:
    """Whether a day is from Monday to Friday and not a holiday of the site."""
    return day.weekday() < 5 and day not in holidays


class Calendar:
    """Table `calendar` (day, number, next), rebuilt if it does not reach far enough.

    most: the maximum number of working days counted from any day in use.
    """

    def __init__(self, db: Database, holidays: Collection[date], most: int, default: date) -> None:
        self._db, self._holidays, self._most = db, frozenset(holidays), most
        self._default = default
        self._covered: tuple[date, date] | None = None

    def cover(self, first: date | None, last: date | None) -> None:
        """Include every day from `first` to `last`, and all days counted from them."""
        begin, end = first or self._default, last or self._default
        if self._covered is not None:
            if (first is None and last is None) or (
                self._covered[0] <= begin and end <= self._covered[1]
            ):
                return
            begin, end = min(begin, self._covered[0]), max(end, self._covered[1])
        self._covered = (begin, end)
        columns = {"day": "DATE", "number": "INTEGER", "next": "INTEGER"}
        self._db.fill(CALENDAR, columns, self._days(begin, end))  # type: ignore[arg-type]
        self._db.index(CALENDAR, "day")
        self._db.index(CALENDAR, "number")

    def _days(self, first: date, last: date) -> Iterator[tuple[date, int, int]]:
        """Yield the days, with as many working days before and after them as may be counted."""
        day, end = self._away(first, -1), self._away(last, 1)
        number = 0
        while day <= end:
            working = is_working_day(day, self._holidays)
            number += working
            yield day, number, number if working else number + 1
            day += _DAY

    def _away(self, day: date, way: int) -> date:
        left = self._most
        while left > 0:
            day += way * _DAY
            left -= is_working_day(day, self._holidays)
        return day
