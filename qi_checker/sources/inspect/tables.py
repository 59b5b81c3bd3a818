"""The tables of an undescribed export: files of a folder, sheets, a database.

Each is read completely into a grid of text, to be profiled; a database table up to `SAMPLE` rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from dataclasses import replace as changed
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qi_checker.errors import Problem, UserError
from qi_checker.protocol.exam_names import ExamList
from qi_checker.protocol.load_mapping import EXAM_NAMES, load_exam_names, vocabularies
from qi_checker.protocol.mapping import Database
from qi_checker.protocol.mapping import Place as PlaceModel
from qi_checker.protocol.paths import rules_dir
from qi_checker.sources import csv_file, structure, xlsx_file
from qi_checker.sources.cells import cell_text, text_of
from qi_checker.sources.csv_file import Written
from qi_checker.sources.database import open_database
from qi_checker.sources.exams import look_up
from qi_checker.sources.grid import PARQUET, ZIP, Wanted
from qi_checker.sources.inspect.profiles import Profile, profiles
from qi_checker.sources.inspect.roles import Table
from qi_checker.sources.layout import BLANKS, plain
from qi_checker.sources.raw import literal, path_literal, quoted, replace

if TYPE_CHECKING:
    import duckdb

# The first cell of a row of totals between the others.
_SUBTOTAL = r"(?i)^((grand|sub|sous|zwischen|gesamt)[- ]?)?(total|totaux|summe|somme|gesamt)\b"
SAMPLE = 50_000  # rows of a database table
_IGNORED = ("mapping.yaml", "site.yaml", "report.yaml", "published.yaml", "nightly.yaml")
_DATA = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".parquet", ".dat", "")


@dataclass
class InspectedTable:
    """One table: the keys of mapping.yaml that read it, its grid, and its columns."""

    place: dict[str, Any]
    grid: str
    table: Table
    merged: tuple[str, ...] = ()  # columns with merged cells below the header
    torn: int = 0  # rows with another number of cells than the header


def read_tables(
    con: duckdb.DuckDBPyConnection, target: str
) -> tuple[list[InspectedTable], list[str]]:
    """Return every table of a folder, a file or a database, and what could not be read."""
    if "://" in target:
        return list(_of_database(con, target)), []
    path = Path(target)
    if not path.exists():
        what = "there is no such file or folder"
        raise UserError(Problem(target, what, "", "Give a folder, a workbook or a database"))
    files = [path] if path.is_file() else sorted(f for f in path.iterdir() if _is_data(f))
    result: list[InspectedTable] = []
    unread = []
    for file in files:
        try:
            result += _of_file(con, file, len(result))
        except UserError as error:
            unread += [str(problem) for problem in error.problems]
    if not result and not unread:
        raise UserError(Problem(target, "there is no file to inspect", "", "Put the export there"))
    return result, unread


def _is_data(file: Path) -> bool:
    hidden = file.name.startswith((".", "~$"))
    return (
        file.is_file() and not hidden and file.name not in _IGNORED and file.suffix.lower() in _DATA
    )


def _of_file(con: duckdb.DuckDBPyConnection, file: Path, number: int) -> Iterator[InspectedTable]:
    with file.open("rb") as opened:
        magic = opened.read(4)
    if magic == PARQUET:
        yield _parquet(con, file, f"seen_{number}")
    elif magic == ZIP or magic == xlsx_file.OLE:
        for n, sheet in enumerate(xlsx_file.sheet_names(file)):
            seen = _sheet(con, file, sheet, f"seen_{number + n}")
            if seen is not None:
                yield seen
    else:
        yield _text(con, file, f"seen_{number}")


def _text(con: duckdb.DuckDBPyConnection, file: Path, name: str) -> InspectedTable:
    found = structure.of_text(file)
    with csv_file.open_csv(file, found.written, lambda cells: len(cells)) as opened:
        select = ", ".join(f"c{n} AS k{n}" for n in range(len(opened.header)))
        torn = csv_file.read_rows(con, opened, name, select)
        header = opened.header
    name, totals = _subtotals(con, name, header, ())
    settings = {
        "encoding": found.encoding,
        "separator": found.separator,
        "skip": found.skip or None,
        "header_rows": found.header_rows if found.header_rows != 1 else None,
        "footer": found.footer,
        "where": totals,
    }
    place = {"file": file.name} | {k: v for k, v in settings.items() if v is not None}
    return InspectedTable(place, name, _table(con, name, header, file.name), torn=len(torn))


def _sheet(
    con: duckdb.DuckDBPyConnection, file: Path, sheet: str, name: str
) -> InspectedTable | None:
    """Read a sheet with a table; None for a nearly empty sheet."""
    raw = xlsx_file.open_sheet(file, sheet, Written(header_rows=0))
    texts = [(number, [cell_text(c) or "" for c in cells]) for number, cells in raw.rows]
    if len(texts) < 2 or max(len(cells) for _, cells in texts) < 2:
        return None
    skip, header_rows = structure.find_header(texts)
    below = [cells for number, cells in texts if number > skip + header_rows]
    footer = structure.find_footer(below, len(texts[0][1]))
    written = Written(None, None, skip, header_rows, (footer,) if footer else ())
    opened = xlsx_file.open_sheet(file, sheet, written)
    merged = [n for n in range(len(opened.header)) if opened.fill_merged(n)]
    select = ", ".join(f"c{n} AS k{n}" for n in range(len(opened.header)))
    xlsx_file.read_rows(con, opened, name, select, {})
    place: dict[str, Any] = {"file": file.name, "sheet": sheet}
    if skip:
        place["skip"] = skip
    if header_rows != 1:
        place["header_rows"] = header_rows
    if footer:
        place["footer"] = footer
    name, totals = _subtotals(con, name, opened.header, merged)
    if totals:
        place["where"] = totals
    table = _table(con, name, opened.header, f"{file.stem} {sheet}")
    return InspectedTable(place, name, table, tuple(table.columns[n].name for n in merged))


def _subtotals(
    con: duckdb.DuckDBPyConnection, grid: str, header: Sequence[str], merged: Sequence[int]
) -> tuple[str, list[dict[str, str]] | None]:
    """Return a grid without rows of subtotals, and the condition of mapping.yaml that does so.

    It names a column that has a value in every other row and none in these. A merged cell has its
    value in the first row only, so such a column cannot be used.
    """
    cells = [f"nullif(trim(k{n}, {literal(BLANKS)}), '')" for n in range(len(header))]
    total = f"regexp_matches(coalesce({', '.join(cells)}, ''), {literal(_SUBTOTAL)})"
    (rows,) = con.execute(f"SELECT count(*) FROM {grid} WHERE {total}").fetchall()[0]
    names = [plain(name) for name in header] if rows else []
    for n, name in enumerate(header):
        if not rows or n in merged or names.count(plain(name)) > 1 or not name.strip():
            continue
        parted = f"SELECT count(*) FROM {grid} WHERE ({cells[n]} IS NULL) <> {total}"
        if con.execute(parted).fetchall()[0][0] == 0:
            replace(con, "TABLE", f"{grid}_rows", f"AS SELECT * FROM {grid} WHERE NOT {total}")
            return f"{grid}_rows", [{"column": name.strip(), "empty": "no"}]
    return grid, None


def _parquet(con: duckdb.DuckDBPyConnection, file: Path, name: str) -> InspectedTable:
    import duckdb

    source = f"read_parquet({path_literal(file)}, hive_partitioning = false)"
    try:
        described = con.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
    except duckdb.Error:
        raise UserError(Problem(str(file), "the file cannot be read as Parquet")) from None
    header = [str(column) for column, *_ in described]
    select = ", ".join(
        f"{text_of(str(kind), quoted(str(column)))} AS k{n}"
        for n, (column, kind, *_) in enumerate(described)
    )
    replace(con, "TABLE", name, f"AS SELECT {select} FROM {source}")
    return InspectedTable({"file": file.name}, name, _table(con, name, header, file.name))


def _of_database(con: duckdb.DuckDBPyConnection, url: str) -> Iterator[InspectedTable]:
    source = open_database(Database(url=url), Path())
    try:
        for number, title in enumerate(source.tables()):
            name = f"seen_{number}"
            place = PlaceModel(query=f"SELECT * FROM {source.table(title)}")
            with source.errors(title):
                header = source.header(f"SELECT * FROM {source.table(title)} qi_source WHERE 1 = 0")
            wanted = [Wanted(f"#{n + 1}", title) for n in range(len(header))]
            source.read(con, place, wanted, name, 0, SAMPLE)
            yield InspectedTable({"table": title}, name, _table(con, name, header, title))
    finally:
        source.close()


def _table(con: duckdb.DuckDBPyConnection, grid: str, header: Sequence[str], title: str) -> Table:
    """Profile its columns; a column with no name, or a duplicate one, is named by its position."""
    names = [plain(name) for name in header]
    called = [
        name.strip() if name.strip() and names.count(plain(name)) == 1 else f"#{n + 1}"
        for n, name in enumerate(header)
    ]
    columns = profiles(con, grid, called)
    return Table(title, columns, _exam_shares(con, [c for c in columns if _may_be_exams(c)]))


def _may_be_exams(column: Profile) -> bool:
    return any(" " in v or "/" in v or "-" in v for v, _ in column.values[:50])


def _exam_shares(con: duckdb.DuckDBPyConnection, columns: Sequence[Profile]) -> dict[str, float]:
    """Return the share of each column's values that the shipped list recognises as examinations.

    The columns are looked up together: the query has a branch for each of 570 names.
    """
    some = [changed(column, values=column.values[:200]) for column in columns]
    values = [[value] for column in some for value, _ in column.values]
    if not values:
        return {column.name: column.share_of(set()) for column in some}
    replace(con, "TABLE", "seen_names", "(name VARCHAR)")
    con.executemany("INSERT INTO seen_names VALUES (?)", values)
    look_up(con, "SELECT name, 1 AS number FROM seen_names", shipped_exams(), "seen_exams")
    found = con.execute("SELECT name FROM seen_exams WHERE modality IS NOT NULL").fetchall()
    known = {str(name) for (name,) in found}
    return {column.name: column.share_of(known) for column in some}


@cache
def shipped_exams() -> ExamList:
    """Return the exam names shipped with the program."""
    names, _ = load_exam_names(rules_dir() / EXAM_NAMES, vocabularies())
    return ExamList.of([names])
