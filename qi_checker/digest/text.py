"""The digest as plain text: a terminal, a file, and the first part of a mail."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len, chop_cells

from qi_checker.digest.contents import Digest
from qi_checker.digest.screen import COLUMNS, ID, Screen, Section, clip, screen
from qi_checker.render import words

_NARROWEST = 20


def digest_text(digest: Digest, columns: int = COLUMNS) -> str:
    """Format a digest in at most 24 lines of 78 columns; a narrower terminal folds lines."""
    lines = [words.plain(line) for line in _lines(screen(digest))]
    if columns < COLUMNS:
        lines = [part for line in lines for part in _folded(line, max(columns, _NARROWEST))]
    return "\n".join(lines) + "\n"


def _lines(shown: Screen) -> Iterator[str]:
    yield clip(shown.finding, COLUMNS)
    yield clip(shown.title, COLUMNS)
    for section in shown.sections:
        yield clip(section.title, COLUMNS)
        yield from _rows(section)
    yield ""
    if shown.problems:
        yield clip(shown.problems, COLUMNS)
    counts = list(_folded(shown.counts, COLUMNS))
    yield from counts[:1]
    if len(counts) > 1:
        yield clip(" ".join(counts[1:]), COLUMNS)
    yield clip(shown.footer, COLUMNS)


def _rows(section: Section) -> Iterator[str]:
    """Yield a command with its facts below it, or any other row as one line with its reason."""
    for line in section.rows:
        if line.facts:
            until, who, case = line.facts
            name, _, surgery = case.partition(", surgery ")
            case = f"{clip(name, ID)}, surgery {surgery}" if surgery else clip(name, ID)
            yield clip(f"  {line.text}", COLUMNS)
            yield clip(f"    {until}; {case}; {who}", COLUMNS)
        else:
            yield clip(f"  {line.text}{f' ({line.why})' if line.why else ''}", COLUMNS)


def _folded(line: str, columns: int) -> Iterator[str]:
    """Fold a line between words; a word that is too long is cut."""
    indent = " " * (len(line) - len(line.lstrip()))
    rest = indent + "  "
    at = indent
    for word in line.split():
        for piece in chop_cells(word, columns - len(rest)):
            if at.strip() and cell_len(at) + 1 + cell_len(piece) > columns:
                yield at
                at = rest + piece
            else:
                at = f"{at} {piece}" if at.strip() else at + piece
    yield at
