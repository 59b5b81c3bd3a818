"""Small CSV tables that people keep by hand: the columns are fixed, every mistake has its row."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from pathlib import Path

from qi_checker.errors import Problem, UserError, did_you_mean
from qi_checker.protocol.yaml_text import decode, one_line, read_bytes


@dataclass
class CsvTable:
    """Rows of a file by column, each with the number that a spreadsheet shows."""

    name: str
    content: bytes = b""
    rows: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, row: int, what: str, why: str = "", mend: str = "") -> None:
        where = f"{self.name}, row {row}"
        self.problems.append(Problem(where, one_line(what), why, one_line(mend)))


def read_table(file: Path, columns: tuple[str, ...]) -> CsvTable:
    """Read a table; what is wrong with it is in `problems`, and usable rows remain."""
    table = CsvTable(str(file))
    try:
        table.content = read_bytes(file)
        text = decode(table.name, table.content)
    except UserError as error:
        table.problems += error.problems
        return table
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [cell.strip() for cell in next(reader, [])]
        if _wrong_header(table, header, columns):
            return table
        for number, cells in enumerate(reader, start=2):
            if any(cell.strip() for cell in cells):
                _add_row(table, number, header, cells)
    except csv.Error as error:
        table.refuse(reader.line_num, f"is not CSV: {error}", mend="Check its quotation marks")
    return table


def _add_row(table: CsvTable, number: int, header: list[str], cells: list[str]) -> None:
    if len(cells) != len(header):
        table.refuse(
            number,
            f"has {len(cells)} cells, and the header has {len(header)}",
            mend="Put text that holds a comma in quotation marks",
        )
    else:
        table.rows.append((number, dict(zip(header, (c.strip() for c in cells), strict=True))))


def _wrong_header(table: CsvTable, header: list[str], columns: tuple[str, ...]) -> bool:
    said = ",".join(columns)
    if len(header) == 1 and any(mark in header[0] for mark in ";\t"):
        table.refuse(1, "the columns are not separated by commas", mend=f"Begin with {said}")
        return True
    missing = [c for c in columns if c not in header]
    for column in header:
        if column not in columns:
            hint = did_you_mean(column, missing or columns)
            table.refuse(1, f"the column `{column}` is not known", mend=hint)
        elif header.count(column) > 1:
            table.refuse(1, f"the column `{column}` is there twice")
            return True
    # A misspelt column is both unknown and missing; it is told once.
    if not table.problems:
        for column in missing:
            table.refuse(1, f"the column `{column}` is missing", mend=f"Begin with {said}")
    return bool(table.problems)
