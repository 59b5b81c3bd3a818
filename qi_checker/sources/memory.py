"""Records that are already in memory: rows of text, or pandas DataFrames."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from qi_checker.protocol.records import TABLES, RawTable, Records, Table
from qi_checker.sources.frames import from_frames
from qi_checker.sources.raw import Torn, connect, create_absent, create_raw, create_torn, insert

if TYPE_CHECKING:
    import duckdb

__all__ = ["from_frames", "from_rows"]

Row = Mapping[str, Any]


def from_rows(
    tables: Mapping[str, Sequence[Row]],
    torn: Mapping[str, Sequence[Row]] | None = None,
    con: duckdb.DuckDBPyConnection | None = None,
) -> Records:
    """Records from rows of text, `{"cases": [{"case_id": "C1", ...}], ...}`.

    A row is number `index + 2`, as under a header, unless it says `_row`. Columns it leaves out
    are NULL; columns beyond the contract are kept. A table that is left out is absent. `torn`
    gives structurally broken rows: `_row`, `id`, `patient_id`, `why`.
    """
    records = Records(con if con is not None else connect())
    for table in TABLES.values():
        if table.name in tables or (torn and table.name in torn):
            broken = (torn or {}).get(table.name, ())
            raw = _table(records.con, table, tables.get(table.name, ()), broken)
        else:
            raw = create_absent(records.con, table)
        records.tables[table.name] = raw
    return records


def _table(
    con: duckdb.DuckDBPyConnection, table: Table, rows: Sequence[Row], torn: Sequence[Row]
) -> RawTable:
    given = dict.fromkeys(name for row in rows for name in row if name != "_row")
    columns = (*table.names, *(name for name in given if name not in table.names))
    numbered = [
        [*(row.get(c) for c in columns), str(row.get("_row", index))]
        for index, row in enumerate(rows, start=2)
    ]
    create_raw(con, table.name, columns)
    insert(con, f"raw_{table.name}", (*columns, "_row"), numbered)
    broken = [Torn(t["_row"], t.get("id"), t.get("patient_id"), t.get("why", "")) for t in torn]
    create_torn(con, table.name, broken)
    content = json.dumps([columns, numbered, [vars(b) for b in broken]], ensure_ascii=True)
    return RawTable(table.name, table.name, columns, hashlib.sha256(content.encode()).hexdigest())
