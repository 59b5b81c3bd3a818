"""The clock of the command line."""

from __future__ import annotations

from datetime import UTC, datetime


def time_of_day() -> datetime:
    """Return the time, in UTC: everything below the command line gets it as an argument."""
    return datetime.now(UTC)
