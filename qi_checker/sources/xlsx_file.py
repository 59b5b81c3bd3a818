"""Tables in Excel workbooks: the sheet named like the table, else the first that can be seen.

Each cell has its own type. A date becomes ISO text; a number in a column of codes, or an error
value such as #N/A, makes its row torn. Blank rows have a number but are not rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qi_checker.errors import Problem, UserError, count, did_you_mean
from qi_checker.protocol.records import RawTable, Table
from qi_checker.protocol.site import Site
from qi_checker.sources.cells import cell_text, why_unfit
from qi_checker.sources.csv_file import FOOTER_ROWS, TornCells, Written, header_names, is_footer
from qi_checker.sources.extent import check_extent
from qi_checker.sources.layout import (
    Delivered,
    check_width,
    lay_out,
    select_list,
    sha256_of,
    torn_row,
)
from qi_checker.sources.raw import NO_VALUE, create_torn, insert, replace

if TYPE_CHECKING:
    import duckdb

OLE = b"\xd0\xcf\x11\xe0"  # .xls files, and .xlsx files with a password
SheetRow = tuple[int, list[Any]]  # row number in the sheet, cells
Unfit = Callable[[Any], str]  # why a cell cannot be used in its column


@dataclass
class Sheet:
    """One sheet of a workbook: its header, and the rows under it that are not blank."""

    path: Path
    name: str
    header: tuple[str, ...]
    rows: list[SheetRow]
    error_cells: set[tuple[int, int]]  # row number, and column from 0
    merged: dict[int, list[tuple[int, int]]]  # column -> first and last row of each merged range
    notes: list[str] = field(default_factory=list)

    def fill_merged(self, column: int) -> bool:
        """Fill every cell of a column's merged ranges with the value; False if there are none."""
        ranges = self.merged.get(column, [])
        values = {number: cells[column] for number, cells in self.rows}
        for number, cells in self.rows:
            for first, last in ranges:
                if first <= number <= last:
                    cells[column] = values.get(first, cells[column])
        return bool(ranges)


def open_sheet(path: Path, sheet: str | None, written: Written, named: str = "") -> Sheet:
    """Read one sheet: `sheet`, else the one named like the table, else the first visible one.

    UserError if the file is not a workbook, or lacks the sheet or a header.
    """
    import fastexcel  # both are slow to import; the first keeps the type of every cell,
    import python_calamine  # the second distinguishes an error value from an empty cell

    with path.open("rb") as file:
        if file.read(len(OLE)) == OLE:
            what = "this is an old .xls file or a workbook with a password"
            advice = "Save it as .xlsx without a password"
            raise UserError(Problem(str(path), what, "", advice))
    notes: list[str] = []
    try:
        book = python_calamine.CalamineWorkbook.from_path(path)
        visible = python_calamine.SheetVisibleEnum.Visible
        seen = [m.name for m in book.sheets_metadata if m.visible == visible]
        name = _choose(path, book.sheet_names, seen, sheet, named, notes)
        check_extent(path, name)
        found = book.get_sheet_by_name(name)
        cells = list(enumerate(found.iter_rows(), start=1))
        ranges = found.merged_cell_ranges or []
        book.close()
        typed = fastexcel.read_excel(path).load_sheet(
            name, header_row=None, skip_rows=0, dtypes="string"
        )
        errors = typed.to_arrow_with_errors()[1]
    except (python_calamine.CalamineError, fastexcel.FastExcelError):
        raise UserError(_no_workbook(path)) from None
    merges = _fill_merged_header(cells, ranges, written)
    rows = [row for row in cells if _holds_something(row[1])]
    header, rows = _header(path, name, rows, written, spread=not merges)
    check_width(len(header), str(path))
    places = [error.position for error in errors.errors] if errors else []
    merged: dict[int, list[tuple[int, int]]] = {}
    first = rows[0][0] if rows else 0
    for (top, left), (bottom, right) in ranges:
        for column in range(left, right + 1) if top + 1 >= first else ():
            merged.setdefault(column, []).append((top + 1, bottom + 1))
    sheet_read = Sheet(
        path, name, header, rows, {(row + 1, column) for row, column in places}, merged, notes
    )
    _without_footer(sheet_read, written.footer)
    return sheet_read


def sheet_names(path: Path) -> list[str]:
    """Return the sheets that are not hidden. UserError if the file is not a workbook."""
    import python_calamine

    try:
        book = python_calamine.CalamineWorkbook.from_path(path)
    except python_calamine.CalamineError:
        raise UserError(_no_workbook(path)) from None
    visible = python_calamine.SheetVisibleEnum.Visible
    names = [m.name for m in book.sheets_metadata if m.visible == visible]
    book.close()
    return names


def _no_workbook(path: Path) -> Problem:
    what = "the file cannot be read as an Excel workbook"
    return Problem(str(path), what, "", "Open it in Excel and save it again as .xlsx")


def _choose(
    path: Path, sheets: list[str], seen: list[str], sheet: str | None, named: str, notes: list[str]
) -> str:
    wanted = (sheet or named).strip().lower()
    for name in (*seen, *sheets):
        if wanted and name.strip().lower() == wanted:
            return name
    if sheet is not None:
        advice = did_you_mean(sheet, seen)
        raise UserError(Problem(str(path), f"there is no sheet {sheet!r}", "", advice))
    if not seen:
        raise UserError(Problem(str(path), "every sheet is hidden", "", "Unhide the one to read"))
    if len(seen) > 1:
        notes.append(f"the first of {len(seen)} sheets is read, {seen[0]!r}")
    if len(seen) < len(sheets):
        hidden = len(sheets) - len(seen)
        notes.append(f"{hidden} hidden {'sheet is' if hidden == 1 else 'sheets are'} not read")
    return seen[0]


def _fill_merged_header(
    cells: list[SheetRow],
    ranges: Sequence[tuple[tuple[int, int], tuple[int, int]]],
    written: Written,
) -> bool:
    """Copy a merged header cell to each of its columns. Return whether there is one."""
    found = False
    for (top, left), (bottom, right) in ranges:
        above = sum(1 for _, row in cells[:top] if _holds_something(row))
        if top < written.skip or above >= written.skip + written.header_rows:
            continue
        found = True
        value = cells[top][1][left]
        for row in range(top, bottom + 1):
            for column in range(left, right + 1):
                if row == top:
                    cells[row][1][column] = value
    return found


def _header(
    path: Path, name: str, rows: list[SheetRow], written: Written, spread: bool
) -> tuple[tuple[str, ...], list[SheetRow]]:
    """Return the column names, and the rows below them."""
    below = [row for row in rows if row[0] > written.skip]
    if not written.header_rows:
        width = max((len(cells) for _, cells in below), default=0)
        return tuple(str(n + 1) for n in range(width)), below
    if len(below) < written.header_rows:
        what = f"the sheet {name!r} is empty"
        if rows:
            what = f"the sheet {name!r} has no header below row {written.skip}"
        raise UserError(Problem(str(path), what, "", "A table without rows still needs its header"))
    top = [[cell_text(cell) or "" for cell in cells] for _, cells in below[: written.header_rows]]
    return tuple(header_names(top, spread)), below[written.header_rows :]


def _without_footer(sheet: Sheet, patterns: tuple[str, ...]) -> None:
    """Remove the last rows from the first that begins like a footer."""
    begins = max(len(sheet.rows) - FOOTER_ROWS, 0)
    for at in range(begins, len(sheet.rows)):
        if patterns and is_footer([cell_text(c) for c in sheet.rows[at][1]], patterns):
            left_out = len(sheet.rows) - at
            sheet.notes.append(f"left out as a footer: {count(left_out, 'row')} at the end")
            del sheet.rows[at:]
            return


def _holds_something(cells: list[Any]) -> bool:
    return any((cell_text(cell) or "").strip() for cell in cells)


def read_rows(
    con: duckdb.DuckDBPyConnection,
    sheet: Sheet,
    into: str,
    select: str,
    unfit: dict[int, Unfit],
) -> list[TornCells]:
    """Make `into`: the result of `select` on the cells c0, c1 ... as text, and `_row`.

    A row with a cell that is `unfit` for its column is torn, and so is one with an error value in
    such a column. Returns these rows.
    """
    torn: list[TornCells] = []
    cells = [f"c{at}" for at in range(len(sheet.header))]
    stored = f"cells_{into}"
    listed = ", ".join(f"{cell} VARCHAR" for cell in cells)
    replace(con, "TABLE", stored, f"({listed}, _row BIGINT)")
    insert(con, stored, [*cells, "_row"], _whole(sheet, unfit, torn))
    replace(con, "TABLE", into, f"AS SELECT {select}, _row FROM {stored}")
    con.execute(f"DROP TABLE {stored}")
    return torn


def _whole(
    sheet: Sheet, unfit: dict[int, Unfit], torn: list[TornCells]
) -> Iterator[list[str | None]]:
    width = len(sheet.header)
    for number, row in sheet.rows:
        cells = [*row[:width], *[None] * (width - len(row))]
        texts = [None if text in NO_VALUE else text for text in map(cell_text, cells)]
        why = ""
        for at, judge in unfit.items():
            if (number, at) in sheet.error_cells:
                why = f"{sheet.header[at]}: the cell holds an error value such as #N/A"
            why = why or judge(cells[at])
        if why:
            torn.append(TornCells(number, tuple(texts), why))
        else:
            yield [*texts, str(number)]


def read_xlsx(con: duckdb.DuckDBPyConnection, table: Table, path: Path, site: Site) -> Delivered:
    """Make `raw_<name>` and `torn_<name>` from a workbook with the columns of the contract."""
    sheet = open_sheet(path, None, Written(), table.name)
    layout = lay_out(table, sheet.header, site, str(path))
    number_ids: set[str] = set()
    unfit = {
        at: _judge(name, table[name].kind, number_ids)
        for name, at in layout.columns
        if name in table.names and table[name].kind != "text"
    }
    columns = select_list(table, layout, site, lambda _, at: f"c{at}")
    torn = read_rows(con, sheet, f"raw_{table.name}", columns, unfit)
    create_torn(con, table.name, [torn_row(table, layout, t.row, t.cells, t.why) for t in torn])
    notes = [*sheet.notes, *layout.notes]
    notes += [
        f"column {name} holds numbers, read as text; leading zeros may be lost"
        for name in sorted(number_ids)
    ]
    if not sheet.rows:
        notes.append("there is a header but no row")
    raw = RawTable(table.name, path.name, layout.names, sha256_of(path))
    return Delivered(raw, notes, frozenset(number_ids))


def _judge(name: str, kind: str, number_ids: set[str]) -> Unfit:
    def unfit(value: Any) -> str:
        why = why_unfit(name, kind, value)
        if not why and kind == "id" and isinstance(value, int | float):
            number_ids.add(name)
        return why

    return unfit
