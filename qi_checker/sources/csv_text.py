"""The text of a CSV file: its encoding, one pass over its bytes, and its rows one at a time.

The pass verifies that the text is UTF-8, and counts the rows and the separators outside quotes,
with which a fast reading has to agree. A file that is not plain in this sense is read row by row.
"""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from qi_checker.errors import Problem, UserError

CHUNK = 1 << 20
MAGIC = {
    b"PK\x03\x04": "an Excel workbook or another zip archive",
    b"\xd0\xcf\x11\xe0": "an old or password-protected Excel workbook",
    b"PAR1": "a Parquet file",
    b"\x1f\x8b": "a gzip archive",
    b"%PDF": "a PDF",
}
AS_UTF8 = (
    "Save it as UTF-8: in Excel, Save as, 'CSV UTF-8 (Comma delimited)'; in a shell, "
    "iconv -f CP1252 -t UTF-8. Or name its encoding in mapping.yaml"
)


@dataclass
class Scan:
    """Properties of the whole file, from its bytes."""

    sha256: str = ""
    delimiters: int = 0
    has_nul: bool = False
    blank_lines: bool = False  # before or between rows; at the end they are harmless
    open_quote: bool = False
    stray_quote: bool = False  # inside an unquoted cell, so that the rest was misread
    crlf: int = 0
    lf: int = 0
    cr: int = 0

    @property
    def rows(self) -> int:
        """Return the number of rows, header included, if the file is plain."""
        return self.crlf + self.lf + self.cr + 1

    def plain(self, width: int) -> bool:
        """Whether there is no sign of a row that the fast reading would misread or miscount."""
        one_kind = sum(1 for n in (self.crlf, self.lf, self.cr) if n) <= 1
        odd = self.has_nul or self.blank_lines or self.open_quote or self.stray_quote
        return one_kind and not odd and self.delimiters == self.rows * (width - 1)


def check_kind(head: bytes, where: str, utf8: bool = True) -> None:
    """Raise UserError for files that are not text, by their first bytes.

    `utf8`: nothing else is accepted.
    """
    for magic, what in MAGIC.items():
        if head.startswith(magic):
            advice = "Rename it (.xlsx, .parquet), or save it as CSV"
            raise UserError(Problem(where, f"this is {what}, not CSV text", "", advice))
    start = head[:512]
    if not start.strip(b"\xef\xbb\xbf \t\r\n\0"):
        advice = "Export it again; a table without rows still needs its header"
        raise UserError(Problem(where, "the file is empty", "", advice))
    if utf8 and (start.startswith((b"\xff\xfe", b"\xfe\xff")) or 0 in start[:4]):
        raise UserError(Problem(where, "the text is UTF-16, not UTF-8", "", AS_UTF8))


def scan(path: Path, delimiter: str, where: str) -> Scan:
    """Read the file once; raises UserError for text that is not UTF-8."""
    result = Scan()
    digest = hashlib.sha256()
    decoder = codecs.getincrementaldecoder("utf-8")()
    mark = delimiter.encode()
    held = b""  # line ends after the last row so far
    done = 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            _decode(decoder, chunk, done, path, where)
            text = chunk
            if not done:
                text = chunk.removeprefix(codecs.BOM_UTF8)
                result.blank_lines = text.startswith((b"\r", b"\n"))
            done += len(chunk)
            result.has_nul = result.has_nul or b"\0" in text
            outside = _outside_quotes(result, text, mark)
            result.delimiters += outside.count(mark)
            held = _count_rows(result, held + outside)
    _decode(decoder, b"", done, path, where)
    result.sha256 = digest.hexdigest()
    return result


def _outside_quotes(scanned: Scan, chunk: bytes, mark: bytes) -> bytes:
    """Return the chunk with every quoted stretch replaced by a single quote."""
    parts = chunk.split(b'"')
    first = int(scanned.open_quote)
    scanned.open_quote ^= len(parts) % 2 == 0
    before_quotes = b'"'.join([*filter(None, parts[first:-1:2]), b""])
    at_cell_start = sum(before_quotes.count(end + b'"') for end in (mark, b"\n", b"\r", b" "))
    if before_quotes.count(b'"') != at_cell_start:
        scanned.stray_quote = True
    return b'"'.join([b""] * first + parts[first::2])


def _count_rows(scanned: Scan, text: bytes) -> bytes:
    """Count the line ends that are followed by another row; the rest is kept for the next chunk."""
    body = text.rstrip(b"\r\n")
    crlf = body.count(b"\r\n")
    scanned.crlf += crlf
    scanned.lf += body.count(b"\n") - crlf
    scanned.cr += body.count(b"\r") - crlf
    if any(pair in body for pair in (b"\n\n", b"\r\r", b"\n\r")):
        scanned.blank_lines = True
    return text[len(body) :]


def _decode(
    decoder: codecs.IncrementalDecoder, chunk: bytes, done: int, path: Path, where: str
) -> None:
    rest = len(decoder.getstate()[0])
    if chunk.isascii() and chunk and not rest:
        return
    try:
        decoder.decode(chunk, final=not chunk)
    except UnicodeDecodeError as error:
        _not_utf8(path, done - rest + error.start, cut_off=not chunk, where=where)


def _not_utf8(path: Path, position: int, cut_off: bool, where: str) -> NoReturn:
    with path.open("rb") as file:
        before = file.read(position)
    line = (before.count(b"\n") or before.count(b"\r")) + 1
    what = f"line {line} holds a byte that is not UTF-8 text (byte {position + 1} of the file)"
    if cut_off:
        what = f"the file ends in the middle of a character, in line {line}"
        raise UserError(Problem(where, what, "It is truncated", "Export it again")) from None
    raise UserError(Problem(where, what, "", AS_UTF8)) from None


# ---- encodings -----------------------------------------------------------------------------------

BOMS = {codecs.BOM_UTF8: "utf-8", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


def encoding_of(path: Path, head: bytes) -> str:
    """Detect an encoding: UTF-8 if every byte fits, UTF-16 by its marks, else Windows-1252.

    Windows-1252 is the fallback: nearly every byte is a valid character, so it cannot be verified.
    """
    for mark, name in BOMS.items():
        if head.startswith(mark):
            return name
    if 0 in head[:4]:
        return "utf-16-le" if head[1:2] == b"\0" else "utf-16-be"
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        try:
            while chunk := file.read(CHUNK):
                if not chunk.isascii() or decoder.getstate()[0]:
                    decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "windows-1252"
    return "utf-8"


def copy_as_utf8(path: Path, encoding: str, copy: Path) -> None:
    """Rewrite a text in UTF-8. UserError for a byte that the encoding does not have."""
    decoder = codecs.getincrementaldecoder(encoding)()
    done = 0
    with path.open("rb") as file, copy.open("wb") as out:
        while chunk := file.read(CHUNK):
            try:
                text = decoder.decode(chunk)
            except UnicodeDecodeError as error:
                at = done + error.start
                what = f"byte {at + 1} of the file is not a character of {encoding}"
                advice = "Name the encoding of the export"
                raise UserError(Problem(str(path), what, "", advice)) from None
            done += len(chunk)
            out.write(text.removeprefix("\ufeff").encode("utf-8"))


# ---- rows, one at a time -------------------------------------------------------------------------
# The grammar is RFC 4180 as DuckDB reads it: a quoted cell may hold separators, line ends and doubled
# quotes, and may have blanks around it; a quote inside an unquoted cell is a character. A quote
# that is never closed breaks its own line only, so that it cannot swallow the rows after it.

NEWLINE = re.compile(r"\r\n|\n|\r")


@dataclass(slots=True)
class CsvRow:
    """A row that is not blank: its spreadsheet row number, its cells, and what is wrong."""

    number: int
    cells: list[str]
    size: int  # characters of the whole row
    end: int  # where the next row begins
    open_quote: bool = False
    has_nul: bool = False


def csv_rows(text: str, delimiter: str, width: int = 0) -> Iterator[CsvRow]:
    """Yield all rows, the header first. Blank lines are counted but are not rows.

    With `width`, the number of header cells, a quoted cell that swallows whole rows is
    distinguished from one that only contains a line end.
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
            yield CsvRow(number, line.split(delimiter), len(line), after, has_nul="\0" in line)
            at = after
            continue
        cells, open_quote, stop = _cells(text, at, delimiter, quoted, unquoted)
        if width and len(cells) != width and _swallows(text[after:stop], delimiter, width):
            cells, open_quote, stop = line.split(delimiter), True, after
        yield CsvRow(number, cells, stop - at, stop, open_quote, "\0" in text[at:stop])
        at = stop


def _line(text: str, at: int) -> tuple[int, int]:
    match = NEWLINE.search(text, at)
    return (match.start(), match.end()) if match else (len(text), len(text))


def _cells(
    text: str, at: int, delimiter: str, quoted: re.Pattern[str], unquoted: re.Pattern[str]
) -> tuple[list[str], bool, int]:
    """Return the cells of the row that starts here, whether a quote stays open, and its end."""
    cells = []
    open_quote = False
    while True:
        match = quoted.match(text, at)
        if match:
            cells.append(match[1].replace('""', '"'))
        else:
            match = unquoted.match(text, at)
            assert match  # it also matches nothing
            cells.append(match[0])
            open_quote |= match[0].lstrip(" ").startswith('"')
        at = match.end()
        if text[at : at + 1] != delimiter:
            break
        at += 1
    newline = NEWLINE.match(text, at)
    return cells, open_quote, newline.end() if newline else at


def _swallows(rest: str, delimiter: str, width: int) -> bool:
    """Whether a line inside a quoted cell is itself a row."""
    return any(line.count(delimiter) == width - 1 for line in NEWLINE.split(rest))
