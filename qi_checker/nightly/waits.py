"""Waits of the settings in seconds."""

from __future__ import annotations

from datetime import timedelta

from qi_checker.protocol.durations import CLOCK_UNITS, Duration


def seconds(length: Duration) -> float:
    """Minutes, hours or days in seconds."""
    unit = CLOCK_UNITS.get(length.unit, timedelta(days=1))
    return length.amount * unit.total_seconds()
