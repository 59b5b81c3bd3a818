"""Rows of a CSV text, one at a time: the careful reading, for files that are broken somewhere.

The grammar is RFC 4180 as DuckDB reads it: a quoted cell may hold separators, line ends and
doubled quotes, and may have blanks around it; a quote inside an unquoted cell is a character.
A quote that never closes tears its own line only, so that it cannot swallow the rows after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

NEWLINE = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True)
class CsvRow:
    """A row that is not blank: its number as a spreadsheet counts, its cells, what is wrong."""

    number: int
    cells: list[str]
    size: int  # characters of the whole row
    open_quote: bool = False
    has_nul: bool = False


def csv_rows(text: str, delimiter: str, width: int = 0) -> Iterator[CsvRow]:
    """All rows, the header first. Blank lines are counted but are no rows.

    With `width`, the cells of the header, a quoted cell that spans whole rows is told apart from
    one that only holds a line end.
    """
    quoted = re.compile(rf' *+"([^"]*+(?:""[^"]*+)*+)" *+(?=[{re.escape(delimiter)}\r\n]|\Z)')
    unquoted = re.compile(rf"[^{re.escape(delimiter)}\r\n]*")
    at = number = 0
    while at < len(text):
        number += 1
        end, after = _line(text, at)
        line = text[at:end]
        if not line.strip(" "):
            at = after
            continue
        if '"' not in line:
            yield CsvRow(number, line.split(delimiter), len(line), has_nul="\0" in line)
            at = after
            continue
        cells, open_quote, stop = _cells(text, at, delimiter, quoted, unquoted)
        if width and len(cells) != width and _swallows(text[after:stop], delimiter, width):
            cells, open_quote, stop = line.split(delimiter), True, after
        yield CsvRow(number, cells, stop - at, open_quote, "\0" in text[at:stop])
        at = stop


def _line(text: str, at: int) -> tuple[int, int]:
    found = NEWLINE.search(text, at)
    return (found.start(), found.end()) if found else (len(text), len(text))


def _cells(
    text: str, at: int, delimiter: str, quoted: re.Pattern[str], unquoted: re.Pattern[str]
) -> tuple[list[str], bool, int]:
    """The cells of the row that starts here, whether a quote stays open, and where it ends."""
    cells = []
    open_quote = False
    while True:
        found = quoted.match(text, at)
        if found:
            cells.append(found[1].replace('""', '"'))
        else:
            found = unquoted.match(text, at)
            assert found  # it also matches nothing
            cells.append(found[0])
            open_quote |= found[0].lstrip(" ").startswith('"')
        at = found.end()
        if text[at : at + 1] != delimiter:
            break
        at += 1
    newline = NEWLINE.match(text, at)
    return cells, open_quote, newline.end() if newline else at


def _swallows(rest: str, delimiter: str, width: int) -> bool:
    """Whether a line inside a quoted cell is a row of its own."""
    return any(line.count(delimiter) == width - 1 for line in NEWLINE.split(rest))
