"""The calendar: the days at hand, and the number of the working day that each of them is.

Windows and lead times count working days by it: the n-th working day after a day has the number of
that day and n more, the n-th before it has `next` less n. The day of a number is the one whose `next` is
the same, which only a working day has.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, timedelta

from qi_checker.engines.inputs.database import Database
from qi_checker.query.tables import CALENDAR

_DAY = timedelta(days=1)


def is_working_day(day: date, holidays: Collection[date]) -> bool:
    """Whether a day is from Monday to Friday and no holiday of the site."""
    return day.weekday() < 5 and day not in holidays


class Calendar:
    """Table `calendar` (day, number, next), made anew where it does not reach far enough.

    most: how many working days may be counted from any day at hand.
    """

    def __init__(self, db: Database, holidays: Collection[date], most: int, default: date) -> None:
        self._db, self._holidays, self._most = db, frozenset(holidays), most
        self._default = default
        self._covered: tuple[date, date] | None = None

    def cover(self, first: date | None, last: date | None) -> None:
        """Have every day from `first` to `last`, and all that are counted from them."""
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
        """With as many working days before and behind them as may be counted."""
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
