"""Tables in text files: separated by comma, semicolon, tab or bar, or of fixed width.

DuckDB reads a well-formed file. The result is compared with an independent count of rows and
separators; if the two differ, or DuckDB refuses, the file is read row by row in Python, so that a
broken row affects only itself.

Row numbers are those of a spreadsheet: the first line is row 1, a quoted cell with line ends is in
one row, and a blank line has a number but is not a row. A private copy removes lines above the
header and below the last row, and converts text that is not UTF-8.
"""

from __future__ import annotations

import fnmatch
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from qi_checker.errors import Problem, UserError, count
from qi_checker.protocol.records import RawTable, Table
from qi_checker.protocol.site import Site
from qi_checker.sources.csv_text import (
    CHUNK,
    CsvRow,
    Scan,
    check_kind,
    copy_as_utf8,
    csv_rows,
    encoding_of,
    scan,
)
from qi_checker.sources.layout import (
    Delivered,
    check_width,
    lay_out,
    plain,
    recognised,
    select_list,
    sha256_of,
    torn_row,
)
from qi_checker.sources.raw import (
    NO_VALUE,
    create_torn,
    insert,
    literal,
    numbered,
    path_literal,
    private_file,
    replace,
)

if TYPE_CHECKING:
    import duckdb

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
LONGEST_CELL = 65_536  # characters; a longer cell is a broken file, not a description
FOOTER_ROWS = 20  # at most this many last rows may be a footer
_LAST_BYTES = 65_536  # searched for a footer
NOTHING = frozenset(("", *NO_VALUE))
_NO_DELIMITER = "\x1f"  # does not occur in text; for lines split by position


@dataclass(frozen=True)
class Written:
    """How a text file is written; None means: detect it."""

    encoding: str | None = "utf-8"
    separator: str | None = None
    skip: int = 0
    header_rows: int = 1
    footer: tuple[str, ...] = ()
    widths: tuple[tuple[str, int, int], ...] = ()  # name, first and last character

    @property
    def whole(self) -> bool:
        """Whether the file contains only its header and its rows."""
        return self.skip == 0 and self.header_rows == 1 and not self.footer and not self.widths


@dataclass(frozen=True)
class TornCells:
    """A row whose cells cannot be separated: its readable parts, and the reason."""

    row: int
    cells: tuple[str | None, ...]
    why: str

    @property
    def texts(self) -> tuple[str, ...]:
        """Return the cells that are not empty."""
        return tuple(cell for cell in self.cells if cell)


@dataclass
class CsvFile:
    """An open text file: its header, and where its rows are."""

    path: Path
    body: Path  # in UTF-8
    delimiter: str
    header: tuple[str, ...]
    above: int  # rows above the first row of the body, its own header not counted
    has_header: bool  # the body begins with its header
    sha256: str
    scan: Scan
    widths: tuple[tuple[str, int, int], ...]
    notes: list[str]

    @property
    def first(self) -> int:
        """Return the number of the first row under the header."""
        return self.above + 1 + int(self.has_header)


@contextmanager
def open_csv(path: Path, written: Written, wanted: Callable[[list[str]], int]) -> Iterator[CsvFile]:
    """Open a text file; temporary copies are deleted afterwards.

    `wanted` counts how many of the given cells are names of expected columns. UserError if the file
    is not such text.
    """
    where = str(path)
    with path.open("rb") as file:
        head = file.read(CHUNK)
    check_kind(head, where, utf8=written.encoding == "utf-8")
    encoding = written.encoding or encoding_of(path, head)
    notes = [] if written.encoding or encoding == "utf-8" else [f"the text is read as {encoding}"]
    with ExitStack() as copies:
        source = path
        if encoding != "utf-8":
            source = copies.enter_context(private_file())
            copy_as_utf8(path, encoding, source)
            with source.open("rb") as file:
                head = file.read(CHUNK)
        text = head.decode("utf-8-sig", "replace")  # the scan refuses text that is not UTF-8
        delimiter = _delimiter(text, written, wanted)
        header, last = _header(text, delimiter, written, where)
        check_width(len(header), where)
        body = source
        if not written.whole:
            body = copies.enter_context(private_file())
            begins = len(head) - len(head.removeprefix(BOM_UTF8))
            begins += len(text[: last.end].encode()) if last else 0
            notes += _cut(source, body, begins, delimiter, written)
        found = scan(body, delimiter, where)
        sha256 = found.sha256 if body is path else sha256_of(path)
        yield CsvFile(
            path,
            body,
            delimiter,
            header,
            0 if written.whole or last is None else last.number,
            written.whole,
            sha256,
            found,
            written.widths,
            notes,
        )


def _delimiter(text: str, written: Written, wanted: Callable[[list[str]], int]) -> str:
    """Return the separator that fits the header best."""
    if written.widths:
        return _NO_DELIMITER
    if written.separator is not None:
        return DELIMITERS[written.separator]

    def sense(delimiter: str) -> tuple[int, int]:
        rows = [r.cells for r in _top(text, delimiter, written)]
        cells = header_names(rows) if rows else []
        return wanted(cells), len(cells)

    return max(DELIMITERS.values(), key=sense)


def _top(text: str, delimiter: str, written: Written) -> list[CsvRow]:
    """Return the rows of the header; the first row if there is none."""
    result = []
    for row in csv_rows(text, delimiter):
        if row.number > written.skip:
            result.append(row)
        if len(result) >= max(written.header_rows, 1):
            break
    return result


def _header(
    text: str, delimiter: str, written: Written, where: str
) -> tuple[tuple[str, ...], CsvRow | None]:
    """Return the column names, and the last row before the body."""
    if written.widths or not written.header_rows:
        above = [row for row in csv_rows(text, delimiter) if row.number <= written.skip]
        first = _top(text, delimiter, written)
        width = len(first[0].cells) if first else 0
        names = [name for name, *_ in written.widths] or [str(n + 1) for n in range(width)]
        return tuple(names), above[-1] if above else None
    rows = _top(text, delimiter, written)
    if len(rows) < written.header_rows:
        what = f"there is no header below {count(written.skip, 'row')}"
        raise UserError(Problem(where, what, "", "Correct skip or header_rows"))
    for row in rows:
        if row.open_quote or row.has_nul:
            what = f"the header, row {row.number}, cannot be read: it holds "
            what += "a quote that does not close" if row.open_quote else "a NUL byte"
            raise UserError(Problem(where, what, "", "Export the file again"))
    return tuple(header_names([row.cells for row in rows])), rows[-1]


def header_names(rows: Sequence[Sequence[str]], spread: bool = True) -> list[str]:
    """Return the column names from one or more rows: `Patient` above `ID` is `Patient ID`.

    With `spread` an empty cell in an upper row belongs to the one on its left, like merged cells; a
    workbook knows which cells are merged.
    """
    width = max(map(len, rows))
    parts: list[list[str]] = [[] for _ in range(width)]
    for n, row in enumerate(rows):
        left = ""
        for at in range(width):
            cell = row[at] if at < len(row) else ""
            if spread and not cell.strip() and n < len(rows) - 1:
                cell = left
            left = cell
            if cell.strip() or len(rows) == 1:
                parts[at].append(cell if len(rows) == 1 else cell.strip())
    return [" ".join(part) for part in parts]


def _cut(source: Path, body: Path, begins: int, delimiter: str, written: Written) -> list[str]:
    """Copy only the rows; return notes on how many of the last ones were a footer."""
    end, left_out = _footer(source, delimiter, written.footer)
    with source.open("rb") as file, body.open("wb") as out:
        file.seek(begins)
        remaining = max(end - begins, 0)
        while remaining and (chunk := file.read(min(CHUNK, remaining))):
            out.write(chunk)
            remaining -= len(chunk)
    return [f"left out as a footer: {count(left_out, 'row')} at the end"] if left_out else []


def _footer(source: Path, delimiter: str, patterns: tuple[str, ...]) -> tuple[int, int]:
    """Return where the footer begins, and how many rows it has.

    Only the last rows are checked: a match in the middle must not end the table.
    """
    size = source.stat().st_size
    if not patterns:
        return size, 0
    with source.open("rb") as file:
        file.seek(max(size - _LAST_BYTES, 0))
        lines = file.read().splitlines(keepends=True)
    starts = []
    at = size
    for line in reversed(lines[1:] if size > _LAST_BYTES else lines):
        at -= len(line)
        if line.strip():
            starts.append((at, line.decode("utf-8", "replace")))
        if len(starts) == FOOTER_ROWS:
            break
    for place, (start, text) in reversed(list(enumerate(starts, start=1))):
        if is_footer(next(csv_rows(text, delimiter)).cells, patterns):
            return start, place
    return size, 0


def is_footer(cells: Sequence[str | None], patterns: Sequence[str]) -> bool:
    """Whether the first non-empty cell of a row begins like a footer."""
    first = next((cell.strip().lower() for cell in cells if cell and cell.strip()), "")
    return any(fnmatch.fnmatchcase(first, f"{p.strip().lower()}*") for p in patterns)


def read_rows(
    con: duckdb.DuckDBPyConnection, file: CsvFile, into: str, select: str
) -> list[TornCells]:
    """Make `into`: the result of `select` on the cells c0, c1 ... as text, and `_row`.

    Returns the rows that could not be read.
    """
    if _read_fast(con, file, into, select):
        return []
    torn: list[TornCells] = []
    cells = [f"c{at}" for at in range(len(file.header))]
    stored = f"cells_{into}"
    listed = ", ".join(f"{cell} VARCHAR" for cell in cells)
    replace(con, "TABLE", stored, f"({listed}, _row BIGINT)")
    insert(con, stored, [*cells, "_row"], careful_rows(file, torn))
    replace(con, "TABLE", into, f"AS SELECT {select}, _row FROM {stored}")
    con.execute(f"DROP TABLE {stored}")
    return torn


def _read_fast(con: duckdb.DuckDBPyConnection, file: CsvFile, into: str, select: str) -> bool:
    """Let DuckDB read the file. False if it is not plain, or if the row counts differ."""
    import duckdb

    width = 1 if file.widths else len(file.header)
    if not file.body.stat().st_size or not file.scan.plain(width):
        return False
    lines = ", ".join(f"'{'line' if file.widths else f'c{at}'}': 'VARCHAR'" for at in range(width))
    quotes = "quote = '', escape = ''" if file.widths else "quote = '\"', escape = '\"'"
    none = ", ".join(map(literal, ("", *NO_VALUE)))
    source = (
        f"read_csv({path_literal(file.body)}, auto_detect = false, "
        f"header = {str(file.has_header).lower()}, delim = {literal(file.delimiter)}, {quotes}, "
        f"columns = {{{lines}}}, max_line_size = {LONGEST_CELL}, nullstr = [{none}], "
        "hive_partitioning = false)"
    )
    if file.widths:
        cut = (
            f"nullif(trim(substr(line, {first}, {last - first + 1})), '') AS c{at}"
            for at, (_, first, last) in enumerate(file.widths)
        )
        source = f"(SELECT {', '.join(cut)} FROM {source})"
    stored = f"file_{into.removeprefix('raw_')}"
    try:
        replace(con, "TABLE", stored, f"AS SELECT {select} FROM {source}")
    except duckdb.InvalidInputException:  # a row that it cannot read
        return False
    (read,) = con.execute(f"SELECT count(*) FROM {stored}").fetchall()[0]
    if read != file.scan.rows - int(file.has_header):
        return False
    numbered(con, stored, into, file.first)
    return True


def careful_rows(file: CsvFile, torn: list[TornCells]) -> Iterator[list[str | None]]:
    """Yield cells as text and row number of each readable row; add the others to `torn`."""
    text = file.body.read_bytes().decode("utf-8-sig")
    width = 1 if file.widths else len(file.header)
    rows = csv_rows(text, file.delimiter, width)
    if file.has_header:
        next(rows)
    for row in rows:
        number = row.number + file.above
        if file.widths:
            line = "".join(row.cells)
            cut = [line[first - 1 : last].strip() for _, first, last in file.widths]
            yield [*(None if cell in NOTHING else cell for cell in cut), str(number)]
            continue
        why = _why_torn(row, width)
        if why:
            torn.append(TornCells(number, tuple(row.cells), why))
        else:
            yield [*(None if cell in NOTHING else cell for cell in row.cells), str(number)]


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


def read_csv(con: duckdb.DuckDBPyConnection, table: Table, path: Path, site: Site) -> Delivered:
    """Make `raw_<name>` and `torn_<name>` from a CSV file with the columns of the contract."""
    with open_csv(path, Written(), lambda cells: recognised(table, cells, site)) as file:
        layout = lay_out(table, file.header, site, str(path))
        columns = select_list(table, layout, site, lambda _, at: f"c{at}")
        torn = read_rows(con, file, f"raw_{table.name}", columns)
    create_torn(con, table.name, [torn_row(table, layout, t.row, t.cells, t.why) for t in torn])
    notes = [*file.notes, *layout.notes]
    if not con.execute(
        f"SELECT 1 FROM raw_{table.name} UNION ALL SELECT 1 FROM torn_{table.name} LIMIT 1"
    ).fetchall():
        notes.append("there is a header but no row")
    return Delivered(RawTable(table.name, path.name, layout.names, file.sha256), notes)


def names_wanted(names: Sequence[str]) -> Callable[[list[str]], int]:
    """Return a function that counts how many of these column names are among some cells."""
    looked_for = {plain(name) for name in names}
    return lambda cells: len(looked_for & {plain(cell) for cell in cells})
