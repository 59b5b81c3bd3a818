"""Add rows from another place to a table, under the same checks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace as changed
from typing import TYPE_CHECKING

from qi_checker.protocol.records import TABLES, Joined, Records
from qi_checker.sources.raw import insert, quoted, replace

if TYPE_CHECKING:
    import duckdb


def join_rows(
    records: Records, name: str, place: str, rows: Mapping[int, Mapping[str, str]]
) -> Records:
    """Return records whose table `name` also has these rows, each by its number at the other place.

    `rows` contain columns of the contract as text; the site's mappings apply only to its own files.
    Rows from an earlier call are removed from the table; without rows the given records are
    returned, since they describe what was delivered.
    """
    table = records.tables[name]
    _keep_delivered(records.con, name)
    if not rows:
        return records
    columns = TABLES[name].names
    cells = [[*(row.get(c) or None for c in columns), str(-n)] for n, row in rows.items()]
    insert(records.con, f"raw_{name}", [*columns, "_row"], cells)
    added = hashlib.sha256(json.dumps([columns, cells]).encode()).hexdigest()
    both = hashlib.sha256(f"{table.sha256}\n{added}".encode()).hexdigest()
    joined = changed(
        table,
        file=place if table.absent else f"{table.file} and {place}",
        sha256=added if table.absent else both,
        absent=False,
        joined=Joined(table.file, table.sha256, place, added),
    )
    return Records(records.con, records.tables | {name: joined}, [*records.notes])


def _keep_delivered(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """Keep only the delivered rows, as a table of text to which rows can be added."""
    types = con.execute(f"DESCRIBE raw_{name}").fetchall()
    con.execute("SET TimeZone = 'UTC'")  # a moment with a time zone is written with +00
    cells = ", ".join(f"{_text(quoted(c), kind)} AS {quoted(c)}" for c, kind, *_ in types)
    body = f"AS SELECT {cells} FROM raw_{name} WHERE _row >= 0"
    replace(con, "TABLE", f"delivered_{name}", body)
    replace(con, "TABLE", f"raw_{name}", f"AS SELECT * FROM delivered_{name}")
    con.execute(f"DROP TABLE delivered_{name}")


def _text(column: str, kind: str) -> str:
    """Return the SQL of a value as in a CSV; a typed midnight is a date without a clock time."""
    if column == quoted("_row"):
        return column
    if kind == "TIMESTAMP":
        day = f"{column}::DATE::VARCHAR"
        return f"CASE WHEN {column}::TIME = TIME '00:00:00' THEN {day} ELSE {column}::VARCHAR END"
    return f"{column}::VARCHAR"
