"""PostgreSQL's dialect, and its temporary tables: nothing else is ever written there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

from sqlglot import exp

from qi_checker.engines.inputs.database import Database, Kind
from qi_checker.query.dialects import portable

if TYPE_CHECKING:
    import pyarrow
    from adbc_driver_manager.dbapi import Connection

    from qi_checker.query.plan import Query

# Results must not depend on the settings of a server or a role.
_SETTINGS = (
    "SET TimeZone = 'UTC'",
    "SET DateStyle = 'ISO, YMD'",
    "SET standard_conforming_strings = on",
    "SET client_min_messages = error",
    "SET application_name = 'qi-checker'",
    "SET jit = off",  # compiling takes longer than running most of these queries
)
_KINDS = {  # with DuckDB's names
    "date": "DATE",
    "timestamp without time zone": "TIMESTAMP",
    "timestamp with time zone": "TIMESTAMP WITH TIME ZONE",
    "text": "VARCHAR",
    "character varying": "VARCHAR",
    "character": "VARCHAR",
}
_TYPES = {"TEXT": "text", "INTEGER": "integer", "DATE": "date"}
_BATCH = 1_000  # rows of one INSERT


class PostgreSQL(Database):
    """One session. Every table is made in `pg_temp`, so that no hospital table is affected."""

    TEXT = "text"
    FENCE = " OFFSET 0"  # without it the planner repeats an expression wherever it is used
    FINDS_PADDED = False

    def __init__(self, con: Connection) -> None:
        self._con = con
        for setting in _SETTINGS:
            self.run(setting)
        from adbc_driver_manager.dbapi import DataError, InternalError, NotSupportedError

        self.ERRORS = (DataError, InternalError, NotSupportedError)
        limit = "current_setting('statement_timeout')"
        self.may_time_out = self.row(f"SELECT {limit}")[0] != "0"

    # ---- tables ----------------------------------------------------------------------------------

    def run(self, statement: str) -> None:
        with self._con.cursor() as cursor:
            cursor.execute(statement)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self._con.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())

    def stream(self, query: str) -> _Streamed:
        """Stream rows in batches as they arrive, however many."""
        return _Streamed(self._con, query)

    def columns(self, table: str) -> dict[str, str]:
        """Return names and types of the columns of a table or view in the search path."""
        found = self.rows(f"""
            SELECT attname, format_type(atttypid, NULL) FROM pg_attribute
            WHERE attrelid = to_regclass({self.text(table)})
              AND attnum > 0 AND NOT attisdropped ORDER BY attnum""")
        return {str(name): _KINDS.get(kind, str(kind).upper()) for name, kind in found}

    def table(self, name: str, query: str) -> None:
        self.run(f"DROP TABLE IF EXISTS pg_temp.{name}")
        self.run(f"CREATE TEMP TABLE {name} AS {query}")
        self.run(f"ANALYZE pg_temp.{name}")

    def add(self, name: str, query: str) -> None:
        self.run(f"INSERT INTO pg_temp.{name} {query}")

    def drop(self, name: str) -> None:
        self.run(f"DROP TABLE pg_temp.{name}")

    def leave_out(self, raw: str, rows: str) -> None:
        self.run(f"DELETE FROM pg_temp.{raw} WHERE _row IN (SELECT _row FROM pg_temp.{rows})")

    def fill(self, name: str, columns: Mapping[str, Kind], rows: Iterable[Sequence[Any]]) -> None:
        listed = ", ".join(f"{column} {_TYPES[kind]}" for column, kind in columns.items())
        self.run(f"DROP TABLE IF EXISTS pg_temp.{name}")
        self.run(f"CREATE TEMP TABLE {name} ({listed})")
        for some in _batches(rows):
            values = ", ".join(f"({', '.join(map(self._literal, row))})" for row in some)
            self.run(f"INSERT INTO pg_temp.{name} VALUES {values}")
        self.run(f"ANALYZE pg_temp.{name}")

    def index(self, name: str, column: str) -> None:
        self.run(f"CREATE INDEX ON pg_temp.{name} ({column})")

    def store(self, name: str, query: Query, number: int) -> None:
        if number == 0:
            self.table(name, query.text(_sql))
            return
        columns = ", ".join(self.quote(column) for column in self.columns(name))
        self.add(name, f"SELECT {columns} FROM ({query.text(_sql)}) q")

    def show(self, name: str, queries: Sequence[Query], read_often: bool = False) -> None:
        """Make a table: several queries read it, and a view would block replacing its source."""
        for number, query in enumerate(queries):
            self.store(name, query, number)

    def _literal(self, value: Any) -> str:
        if value is None:
            return "NULL"
        if isinstance(value, date):
            return f"DATE '{value.isoformat()}'"
        return str(int(value)) if isinstance(value, int) else self.text(str(value))

    # ---- words -----------------------------------------------------------------------------------

    def padded(self, column: str) -> str:
        return "false"  # ids are always trimmed

    def matches(self, value: str, pattern: str) -> str:
        return f"({value} ~ {self.text(f'^({pattern})$')})"

    def part(self, value: str, pattern: str) -> str:
        return f"substring({value} FROM {self.text(pattern)})"

    def words(self, column: str, change: Literal["upper", "lower"]) -> str:
        word = self.trim("w")
        return (
            f"ARRAY(SELECT {change}({word}) FROM unnest(string_to_array({column}, ';')) "
            f"WITH ORDINALITY AS u(w, n) WHERE {word} <> '' ORDER BY n)"
        )

    def set_of(self, value: str, where: str) -> str:
        return f"array_agg(DISTINCT {value}) FILTER (WHERE {where})"

    def array(self, values: Sequence[str]) -> str:
        return f"CAST(ARRAY[{', '.join(self.text(v) for v in values)}] AS text[])"

    def pieces(self, value: str) -> str:
        return f"unnest(string_to_array({value}, ';'))"

    def size(self, array: str) -> str:
        return f"cardinality({array})"

    def has(self, array: str, word: str) -> str:
        return f"({word} = ANY({array}))"

    def within(self, array: str, known: str) -> str:
        return f"({array} <@ {known})"

    def each_item(self, value: str, change: Callable[[str], str]) -> str:
        """Return a `;`-list with each item changed; NULL stays NULL."""
        changed = (
            f"ARRAY(SELECT {change('item')} FROM unnest(string_to_array({value}, ';')) "
            "WITH ORDINALITY AS u(item, n) ORDER BY n)"
        )
        return f"CASE WHEN {value} IS NOT NULL THEN array_to_string({changed}, ';') END"

    def same(self, one: str, other: str) -> str:
        """Compare with plain equality, since only that is joined by hashing."""
        return (
            f"coalesce({one}, '') = coalesce({other}, '') AND ({one} IS NULL) = ({other} IS NULL)"
        )

    def hashed(self, value: str) -> str:
        return f"hashtextextended({value}, 0)"


def _sql(query: exp.Query) -> str:
    """Return the query in PostgreSQL's SQL."""
    return portable(query, "postgres").sql(dialect="postgres", identify=True, copy=False)


class _Streamed:
    """`with db.stream(query) as batches`: an Arrow reader, closed with its cursor."""

    def __init__(self, con: Connection, query: str) -> None:
        self._cursor = con.cursor()
        self._query = query

    def __enter__(self) -> pyarrow.RecordBatchReader:
        self._cursor.execute(self._query)
        return self._cursor.fetch_record_batch()

    def __exit__(self, *_: object) -> None:
        self._cursor.close()


def _batches(rows: Iterable[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    remaining = iter(rows)
    while some := list(islice(remaining, _BATCH)):
        yield some
