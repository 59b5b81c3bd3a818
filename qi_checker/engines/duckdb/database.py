"""DuckDB's dialect, and its tables in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import duckdb

from qi_checker.engines.duckdb.values import clean
from qi_checker.engines.inputs.database import BLANKS, Database, Kind
from qi_checker.engines.inputs.doubtful import set_apart as set_apart_in
from qi_checker.protocol.records import EVENTS, Records
from qi_checker.query.tables import ROWS

if TYPE_CHECKING:
    from sqlglot import exp

    from qi_checker.query.plan import Query

_TYPES = {"TEXT": "VARCHAR", "INTEGER": "INTEGER", "DATE": "DATE"}


class DuckDB(Database):
    """A connection filled by a source."""

    KEEPS_MOST = 2_000_000
    SORTS = range(1_000_000, 20_000_000)  # hashes of 8 bytes, sorted outside the database
    ERRORS = (duckdb.Error,)

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con
        self._reads_again = False  # whether events stay in their file
        con.execute("SET TimeZone = 'UTC'")
        # The sources switch most optimizers off where there are few rows.
        (self._off,) = con.execute("SELECT current_setting('disabled_optimizers')").fetchall()[0]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self._con.execute(query).fetchall()

    def columns(self, table: str) -> dict[str, str]:
        described = self.rows(f"DESCRIBE {self.quote(table)}")
        return {str(row[0]): str(row[1]) for row in described}

    def table(self, name: str, query: str) -> None:
        self._con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {query}")

    def view(self, name: str, query: str) -> None:
        self._reads_again = True
        self._con.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {query}")

    def add(self, name: str, query: str) -> None:
        self._con.execute(f"INSERT INTO {name} {query}")

    def drop(self, name: str) -> None:
        self._con.execute(f"DROP TABLE {name}")

    def leave_out(self, raw: str, rows: str) -> None:
        """Replace the table by a view over it: a file is not copied.

        Temporary tables are not used: a cursor of the same records would not see them.
        """
        before, out = f"{raw}_with_{rows}", f"left_out_{rows}"
        for name in (before, out):
            if kind := self._kind(name):
                self._con.execute(f"DROP {kind} {name}")
        self._con.execute(f"CREATE TABLE {out} AS SELECT _row FROM {rows}")
        self._con.execute(f"ALTER {self._kind(raw)} {raw} RENAME TO {before}")
        remaining = f"SELECT * FROM {before} WHERE _row NOT IN (SELECT _row FROM {out})"
        self._con.execute(f"CREATE VIEW {raw} AS {remaining}")

    def _kind(self, name: str) -> str:
        """Return the type of a table that is not temporary, empty if there is none."""
        query = "SELECT table_type FROM information_schema.tables WHERE table_name = ?"
        found = self._con.execute(query, [name]).fetchall()
        return ("VIEW" if found[0][0] == "VIEW" else "TABLE") if found else ""

    def fill(self, name: str, columns: Mapping[str, Kind], rows: Iterable[Sequence[Any]]) -> None:
        """Use one statement, with a list for each column."""
        lists = list(zip(*rows, strict=True)) or [()] * len(columns)
        names = ", ".join(f"unnest(?::{_TYPES[kind]}[]) AS {c}" for c, kind in columns.items())
        made = f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT {names}"
        self._con.execute(made, [list(values) for values in lists])

    def store(self, name: str, query: Query, number: int) -> None:
        made = (
            f"INSERT INTO {name} BY NAME" if number else f"CREATE OR REPLACE TEMP TABLE {name} AS"
        )
        off = []
        if name == ROWS and not self._off:
            # To aggregate before joining helps none of the joins of facts. To look for it took two
            # fifths of the query over a few rows, and doing it a fifth of that over a million events.
            off.append("partial_aggregate_pushdown")
            # The planner estimates very few events when they are read from their file again, since
            # they are joined with profiles; so it would keep all events in memory and stream the
            # cases.
            off += ["join_order"] if self._reads_again else []
        if off:
            self._con.execute(f"SET disabled_optimizers = '{','.join(off)}'")
        try:
            self._con.execute(f"{made} {query.text(sql)}")
        finally:
            if off:
                self._con.execute("RESET disabled_optimizers")

    def show(self, name: str, queries: Sequence[Query], read_often: bool = False) -> None:
        whole = " UNION ALL BY NAME ".join(f"({query.text(sql)})" for query in queries)
        self._con.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {whole}")

    def repeats(self, table: str, key: str, number: int) -> bool:
        """Sort hashes, which takes a fifth of the time of a distinct count in the database.

        Larger numbers stay in the database, which respects its memory limit.
        """
        if number not in self.SORTS:
            return super().repeats(table, key, number)
        query = f"SELECT {self.hashed(key)} AS hash FROM {table} WHERE {key} IS NOT NULL"
        hashes: Any = self._con.execute(query).fetchnumpy()["hash"]
        hashes.sort()
        return bool((hashes[1:] == hashes[:-1]).any())

    def clean(self, column: str) -> str:
        return clean(column)

    def blank(self, column: str) -> str:
        """Test for a leading blank first: most texts need no trimming."""
        text = f"CAST({column} AS VARCHAR)"
        begins = f"({text} < '!' OR starts_with({text}, {self.text(BLANKS[-1])}))"
        return f"({column} IS NULL OR ({begins} AND {self.clean(column)} IS NULL))"

    def padded(self, column: str) -> str:
        """Test for blanks, which is cheaper than trimming millions of clean ids."""
        ends = " OR ".join(f"suffix({column}, {self.text(blank)})" for blank in BLANKS)
        return f"coalesce(ascii({column}) <= 32 OR ascii({column}) = 160 OR {ends}, false)"

    def matches(self, value: str, pattern: str) -> str:
        return f"regexp_full_match({value}, {self.text(pattern)})"

    def part(self, value: str, pattern: str) -> str:
        return f"regexp_extract({value}, {self.text(pattern)}, 1)"

    def cast(self, value: str, kind: str) -> str:
        return f"TRY_CAST({value} AS {kind})"

    def micros(self, value: str) -> str:
        return value  # a cast truncates finer digits

    def words(self, column: str, change: Literal["upper", "lower"]) -> str:
        split = f"string_split(coalesce({column}, ''), ';')"
        trimmed = f"list_transform({split}, lambda w: {change}({self.trim('w')}))"
        return f"list_filter({trimmed}, lambda w: w <> '')"

    def set_of(self, value: str, where: str) -> str:
        return f"list(DISTINCT {value} ORDER BY {value}) FILTER (WHERE {where})"

    def array(self, values: Sequence[str]) -> str:
        return f"CAST([{', '.join(self.text(v) for v in values)}] AS VARCHAR[])"

    def pieces(self, value: str) -> str:
        return f"unnest(string_split({value}, ';'))"

    def size(self, array: str) -> str:
        return f"len({array})"

    def has(self, array: str, word: str) -> str:
        return f"list_contains({array}, {word})"

    def within(self, array: str, known: str) -> str:
        return f"list_has_all({known}, {array})"

    def number(self, order: str) -> str:
        return "CAST(row_number() OVER () AS INTEGER)"  # tables keep the order of their rows

    def hashed(self, value: str) -> str:
        return f"hash({value})"


def set_apart(records: Records) -> list[str]:
    """Set the doubtful events apart without evaluating; return the notes to report first."""
    return set_apart_in(DuckDB(records.con), records.tables[EVENTS.name].file)


def sql(query: exp.Expr) -> str:
    """Return the query in DuckDB's SQL."""
    return query.sql(dialect="duckdb", copy=False)
