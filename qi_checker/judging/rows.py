"""Decide which rows can be used, and why the others are rejected: docs/evaluation.md, section 2."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from qi_checker.judging.values import BLANKS, Unreadable, When, read_when
from qi_checker.protocol.records import ALL_TABLES, Table
from qi_checker.protocol.site import Site

MISSING = "missing value"
UNKNOWN_WORD = "unknown word"
UNREADABLE = "unreadable date"
EXTERNAL_UNDATED = "external study without an acquisition date"
DUPLICATE = "duplicate id"
SAME_CONTENT = "duplicate id, same content"
HEADER_AND_FIRST = 2  # number of the first data row in a spreadsheet

RawRow = Mapping[str, str | None]
SharedIds = Mapping[str, str]  # id -> the `content` of the first row with it

_DATES = {
    table.name: [(c.name, c.kind == "when-or-part") for c in table.columns if c.kind[:4] == "when"]
    for table in ALL_TABLES.values()
}
_WORDS = {
    table.name: [(c.name, frozenset(c.words)) for c in table.columns if c.words]
    for table in ALL_TABLES.values()
}
_NEEDED = {table.name: table.needed for table in ALL_TABLES.values()}


_NO_DATES: Mapping[str, When] = {}


class Row(NamedTuple):
    """A row of a table: its non-empty texts, and its readable dates."""

    number: int
    texts: Mapping[str, str]
    dates: Mapping[str, When] = _NO_DATES

    def text(self, column: str) -> str:
        """Return the trimmed text of a column, empty if there is no value."""
        return self.texts.get(column, "")

    def word(self, column: str) -> str:
        """Return the lower-cased text of a column."""
        return self.texts.get(column, "").lower()


@dataclass(frozen=True)
class Rejected:
    """A rejected row: column and reason of the first check that failed."""

    table: str
    row: Row
    column: str | None
    id: str | None
    reason: str


def read_rows(
    table: Table, raw: Iterable[RawRow], site: Site, shared: SharedIds | None = None
) -> tuple[list[Row], list[Rejected]]:
    """Read rows of a table, in file order, into usable and rejected ones.

    shared: if these are not all rows of the table, the ids that other owners' rows also have
    (`Context.shared_ids`): the content shows whether one of these rows was the first with the id.
    """
    used, rejected = [], []
    first_with_id: dict[str, Row] = {}
    for index, cells in enumerate(raw):
        row = read_row(table, cells, index + HEADER_AND_FIRST, site)
        id = row.text(table.key) or None
        fault = fault_of(table, row)
        if id is not None:
            first = first_with_id.get(id)
            foreign = (
                first is None and shared and shared.get(id, "") not in ("", content(table, row))
            )
            if fault is None and foreign:
                fault = table.key, DUPLICATE
            elif fault is None and first is not None:
                fault = table.key, SAME_CONTENT if _same(table, row, first) else DUPLICATE
            if first is None and not foreign:
                first_with_id[id] = row
        if fault is None:
            used.append(row)
        else:
            rejected.append(Rejected(table.name, row, fault[0], id, fault[1]))
    return used, rejected


def read_row(table: Table, cells: RawRow, number: int, site: Site) -> Row:
    """Read the cells of one row; its number is in `_row`, if present."""
    texts = {
        name: text
        for name, cell in cells.items()
        if cell and name != "_row" and (text := cell.strip(BLANKS))
    }
    dates = {}
    for name, or_part in _DATES[table.name]:
        if name in texts:
            try:
                dates[name] = read_when(texts[name], site, or_part)
            except Unreadable:
                continue
    return Row(int(cells.get("_row") or number), texts, dates)


def fault_of(table: Table, row: Row) -> tuple[str, str] | None:
    """Return column and reason of the first check that this row fails by itself."""
    texts = row.texts
    for name in _NEEDED[table.name]:
        if name not in texts:
            return name, MISSING
    for name, words in _WORDS[table.name]:
        if row.word(name) not in words:
            return name, UNKNOWN_WORD
    for name, _ in _DATES[table.name]:
        if name in texts and name not in row.dates:
            return name, UNREADABLE
    if table.name == "events" and "at" not in texts:
        status = row.word("status")
        if status == "completed" and row.word("provenance") == "external":
            return "at", EXTERNAL_UNDATED
        if status in ("booked", "completed"):
            return "at", MISSING
    return None


def _same(table: Table, row: Row, first: Row) -> bool:
    return all(row.text(name) == first.text(name) for name in table.names)


def content(table: Table, row: Row) -> str:
    """Hash the contract's columns of a row; rows with the same content have the same hash."""
    text = "\x1f".join(row.text(name) for name in table.names)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
