"""How a column of dates is read, together with the column of the time of day beside it."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

from qi_checker.protocol.date_format import EXCEL
from qi_checker.sources.inspect.profiles import Profile, dates_of, is_clock, is_part_of_a_day


def clock_beside(
    column: Profile, columns: Sequence[Profile], used: Collection[str]
) -> Profile | None:
    """Return the column with the time of day, if a date column has no time."""
    if any(re.search(r":|\dh", value) for value, _ in column.values[:20]):
        return None
    serial = dates_of(column).formats == (EXCEL,)
    clocks = [
        c
        for c in columns
        if c.name not in used and (is_clock(c) or (serial and is_part_of_a_day(c)))
    ]
    near = [c for c in clocks if abs(c.place - column.place) <= 2 and c.place > column.place]
    return near[0] if near else None


def with_clock(date_format: str, clock: Profile | None) -> str:
    """Return a date format with that of the time of day, as the column `clock` writes it."""
    if clock is None or date_format == EXCEL:
        return date_format
    values = [value for value, _ in clock.values[:20]]
    if all(re.fullmatch(r"\d{3,4}", value) for value in values):
        return f"{date_format or 'YYYY-MM-DD'} HHmm"
    if any(re.search(r"[AaPp][Mm]", value) for value in values):
        blank = " " if any(re.search(r" [AaPp][Mm]", value) for value in values) else ""
        return f"{date_format or 'YYYY-MM-DD'} hh:mm{blank}AM"
    if any(value.endswith(" Uhr") for value in values):
        return f"{date_format or 'YYYY-MM-DD'} HH:mm Uhr"
    if any("h" in value for value in values):
        return f"{date_format or 'YYYY-MM-DD'} HHhmm"
    return f"{date_format} HH:mm" if date_format else ""


def date_formats(column: Profile, clock: Profile | None) -> list[str]:
    """Return the possible formats of a column of dates, with its time of day."""
    return [with_clock(date_format, clock) for date_format in dates_of(column).formats]


def date_source(
    column: Profile, columns: Sequence[Profile], used: Collection[str]
) -> dict[str, Any]:
    """Return the part of a mapping that reads a column of dates, and the clock beside it."""
    clock = clock_beside(column, columns, used)
    formats = date_formats(column, clock)
    source: dict[str, Any] = {"column": column.name}
    if clock is not None:
        source = {"columns": [column.name, clock.name]}
    return source if formats == [""] else source | {"date": " or ".join(formats)}
