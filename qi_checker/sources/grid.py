"""Rows of an export as written, before mapping: tables of text.

A grid has the columns that a mapping names, `k0`, `k1` ..., and `_row`. Several files share one
grid; the row number identifies the file (`Place` in protocol/records.py).
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qi_checker.errors import Problem, UserError, did_you_mean
from qi_checker.protocol import mapping as model
from qi_checker.protocol.records import ROWS_OF_A_PLACE, Place
from qi_checker.sources import csv_file, xlsx_file
from qi_checker.sources.cells import text_of, why_unfit
from qi_checker.sources.csv_file import TornCells, Written
from qi_checker.sources.layout import BLANKS, plain, sha256_of
from qi_checker.sources.raw import Torn, create_torn, drop, path_literal, quoted, replace

if TYPE_CHECKING:
    import duckdb

PARQUET, ZIP = b"PAR1", b"PK\x03\x04"
_NEVER_DATA = ("mapping.yaml", "site.yaml")


@dataclass(frozen=True)
class Wanted:
    """A column of the export that the mapping names, and its use."""

    name: str
    key: str  # of mapping.yaml: cases.columns.case_id
    kind: str = "text"  # of the contract column it becomes
    column: str = ""  # of the contract
    system: str = ""  # the code system of its codes
    padded: bool = False  # leading zeros are restored, so that a number is as good as text


@dataclass
class Grid:
    """The rows of one or more files: see above. Torn rows are in `<name>_torn`."""

    name: str
    columns: dict[str, str]  # name in the export, in lower case -> its column
    places: list[Place] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    filled: set[str] = field(default_factory=set)  # columns whose merged cells are already filled
    number_ids: set[str] = field(default_factory=set)

    def drop(self, con: duckdb.DuckDBPyConnection) -> None:
        """Drop its rows, which are no longer needed."""
        drop(con, self.name)
        for n in range(len(self.places)):
            drop(con, f"{self.name}_{n}")


def files_of(place: model.Place, folder: Path, key: str) -> list[Path]:
    """Return the files that a mapping names, in order. UserError for a name without a file."""
    result: dict[Path, None] = {}
    problems = []
    names = sorted(f.name for f in folder.iterdir() if f.is_file())
    for pattern in model.many(place.file):
        if Path(pattern).is_absolute() or ".." in Path(pattern).parts:
            what = f"{pattern} is not inside the folder of the data"
            problems.append(Problem(str(folder), what, "", "Use files of this folder"))
            continue
        some = [f for f in sorted(folder.glob(pattern)) if f.is_file() and _is_data(f)]
        if not some:
            near = difflib.get_close_matches(pattern, names, n=1, cutoff=0.7)
            advice = f"Did you mean {near[0]}?" if near else "Put it there, or correct the name"
            why = f"mapping.yaml names it under {key}"
            problems.append(Problem(str(folder), f"there is no file {pattern}", why, advice))
        result |= dict.fromkeys(some)
    if problems:
        raise UserError(problems)
    return list(result)


def _is_data(file: Path) -> bool:
    return not file.name.startswith((".", "~$")) and file.name not in _NEVER_DATA


def written(place: model.Place) -> Written:
    """Return how the text files of a place are written."""
    widths = []
    for name, text in (place.widths or {}).items():
        first, _, last = text.partition("-")
        widths.append((name, int(first), int(last or first)))
    return Written(
        place.encoding,
        place.separator,
        place.skip,
        0 if widths else place.header_rows,
        model.many(place.footer),
        tuple(widths),
    )


def read_files(
    con: duckdb.DuckDBPyConnection,
    place: model.Place,
    paths: Sequence[Path],
    wanted: Sequence[Wanted],
    name: str,
    first_place: int = 0,
    fill_down: Iterable[str] = (),
) -> Grid:
    """Read files into a grid. UserError with the errors of all files."""
    columns = {plain(w.name): f"k{n}" for n, w in enumerate(once(wanted))}
    grid = Grid(name, columns)
    problems: list[Problem] = []
    torn: list[TornCells] = []
    parts = []
    for n, path in enumerate(paths):
        part = f"{name}_{n}"
        reader = _Reader(con, place, path, once(wanted), part, [plain(c) for c in fill_down])
        try:
            reader.read()
        except UserError as error:
            problems += error.problems
            continue
        except OSError as error:
            what = f"the file cannot be read ({error.strerror or 'input error'})"
            problems.append(Problem(str(path), what, "", "Ask for permission, or copy it again"))
            continue
        start = (first_place + n) * ROWS_OF_A_PLACE
        parts.append(f"SELECT * REPLACE (_row + {start} AS _row) FROM {part}")
        torn += [TornCells(t.row + start, t.cells, t.why) for t in reader.torn]
        grid.places.append(Place(reader.title, reader.sha256))
        grid.notes += [f"{path.name}: {note}" for note in reader.notes]
        grid.filled |= reader.filled
        grid.number_ids |= reader.number_ids
    if problems:
        raise UserError(problems)
    replace(con, "VIEW", name, f"AS {' UNION ALL '.join(parts)}")
    store_torn(con, grid, torn)
    return grid


def store_torn(con: duckdb.DuckDBPyConnection, grid: Grid, torn: Sequence[TornCells]) -> None:
    """Make `<name>_torn` (_row, why, and the readable cells)."""
    create_torn(con, grid.name, [Torn(t.row, None, None, t.why, t.texts) for t in torn])
    con.execute(f"ALTER TABLE torn_{grid.name} RENAME TO {grid.name}_torn")


def once(wanted: Sequence[Wanted]) -> list[Wanted]:
    """Return each column of the export once; of several uses, id or code takes priority."""
    result: dict[str, Wanted] = {}
    for one in wanted:
        name = plain(one.name)
        if name not in result or result[name].kind not in ("id", "codes"):
            result[name] = one
    return list(result.values())


class _Reader:
    """Reads one file into a grid."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        place: model.Place,
        path: Path,
        wanted: Sequence[Wanted],
        part: str,
        fill_down: Sequence[str],
    ) -> None:
        self.con, self.place, self.path, self.wanted, self.part = con, place, path, wanted, part
        self.fill_down = fill_down
        self.title = path.name
        self.sha256 = ""
        self.torn: list[TornCells] = []
        self.notes: list[str] = []
        self.filled: set[str] = set()
        self.number_ids: set[str] = set()

    def read(self) -> None:
        """Read the file by its content, whatever its name."""
        with self.path.open("rb") as file:
            magic = file.read(4)
        if magic == PARQUET:
            self._parquet()
        elif magic == ZIP or magic == xlsx_file.OLE:
            self._workbook()
        else:
            self._text()

    def _text(self) -> None:
        if self.place.sheet is not None:
            what = "this is a text file, and has no sheets"
            raise UserError(Problem(str(self.path), what, "", "Remove sheet from mapping.yaml"))
        names = csv_file.names_wanted([w.name for w in self.wanted])
        with csv_file.open_csv(self.path, written(self.place), names) as file:
            select = self._select(file.header, lambda at: f"c{at}")
            self.torn = csv_file.read_rows(self.con, file, self.part, select)
            self.sha256, self.notes = file.sha256, file.notes

    def _workbook(self) -> None:
        sheet = xlsx_file.open_sheet(self.path, self.place.sheet, written(self.place))
        self.title = f"{self.path.name}, sheet {sheet.name}"
        select = self._select(sheet.header, lambda at: f"c{at}")
        at = positions(sheet.header)
        for name in self.fill_down:
            if sheet.fill_merged(at[name][0]):
                self.filled.add(name)
        unfit = {
            at[plain(w.name)][0]: self._judge(w) for w in self.wanted if w.kind in ("id", "codes")
        }
        self.torn = xlsx_file.read_rows(self.con, sheet, self.part, select, unfit)
        self.sha256, self.notes = sha256_of(self.path), sheet.notes

    def _judge(self, wanted: Wanted) -> xlsx_file.Unfit:
        """Accept a number if the code system or the width of the id restores its zeros."""

        def unfit(value: Any) -> str:
            kind = "id" if wanted.padded else wanted.kind
            why = why_unfit(wanted.column or wanted.name, kind, value, wanted.system)
            number = isinstance(value, int | float)
            if number and not why and wanted.kind == "id" and not wanted.padded:
                self.number_ids.add(wanted.column)
            return why

        return unfit

    def _parquet(self) -> None:
        import duckdb

        source = f"read_parquet({path_literal(self.path)}, hive_partitioning = false"
        source += ", file_row_number = true)"
        try:
            described = self.con.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
        except duckdb.Error:
            what = "the file cannot be read as Parquet"
            advice = "It is truncated or not Parquet; write it again"
            raise UserError(Problem(str(self.path), what, "", advice)) from None
        header = [str(name) for name, *_ in described if name != "file_row_number"]
        types = [str(type_name) for _, type_name, *_ in described]
        select = self._select(header, lambda at: text_of(types[at], quoted(header[at])))
        body = f"AS SELECT {select}, file_row_number + 2 AS _row FROM {source}"
        replace(self.con, "TABLE", self.part, body)
        self.sha256 = sha256_of(self.path)

    def _select(self, header: Sequence[str], cell: Callable[[int], str]) -> str:
        """Select the wanted columns as k0, k1 ...; UserError if one is missing or appears twice."""
        at = choose_columns(str(self.path), header, self.wanted)
        return ", ".join(f"{cell(place)} AS k{n}" for n, place in enumerate(at))


def choose_columns(where: str, header: Sequence[str], wanted: Sequence[Wanted]) -> list[int]:
    """Return the position of each wanted column. UserError with each missing or duplicate one."""
    at = positions(header)
    problems = [p for w in wanted if (p := _problem(where, w, at, header))]
    if problems:
        raise UserError(problems)
    return [at[plain(w.name)][0] for w in wanted]


def _problem(
    where: str, wanted: Wanted, at: dict[str, list[int]], header: Sequence[str]
) -> Problem | None:
    found = at.get(plain(wanted.name), [])
    why = f"mapping.yaml names it under {wanted.key}"
    if len(found) == 1:
        return None
    if found:
        what = f"the column {wanted.name!r} is in the header {len(found)} times"
        advice = f'Use its position, such as "#{found[0] + 1}"'
        return Problem(where, what, why, advice)
    names = {plain(name): name.strip(BLANKS) for name in header}
    near = did_you_mean(plain(wanted.name), names)
    advice = "Correct the name, or give the place of the header with skip and header_rows"
    if near.startswith("Did you mean"):
        advice = f"Did you mean {names[near.removeprefix('Did you mean ').rstrip('?')]!r}?"
    return Problem(where, f"there is no column {wanted.name!r}", why, advice)


def positions(header: Sequence[str]) -> dict[str, list[int]]:
    """Return the positions of each name in a header, and of `#1`, `#2` ..."""
    result: dict[str, list[int]] = {}
    for at, name in enumerate(header):
        result.setdefault(plain(name), []).append(at)
    for at in range(len(header)):
        result.setdefault(f"#{at + 1}", [at])
    return result
