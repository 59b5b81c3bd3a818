"""Which rows can be used, and why the others cannot: docs/evaluation.md, section 2."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from qi_checker.judging.values import Unreadable, When, read_when, trimmed
from qi_checker.protocol.records import Table
from qi_checker.protocol.site import Site

MISSING = "missing value"
UNKNOWN_WORD = "unknown word"
UNREADABLE = "unreadable date"
EXTERNAL_UNDATED = "external study without an acquisition date"
DUPLICATE = "duplicate id"
SAME_CONTENT = "duplicate id, same content"
HEADER_AND_FIRST = 2  # the first row of data, as a spreadsheet counts it


@dataclass(frozen=True)
class Row:
    """A row of a table: its texts without the empty ones, and the dates that can be read."""

    number: int
    texts: Mapping[str, str]
    dates: Mapping[str, When] = field(default_factory=dict)

    def text(self, column: str) -> str:
        """The trimmed text of a column, empty where there is no value."""
        return self.texts.get(column, "")

    def word(self, column: str) -> str:
        """The lower-cased text of a column."""
        return self.text(column).lower()


@dataclass(frozen=True)
class Rejected:
    """A row that cannot be used: the column and the reason of the first check that failed."""

    table: str
    row: Row
    column: str | None
    id: str | None
    reason: str


def read_rows(
    table: Table, raw: list[dict[str, str | None]], site: Site
) -> tuple[list[Row], list[Rejected]]:
    """Read a table in file order into usable and rejected rows."""
    used, rejected = [], []
    first_with_id: dict[str, Row] = {}
    for index, cells in enumerate(raw):
        row = _read_row(table, cells, index + HEADER_AND_FIRST, site)
        id = row.text(table.key) or None
        fault = _fault(table, row) or _duplicate(table, row, first_with_id.get(id or ""))
        if fault:
            rejected.append(Rejected(table.name, row, fault[0], id, fault[1]))
        else:
            used.append(row)
        if id:
            first_with_id.setdefault(id, row)
    return used, rejected


def _read_row(table: Table, cells: dict[str, str | None], number: int, site: Site) -> Row:
    texts = {name: trimmed(text) for name, text in cells.items() if name != "_row"}
    texts = {name: text for name, text in texts.items() if text}
    dates = {}
    for column in table.columns:
        if column.kind in ("when", "when-or-part") and column.name in texts:
            try:
                or_part = column.kind == "when-or-part"
                dates[column.name] = read_when(texts[column.name], site, or_part)
            except Unreadable:
                continue
    return Row(int(cells.get("_row") or number), texts, dates)


def _fault(table: Table, row: Row) -> tuple[str, str] | None:
    """Column and reason of the first check that this row fails by itself."""
    for column in table.columns:
        if column.needed and not row.text(column.name):
            return column.name, MISSING
    for column in table.columns:
        if column.words and row.word(column.name) not in column.words:
            return column.name, UNKNOWN_WORD
    for column in table.columns:
        is_date = column.kind in ("when", "when-or-part")
        if is_date and row.text(column.name) and column.name not in row.dates:
            return column.name, UNREADABLE
    undated = table.name == "events" and not row.text("at")
    if undated and row.word("status") == "completed" and row.word("provenance") == "external":
        return "at", EXTERNAL_UNDATED
    if undated and row.word("status") in ("booked", "completed"):
        return "at", MISSING
    return None


def _duplicate(table: Table, row: Row, first: Row | None) -> tuple[str, str] | None:
    """The first row with an id counts, even one that was rejected itself."""
    if first is None:
        return None
    same = all(row.text(name) == first.text(name) for name in table.names)
    return table.key, SAME_CONTENT if same else DUPLICATE
