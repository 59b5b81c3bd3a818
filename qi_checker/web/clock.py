"""The clock of the application, asked in one place; the demonstration stops it at its own evening."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

VARIABLE = "QI_CHECKER_NOW"  # an ISO time with its offset: the clock stands still there


def this_moment() -> datetime:
    """This moment, with its time zone."""
    stopped = os.environ.get(VARIABLE)
    return datetime.fromisoformat(stopped) if stopped else datetime.now(UTC)


def real_moment() -> datetime:
    """This moment even in the demonstration: sessions end by it."""
    return datetime.now(UTC)


def today(zone: ZoneInfo) -> date:
    """The day on the clocks of the site."""
    return this_moment().astimezone(zone).date()


def day_of(text: str) -> date | None:
    """A date that somebody typed, `2026-03-31`; None where it is none, or in another age."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 1900 <= found.year <= 2200 else None


def number_of(text: str) -> int | None:
    """A number of a row that a form or an address names; None where no row can have it."""
    return int(text) if text.isdecimal() and len(text) <= 18 else None
