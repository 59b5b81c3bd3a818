"""Build `raw_<name>` and `torn_<name>` in a DuckDB connection: the last step of every source."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from qi_checker.private import spill_folder
from qi_checker.protocol.records import RawTable, Table

if TYPE_CHECKING:
    import duckdb

NO_VALUE = ("NULL", "\\N")  # notations of databases for a missing value
BETWEEN = "\x1f"  # never occurs in a cell
MOST_CELLS = 200  # of a torn row, searched for an id
LONGEST_ID = 1_000  # characters; a longer one is not shown among the rejects
BATCH = 50_000  # rows handed over in one statement: bounds what Python holds at once


@dataclass(frozen=True)
class Torn:
    """A row whose cells cannot be separated or read: its number, why, and any patient."""

    row: int
    id: str | None
    patient_id: str | None
    why: str
    cells: tuple[str, ...] = ()  # readable cells, which may contain a patient's id


FEW_ROWS = 20_000  # a row is about 100 bytes of a file
# What few rows need of the planner: without these a join would compare each row with every other.
_NEEDED = (
    "deliminator",
    "expression_rewriter",
    "filter_pushdown",
    "in_clause",
    "unnest_rewriter",
    "unused_columns",
)


def connect(few: bool = False) -> duckdb.DuckDBPyConnection:
    """Open a new in-memory database, which spills to a folder that only this user can read.

    DuckDB's default is `.tmp` in the current folder, where patient data may be visible, and where a
    killed run leaves them forever.

    few: at most about FEW_ROWS rows come. Then it has one thread, since DuckDB hands out work in
    parts of 122,880 rows and further threads only wait for each other; and most of the planner's 47
    optimizers are off, since planning takes longer than the rows. Medians of pairs of runs on two
    processors: an audit of 3 operations took 0.42 s of processor time and takes 0.36 s, one of 250
    1.02 s and 0.88 s, one of 2,000 1.36 s and 1.29 s; with 3,200 it would take as much.
    """
    import duckdb  # slow to import, and not every command reads records

    config: dict[str, Any] = {"temp_directory": str(spill_folder())}
    con = duckdb.connect(config=config | ({"threads": 1} if few else {}))
    # DuckDB's progress bar, which it shows on a terminal, would mix with our output.
    con.execute("SET enable_progress_bar = false")
    if few:
        con.execute(f"SET disabled_optimizers = '{_not_needed()}'")
    return con


@cache
def _not_needed() -> str:
    """Return the optimizers that few rows do not need, of this version of DuckDB."""
    import duckdb

    with duckdb.connect(config={"threads": 1}) as con:
        names = con.execute("SELECT name FROM duckdb_optimizers()").fetchall()
    return ",".join(name for (name,) in names if name not in _NEEDED)


@contextmanager
def private_file() -> Iterator[Path]:
    """Yield a file that only this user can read, for a copy that is deleted afterwards."""
    number, name = tempfile.mkstemp(dir=spill_folder())
    os.close(number)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def quoted(name: str) -> str:
    """Quote a column or table name for SQL, whatever it contains."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Quote text as an SQL literal, whatever it contains."""
    return "'" + text.replace("'", "''") + "'"


def path_literal(path: Path) -> str:
    """Quote a file name for DuckDB's readers: brackets, stars and question marks are not globs."""
    return literal("".join(f"[{c}]" if c in "[*?" else c for c in str(path)))


def create_raw(con: duckdb.DuckDBPyConnection, name: str, columns: Sequence[str]) -> None:
    """Create an empty `raw_<name>` with these columns as text and `_row`."""
    listed = ", ".join(f"{quoted(c)} VARCHAR" for c in columns)
    replace(con, "TABLE", f"raw_{name}", f"({listed}, _row BIGINT)")


def insert(
    con: duckdb.DuckDBPyConnection,
    name: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[str | None]],
) -> None:
    """Add rows of text to a table in batches; numbers are converted from text."""
    listed = ", ".join(quoted(column) for column in columns)
    cells = ", ".join(f"r[{at}]" for at in range(1, len(columns) + 1))
    add = f"INSERT INTO {name} ({listed}) SELECT {cells} FROM (SELECT unnest(?::VARCHAR[][]) AS r)"
    remaining = iter(rows)
    while batch := list(islice(remaining, BATCH)):
        con.execute(add, [batch])


def create_torn(con: duckdb.DuckDBPyConnection, name: str, torn: Iterable[Torn] = ()) -> None:
    """Create `torn_<name>`, in row order, with `cells`, a list that `find_owners` reads."""
    columns = ("_row", "id", "patient_id", "why", "cells")
    ordered = sorted(torn, key=lambda t: t.row)
    typed = f"_row BIGINT, {' VARCHAR, '.join(columns[1:])} VARCHAR"
    if not ordered:  # as usual, and three statements less
        replace(con, "TABLE", f"torn_{name}", f"({typed}[])")
        return
    text = f"torn_{name}_text"
    replace(con, "TABLE", text, f"({typed})")
    rows = ([str(t.row), t.id, t.patient_id, t.why, joined(t.cells)] for t in ordered)
    insert(con, text, columns, rows)
    cells = f"string_split(cells, {literal(BETWEEN)}) AS cells"
    replace(con, "TABLE", f"torn_{name}", f"AS SELECT * REPLACE ({cells}) FROM {text}")
    con.execute(f"DROP TABLE {text}")


def joined(cells: Sequence[str | None]) -> str:
    """Join the cells of a torn row that may be an id."""
    texts = (c.replace(BETWEEN, " ").strip() for c in cells[:MOST_CELLS] if c)
    return BETWEEN.join(text for text in texts if len(text) <= LONGEST_ID)


def drop(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """Remove a table or view, and the table under a view of that name."""
    found = con.execute(
        "SELECT table_type FROM information_schema.tables WHERE table_name = ?", [name]
    ).fetchall()
    for (kind,) in found:
        con.execute(f"DROP {'VIEW' if kind == 'VIEW' else 'TABLE'} {name}")
    con.execute(f"DROP TABLE IF EXISTS file_{name}")


def numbered(con: duckdb.DuckDBPyConnection, stored: str, into: str, first: int) -> None:
    """Make the view `into` of a table, with rows numbered in order from `first` as `_row`.

    rowid counts the rows as stored; row_number() would read on one core only, and is used only for
    a table that has a column of that name.
    """
    names = [str(row[0]).lower() for row in con.execute(f"DESCRIBE {stored}").fetchall()]
    number = "row_number() OVER () - 1" if "rowid" in names else "rowid"
    replace(con, "VIEW", into, f"AS SELECT *, {number} + {first} AS _row FROM {stored}")


def create_absent(con: duckdb.DuckDBPyConnection, table: Table) -> RawTable:
    """Create an optional table that the source lacks: all columns, no rows."""
    create_raw(con, table.name, table.names)
    create_torn(con, table.name)
    return RawTable(table.name, "", table.names, sha256="", absent=True)


def replace(
    con: duckdb.DuckDBPyConnection, kind: Literal["TABLE", "VIEW"], name: str, body: str
) -> None:
    """Create a table or view, replacing anything left by an earlier reading."""
    import duckdb

    try:
        con.execute(f"CREATE OR REPLACE {kind} {name} {body}")
    except duckdb.CatalogException:  # a view instead of a table, or vice versa
        con.execute(f"DROP {'VIEW' if kind == 'TABLE' else 'TABLE'} {name}")
        con.execute(f"CREATE {kind} {name} {body}")
