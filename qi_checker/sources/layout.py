"""From the header of a file to the columns of the contract, and from local values to its words.

A header may differ from the contract in blanks around a name and in upper and lower case; any other
difference needs a mapping: in the site settings, or in mapping.yaml. Messages only name columns of
the contract or the settings: a file without a header has a patient's data in its first row.
"""

from __future__ import annotations

import difflib
import hashlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from qi_checker.errors import Problem, UserError, did_you_mean
from qi_checker.protocol.records import ALL_TABLES, RawTable, Table
from qi_checker.protocol.site import Site
from qi_checker.sources.raw import LONGEST_ID, Torn, literal, quoted

BLANKS = " \t\r\n\v\f\u00a0\ufeff\u200b"
ROW_COLUMN = "_row"  # reserved; a file's own column with this name is dropped


@dataclass(frozen=True)
class Layout:
    """Maps the cells of a row to columns. Positions count from 0."""

    columns: tuple[tuple[str, int], ...]
    width: int
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.columns)

    def position(self, name: str) -> int | None:
        return dict(self.columns).get(name)

    def value(self, name: str, cells: Sequence[str | None]) -> str | None:
        """Return the value of a column in a row that may be too short; None if it is missing."""
        at = self.position(name)
        cell = cells[at] if at is not None and at < len(cells) else None
        return (cell.strip(BLANKS + "\0") or None) if cell is not None else None


def plain(name: str) -> str:
    """Return a column's name for comparing."""
    return name.strip(BLANKS).lower()


def recognised(table: Table, header: Sequence[str], site: Site) -> int:
    """Count the columns of the contract that a row would name if it were the header."""
    local = {plain(name) for name in site.columns.get(table.name, {}).values()}
    return len({plain(cell) for cell in header} & (local | set(table.names)))


MOST_COLUMNS = 5_000  # hospitals' widest exports have a few hundred; 100,000 take minutes and 3 GB


def check_width(number: int, where: str) -> None:
    """Raise UserError for a table that is too wide to contain records."""
    if number > MOST_COLUMNS:
        what = f"there are {number:,} columns, and at most {MOST_COLUMNS:,} are read"
        advice = "Export the columns that are needed, one row for each operation or event"
        raise UserError(Problem(where, what, "Rows and columns may be exchanged", advice))


def lay_out(table: Table, header: Sequence[str], site: Site, where: str) -> Layout:
    """Find every column; UserError for missing and duplicate ones, and for unknown mapped ones."""
    check_width(len(header), where)
    if not recognised(table, header, site):
        raise UserError(_no_header(table, where))
    problems: list[Problem] = []
    notes: list[str] = []
    places: defaultdict[str, list[int]] = defaultdict(list)
    for at, cell in enumerate(header):
        places[plain(cell)].append(at)
    mapped = _mapped(table, places, site, where, problems)
    local = {plain(name) for name in site.columns.get(table.name, {}).values()}
    columns = dict(mapped)
    for name, found in places.items():
        if name in local:
            continue
        if not name:
            notes.append(f"{_numbers(found)} without a name in the header: left out")
        elif name == ROW_COLUMN or name in mapped:
            notes.append(f"column {name} left out: the name is already used")
        elif len(found) > 1:
            problems.append(_doubled(table, name, found, where))
        else:
            columns[_as_written(table, name, header[found[0]], notes)] = found[0]
    problems += [
        _missing(table, name, header, where) for name in table.needed if name not in columns
    ]
    if problems:
        raise UserError(problems)
    return Layout(tuple(columns.items()), len(header), tuple(notes))


def _mapped(
    table: Table,
    places: dict[str, list[int]],
    site: Site,
    where: str,
    problems: list[Problem],
) -> dict[str, int]:
    columns = {}
    for name, local in site.columns.get(table.name, {}).items():
        found = places.get(plain(local), [])
        if len(found) == 1:
            columns[name] = found[0]
        elif found:
            problems.append(_doubled(table, plain(local), found, where))
        else:
            problems.append(
                Problem(
                    where,
                    f"there is no column {local!r}",
                    f"The site settings take {name} from it (columns: {table.name}: {name})",
                    "Correct the name in the site settings, or remove the line",
                )
            )
    return columns


def _as_written(table: Table, name: str, cell: str, notes: list[str]) -> str:
    if name not in table.names:
        return cell.strip(BLANKS)
    if cell.strip("\ufeff") != name:
        notes.append(f"the column headed {cell.strip()!r} is read as {name}")
    return name


def _doubled(table: Table, name: str, found: Sequence[int], where: str) -> Problem:
    what = f"column {name}" if name in table.names else "a column name"
    return Problem(
        where,
        f"{what} is in the header more than once ({_numbers(found)})",
        "It is not clear which one counts",
        "Rename or remove all but one",
    )


def _no_header(table: Table, where: str) -> Problem:
    return Problem(
        where,
        "the first row holds no column name of the contract",
        f"It must be the header, with at least {', '.join(table.needed)}",
        "Put the column names into the first row and remove titles above it, or map the names "
        f"of your export in the site settings (columns: {table.name})",
    )


def _missing(table: Table, name: str, header: Sequence[str], where: str) -> Problem:
    others = {plain(cell): cell.strip(BLANKS) for cell in header if plain(cell) not in table.names}
    near = difflib.get_close_matches(name, others, n=1, cutoff=0.7)
    meant = f"Did you mean {others[near[0]]!r}? " if near else ""
    local = others[near[0]] if near else "the name in your export"
    return Problem(
        where,
        f"the required column {name} is missing",
        advice=f"{meant}Add or rename the column, or map it in the site settings "
        f"(columns: {table.name}: {name}: {local})",
    )


def _numbers(found: Sequence[int]) -> str:
    numbers = [str(at + 1) for at in found]
    if len(numbers) == 1:
        return f"column {numbers[0]}"
    return f"columns {', '.join(numbers[:-1])} and {numbers[-1]}"


LISTED = ("words", "codes")  # kinds of column that hold items separated by `;`


def check_site(site: Site) -> None:
    """Raise UserError for mappings of unknown tables and for contradictory ones."""
    problems = [
        Problem(f"site settings, columns: {name}", "there is no such table", "", _near(name))
        for name in site.columns
        if name not in ALL_TABLES
    ]
    for target, mapping in site.values.items():
        where = f"site settings, values: {target}"
        name, _, column = target.partition(".")
        if name not in ALL_TABLES or not column:
            why = "Write it as table.column, such as events.modality"
            problems.append(Problem(where, "there is no such table", why, _near(name)))
        if len({key.strip().lower() for key in mapping}) < len(mapping):
            what = "the same value is mapped twice"
            problems.append(Problem(where, what, "Upper and lower case are the same here"))
    if problems:
        raise UserError(problems)


def unused_values(table: Table, columns: tuple[str, ...], site: Site) -> list[str]:
    """Return columns of this table with value mappings that the file lacks."""
    targets = [target.partition(".") for target in site.values]
    return [column for name, _, column in targets if name == table.name and column not in columns]


def mapped(table: Table, column: str, expression: str, site: Site) -> str:
    """Return the SQL of a text after the site's value mapping; lists also item by item."""
    mapping = site.values.get(f"{table.name}.{column}")
    if not mapping:
        return expression
    kind = table[column].kind if column in table.names else "text"
    otherwise = expression
    if kind in LISTED:
        item = _case("item", mapping, "item")
        otherwise = (
            f"array_to_string(list_transform(string_split({expression}, ';'), "
            f"lambda item: {item}), ';')"
        )
    return _case(expression, mapping, otherwise)


def _case(expression: str, mapping: dict[str, str], otherwise: str) -> str:
    whens = " ".join(
        f"WHEN {literal(local.strip().lower())} THEN {literal(word)}"
        for local, word in mapping.items()
    )
    return f"CASE lower(trim(coalesce({expression}, ''))) {whens} ELSE {otherwise} END"


def _near(name: str) -> str:
    return did_you_mean(name, ALL_TABLES)


@dataclass
class Delivered:
    """One table as read: `number_ids` are id columns that are numbers in the file."""

    raw: RawTable
    notes: list[str] = field(default_factory=list)
    number_ids: frozenset[str] = frozenset()


def sha256_of(path: Path) -> str:
    """Hash the bytes of a file, so that a result can be traced to its data."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def select_list(table: Table, layout: Layout, site: Site, cell: Callable[[str, int], str]) -> str:
    """Select every contract column (NULL if the file lacks it), then the file's other columns.

    `cell` gives the SQL of a column from its name and position in the file.
    """
    there = dict(layout.columns)
    parts = []
    for name in (*table.names, *(n for n in there if n not in table.names)):
        expression = "NULL::VARCHAR"
        if name in there:
            expression = mapped(table, name, cell(name, there[name]), site)
        parts.append(f"{expression} AS {quoted(name)}")
    return ", ".join(parts)


def torn_row(
    table: Table, layout: Layout, number: int, cells: Sequence[str | None], why: str
) -> Torn:
    """Return a broken row with its readable parts: the ids at the places where they should be."""

    def readable(column: str) -> str | None:
        value = layout.value(column, cells)
        return value if value is not None and len(value) <= LONGEST_ID else None

    given = tuple(cell for cell in cells if cell)
    return Torn(number, readable(table.key), readable("patient_id"), why, given)
