"""From the header of a file to the columns of the contract.

A header may differ from the contract in blanks around a name and in upper and lower case; every
other difference is a mapping in the site settings. Messages name columns of the contract or of
the settings only: a file without a header has a patient's data in its first row.
"""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from qi_checker.errors import Problem, UserError
from qi_checker.protocol.records import Table
from qi_checker.protocol.site import Site

BLANKS = " \t\r\n\v\f\u00a0\ufeff\u200b"
ROW_COLUMN = "_row"  # ours; a file's own column of this name has to go


@dataclass(frozen=True)
class Layout:
    """Which cell of a row becomes which column. Positions count from 0."""

    columns: tuple[tuple[str, int], ...]
    width: int
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.columns)

    def position(self, name: str) -> int | None:
        return dict(self.columns).get(name)

    def value(self, name: str, cells: Sequence[str | None]) -> str | None:
        """The value of a column in a row that may be too short; None if it is not there."""
        at = self.position(name)
        cell = cells[at] if at is not None and at < len(cells) else None
        return (cell.strip(BLANKS + "\0") or None) if cell is not None else None


def plain(name: str) -> str:
    """A column's name for comparing."""
    return name.strip(BLANKS).lower()


def recognised(table: Table, header: Sequence[str], site: Site) -> int:
    """How many columns of the contract a row would name, if it were the header."""
    local = {plain(name) for name in site.columns.get(table.name, {}).values()}
    return len({plain(cell) for cell in header} & (local | set(table.names)))


def lay_out(table: Table, header: Sequence[str], site: Site, where: str) -> Layout:
    """Find every column; raises UserError for missing, doubled and unknown mapped ones."""
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
            notes.append(f"{_numbers(found)} without a name in the header, left out")
        elif name == ROW_COLUMN or name in mapped:
            notes.append(f"column {name} left out, the name is taken")
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
                    "Correct the name in the site settings, or take the line out",
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
        f"the needed column {name} is missing",
        mend=f"{meant}Add or rename the column, or map it in the site settings "
        f"(columns: {table.name}: {name}: {local})",
    )


def _numbers(found: Sequence[int]) -> str:
    numbers = [str(at + 1) for at in found]
    if len(numbers) == 1:
        return f"column {numbers[0]}"
    return f"columns {', '.join(numbers[:-1])} and {numbers[-1]}"
