"""Read records that are already in memory: rows of text, or pandas DataFrames."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence, Sized
from typing import TYPE_CHECKING, Any

from qi_checker.errors import Problem, UserError
from qi_checker.protocol.records import TABLES, RawTable, Records, Table
from qi_checker.protocol.site import Site
from qi_checker.sources.cells import as_delivered, cell_text, judge_types, why_unfit
from qi_checker.sources.layout import Layout, lay_out, select_list
from qi_checker.sources.raw import (
    FEW_ROWS,
    Torn,
    connect,
    create_absent,
    create_raw,
    create_torn,
    insert,
    numbered,
    quoted,
    replace,
)
from qi_checker.sources.torn import forget_cells

if TYPE_CHECKING:
    import duckdb
    import pandas as pd


__all__ = ["from_frames", "from_rows"]

Row = Mapping[str, Any]


def from_rows(
    tables: Mapping[str, Sequence[Row]],
    torn: Mapping[str, Sequence[Row]] | None = None,
    con: duckdb.DuckDBPyConnection | None = None,
) -> Records:
    """Make records from rows of text, `{"cases": [{"case_id": "C1", ...}], ...}`.

    A row has number `index + 2`, as under a header, unless it gives `_row`. Missing columns are
    NULL; columns beyond the contract are kept. A missing table is absent. `torn` gives structurally
    broken rows: `_row`, `id`, `patient_id`, `why`.
    """
    records = Records(con if con is not None else connect(_few(tables.values())))
    for table in TABLES.values():
        if table.name in tables or (torn and table.name in torn):
            broken = (torn or {}).get(table.name, ())
            raw = _table(records.con, table, tables.get(table.name, ()), broken)
        else:
            raw = create_absent(records.con, table)
        records.tables[table.name] = raw
    forget_cells(records.con)
    return records


def _few(tables: Iterable[object]) -> bool:
    return sum(len(table) for table in tables if isinstance(table, Sized)) <= FEW_ROWS


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


UNMAPPED = Site(timezone="UTC")  # only its mappings are used here, and it has none


def from_frames(tables: Mapping[str, pd.DataFrame], site: Site = UNMAPPED) -> Records:
    """Make records from DataFrames, `{"cases": ..., "events": ..., "exceptions": ...}`.

    Ids and codes must be text; date columns may be text, dates or datetimes. Rows are numbered by
    position, the first being row 2 as under a header. A missing table is absent. The content is
    copied; the frames are not changed.
    """
    records = Records(connect(_few(tables.values())))
    problems: list[Problem] = []
    for table in TABLES.values():
        if table.name not in tables:
            records.tables[table.name] = create_absent(records.con, table)
            continue
        try:
            _store(records, table, tables[table.name], site)
        except UserError as error:
            problems += error.problems
    if problems:
        raise UserError(problems)
    forget_cells(records.con)
    return records


def _store(records: Records, table: Table, frame: pd.DataFrame, site: Site) -> None:
    where = f"DataFrame {table.name}"
    con = records.con
    layout = lay_out(table, [str(name) for name in frame.columns], site, where)
    plain = _with_text(table, frame, layout, where)
    con.register("given_frame", plain)
    try:
        described = con.execute("DESCRIBE given_frame").fetchall()
        types = [str(type_name) for _, type_name, *_ in described]
        places = dict(layout.columns)
        found = judge_types(
            table,
            {name: types[at] for name, at in places.items()},
            lambda name: bool(plain.iloc[:, places[name]].isna().all()),
            where,
        )
        if found.problems:
            raise UserError(found.problems)
        columns = select_list(
            table,
            layout,
            site,
            lambda name, at: as_delivered(table, name, types[at], quoted(f"c{at}")),
        )
        stored = f"file_{table.name}"
        replace(con, "TABLE", stored, f"AS SELECT {columns} FROM given_frame")
    finally:
        con.unregister("given_frame")
    numbered(con, stored, f"raw_{table.name}", 2)
    create_torn(con, table.name)
    records.notes += [f"{where}: {note}" for note in (*layout.notes, *found.notes)]
    records.tables[table.name] = RawTable(table.name, table.name, layout.names, _sha256(plain))


def _with_text(table: Table, frame: pd.DataFrame, layout: Layout, where: str) -> pd.DataFrame:
    """Copy a frame with columns c0, c1 ...; columns of Python objects become text."""
    import pandas as pd

    kinds = {at: (name, _kind(table, name)) for name, at in layout.columns}
    plain = frame.set_axis([f"c{at}" for at in range(frame.shape[1])], axis=1)
    problems = []
    for at in range(frame.shape[1]):
        column = frame.iloc[:, at]
        if column.dtype != object:
            continue
        values: list[Any] = [None if _is_missing(value) else value for value in column]
        name, kind = kinds.get(at, ("", "text"))
        why = next((w for value in values if (w := why_unfit(name, kind, value))), "")
        if why:
            problems.append(Problem(where, why))
        plain[f"c{at}"] = pd.array([cell_text(value) for value in values], dtype="string")
    if problems:
        raise UserError(problems)
    return plain


def _kind(table: Table, name: str) -> str:
    return table[name].kind if name in table.names else "text"


def _is_missing(value: Any) -> bool:
    import pandas as pd

    return value is None or (pd.api.types.is_scalar(value) and bool(pd.isna(value)))


def _sha256(plain: pd.DataFrame) -> str:
    import pandas as pd

    hashes = pd.util.hash_pandas_object(plain, index=False)
    return hashlib.sha256(hashes.to_numpy().tobytes()).hexdigest()
