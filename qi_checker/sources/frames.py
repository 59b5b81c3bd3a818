"""Records that are already in pandas DataFrames."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from qi_checker.errors import Problem, UserError
from qi_checker.protocol.records import TABLES, RawTable, Records, Table
from qi_checker.protocol.site import Site
from qi_checker.sources.cells import cell_text, why_unfit
from qi_checker.sources.delivered import select_list
from qi_checker.sources.layout import Layout, lay_out
from qi_checker.sources.raw import connect, create_absent, create_torn, quoted, replace
from qi_checker.sources.typed import as_delivered, judge_types

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

UNMAPPED = Site(timezone="UTC")  # only its mappings matter here, and it has none


def from_frames(
    tables: Mapping[str, pd.DataFrame],
    con: duckdb.DuckDBPyConnection | None = None,
    site: Site = UNMAPPED,
) -> Records:
    """Records from DataFrames, `{"cases": ..., "events": ..., "exceptions": ...}`.

    Ids and codes must be text; date columns may be text, dates or datetimes. Rows are numbered by
    position, the first being row 2 as under a header. A table that is left out is absent. The
    content is copied, and the frames stay as they are.
    """
    records = Records(con if con is not None else connect())
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
    replace(con, "VIEW", f"raw_{table.name}", f"AS SELECT *, rowid + 2 AS _row FROM {stored}")
    create_torn(con, table.name)
    records.notes += [f"{where}: {note}" for note in (*layout.notes, *found.notes)]
    records.tables[table.name] = RawTable(table.name, table.name, layout.names, _sha256(plain))


def _with_text(table: Table, frame: pd.DataFrame, layout: Layout, where: str) -> pd.DataFrame:
    """A copy with columns c0, c1 ...; columns of Python objects become columns of text."""
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
