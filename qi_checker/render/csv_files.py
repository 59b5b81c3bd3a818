"""CSV for a spreadsheet: UTF-8, dates as ISO text, and no cell that could be run as a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from qi_checker.render.plots import Cell

_RISKY = tuple("=+-@＝＋－＠\t\r\n")  # a spreadsheet would run these as a formula


def write_rows(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Write a header and rows; None is an empty cell."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([safe(cell) for cell in row] for row in rows)


def safe(cell: Cell) -> Cell:
    """Put an apostrophe before text that a spreadsheet might run (OWASP, CSV injection)."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_RISKY) else cell
