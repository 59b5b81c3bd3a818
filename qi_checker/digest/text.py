"""The digest as plain text: a terminal, a file, and the first part of a mail."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len, chop_cells

from qi_checker.digest.contents import Digest
from qi_checker.digest.screen import COLUMNS, Screen, Section, clip, screen

_ID = 24  # columns that an id may take of a line
_NARROWEST = 20


def digest_text(digest: Digest, columns: int = COLUMNS) -> str:
    """At most 24 lines of 78 columns; on a narrower terminal lines are folded, and so more."""
    lines = list(_lines(screen(digest)))
    if columns < COLUMNS:
        lines = [part for line in lines for part in _folded(line, max(columns, _NARROWEST))]
    return "\n".join(lines) + "\n"


def _lines(shown: Screen) -> Iterator[str]:
    yield clip(shown.title, COLUMNS)
    yield clip(shown.finding, COLUMNS)
    for section in shown.sections:
        yield clip(section.title, COLUMNS)
        yield from _rows(section)
    yield ""
    counts = list(_folded(shown.counts, COLUMNS))
    yield from counts[:1]
    if len(counts) > 1:
        yield clip(" ".join(counts[1:]), COLUMNS)
    yield clip(shown.footer, COLUMNS)


def _rows(section: Section) -> Iterator[str]:
    for row in section.rows:
        if not section.columns:
            yield clip(f"  {row[0]}", COLUMNS)
        elif len(section.columns) == 5:
            last, case_id, surgery, action, owner = row
            yield clip(f"  {last}  {clip(case_id, _ID)}  surgery {surgery}  {owner}", COLUMNS)
            yield clip(f"    {action}", COLUMNS)
        else:
            case_id, requirement, what, why = row
            name = f"  {clip(case_id, _ID)} {clip(requirement, _ID)}: "
            yield clip(f"{name}{what} ({why})", COLUMNS)


def _folded(line: str, columns: int) -> Iterator[str]:
    """The words of a line, on as many lines as they take; one that is too long is cut in two."""
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
