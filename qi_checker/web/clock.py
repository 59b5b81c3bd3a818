"""The clock of the application, read in one place; the demonstration stops it at its evening."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

VARIABLE = "QI_CHECKER_NOW"  # an ISO time with its offset, at which the clock stops


def this_moment() -> datetime:
    """Return the current time, with its time zone."""
    stopped = os.environ.get(VARIABLE)
    return datetime.fromisoformat(stopped) if stopped else datetime.now(UTC)


def real_moment() -> datetime:
    """Return the real time even in the demonstration: it ends sessions."""
    return datetime.now(UTC)


def today(zone: ZoneInfo) -> date:
    """Return the current day at the site."""
    return this_moment().astimezone(zone).date()


def day_of(text: str) -> date | None:
    """Parse a typed date, `2026-03-31`; return None if it is invalid or in another century."""
    try:
        parsed = date.fromisoformat(text)
    except ValueError:
        return None
    return parsed if 1900 <= parsed.year <= 2200 else None


def number_of(text: str) -> int | None:
    """Parse the number of a row from a form or an address; return None if no row can have it."""
    return int(text) if text.isdecimal() and len(text) <= 18 else None
