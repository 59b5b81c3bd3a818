"""Building `raw_<name>` and `torn_<name>` in a DuckDB connection: what every source ends with."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from qi_checker.private import spill_folder
from qi_checker.protocol.records import RawTable, Table

if TYPE_CHECKING:
    import duckdb

NO_VALUE = ("NULL", "\\N")  # how databases write that there is no value
BETWEEN = "\x1f"  # stands in no cell
MOST_CELLS = 200  # of a torn row, where an id is looked for
LONGEST_ID = 1_000  # characters; a longer one is not shown among the rejects
BATCH = 50_000  # rows handed over in one statement: bounds what Python holds at once


@dataclass(frozen=True)
class Torn:
    """A row whose cells cannot be told apart or read: which one, whose if that can be read, why."""

    row: int
    id: str | None
    patient_id: str | None
    why: str
    cells: tuple[str, ...] = ()  # what can be read, where a patient's id may be among it


def connect() -> duckdb.DuckDBPyConnection:
    """A fresh database in memory; what does not fit spills into a folder that only we can read.

    DuckDB's own choice would be `.tmp` in the current folder, where patient data may be seen, and
    where a run that is killed leaves them for good.
    """
    import duckdb  # slow to import, and not every command reads records

    con = duckdb.connect(config={"temp_directory": str(spill_folder())})
    # A bar of its own, which it shows where it thinks that a person types, would be among our lines.
    con.execute("SET enable_progress_bar = false")
    return con


@contextmanager
def private_file() -> Iterator[Path]:
    """A file that only we can read, for a copy that is gone when it is not needed any more."""
    number, name = tempfile.mkstemp(dir=spill_folder())
    os.close(number)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def quoted(name: str) -> str:
    """A column or table name as SQL writes it, whatever it holds."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as SQL writes it, whatever it holds."""
    return "'" + text.replace("'", "''") + "'"


def path_literal(path: Path) -> str:
    """A file name as DuckDB's readers take it: brackets, stars and question marks are no glob."""
    return literal("".join(f"[{c}]" if c in "[*?" else c for c in str(path)))


def create_raw(con: duckdb.DuckDBPyConnection, name: str, columns: Sequence[str]) -> None:
    """An empty `raw_<name>` with these columns as text and `_row`."""
    listed = ", ".join(f"{quoted(c)} VARCHAR" for c in columns)
    replace(con, "TABLE", f"raw_{name}", f"({listed}, _row BIGINT)")


def insert(
    con: duckdb.DuckDBPyConnection,
    name: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[str | None]],
) -> None:
    """Add rows of text to a table, batch by batch; numbers are read from their text."""
    listed = ", ".join(quoted(column) for column in columns)
    cells = ", ".join(f"r[{at}]" for at in range(1, len(columns) + 1))
    add = f"INSERT INTO {name} ({listed}) SELECT {cells} FROM (SELECT unnest(?::VARCHAR[][]) AS r)"
    remaining = iter(rows)
    while batch := list(islice(remaining, BATCH)):
        con.execute(add, [batch])


def create_torn(con: duckdb.DuckDBPyConnection, name: str, torn: Iterable[Torn] = ()) -> None:
    """`torn_<name>`, in the order of the rows, with `cells`, a list that `find_owners` looks at."""
    text = f"torn_{name}_text"
    columns = ("_row", "id", "patient_id", "why", "cells")
    replace(con, "TABLE", text, f"(_row BIGINT, {' VARCHAR, '.join(columns[1:])} VARCHAR)")
    rows = (
        [str(t.row), t.id, t.patient_id, t.why, joined(t.cells)]
        for t in sorted(torn, key=lambda t: t.row)
    )
    insert(con, text, columns, rows)
    cells = f"string_split(cells, {literal(BETWEEN)}) AS cells"
    replace(con, "TABLE", f"torn_{name}", f"AS SELECT * REPLACE ({cells}) FROM {text}")
    con.execute(f"DROP TABLE {text}")


def joined(cells: Sequence[str | None]) -> str:
    """The cells of a torn row that may be an id, as one text."""
    texts = (c.replace(BETWEEN, " ").strip() for c in cells[:MOST_CELLS] if c)
    return BETWEEN.join(text for text in texts if len(text) <= LONGEST_ID)


def drop(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """Remove a table or view, and what a view of that name was made of."""
    found = con.execute(
        "SELECT table_type FROM information_schema.tables WHERE table_name = ?", [name]
    ).fetchall()
    for (kind,) in found:
        con.execute(f"DROP {'VIEW' if kind == 'VIEW' else 'TABLE'} {name}")
    con.execute(f"DROP TABLE IF EXISTS file_{name}")


def numbered(con: duckdb.DuckDBPyConnection, stored: str, into: str, first: int) -> None:
    """Make the view `into` of a table with `_row`, its rows numbered from `first` in their order.

    rowid counts the rows as they were stored; row_number() would read on one core only, and is left
    for a table that has a column of that name.
    """
    names = [str(row[0]).lower() for row in con.execute(f"DESCRIBE {stored}").fetchall()]
    number = "row_number() OVER () - 1" if "rowid" in names else "rowid"
    replace(con, "VIEW", into, f"AS SELECT *, {number} + {first} AS _row FROM {stored}")


def create_absent(con: duckdb.DuckDBPyConnection, table: Table) -> RawTable:
    """An optional table that the source does not have: no rows, every column."""
    create_raw(con, table.name, table.names)
    create_torn(con, table.name)
    return RawTable(table.name, "", table.names, sha256="", absent=True)


def replace(
    con: duckdb.DuckDBPyConnection, kind: Literal["TABLE", "VIEW"], name: str, body: str
) -> None:
    """Create a table or view in the place of whatever an earlier reading left there."""
    import duckdb

    try:
        con.execute(f"CREATE OR REPLACE {kind} {name} {body}")
    except duckdb.CatalogException:  # a view where a table is wanted, or the other way round
        con.execute(f"DROP {'VIEW' if kind == 'TABLE' else 'TABLE'} {name}")
        con.execute(f"CREATE {kind} {name} {body}")
