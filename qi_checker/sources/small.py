"""A folder of small, well-formed CSV files, read without a database.

A query about one case must start immediately, and loading and opening DuckDB takes longer than
reading a thousand cases in Python: 100 ms against 20. Anything less simple (another kind of file, a
mapping, a broken row, an error to be explained) is left to `read_folder`, which handles all of it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from qi_checker.errors import UserError
from qi_checker.protocol.records import TABLES, RawTable, Table, TextTable
from qi_checker.protocol.site import Site
from qi_checker.sources.csv_file import (
    LONGEST_CELL,
    NOTHING,
    CsvFile,
    TornCells,
    Written,
    careful_rows,
    open_csv,
)
from qi_checker.sources.files import MAPPING, READERS
from qi_checker.sources.layout import lay_out, recognised

LARGEST = 3_000_000  # bytes of a file; above, DuckDB is faster


def small_tables(folder: Path, site: Site, mapping: Path | None) -> dict[str, TextTable] | None:
    """Read a data folder; None if `read_folder` is needed."""
    if mapping is not None or site.columns or site.values:
        return None
    try:
        names = frozenset(os.listdir(folder))
        if MAPPING in names:
            return None
        tables = {name: _table(table, folder, names, site) for name, table in TABLES.items()}
    except (OSError, UserError):  # reported, with all other errors, by `read_folder`
        return None
    result = {name: table for name, table in tables.items() if table is not None}
    return result if len(result) == len(tables) else None


def _table(table: Table, folder: Path, names: frozenset[str], site: Site) -> TextTable | None:
    there = [ending for ending in READERS if table.name + ending in names]
    if not there and not table.required:
        return TextTable(RawTable(table.name, "", table.names, sha256="", absent=True), {})
    path = folder / f"{table.name}.csv"
    if there != [".csv"] or not path.is_file() or path.stat().st_size > LARGEST:
        return None
    with open_csv(path, Written(), lambda cells: recognised(table, cells, site)) as file:
        layout = lay_out(table, file.header, site, str(path))
        cells = _cells(file, layout.width)
    if cells is None:
        return None
    columns = {name: cells[at] for name, at in layout.columns}
    raw = RawTable(table.name, path.name, layout.names, file.sha256)
    return TextTable(raw, {**columns, "_row": cells[-1]})


def _cells(file: CsvFile, width: int) -> list[Sequence[str | None]] | None:
    """Return the cells of each column and the row numbers; None if a row may be broken.

    Without quotes a row is a line, and its cells are the text between the separators.
    """
    found = file.scan
    if not found.plain(width):
        return None
    text = file.body.read_bytes().decode("utf-8-sig")
    if '"' in text:
        torn: list[TornCells] = []
        read = list(careful_rows(file, torn))
        if torn:
            return None
        return list(zip(*read, strict=True)) or [()] * (width + 1)
    line_end = "\r\n" if found.crlf else "\r" if found.cr else "\n"
    lines = text.rstrip("\r\n").split(line_end)[1:]
    rows = [line.split(file.delimiter) for line in lines]
    whole = all(len(row) == width for row in rows) and all(map(str.strip, lines))
    if not whole or max(map(len, lines), default=0) > LONGEST_CELL:
        return None
    columns = zip(*rows, strict=True) if rows else [()] * width
    numbers = [str(number) for number in range(file.first, file.first + len(rows))]
    return [[None if c in NOTHING else c for c in column] for column in columns] + [numbers]
