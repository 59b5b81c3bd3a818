"""Check the extent of a sheet before it is read.

Workbook readers keep a sheet as a full grid: one stray cell at XFD1048576, which is easily missed
in a spreadsheet, means 17 billion cells and ends the process. So the declared size of the sheet is
checked first. Some programs write A1 for every sheet; then the cell references are scanned, which
takes a third of the time of reading the cells.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from posixpath import join, normpath
from xml.etree import ElementTree

from qi_checker.errors import Problem, UserError

MOST_CELLS = 50_000_000  # of the grid, including empty ones; about 3 GB
_CHUNK, _HEAD = 1 << 20, 1 << 12
_PLACE = re.compile(rb"""\br=["']([A-Z]{1,3})([0-9]{1,7})["']""")
_DIMENSION = re.compile(rb"""<dimension ref=["'][A-Z]+[0-9]+:([A-Z]{1,3})([0-9]{1,7})["']""")
_FAR = re.compile(rb"""\br=["'][A-Z]{2,3}[0-9]""")  # beyond column Z
_LONGEST = 40  # bytes of a cell reference in the file, with a margin
_TAIL = 1 << 14  # bytes that contain a cell, if a chunk does
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_OFFICE = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def check_extent(path: Path, sheet: str) -> None:
    """Raise UserError if a sheet is too large to be read.

    A file that is not a workbook, or has differently named parts, is left to its reader.
    """
    try:
        with zipfile.ZipFile(path) as book:
            part = _part(book, sheet)
            rows, columns, far = _extent(book, part) if part is not None else (0, 0, "")
    except (zipfile.BadZipFile, KeyError, ElementTree.ParseError, OSError, NotImplementedError):
        return
    if rows * columns > MOST_CELLS:
        what = f"the sheet {sheet!r} reaches to {far}, which is too large to read"
        advice = "Delete the empty rows and columns after the table, or export it as CSV"
        raise UserError(Problem(str(path), what, "Probably because of one stray cell", advice))


def _part(book: zipfile.ZipFile, sheet: str) -> str | None:
    """Return the part of a workbook that contains a sheet."""
    sheets = ElementTree.fromstring(book.read("xl/workbook.xml")).iter(f"{_MAIN}sheet")
    wanted = next((s.get(_OFFICE) for s in sheets if s.get("name") == sheet), None)
    for link in ElementTree.fromstring(book.read("xl/_rels/workbook.xml.rels")):
        if link.get("Id") == wanted and (target := link.get("Target")):
            return target.lstrip("/") if target.startswith("/") else normpath(join("xl", target))
    return None


def _extent(book: zipfile.ZipFile, part: str) -> tuple[int, int, str]:
    """Return the last row and the last column with a cell, and the cell where they meet."""
    with book.open(part) as file:
        dimension = _DIMENSION.search(file.read(_HEAD))
    rows, letters = (int(dimension[2]), dimension[1]) if dimension else _looked_for(book, part)
    columns = 0
    for letter in letters:
        columns = columns * 26 + letter - ord("A") + 1
    return rows, columns, f"{letters.decode()}{rows}"


def _looked_for(book: zipfile.ZipFile, part: str) -> tuple[int, bytes]:
    """Return the last row and the letters of the last column, or Z, from the cell references."""
    rows, letters = 1, b"Z"
    for text in _chunks(book, part):
        far = _FAR.search(text)
        found = _PLACE.findall(text if far else text[-_TAIL:])  # rows are in order
        rows = max([rows, *(int(row) for _, row in found)])
        if far:
            letters = max([letters, *(column for column, _ in found)], key=lambda c: (len(c), c))
    return rows, letters


def _chunks(book: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    """Yield the part in overlapping pieces, so that no cell reference is split."""
    with book.open(part) as file:
        before = b""
        while more := file.read(_CHUNK):
            text = before + more
            yield text
            before = text[-_LONGEST:]
