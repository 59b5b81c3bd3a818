"""Tables in Parquet files. Nothing is copied: the raw table is a view of the file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qi_checker.errors import Problem, UserError
from qi_checker.protocol.records import RawTable, Table
from qi_checker.protocol.site import Site
from qi_checker.sources.cells import as_delivered, judge_types
from qi_checker.sources.layout import Delivered, lay_out, plain, select_list, sha256_of
from qi_checker.sources.raw import create_torn, path_literal, quoted, replace

if TYPE_CHECKING:
    import duckdb

ROW_NUMBER = "file_row_number"  # DuckDB counts from 0


def read_parquet(con: duckdb.DuckDBPyConnection, table: Table, path: Path, site: Site) -> Delivered:
    """Make `raw_<name>`, a view, and an empty `torn_<name>` from a Parquet file."""
    import duckdb

    where = str(path)
    sha256 = sha256_of(path)
    source = f"read_parquet({path_literal(path)}, hive_partitioning = false)"
    try:
        described = con.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
        (rows,) = con.execute(f"SELECT count(*) FROM {source}").fetchall()[0]
    except duckdb.Error:
        advice = "It is truncated or not Parquet; write it again"
        raise UserError(Problem(where, "the file cannot be read as Parquet", "", advice)) from None
    header = [str(name) for name, *_ in described]
    types = [str(type_name) for _, type_name, *_ in described]
    if ROW_NUMBER in map(plain, header):
        advice = f"Rename column {ROW_NUMBER}"
        raise UserError(Problem(where, "two columns have the same name", "", advice))
    layout = lay_out(table, header, site, where)
    places = dict(layout.columns)

    def is_empty(name: str) -> bool:
        column = quoted(header[places[name]])
        return con.execute(f"SELECT count({column}) FROM {source}").fetchall() == [(0,)]

    found = judge_types(table, {n: types[at] for n, at in places.items()}, is_empty, where)
    if found.problems:
        raise UserError(found.problems)
    columns = select_list(
        table,
        layout,
        site,
        lambda name, at: as_delivered(table, name, types[at], quoted(header[at])),
    )
    body = f"AS SELECT {columns}, {ROW_NUMBER} + 2 AS _row FROM {source}"
    replace(con, "VIEW", f"raw_{table.name}", body)
    create_torn(con, table.name)
    notes = [*layout.notes, *found.notes]
    if not rows:
        notes.append("there are columns but no row")
    raw = RawTable(table.name, path.name, layout.names, sha256)
    return Delivered(raw, notes, frozenset(found.number_ids))
