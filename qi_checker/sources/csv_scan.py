"""One pass over the bytes of a CSV file, before any row is read.

It proves that the text is UTF-8, and counts what a fast reading has to agree with: the rows and
the separators outside quotes. A file that is not plain in this sense is read carefully instead.
"""

from __future__ import annotations

import codecs
import hashlib
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
    "Save it as UTF-8: in Excel, Save as, 'CSV UTF-8 (Comma delimited)'; "
    "in a shell, iconv -f CP1252 -t UTF-8"
)


@dataclass
class Scan:
    """What the bytes say about the file as a whole."""

    sha256: str = ""
    delimiters: int = 0
    has_nul: bool = False
    blank_lines: bool = False  # before or between rows; at the end they do no harm
    open_quote: bool = False
    stray_quote: bool = False  # inside an unquoted cell, so that what follows was misjudged
    crlf: int = 0
    lf: int = 0
    cr: int = 0

    @property
    def rows(self) -> int:
        """How many there are, the header among them, if the file is plain."""
        return self.crlf + self.lf + self.cr + 1

    def plain(self, width: int) -> bool:
        """Whether nothing hints at a row that the fast reading would misread or miscount."""
        one_kind = sum(1 for n in (self.crlf, self.lf, self.cr) if n) <= 1
        odd = self.has_nul or self.blank_lines or self.open_quote or self.stray_quote
        return one_kind and not odd and self.delimiters == self.rows * (width - 1)


def check_kind(head: bytes, where: str) -> None:
    """Raise UserError for files that are no text at all, by their first bytes."""
    for magic, what in MAGIC.items():
        if head.startswith(magic):
            mend = "Give it the name that fits (.xlsx, .parquet), or save it as CSV"
            raise UserError(Problem(where, f"this is {what}, not CSV text", "", mend))
    start = head[:512]
    if not start.strip(b"\xef\xbb\xbf \t\r\n\0"):
        mend = "Export it again; a table without rows still needs its header"
        raise UserError(Problem(where, "the file is empty", "", mend))
    if start.startswith((b"\xff\xfe", b"\xfe\xff")) or 0 in start[:4]:
        raise UserError(Problem(where, "the text is UTF-16, not UTF-8", "", AS_UTF8))


def scan(path: Path, delimiter: str, where: str) -> Scan:
    """Read the file once; raises UserError for text that is not UTF-8."""
    found = Scan()
    digest = hashlib.sha256()
    decoder = codecs.getincrementaldecoder("utf-8")()
    mark = delimiter.encode()
    held = b""  # the line ends after the last row so far
    done = 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            _decode(decoder, chunk, done, path, where)
            text = chunk
            if not done:
                text = chunk.removeprefix(codecs.BOM_UTF8)
                found.blank_lines = text.startswith((b"\r", b"\n"))
            done += len(chunk)
            found.has_nul = found.has_nul or b"\0" in text
            outside = _outside_quotes(found, text, mark)
            found.delimiters += outside.count(mark)
            held = _count_rows(found, held + outside)
    _decode(decoder, b"", done, path, where)
    found.sha256 = digest.hexdigest()
    return found


def _outside_quotes(found: Scan, chunk: bytes, mark: bytes) -> bytes:
    """The chunk with a single quote in the place of every quoted stretch."""
    parts = chunk.split(b'"')
    first = int(found.open_quote)
    found.open_quote ^= len(parts) % 2 == 0
    before_quotes = b'"'.join([*filter(None, parts[first:-1:2]), b""])
    at_cell_start = sum(before_quotes.count(end + b'"') for end in (mark, b"\n", b"\r", b" "))
    if before_quotes.count(b'"') != at_cell_start:
        found.stray_quote = True
    return b'"'.join([b""] * first + parts[first::2])


def _count_rows(found: Scan, text: bytes) -> bytes:
    """Count the line ends that another row follows; the rest is held for the next chunk."""
    body = text.rstrip(b"\r\n")
    crlf = body.count(b"\r\n")
    found.crlf += crlf
    found.lf += body.count(b"\n") - crlf
    found.cr += body.count(b"\r") - crlf
    if any(pair in body for pair in (b"\n\n", b"\r\r", b"\n\r")):
        found.blank_lines = True
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
        raise UserError(Problem(where, what, "It was cut off", "Export it again")) from None
    raise UserError(Problem(where, what, "", AS_UTF8)) from None
