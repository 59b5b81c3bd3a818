"""What the reader of one file hands back, and how rows of cells become a raw table."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from qi_checker.protocol.records import RawTable, Table
from qi_checker.protocol.site import Site
from qi_checker.sources.layout import Layout
from qi_checker.sources.mapping import mapped
from qi_checker.sources.raw import LONGEST_ID, Torn, quoted

if TYPE_CHECKING:
    pass


@dataclass
class Delivered:
    """One table as read: `number_ids` are id columns that the file holds as numbers."""

    raw: RawTable
    notes: list[str] = field(default_factory=list)
    number_ids: frozenset[str] = frozenset()


def sha256_of(path: Path) -> str:
    """Of the bytes of a file, so that a result can be traced to its data."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def select_list(table: Table, layout: Layout, site: Site, cell: Callable[[str, int], str]) -> str:
    """Every contract column, NULL where the file has none, then the file's other columns.

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
    """A broken row with what can still be told: its ids from the places where they should be."""

    def readable(column: str) -> str | None:
        value = layout.value(column, cells)
        return value if value is not None and len(value) <= LONGEST_ID else None

    given = tuple(cell for cell in cells if cell)
    return Torn(number, readable(table.key), readable("patient_id"), why, given)
