"""Tables in Excel workbooks: the sheet named like the table, else the first; header in front.

A cell has its own type there. A date becomes ISO text; a number in a column of codes, and an
error value such as #N/A, tears its row. Blank rows have a number but are no rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qi_checker.errors import Problem, UserError
from qi_checker.protocol.records import RawTable, Table
from qi_checker.protocol.site import Site
from qi_checker.sources.cells import cell_text, why_unfit
from qi_checker.sources.delivered import Delivered, sha256_of, store_cells, torn_row
from qi_checker.sources.layout import Layout, lay_out
from qi_checker.sources.raw import Torn, create_torn

if TYPE_CHECKING:
    import duckdb

OLE = b"\xd0\xcf\x11\xe0"  # .xls files, and .xlsx files with a password
SheetRow = tuple[int, list[Any]]  # its number in the sheet, and its cells


def read_xlsx(con: duckdb.DuckDBPyConnection, table: Table, path: Path, site: Site) -> Delivered:
    """Make `raw_<name>` and `torn_<name>` from a workbook."""
    where = str(path)
    workbook = _Workbook(table, path)
    rows = iter(workbook.rows)
    header = next(rows, None)
    if header is None:
        what = f"the sheet {workbook.sheet!r} is empty"
        raise UserError(Problem(where, what, "", "A table without rows still needs its header"))
    layout = lay_out(table, [cell_text(cell) or "" for cell in header[1]], site, where)
    reading = _Reading(table, layout, workbook.error_cells)
    store_cells(con, table, layout, site, reading.whole(rows))
    create_torn(con, table.name, reading.torn)
    notes = [*workbook.notes, *layout.notes]
    notes += [
        f"column {name} holds numbers, read as text; leading zeros may be lost"
        for name in sorted(reading.number_ids)
    ]
    if len(workbook.rows) == 1:
        notes.append("there is a header and no row")
    raw = RawTable(table.name, path.name, layout.names, sha256_of(path))
    return Delivered(raw, notes, frozenset(reading.number_ids))


class _Workbook:
    """The rows of one sheet that are not blank, with their numbers, and where errors stand."""

    def __init__(self, table: Table, path: Path) -> None:
        import fastexcel  # both are slow to import; the first keeps the type of every cell,
        import python_calamine  # the second tells an error value from an empty cell

        self.notes: list[str] = []
        with path.open("rb") as file:
            if file.read(len(OLE)) == OLE:
                what = "this is an old .xls file or a workbook with a password"
                mend = "Save it as .xlsx without a password"
                raise UserError(Problem(str(path), what, "", mend))
        try:
            book = python_calamine.CalamineWorkbook.from_path(path)
            self.sheet = self._choose(table, book.sheet_names, path)
            cells = book.get_sheet_by_name(self.sheet).iter_rows()
            self.rows = [row for row in enumerate(cells, start=1) if _holds_something(row[1])]
            book.close()
            sheet = fastexcel.read_excel(path).load_sheet(
                self.sheet, header_row=None, skip_rows=0, dtypes="string"
            )
            errors = sheet.to_arrow_with_errors()[1]
        except (python_calamine.CalamineError, fastexcel.FastExcelError):
            what = "the file cannot be read as an Excel workbook"
            mend = "Open it in Excel and save it again as .xlsx"
            raise UserError(Problem(str(path), what, "", mend)) from None
        places = [error.position for error in errors.errors] if errors else []
        self.error_cells = {(row + 1, column) for row, column in places}

    def _choose(self, table: Table, sheets: list[str], path: Path) -> str:
        for name in sheets:
            if name.strip().lower() == table.name:
                return name
        if len(sheets) > 1:
            self.notes.append(f"of {len(sheets)} sheets the first is read, {sheets[0]!r}")
        return sheets[0]


def _holds_something(cells: list[Any]) -> bool:
    return any((cell_text(cell) or "").strip() for cell in cells)


class _Reading:
    """The rows under a header: those that can be used, and those that cannot."""

    def __init__(self, table: Table, layout: Layout, error_cells: set[tuple[int, int]]) -> None:
        self.table = table
        self.layout = layout
        self.error_cells = error_cells
        self.torn: list[Torn] = []
        self.number_ids: set[str] = set()

    def whole(self, rows: Iterator[SheetRow]) -> Iterator[list[str | None]]:
        for number, cells in rows:
            texts = [cell_text(cell) for cell in cells]
            why = self._why_torn(number, cells)
            if why:
                self.torn.append(torn_row(self.table, self.layout, number, texts, why))
            else:
                yield [*texts, str(number)]

    def _why_torn(self, number: int, cells: list[Any]) -> str:
        for name, at in self.layout.columns:
            kind = self.table[name].kind if name in self.table.names else "text"
            if kind != "text" and (number, at) in self.error_cells:
                return f"{name}: the cell holds an error value such as #N/A"
            unfit = why_unfit(name, kind, cells[at])
            if unfit:
                return unfit
            if kind == "id" and isinstance(cells[at], int | float):
                self.number_ids.add(name)
        return ""
