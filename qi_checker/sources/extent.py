"""Check the extent of a sheet before it is read.

Workbook readers keep a sheet as a full grid: one stray cell at XFD1048576, which is easily missed
in a spreadsheet, means 17 billion cells and ends the process. So the declared size of the sheet is
checked first. Some programs declare A1 for every sheet, or what a template had; then one quick pass
finds an upper limit, in a sixth of the time of reading the cells. Only if that is too large, every
cell reference is read. The declaration of a long sheet is believed: the pass would cost too much.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from posixpath import join, normpath
from string import ascii_letters
from xml.etree import ElementTree

from qi_checker.errors import Problem, UserError

MOST_CELLS = 50_000_000  # of the grid, including empty ones; about 3 GB
_LONG = 2_000_000  # bytes of a sheet, not compressed
_WIDEST_CELL = 1_000  # bytes of a cell on average; more mean that the declared size is too small
_CHUNK, _HEAD = 1 << 20, 1 << 12
_PLACE = re.compile(rb"""\br=["']([A-Za-z]{0,9})([0-9]{1,12})["']""")  # of a cell, or of a row
_DIMENSION = re.compile(rb"""<dimension ref=["'][A-Z]+[0-9]+:([A-Z]{1,3})([0-9]{1,7})["']""")
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
    """Return a limit of the last row and column, and the cell where they meet.

    It is exact if the sheet is too large.
    """
    with book.open(part) as file:
        dimension = _DIMENSION.search(file.read(_HEAD))
    if dimension:
        declared = _named(int(dimension[2]), dimension[1])
        cells, size = declared[0] * declared[1], book.getinfo(part).file_size
        if cells > MOST_CELLS or _LONG < size < cells * _WIDEST_CELL:
            return declared
    rows, columns = _limits(book, part)
    return (rows, columns, "") if rows * columns <= MOST_CELLS else _exact(book, part)


def _named(rows: int, letters: bytes) -> tuple[int, int, str]:
    columns = 0
    for letter in letters.upper():
        columns = columns * 26 + letter - ord("A") + 1
    return rows, columns, f"{letters.decode()}{rows}"


def _shapes(first: str, others: str) -> bytes:
    """Return a table that maps letters to two, digits to 0 and quotes to one kind.

    A small r stays what it is: it begins a cell reference.
    """
    table = bytearray(range(256))
    for letter in ascii_letters.replace("r", ""):
        table[ord(letter)] = ord(first if letter in "aA" else others)
    table[ord("0") : ord("9") + 1] = b"0" * 10
    table[ord("'")] = ord('"')
    return bytes(table)


_SHAPE, _FIRST = _shapes("A", "A"), _shapes("A", "B")


def _limits(book: zipfile.ZipFile, part: str) -> tuple[int, int]:
    """Return limits of the last row and column: the last of Z, AZ, ZZ or any, and the last row.

    Searching for a fixed text is ten times as fast as for a pattern.
    """
    rows, columns = 1, 26
    for text in _chunks(book, part):
        shape = text.translate(_SHAPE)
        if b'0000000"' in shape:  # a row from 1,000,000 on
            return MOST_CELLS, MOST_CELLS
        if columns < 702 and b'r="AA' in shape:
            first = text.translate(_FIRST)
            columns = 702 if b'r="BA' in first or b'r="BB' in first else 52
        if columns > 26 and b'r="AAA' in shape:
            return MOST_CELLS, MOST_CELLS
        rows = max([rows, *(int(row) for _, row in _PLACE.findall(text[-_TAIL:]))])
    return rows, columns


def _exact(book: zipfile.ZipFile, part: str) -> tuple[int, int, str]:
    rows, letters = 1, b"A"
    for text in _chunks(book, part):
        found = _PLACE.findall(text)
        rows = max([rows, *(int(row) for _, row in found)])
        letters = max([letters, *(column for column, _ in found)], key=lambda c: (len(c), c))
    return _named(rows, letters)


def _chunks(book: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    """Yield the part in overlapping pieces, so that no cell reference is split."""
    with book.open(part) as file:
        before = b""
        while more := file.read(_CHUNK):
            text = before + more
            yield text
            before = text[-_LONGEST:]
