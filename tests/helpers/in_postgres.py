"""The same rows as tables of a PostgreSQL, with the compiled query run there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import psycopg
from psycopg import sql

from qi_checker.engines.postgres import evaluate
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.records import TABLES
from qi_checker.protocol.site import Site
from tests.helpers.commands import csv_rows
from tests.helpers.engines import Seen, seen_by

Row = dict[str, Any]


def fill_database(url: str, tables: Mapping[str, Sequence[Row]]) -> None:
    """Fill `cases`, `events` and `exceptions` with text, and `_row` as under a header."""
    with psycopg.connect(url) as con:
        for table in TABLES.values():
            rows = tables.get(table.name, ())
            given = dict.fromkeys(name for row in rows for name in row if name != "_row")
            columns = [*table.names, *(name for name in given if name not in table.names)]
            name = sql.Identifier(table.name)
            typed = [sql.SQL("{} text").format(sql.Identifier(c)) for c in columns]
            con.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(name))
            listed = sql.SQL(", ").join([*typed, sql.SQL("_row bigint")])
            con.execute(sql.SQL("CREATE TABLE {} ({})").format(name, listed))
            cells = sql.SQL(", ").join([sql.Placeholder()] * (len(columns) + 1))
            values = [
                [*(row.get(c) for c in columns), int(row.get("_row", number))]
                for number, row in enumerate(rows, start=2)
            ]
            if values:
                add = sql.SQL("INSERT INTO {} VALUES ({})").format(name, cells)
                con.cursor().executemany(add, values)


def load_folder(url: str, folder: Path) -> None:
    """Load the CSV files of a data folder as text tables; an empty cell is NULL there, too."""
    tables = {}
    for table in TABLES.values():
        file = folder / f"{table.name}.csv"
        if file.is_file():
            tables[table.name] = [
                {name: value or None for name, value in row.items()} for row in csv_rows(file)
            ]
    fill_database(url, tables)


def on_postgres(
    url: str,
    bundle: Bundle,
    tables: dict[str, Any],
    as_of: AsOf,
    site: Site,
    torn: dict[str, Any],
) -> Seen:
    """Run the compiled query in the database at `url`, and replace its tables."""
    assert not torn, "a database table has no row with too many cells"
    fill_database(url, tables)
    return seen_by(evaluate(bundle, url, as_of, site, duckdb.connect()))
