"""Guess how an unknown file is written: encoding, separator, titles above, header rows, footer.

This is a guess for `inspect`, from the first and the last rows; the result is reported, and can be
changed in mapping.yaml.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from qi_checker.protocol.date_format import looks_like
from qi_checker.sources.csv_file import DELIMITERS, FOOTER_ROWS, Written, is_footer
from qi_checker.sources.csv_text import CHUNK, check_kind, csv_rows, encoding_of

Rows = Sequence[tuple[int, Sequence[str]]]  # number in the file, cells
_LOOKED_AT = 60  # rows from the top
_TITLES = 25  # a header further down does not count
_LONGEST_NAME = 60
_ISO = re.compile(r"(19|20)\d\d-\d\d(-\d\d.*)?")
_FOOTERS = (
    "total",
    "sum",
    "summe",
    "gesamt",
    "anzahl",
    "somme",
    "nombre",
    "count",
    "generated",
    "printed",
    "erstellt",
    "gedruckt",
    "imprime",
    "édité",
    "edite",
    "page",
    "seite",
    "report",
    "end of",
    "(*rows*",
    "* rows *",
)


@dataclass(frozen=True)
class Structure:
    """The keys of mapping.yaml for how a file is written; None means the default."""

    encoding: str | None = None
    separator: str | None = None
    skip: int = 0
    header_rows: int = 1
    footer: str | None = None

    @property
    def written(self) -> Written:
        """Return the same for the reader of text files."""
        footer = (self.footer,) if self.footer else ()
        return Written(self.encoding, self.separator, self.skip, self.header_rows, footer)


def of_text(path: Path) -> Structure:
    """Detect the structure of a text file. UserError if it is not text."""
    with path.open("rb") as file:
        head = file.read(CHUNK)
        size = path.stat().st_size
        file.seek(max(size - 65_536, 0))
        tail = file.read()
    check_kind(head, str(path), utf8=False)
    encoding = encoding_of(path, head)
    codec = encoding if encoding != "utf-8" else "utf-8-sig"
    top = head.decode(codec, "ignore").removeprefix("\ufeff")
    separator = max(DELIMITERS, key=lambda name: _evenness(_some(top, DELIMITERS[name])))
    rows = _some(top, DELIMITERS[separator])
    skip, header_rows = find_header(rows)
    last = [] if encoding.startswith("utf-16") else tail.decode(codec, "ignore").splitlines()
    if size <= len(tail):
        last = last[skip + header_rows :]
    lines = [line for line in last if line.strip()][-FOOTER_ROWS:]
    cells = [next(csv_rows(line, DELIMITERS[separator])).cells for line in lines]
    return Structure(
        None if encoding == "utf-8" else encoding.removesuffix("-le").removesuffix("-be"),
        None if separator == "comma" else separator,
        skip,
        header_rows,
        find_footer(cells, _width(rows)),
    )


def _some(text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    result = []
    for row in csv_rows(text, delimiter):
        result.append((row.number, row.cells))
        if len(result) == _LOOKED_AT:
            break
    return result


def _evenness(rows: Rows) -> tuple[float, int]:
    """Return the share of rows with the usual number of cells, and that number."""
    width = _width(rows)
    if width < 2:
        return 0, 0
    return sum(len(cells) == width for _, cells in rows) / len(rows), width


def _width(rows: Rows) -> int:
    counts = Counter(len(cells) for _, cells in rows if len(cells) > 1)
    return max(counts, key=lambda n: (counts[n], n)) if counts else 1


def find_header(rows: Rows) -> tuple[int, int]:
    """Return the number of rows above the header, and of rows in it."""
    width = max((sum(bool(c.strip()) for c in cells) for _, cells in rows), default=1)
    for at, (number, cells) in enumerate(rows[:_TITLES]):
        below = [r for _, r in rows[at + 1 : at + 3]]
        if below and _begins_two(cells, below, width):
            return number - 1, 2
        if _is_header(cells, width):
            return number - 1, 1
    return 0, 1


def _begins_two(cells: Sequence[str], below: Sequence[Sequence[str]], width: int) -> bool:
    """Whether a row is the upper of two header rows: gaps, full names below, then values."""
    upper = [c for c in cells if c.strip()]
    names = 1 < len(upper) < width and all(map(_is_name, upper))
    lower = below[0]
    fuller = sum(bool(c.strip()) for c in lower) >= max(len(upper), 0.6 * width)
    values = len(below) > 1 and any(c.strip() and not _is_name(c) for c in below[1])
    return names and fuller and all(_is_name(c) for c in lower if c.strip()) and values


def _is_header(cells: Sequence[str], width: int) -> bool:
    given = [c.strip() for c in cells if c.strip()]
    return len(given) >= max(2, 0.6 * width) and all(map(_is_name, given))


def _is_name(cell: str) -> bool:
    """Whether a cell may be the name of a column: short words, not a number or date."""
    text = cell.strip()
    if not text or len(text) > _LONGEST_NAME or _ISO.fullmatch(text) or looks_like(text):
        return False
    return not re.fullmatch(r"[-+]?[\d.,:/ ]+", text)


def find_footer(rows: Sequence[Sequence[str]], width: int) -> str | None:
    """Return how the first cell of a footer begins, among the last rows; None if there is none."""
    for cells in rows[-FOOTER_ROWS:]:
        given = [c.strip() for c in cells if c and c.strip()]
        if given and len(given) <= max(1, width // 2):
            word = next((w for w in _FOOTERS if is_footer(given, (w,))), None)
            if word is not None:
                return re.split(r"[\s:=]", given[0])[0] if "*" not in word else word
    return None
