"""How far a sheet reaches, before it is read.

Readers of workbooks hold a sheet as a full grid: one stray cell at XFD1048576, which a spreadsheet hardly
shows, is 17 billion cells, and ends the process. So the size that the sheet gives of itself is looked at
first. Some programs write A1 for every sheet; then the places of the cells are, which takes a third of
the time of reading them.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from posixpath import join, normpath
from xml.etree import ElementTree

from qi_checker.errors import Problem, UserError

MOST_CELLS = 50_000_000  # of the grid, empty ones among them; about 3 GB
_CHUNK, _HEAD = 1 << 20, 1 << 12
_PLACE = re.compile(rb"""\br=["']([A-Z]{1,3})([0-9]{1,7})["']""")
_DIMENSION = re.compile(rb"""<dimension ref=["'][A-Z]+[0-9]+:([A-Z]{1,3})([0-9]{1,7})["']""")
_FAR = re.compile(rb"""\br=["'][A-Z]{2,3}[0-9]""")  # beyond column Z
_LONGEST = 40  # bytes of a place in the file, with room to spare
_TAIL = 1 << 14  # bytes that hold a cell, if a chunk does
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_OFFICE = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def check_extent(path: Path, sheet: str) -> None:
    """Raise UserError where a sheet reaches too far to be read.

    A file that is no workbook, or whose parts have other names, is left to its reader.
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
        raise UserError(
            Problem(str(path), what, "Probably one stray cell makes it so large", advice)
        )


def _part(book: zipfile.ZipFile, sheet: str) -> str | None:
    """The part of a workbook that holds a sheet."""
    sheets = ElementTree.fromstring(book.read("xl/workbook.xml")).iter(f"{_MAIN}sheet")
    wanted = next((s.get(_OFFICE) for s in sheets if s.get("name") == sheet), None)
    for link in ElementTree.fromstring(book.read("xl/_rels/workbook.xml.rels")):
        if link.get("Id") == wanted and (target := link.get("Target")):
            return target.lstrip("/") if target.startswith("/") else normpath(join("xl", target))
    return None


def _extent(book: zipfile.ZipFile, part: str) -> tuple[int, int, str]:
    """The last row and the last column with a cell, and the place where they meet."""
    with book.open(part) as file:
        said = _DIMENSION.search(file.read(_HEAD))
    rows, letters = (int(said[2]), said[1]) if said else _looked_for(book, part)
    columns = 0
    for letter in letters:
        columns = columns * 26 + letter - ord("A") + 1
    return rows, columns, f"{letters.decode()}{rows}"


def _looked_for(book: zipfile.ZipFile, part: str) -> tuple[int, bytes]:
    """The last row and the letters of the last column, or Z, from the places of the cells."""
    rows, letters = 1, b"Z"
    for text in _chunks(book, part):
        far = _FAR.search(text)
        found = _PLACE.findall(text if far else text[-_TAIL:])  # rows come in their order
        rows = max([rows, *(int(row) for _, row in found)])
        if far:
            letters = max([letters, *(column for column, _ in found)], key=lambda c: (len(c), c))
    return rows, letters


def _chunks(book: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    """The part in pieces that overlap, so that no place is cut in two."""
    with book.open(part) as file:
        before = b""
        while more := file.read(_CHUNK):
            text = before + more
            yield text
            before = text[-_LONGEST:]
