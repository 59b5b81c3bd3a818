"""Damages of clock times."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from tests.helpers.damages.base import (
    UNSEEN,
    WARN,
    Tables,
    change_each,
    damage,
    day_in,
    imaging,
    some_of,
)


def _hours(hours: int) -> Callable[[str], str]:
    def change(text: str) -> str:
        if len(text) != 16:
            return text
        moment = datetime.fromisoformat(text) + timedelta(hours=hours)
        return moment.isoformat(timespec="minutes")

    return change


@damage("times", WARN)
def scans_five_hours_early(t: Tables) -> None:
    """Write UTC of a hospital in the east as local time."""
    change_each(imaging(t), "at", _hours(-7))


@damage("times", WARN)
def scans_nine_hours_late(t: Tables) -> None:
    change_each(imaging(t), "at", _hours(9))


@damage("times", WARN)
def operations_at_midnight(t: Tables) -> None:
    change_each(t.cases, "surgery_at", lambda x: f"{x[:10]}T00:00" if day_in(x) else x)
    change_each(t.cases, "started_at", lambda x: f"{x[:10]}T00:00" if day_in(x) else x)


@damage("times", WARN)
def scans_at_midnight(t: Tables) -> None:
    change_each(t.events, "at", lambda x: f"{x[:10]}T00:00" if day_in(x) else x)


@damage("times", UNSEEN, history=True)
def clock_times_of_scans_lost(t: Tables) -> None:
    """Decide less often, but never wrongly: unknown, and the finding gives the reason."""
    change_each(t.events, "at", lambda x: x[:10])


@damage("times", UNSEEN, history=True)
def actual_starts_lost(t: Tables) -> None:
    for row in t.cases:
        row["started_at"] = ""


@damage("times", WARN, "study")
def afternoons_without_pm(t: Tables) -> None:
    def half(text: str) -> str:
        if len(text) != 16:
            return text
        return f"{text[:11]}{int(text[11:13]) % 12 or 12:02d}{text[13:]}"

    change_each(t.events, "at", half)


@damage("times", WARN, "study")
def offset_of_another_continent(t: Tables) -> None:
    change_each(t.events, "at", lambda x: f"{x}:00+09:00" if len(x) == 16 else x)


@damage("times", WARN)
def name_of_a_time_zone_behind_some_clocks(t: Tables) -> None:
    change_each(some_of(t.events, 0.4), "at", lambda x: f"{x} EST" if len(x) == 16 else x)
