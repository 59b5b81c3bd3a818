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
