"""Single rows from raw tables, as text, without preparing the whole data set for a query.

A question about one case must be answered at once, so only its own rows are judged. What depends on
all rows (how many were rejected, which kinds of events are delivered at all) is decided by the same
Python that judges everything: a sieve passes the rows that are certainly plain and correct, which
are nearly all, and the others are read one by one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

from qi_checker.engines.duckdb.values import clean, quote, text
from qi_checker.judging.context import Context, shared_ids, torn_rows
from qi_checker.judging.records import TornRow
from qi_checker.judging.rows import Rejected, Row, read_rows
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.records import EVENTS, EXCEPTIONS, Table
from qi_checker.protocol.site import Site

if TYPE_CHECKING:
    import duckdb

Cells = dict[str, Any]
NO_BLANK_AT_AN_END = r"[!-~]([ -~]*[!-~])?"
PLAIN_DATE = r"(19|20|21)\d\d-\d\d-\d\d([T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?)?"


@dataclass(frozen=True)
class Sieve(ABC):
    """The rows of a table, and judgements of those that are not certainly plain and correct.

    A plain row is recognised without trimming anything, which would cost five times as much as all
    else: a row with a blank at the end of a cell is not plain. A row that shares its id with
    another row is also examined, so that all rows of such an id are available.
    """

    table: Table
    site: Site
    as_of: AsOf

    @abstractmethod
    def rows_of(self, column: str, value: str) -> Sequence[Cells]:
        """Return the rows with a value in a column, in file order."""

    @abstractmethod
    def looked_at(self) -> Sequence[Cells]:
        """Return the rows that are examined one by one, in file order."""

    @property
    @abstractmethod
    def size(self) -> tuple[int, int]:
        """Return the number of rows read, including torn rows, and the number of torn rows."""

    @property
    @abstractmethod
    def torn(self) -> Sequence[TornRow]:
        """Return the torn rows."""

    @abstractmethod
    def news(self) -> tuple[set[str], dict[str, date]]:
        """Return the kinds of plain rows known at `as_of`, and the newest recording day of each."""

    @abstractmethod
    def shared(self, owner: str, mine: str) -> dict[str, str]:
        """Return an owner's ids that also occur in rows of others (`Context.shared_ids`)."""

    @cached_property
    def judged(self) -> tuple[list[Row], list[Rejected]]:
        """Judge the examined rows: return the usable rows and the rejected rows."""
        return read_rows(self.table, self.looked_at(), self.site)

    @cached_property
    def census(self) -> tuple[int, int]:
        """Return the number of rows read, including torn rows, and the number of usable rows."""
        rows, torn = self.size
        return rows, rows - torn - len(self.judged[1])


@dataclass(frozen=True)
class Raw:
    """The raw tables of a connection (`protocol/records.py`)."""

    con: duckdb.DuckDBPyConnection
    _types: dict[str, dict[str, str]] = field(default_factory=dict)

    def rows(self, table: Table, where: str, parameters: list[Any] | None = None) -> list[Cells]:
        """Return rows of a raw table as text, in file order."""
        types = self.types(table)
        columns = ", ".join(f"{as_text(n, kind)} AS {quote(n)}" for n, kind in types.items())
        query = (
            f"SELECT {columns} FROM raw_{table.name} WHERE {where} ORDER BY raw_{table.name}._row"
        )
        result = self.con.execute(query, parameters or [])
        return [dict(zip(types, row, strict=True)) for row in result.fetchall()]

    def types(self, table: Table) -> dict[str, str]:
        """Return the columns of a raw table with their types."""
        if table.name not in self._types:
            described = self.con.execute(f"DESCRIBE raw_{table.name}").fetchall()
            self._types[table.name] = {str(name): str(kind) for name, kind, *_ in described}
        return self._types[table.name]

    def column(self, table: Table, name: str) -> str:
        """Return the SQL of the trimmed text of a column, NULL if nothing is left."""
        return clean(as_text(name, self.types(table)[name]))


def as_text(name: str, kind: str) -> str:
    """Return the SQL of a value as in a CSV; a typed time of midnight is a date."""
    column = quote(name)
    if kind == "VARCHAR":
        return column
    if kind == "TIMESTAMP":
        day = f"CAST(CAST({column} AS DATE) AS VARCHAR)"
        midnight = f"CAST({column} AS TIME) = TIME '00:00:00'"
        return f"CASE WHEN {midnight} THEN {day} ELSE CAST({column} AS VARCHAR) END"
    return f"CAST({column} AS VARCHAR)"


@dataclass(frozen=True)
class RawSieve(Sieve):
    """The rows of a raw table of a connection."""

    raw: Raw

    def rows_of(self, column: str, value: str) -> Sequence[Cells]:
        raw, table = self.raw, self.table
        whole = as_text(column, raw.types(table)[column])
        where = f"contains({whole}, ?) AND {raw.column(table, column)} = ?"
        return raw.rows(table, where, [value, value])

    @cached_property
    def _name(self) -> str:
        """Make a table of row, id, kind and recording day of every row, and whether it is plain."""
        name = f"sieved_{self.table.name}"
        events = self.table is EVENTS
        kind = f"lower({self._value('kind')})" if events else "NULL"
        day = f"left({self._value('recorded_at')}, 10)" if events else "NULL"
        self.raw.con.execute(
            f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT _row, {self._value(self.table.key)} AS id, "
            f"{kind} AS kind, {day} AS day, coalesce({self._plain()}, false) AS plain "
            f"FROM raw_{self.table.name}"
        )
        return name

    def _value(self, column: str) -> str:
        """Return the SQL of the text of a column as written; NULL if it is empty."""
        return f"nullif({as_text(column, self.raw.types(self.table)[column])}, '')"

    def _plain(self) -> str:
        """Return the SQL condition that a row alone is certainly correct; NULL counts as no."""
        checks = []
        for column in self.table.columns:
            value = self._value(column.name)
            if column.words:
                checks.append(f"lower({value}) IN ({', '.join(map(text, column.words))})")
            elif column.kind.startswith("when"):
                right = f"regexp_full_match({value}, '{PLAIN_DATE}')"
                day = f"try_cast(left({value}, 10) AS DATE) IS NOT NULL"
                absent = "" if column.needed else f"{value} IS NULL OR "
                checks.append(f"({absent}({right} AND {day}))")
            elif column.needed:
                checks.append(f"regexp_full_match({value}, '{NO_BLANK_AT_AN_END}')")
        if self.table is EVENTS:
            status, at = self._value("status"), self._value("at")
            checks.append(f"({at} IS NOT NULL OR lower({status}) NOT IN ('booked', 'completed'))")
            # Whether it was known depends on the clock time, which is examined row by row.
            recorded = self._value("recorded_at")
            checks.append(f"coalesce(left({recorded}, 10), '') <> '{self.as_of.date}'")
        return " AND ".join(checks)

    @cached_property
    def all_plain(self) -> bool:
        """Whether every row is plain and has a unique id: the usual case."""
        query = (
            f"SELECT count(*), count(*) FILTER (WHERE plain), count(DISTINCT id) FROM {self._name}"
        )
        return len(set(self.raw.con.execute(query).fetchall()[0])) == 1

    @property
    def _looked_at(self) -> str:
        """Return the SQL condition of the rows that are examined one by one."""
        name = self._name
        return (
            f"NOT plain OR id IN (SELECT id FROM {name} WHERE id IS NOT NULL "
            "GROUP BY 1 HAVING count(*) > 1) "
            f"OR id IN (SELECT {clean('id')} FROM {name} "
            # A NULL among them would make the condition NULL for every row.
            f"WHERE NOT plain AND {clean('id')} IS NOT NULL)"
        )

    def looked_at(self) -> Sequence[Cells]:
        if self.all_plain:
            return []
        where = f"_row IN (SELECT _row FROM {self._name} WHERE {self._looked_at})"
        return self.raw.rows(self.table, where)

    @property
    def size(self) -> tuple[int, int]:
        name = self.table.name
        query = f"SELECT (SELECT count(*) FROM raw_{name}), (SELECT count(*) FROM torn_{name})"
        rows, torn = self.raw.con.execute(query).fetchall()[0]
        return rows + torn, torn

    @property
    def torn(self) -> Sequence[TornRow]:
        names = ("_row", "id", "patient_id", "why")
        query = f"SELECT {', '.join(names)} FROM torn_{self.table.name} ORDER BY _row"
        found = self.raw.con.execute(query).fetchall()
        return torn_rows(dict(zip(names, row, strict=True)) for row in found)

    def news(self) -> tuple[set[str], dict[str, date]]:
        looked_at = "NOT plain" if self.all_plain else self._looked_at
        query = (
            f"SELECT kind, CAST(max(day) AS DATE) FROM {self._name} "
            f"WHERE NOT ({looked_at}) AND coalesce(day, '') < '{self.as_of.date}' GROUP BY 1"
        )
        found = self.raw.con.execute(query).fetchall()
        return {str(k) for k, _ in found}, {str(k): day for k, day in found if day is not None}

    def shared(self, owner: str, mine: str) -> dict[str, str]:
        if self.all_plain:
            return {}
        raw, name = self.raw, f"raw_{self.table.name}"
        key, whose = raw.column(self.table, self.table.key), raw.column(self.table, owner)
        own = f"{key} IN (SELECT {key} FROM {name} WHERE {whose} = ?)"
        return shared_ids(self.table, raw.rows(self.table, own, [mine]), self.site)


def context_of_case(
    events: Sieve, exceptions: Sieve, patient: str, case_id: str, full_until: dict[str, date]
) -> Context:
    """Make the context of one case: the part of the data set's context that concerns the case.

    full_until: half-empty feeds, which only a prepared data set reveals.
    """
    as_of = events.as_of
    delivered, newest = events.news()
    for row in events.judged[0]:
        recorded = row.dates.get("recorded_at")
        if recorded is None or not recorded.after(as_of):
            kind = row.word("kind")
            delivered.add(kind)
            if recorded is not None:
                newest[kind] = max(recorded.lo, newest.get(kind, recorded.lo))
    shared = {
        EVENTS.name: events.shared("patient_id", patient),
        EXCEPTIONS.name: exceptions.shared("case_id", case_id),
    }
    return Context(
        as_of=str(as_of),
        delivered=frozenset(delivered),
        newest=newest,
        full_until=full_until,
        shared_ids={name: ids for name, ids in shared.items() if ids},
        torn=tuple(row for row in events.torn if row.patient == patient),
    )
