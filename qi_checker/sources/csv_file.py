"""Tables in CSV files: separated by comma, semicolon, tab or bar; UTF-8; the first row a header.

A good file is read by DuckDB. What was read is compared with an independent count of rows and
separators; where the two differ, or DuckDB refuses, the file is read row by row in Python, so
that a broken row costs only itself.

Row numbers are those of a spreadsheet: the header is row 1, a quoted cell with line ends is in
one row, and a blank line has a number but is no row.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from qi_checker.errors import Problem, UserError
from qi_checker.protocol.records import RawTable, Table
from qi_checker.protocol.site import Site
from qi_checker.sources.csv_rows import CsvRow, csv_rows
from qi_checker.sources.csv_scan import CHUNK, Scan, check_kind, scan
from qi_checker.sources.delivered import Delivered, select_list, store_cells, torn_row
from qi_checker.sources.layout import Layout, lay_out, recognised
from qi_checker.sources.raw import Torn, create_torn, literal, path_literal, replace

if TYPE_CHECKING:
    import duckdb

DELIMITERS = (",", ";", "\t", "|")
LONGEST_CELL = 65_536  # characters; more is a file gone wrong, not a description


def read_csv(con: duckdb.DuckDBPyConnection, table: Table, path: Path, site: Site) -> Delivered:
    """Make `raw_<name>` and `torn_<name>` from a CSV file."""
    where = str(path)
    with path.open("rb") as file:
        head = file.read(CHUNK)
    check_kind(head, where)
    text = head.decode("utf-8-sig", "replace")  # the scan refuses what is not UTF-8
    delimiter = _delimiter(table, text, site)
    found = scan(path, delimiter, where)
    header = next(csv_rows(text, delimiter))
    if header.open_quote or "\0" in "".join(header.cells):
        what = f"the header, row {header.number}, cannot be read: it holds "
        what += "a quote that does not close" if header.open_quote else "a NUL byte"
        raise UserError(Problem(where, what, "", "Export the file again"))
    layout = lay_out(table, header.cells, site, where)
    notes = [*layout.notes]
    if not _read_fast(con, table, path, site, layout, delimiter, found):
        _read_carefully(con, table, path, site, layout, delimiter)
    if not con.execute(
        f"SELECT 1 FROM raw_{table.name} UNION ALL SELECT 1 FROM torn_{table.name} LIMIT 1"
    ).fetchall():
        notes.append("there is a header and no row")
    return Delivered(RawTable(table.name, path.name, layout.names, found.sha256), notes)


def _delimiter(table: Table, text: str, site: Site) -> str:
    """The separator that makes most sense of the first row."""

    def sense(delimiter: str) -> tuple[int, int]:
        cells = next(csv_rows(text, delimiter)).cells
        return recognised(table, cells, site), len(cells)

    return max(DELIMITERS, key=sense)


def _read_fast(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    path: Path,
    site: Site,
    layout: Layout,
    delimiter: str,
    found: Scan,
) -> bool:
    """Let DuckDB read the file. False if it is not plain, or was read differently than counted."""
    import duckdb

    if not found.plain(layout.width):
        return False
    types = ", ".join(f"'c{at}': 'VARCHAR'" for at in range(layout.width))
    options = (
        f"auto_detect = false, header = true, delim = {literal(delimiter)}, quote = '\"', "
        f"escape = '\"', columns = {{{types}}}, max_line_size = {LONGEST_CELL}, "
        "hive_partitioning = false"
    )
    columns = select_list(table, layout, site, lambda _, at: f"c{at}")
    stored = f"file_{table.name}"
    body = f"AS SELECT {columns} FROM read_csv({path_literal(path)}, {options})"
    try:
        replace(con, "TABLE", stored, body)
    except duckdb.InvalidInputException:  # a row that it cannot read
        return False
    (read,) = con.execute(f"SELECT count(*) FROM {stored}").fetchall()[0]
    if read != found.rows - 1:
        return False
    # rowid counts the rows in the order of the file; row_number() would read on one core only
    replace(con, "VIEW", f"raw_{table.name}", f"AS SELECT *, rowid + 2 AS _row FROM {stored}")
    create_torn(con, table.name)
    return True


def _read_carefully(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    path: Path,
    site: Site,
    layout: Layout,
    delimiter: str,
) -> None:
    text = path.read_bytes().decode("utf-8-sig")
    rows = csv_rows(text, delimiter, layout.width)
    next(rows)  # the header
    torn: list[Torn] = []
    whole = _whole_rows(rows, table, layout, torn)
    store_cells(con, table, layout, site, whole)
    create_torn(con, table.name, torn)


def _whole_rows(
    rows: Iterator[CsvRow], table: Table, layout: Layout, torn: list[Torn]
) -> Iterator[list[str | None]]:
    """Cells and row number of the rows that can be read; the others are added to `torn`."""
    for row in rows:
        why = _why_torn(row, layout.width)
        if why:
            torn.append(torn_row(table, layout, row.number, row.cells, why))
        else:
            yield [*row.cells, str(row.number)]


def _why_torn(row: CsvRow, width: int) -> str:
    if row.open_quote:
        return "a quote that does not close, or text after a closing quote"
    longest = max(map(len, row.cells)) if row.size > LONGEST_CELL else 0
    if longest > LONGEST_CELL:
        return f"a cell of {longest:,} characters; at most {LONGEST_CELL:,} are read"
    if len(row.cells) != width:
        cells = "1 cell" if len(row.cells) == 1 else f"{len(row.cells)} cells"
        return f"{cells} where the header has {width}"
    if row.has_nul:
        return "a NUL byte"
    return ""
