"""Map columns of dates, with the time of day beside them."""

from __future__ import annotations

import re
from typing import Any

from qi_checker.errors import count
from qi_checker.sources.inspect.block import ASKED, Block
from qi_checker.sources.inspect.clocks import clock_beside, date_formats
from qi_checker.sources.inspect.profiles import Profile, dates_of, is_birth
from qi_checker.sources.layout import BLANKS
from qi_checker.sources.raw import literal

_APPOINTMENT = re.compile(
    r"\b(app(oin)?t\w*|termin\w*|sched\w*|planned|geplant|gepl|rdv|rendez vous|booked|prevu\w*)\b"
)
_NEAR = 0.35  # two columns whose scores differ by less are both offered


def add_date(block: Block, role: str, required: bool = False) -> None:
    """Map a column of dates; one that is not required only if its role is certain."""
    if role not in block.roles:
        if required:
            block.missing(role)
        return
    column, score = block.roles[role]
    if not required and score < 0.7:
        return
    block.used.add(column.name)
    clock = clock_beside(column, block.table.columns, block.used)
    formats = date_formats(column, clock)
    source = block.dated(column)
    if clock is not None:
        block.used.add(clock.name)
    block.columns[role] = source if len(source) > 1 or clock else column.name
    if len(formats) > 1:
        block.ask(
            role,
            f"{column.name} can be read in {len(formats)} ways ({column.values[0][0]} ...): which?",
            [(date_format, {"date": date_format}) for date_format in formats],
        )
    if role == "at" and _add_appointments(block, column, source):
        return
    if required:
        _ask_about_other_dates(block, role, column, score)


def _add_appointments(block: Block, done: Profile, source: dict[str, Any]) -> bool:
    """Take the appointment for rows that have no time of the examination yet.

    Many systems have two columns: the start, empty until the examination is done, and the
    appointment. Without the latter no booked event has a date.
    """
    if "columns" in source or done.filled > 0.98 * done.rows:
        return False
    empty = f"trim(coalesce(k{done.place - 1}, ''), {literal(BLANKS)}) = ''"
    for column in block.table.columns:
        other_role = column.name in block.with_role or column is done
        if other_role or _APPOINTMENT.search(column.words) is None:
            continue
        filled = f"trim(coalesce(k{column.place - 1}, ''), {literal(BLANKS)}) <> ''"
        (rows,) = block.con.execute(
            f"SELECT count(*) FROM {block.inspected.grid} WHERE {empty} AND {filled}"
        ).fetchall()[0]
        formats = dates_of(column).formats
        if not rows or not formats:
            continue
        both: dict[str, Any] = {"first_of": [done.name, column.name]}
        dates = [" or ".join(f) for f in (dates_of(done).formats, formats)]
        if written := [text for text in dict.fromkeys(dates) if text]:
            both["date"] = written[0] if len(written) == 1 else written
        block.used.add(column.name)
        block.columns["at"] = both
        block.ask(
            "at",
            f"{done.name} is empty in {count(rows, 'row')} of {block.title} that have "
            f"{column.name}: is that the appointment of an examination not yet done?",
            [("yes", both), ("no, leave those rows without a date", block.dated(done))],
            0,
        )
        return True
    return False


def _ask_about_other_dates(block: Block, role: str, column: Profile, score: float) -> None:
    """Ask about other columns that may be the required date."""
    taken = {c.name for r, (c, _) in block.roles.items() if r != role}
    others = [
        c
        for c in block.table.columns
        if c is not column and c.name not in block.used and c.name not in taken
        if dates_of(c).share > 0.6 and not is_birth(c)
    ]
    if others and score < 1 + _NEAR:
        block.ask(
            role,
            f"Which column of {block.title} is {ASKED[role]}?",
            [(c.name, block.dated(c)) for c in (column, *others[:4])],
            0,
        )
