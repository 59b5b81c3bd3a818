"""Single rows out of raw tables, as text, without preparing the whole data set for a query.

Asking about one case must start at once. Only its own rows are judged. What depends on all rows (how
many were rejected, which kinds of events are delivered at all) is decided by the same Python that
judges everything: a small piece of SQL lets the rows pass that are certainly plain and right, which
are nearly all, and the others are read one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

from qi_checker.engines.duckdb.values import clean, quote, text
from qi_checker.judging.context import Context, shared_ids, torn_rows
from qi_checker.judging.rows import Rejected, Row, read_rows
from qi_checker.protocol.records import EVENTS, EXCEPTIONS, Table

if TYPE_CHECKING:
    import duckdb

    from qi_checker.protocol.as_of import AsOf
    from qi_checker.protocol.site import Site

Cells = dict[str, Any]
_PLAIN_DATE = r"(19|20|21)\d\d-\d\d-\d\d([T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?)?"


@dataclass(frozen=True)
class Raw:
    """The raw tables of a connection (`protocol/records.py`)."""

    con: duckdb.DuckDBPyConnection
    _types: dict[str, dict[str, str]] = field(default_factory=dict)

    def rows(self, table: Table, where: str, parameters: list[Any] | None = None) -> list[Cells]:
        """Give rows of a raw table as text, in file order."""
        types = self.types(table)
        columns = ", ".join(f"{as_text(n, kind)} AS {quote(n)}" for n, kind in types.items())
        query = (
            f"SELECT {columns} FROM raw_{table.name} WHERE {where} ORDER BY raw_{table.name}._row"
        )
        result = self.con.execute(query, parameters or [])
        return [dict(zip(types, row, strict=True)) for row in result.fetchall()]

    def types(self, table: Table) -> dict[str, str]:
        """Give the columns of a raw table with their types."""
        if table.name not in self._types:
            described = self.con.execute(f"DESCRIBE raw_{table.name}").fetchall()
            self._types[table.name] = {str(name): str(kind) for name, kind, *_ in described}
        return self._types[table.name]

    def column(self, table: Table, name: str) -> str:
        """Give the SQL of the trimmed text of a column, NULL where nothing is left."""
        return clean(as_text(name, self.types(table)[name]))


def as_text(name: str, kind: str) -> str:
    """SQL of a value as a CSV would have it; a typed time of midnight is a date."""
    column = quote(name)
    if kind == "VARCHAR":
        return column
    if kind == "TIMESTAMP":
        day = f"CAST(CAST({column} AS DATE) AS VARCHAR)"
        midnight = f"CAST({column} AS TIME) = TIME '00:00:00'"
        return f"CASE WHEN {midnight} THEN {day} ELSE CAST({column} AS VARCHAR) END"
    return f"CAST({column} AS VARCHAR)"


@dataclass(frozen=True)
class Sieve:
    """The rows of a table that are not certainly plain and right, judged.

    A row with an id that another row has is one of them, so that of each such id every row is here.
    """

    raw: Raw
    table: Table
    site: Site
    or_else: str = ""  # SQL: further rows to look at one by one

    @property
    def where(self) -> str:
        """SQL of the rows that are looked at one by one."""
        key = self.raw.column(self.table, self.table.key)
        ids = f"SELECT {key} FROM raw_{self.table.name} GROUP BY 1 HAVING count(*) > 1"
        parts = [f"NOT coalesce({self._plain()}, false)", f"{key} IN ({ids})"]
        return " OR ".join([*parts, self.or_else] if self.or_else else parts)

    def _plain(self) -> str:
        """SQL of whether nothing can be wrong with a row by itself; NULL counts as no."""
        checks = []
        for column in self.table.columns:
            value = self.raw.column(self.table, column.name)
            if column.words:
                words = ", ".join(map(text, column.words))
                checks.append(f"lower({value}) IN ({words})")
            elif column.kind.startswith("when"):
                right = f"regexp_full_match({value}, '{_PLAIN_DATE}')"
                day = f"try_cast(left({value}, 10) AS DATE) IS NOT NULL"
                absent = "" if column.needed else f"{value} IS NULL OR "
                checks.append(f"({absent}({right} AND {day}))")
            elif column.needed:
                checks.append(f"{value} IS NOT NULL")
        if self.table is EVENTS:
            status, at = (self.raw.column(EVENTS, name) for name in ("status", "at"))
            checks.append(f"({at} IS NOT NULL OR lower({status}) NOT IN ('booked', 'completed'))")
        return " AND ".join(checks)

    @cached_property
    def judged(self) -> tuple[list[Row], list[Rejected]]:
        """The rows that are looked at: those that can be used, and the others."""
        return read_rows(self.table, self.raw.rows(self.table, self.where), self.site)

    @cached_property
    def census(self) -> tuple[int, int]:
        """How many rows were read and how many of them can be used; torn rows are read, too."""
        name = self.table.name
        query = f"SELECT (SELECT count(*) FROM raw_{name}), (SELECT count(*) FROM torn_{name})"
        rows, torn = self.raw.con.execute(query).fetchall()[0]
        return rows + torn, rows - len(self.judged[1])


def events_sieve(raw: Raw, as_of: AsOf, site: Site) -> Sieve:
    """The sieve of the events; what was recorded on the day that is judged is looked at closely."""
    recorded = raw.column(EVENTS, "recorded_at")
    return Sieve(raw, EVENTS, site, f"coalesce(left({recorded}, 10), '') = '{as_of.date}'")


def context_of_case(
    sieve: Sieve, as_of: AsOf, patient: str, case_id: str, full_until: dict[str, date]
) -> Context:
    """Make the context of one case: as that of the whole data set, as far as it concerns the case.

    full_until: feeds that are half empty, which only a prepared data set knows.
    """
    delivered, newest = _plain_news(sieve, as_of)
    for row in sieve.judged[0]:
        recorded = row.dates.get("recorded_at")
        if recorded is None or not recorded.after(as_of):
            kind = row.word("kind")
            delivered.add(kind)
            if recorded is not None:
                newest[kind] = max(recorded.lo, newest.get(kind, recorded.lo))
    found = {
        EVENTS.name: _shared(sieve, EVENTS, "patient_id", patient),
        EXCEPTIONS.name: _shared(sieve, EXCEPTIONS, "case_id", case_id),
    }
    torn = sieve.raw.con.execute("SELECT _row, id, patient_id, why FROM torn_events ORDER BY _row")
    names = ("_row", "id", "patient_id", "why")
    rows = torn_rows(dict(zip(names, row, strict=True)) for row in torn.fetchall())
    return Context(
        as_of=str(as_of),
        delivered=frozenset(delivered),
        newest=newest,
        full_until=full_until,
        shared_ids={name: ids for name, ids in found.items() if ids},
        torn=tuple(row for row in rows if row.patient == patient),
    )


def _plain_news(sieve: Sieve, as_of: AsOf) -> tuple[set[str], dict[str, date]]:
    """Kinds of the rows that the sieve lets pass and that were known, and the newest day of each."""
    kind, recorded = (sieve.raw.column(EVENTS, name) for name in ("kind", "recorded_at"))
    day = f"left({recorded}, 10)"
    query = (
        f"SELECT lower({kind}), CAST(max({day}) AS DATE) FROM raw_events "
        f"WHERE NOT ({sieve.where}) AND coalesce({day}, '') < '{as_of.date}' GROUP BY 1"
    )
    found = sieve.raw.con.execute(query).fetchall()
    return {str(k) for k, _ in found}, {str(k): day for k, day in found if day is not None}


def _shared(sieve: Sieve, table: Table, owner: str, mine: str) -> dict[str, str]:
    """Ids of the rows of an owner that rows of others have, too (`Context.shared_ids`)."""
    raw, name = sieve.raw, f"raw_{table.name}"
    key, whose = raw.column(table, table.key), raw.column(table, owner)
    own = f"{key} IN (SELECT {key} FROM {name} WHERE {whose} = ?)"
    if not raw.con.execute(
        f"SELECT 1 FROM {name} WHERE {own} AND {whose} IS DISTINCT FROM ? LIMIT 1", [mine, mine]
    ).fetchall():
        return {}
    return shared_ids(table, raw.rows(table, own, [mine]), sieve.site)


def rows_of(raw: Raw, table: Table, column: str, value: str) -> Sequence[Cells]:
    """Give the rows with a value in a column, in file order."""
    return raw.rows(table, f"{raw.column(table, column)} = ?", [value])
