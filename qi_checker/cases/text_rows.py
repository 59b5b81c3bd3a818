"""Rows of small tables in memory, as text: the sieve of `raw_rows.py` without a database.

The few distinct values of a column are checked before any row.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from qi_checker.cases.raw_rows import NO_BLANK_AT_AN_END, PLAIN_DATE, Cells, Sieve
from qi_checker.judging.context import shared_ids
from qi_checker.judging.records import TornRow
from qi_checker.judging.values import trimmed
from qi_checker.protocol.doubtful import STATUSES, misspelt, rare
from qi_checker.protocol.records import EVENTS, Column, TextTable

_PLAIN = re.compile(NO_BLANK_AT_AN_END)
_DATE = re.compile(PLAIN_DATE, re.ASCII)  # as DuckDB reads it: digits of other scripts do not count
_CLOCKED = ("booked", "completed")  # statuses of events that need a time


def doubtful(cases: TextTable, events: TextTable) -> bool:
    """Whether some events may be set apart: `judging/doubtful.py`."""
    if not all(map(trimmed, set(events.column("patient_id")))):
        return True
    kinds = Counter(trimmed(kind).lower() for kind in events.column("kind"))
    few = rare(kinds)
    if few & STATUSES or few.intersection(trimmed(id).lower() for id in cases.column("patient_id")):
        return True
    return bool(misspelt(kinds))


@dataclass(frozen=True)
class TextSieve(Sieve):
    """The rows of a table whose cells are in memory; none of them is torn."""

    given: TextTable

    def rows_of(self, column: str, value: str) -> Sequence[Cells]:
        return self._rows(self._with(column, {value}))

    def looked_at(self) -> Sequence[Cells]:
        return self._rows(sorted(self._looked_at))

    @property
    def size(self) -> tuple[int, int]:
        return len(self.given), 0

    @property
    def torn(self) -> Sequence[TornRow]:
        return ()

    def news(self) -> tuple[set[str], dict[str, date]]:
        today = str(self.as_of.date)
        newest: dict[str, str] = {}
        pairs = zip(self.given.column("kind"), self.given.column("recorded_at"), strict=True)
        odd = self._looked_at
        seen = {pair for at, pair in enumerate(pairs) if at not in odd} if odd else set(pairs)
        for kind, recorded in seen:
            word, day = (kind or "").lower(), (recorded or "")[:10]
            if day < today:
                newest[word] = max(day, newest.get(word, ""))
        return set(newest), {kind: date.fromisoformat(day) for kind, day in newest.items() if day}

    def shared(self, owner: str, mine: str) -> dict[str, str]:
        if not self._looked_at:
            return {}
        key = self.table.key
        own = {trimmed(cells[key]) for cells in self.rows_of(owner, mine)}
        return shared_ids(self.table, self._rows(self._with(key, own)), self.site)

    def _rows(self, places: Sequence[int]) -> list[Cells]:
        return [self.given.row(at) for at in places]

    def _with(self, column: str, values: Collection[str]) -> list[int]:
        """Return the places of rows with one of these trimmed values in a column, except ""."""
        cells = self.given.column(column)
        meant = {cell for cell in set(cells) if (value := trimmed(cell)) and value in values}
        return [at for at, cell in enumerate(cells) if cell in meant] if meant else []

    @cached_property
    def _looked_at(self) -> frozenset[int]:
        """Return the places of the rows that are not plain, and of rows that share an id."""
        odd: set[int] = set()
        for column in self.table.columns:
            cells = self.given.column(column.name)
            wrong = self._wrong(column, set(cells))
            if wrong:
                odd.update(at for at, cell in enumerate(cells) if cell in wrong)
        if self.table is EVENTS:
            odd |= self._undated()
        ids = self.given.column(self.table.key)
        again = {id for id, number in Counter(ids).items() if number > 1}
        again |= {trimmed(ids[at]) for at in odd}
        if again:
            odd |= {at for at, id in enumerate(ids) if id in again}
        return frozenset(odd)

    def _wrong(self, column: Column, values: set[str | None]) -> set[str | None]:
        """Return the values of a column that are not certainly plain and correct."""
        wrong: set[str | None] = set()
        if column.words:
            wrong = {cell for cell in values if (cell or "").lower() not in column.words}
        elif column.kind.startswith("when"):
            days = {cell[:10] for cell in values if cell}
            clocks = {cell[10:] for cell in values if cell}
            bad = {day for day in days if not _is_day(day)}
            late = {clock for clock in clocks if not _DATE.fullmatch(f"2000-01-01{clock}")}
            if bad or late:
                wrong = {c for c in values if c and (c[:10] in bad or c[10:] in late)}
            if column.name == "recorded_at" and self.table is EVENTS:
                # Whether it was known depends on the clock time, which is examined row by row.
                today = str(self.as_of.date)
                wrong |= {cell for cell in values if cell and cell.startswith(today)}
        elif column.needed:
            wrong = {cell for cell in values if cell is None or not _PLAIN.fullmatch(cell)}
        if column.needed and None in values:
            wrong.add(None)
        return wrong

    def _undated(self) -> set[int]:
        """Return the places of the events that need a time and have none."""
        at, status = self.given.column("at"), self.given.column("status")
        if None not in at:
            return set()
        return {
            place
            for place, (when, word) in enumerate(zip(at, status, strict=True))
            if when is None and (word or "").lower() in _CLOCKED
        }


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return _DATE.fullmatch(text) is not None
