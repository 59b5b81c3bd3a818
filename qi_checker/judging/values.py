"""Read single values, and count calendar days: docs/evaluation.md, section 1."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache
from typing import NamedTuple

from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.durations import Duration, shift_months
from qi_checker.protocol.records import FIRST_YEAR, LAST_YEAR
from qi_checker.protocol.site import Site

_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_PART = re.compile(r"([0-9]{4})(?:-([0-9]{2}))?")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,9}))?)?")
# The usual moment in one look: a table has hundreds of thousands, and five looks took a third of the
# time of reading a row.
_USUAL = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?"
)
_OFFSET = re.compile(r"([+-])([0-9]{2})(?::?([0-5][0-9]))?")
_MOMENT = re.compile(r"(?P<day>.{10})[T ](?P<clock>[0-9:.]+)(?P<offset>[Zz]| ?[+-][0-9:]+)?")
MOST_OFFSET = timedelta(hours=14)
ONE_DAY = timedelta(days=1)
SATURDAY = 5
BLANKS = " \t\r\n\u00a0"  # blanks that people and spreadsheets leave around a value


class Unreadable(ValueError):
    """A text that is not a date in any accepted form."""


class When(NamedTuple):
    """When something happened: first and last possible local date, and more precise times if known.

    `clock` is the local date and time; `instant` is known only if an offset was given.
    """

    lo: date
    hi: date
    clock: datetime | None = None
    instant: datetime | None = None

    @property
    def first_moment(self) -> datetime:
        """Return its local clock time, else the start of its first possible day."""
        return self.clock or datetime.combine(self.lo, time.min)

    @property
    def last_moment(self) -> datetime:
        """Return its local clock time, else the last microsecond of its last possible day."""
        return self.clock or datetime.combine(self.hi, time.max)

    def before(self, other: When) -> bool:
        """Whether it began earlier; both have a clock time."""
        if self.instant and other.instant:
            return self.instant < other.instant
        assert self.clock and other.clock, "only clock times can be compared"
        return self.clock < other.clock

    def after(self, as_of: AsOf) -> bool:
        """Whether it is after the moment of the evaluation; an `as_of` date means its end."""
        if self.lo != as_of.date:
            return self.lo > as_of.date
        return bool(self.clock and as_of.clock and self.clock > as_of.clock)

    def known_by(self, day: date) -> When:
        """Return it clipped to `day`, by which it has happened: the interval ends there."""
        return self if self.hi <= day else When(self.lo, day)


def read_when(text: str, site: Site, or_part: bool = False) -> When:
    """Read a date, a date-time or, with `or_part`, a month or a year; Unreadable if it is none."""
    try:
        value = _read(text, site, or_part)
    except (ValueError, OverflowError):
        raise Unreadable from None
    if not FIRST_YEAR <= value.lo.year <= LAST_YEAR:
        raise Unreadable
    return value


def _read(text: str, site: Site, or_part: bool) -> When:
    if usual := _USUAL.fullmatch(text):
        year, month, day_of_month, hour, minute, second = map(int, usual.groups("0"))
        return _local(datetime(year, month, day_of_month, hour, minute, second), site)
    if _DAY.fullmatch(text):
        day = _day(text)
        return When(day, day)
    if or_part and (found := _PART.fullmatch(text)):
        return _part(found)
    found = _MOMENT.fullmatch(text)
    if not found:
        raise Unreadable
    clock = _clock(_day(found["day"]), found["clock"])
    if found["offset"]:
        instant = clock.replace(tzinfo=_offset(found["offset"])).astimezone(UTC)
        clock = instant.astimezone(site.zone).replace(tzinfo=None)
        return When(clock.date(), clock.date(), clock, instant)
    return _local(clock, site)


def _local(clock: datetime, site: Site) -> When:
    day = clock.date()
    if site.midnight_is_date and clock.time() == time.min:
        return When(day, day)
    return When(day, day, clock)


def _day(text: str) -> date:
    found = _DAY.fullmatch(text)
    if not found:
        raise Unreadable
    return date(int(found[1]), int(found[2]), int(found[3]))


def _part(found: re.Match[str]) -> When:
    """Return the interval of `2026-05` or `2026`, from its first to its last day."""
    year, month = int(found[1]), found[2]
    first = date(year, int(month or 1), 1)
    following = shift_months(first, 1 if month else 12)
    return When(first, following - timedelta(days=1))


def _clock(day: date, text: str) -> datetime:
    found = _CLOCK.fullmatch(text)
    if not found:
        raise Unreadable
    hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
    fraction = int(((found[4] or "") + "000000")[:6])
    return datetime(day.year, day.month, day.day, hour, minute, second, fraction)


def _offset(text: str) -> timezone:
    if text in ("Z", "z"):
        return timezone(timedelta())
    found = _OFFSET.fullmatch(text.removeprefix(" "))
    if not found:
        raise Unreadable
    size = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    if size > MOST_OFFSET:
        raise Unreadable
    return timezone(-size if found[1] == "-" else size)


def trimmed(text: str | None) -> str:
    """Return the trimmed value; empty text is no value."""
    return (text or "").strip(BLANKS)


@lru_cache(10_000)  # a data set has a few dozen texts of this kind
def items(text: str) -> tuple[str, ...]:
    """Split `PT;CT` into two items; empty ones are dropped."""
    return tuple([item.strip(BLANKS) for item in text.split(";") if item.strip(BLANKS)])


# ---- the calendar ---------------------------------------------------------------------------------


def later(day: date, length: Duration, holidays: Collection[date] = ()) -> date:
    """Return the day this long after `day`; months and years clamp to the end of a month."""
    return _shifted(day, length, 1, holidays)


def earlier(day: date, length: Duration, holidays: Collection[date] = ()) -> date:
    """Return the day this long before `day`; months and years clamp to the end of a month."""
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
    """Count working days from, and not including, `day`; 0 gives `day` itself."""
    while count > 0:
        day += way * ONE_DAY
        if day.weekday() < SATURDAY and day not in holidays:
            count -= 1
    return day
