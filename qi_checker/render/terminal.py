"""Printing to a terminal or a pipe, for every table and page of text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console

    from qi_checker.protocol.plausible_findings import Finding

# A description from another system may contain escape sequences or reverse the text direction.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_GAP = 2  # blanks between columns
_PLAIN = str.maketrans({"–": "-", "−": "-", "→": "->", "←": "<-", "…": "..."})


def open_console(stream: TextIO | None = None, width: int | None = None) -> Console:
    """Open a console for these tables. Colour only on a terminal, and not if NO_COLOR is set."""
    from rich.console import Console

    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False)


def safe(console: Console, text: str) -> str:
    """Make text printable on this console: no control characters, nothing outside its encoding."""
    text = _UNPRINTABLE.sub(" ", text)
    if _unicode(console):
        return text
    return text.translate(_PLAIN).encode(console.encoding, "replace").decode(console.encoding)


def _unicode(console: Console) -> bool:
    return console.encoding.lower().replace("-", "").startswith("utf")


def put(console: Console, shown: str | Table, style: str = "") -> None:
    """Print; without blanks at line ends in a pipe, whose output is often pasted into a mail."""
    if isinstance(shown, Table):
        shown.print(console)
    elif console.is_terminal:
        console.print(shown, style=style or None, overflow="fold")
    else:
        with console.capture() as printed:
            console.print(shown, overflow="fold")
        _out(console, [line.rstrip() for line in printed.get().splitlines()])


def _out(console: Console, lines: Iterable[str]) -> None:
    """Print lines unchanged and together: rich takes 0.3 ms for each separate line."""
    console.out("\n".join(lines), highlight=False)


def say(console: Console, text: str = "", style: str = "") -> None:
    put(console, safe(console, text), style)


def say_first(console: Console, findings: Iterable[Finding]) -> None:
    """Print the warnings of the plausibility checks before everything else."""
    warnings = list(findings)
    for finding in warnings:
        say(console, f"Check the records first ({finding.check}): {finding.message}", "bold red")
    if warnings:
        say(console)


# ---- tables --------------------------------------------------------------------------------------


@dataclass
class Table:
    """Columns of text side by side, the last without padding; width 0 takes the rest of a line.

    Rich's own tables take a millisecond for each row: a checklist of 50,000 operations took 48 s.
    """

    headings: Sequence[str]
    widths: Sequence[int]
    lined: bool  # rule a line below the headings
    rows: list[tuple[str, ...]] = field(default_factory=list)

    def print(self, console: Console) -> None:
        """Print the headings and every row, with cells broken into lines."""
        gap = _GAP + int(self.lined)
        widths = self._fitted(console.width - gap * (len(self.widths) - 1))
        head = _beside(self.headings, widths, gap, at_bottom=True)
        below = [line for row in self.rows for line in _beside(row, widths, gap)]
        if console.is_terminal:
            console.print("\n".join(head), style="bold", overflow="fold")
        else:
            _out(console, head)
        if self.lined:
            _out(console, ["─" * (sum(widths) + gap * (len(widths) - 1))])
        if below:
            _out(console, below)

    def _fitted(self, room: int) -> list[int]:
        """Return the widths of all columns; the rest goes to the narrow columns first."""
        widths = [
            width or max(_longest(row[at]) for row in (self.headings, *self.rows))
            for at, width in enumerate(self.widths)
        ]
        left = max(room - sum(self.widths), 1)
        open_columns = [at for at, width in enumerate(self.widths) if not width]
        for taken, at in enumerate(sorted(open_columns, key=lambda at: widths[at])):
            widths[at] = max(1, min(widths[at], left // (len(open_columns) - taken)))
            left -= widths[at]
        return widths


def _longest(cell: str) -> int:
    return max(map(_cells, cell.split("\n")))


def _cells(text: str) -> int:
    """Return the width of text; letters of some scripts take two cells."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _beside(
    row: Sequence[str], widths: Sequence[int], gap: int, at_bottom: bool = False
) -> list[str]:
    """Return the lines of a row."""
    cells = [_broken(cell, width) for cell, width in zip(row, widths, strict=True)]
    if at_bottom:
        height = max(map(len, cells))
        cells = [[""] * (height - len(lines)) + lines for lines in cells]
    lines = []
    for parts in zip_longest(*cells, fillvalue=""):
        padded = (p + " " * (w - _cells(p) + gap) for p, w in zip(parts, widths, strict=True))
        lines.append("".join(padded).rstrip())
    return lines


def _broken(text: str, width: int) -> list[str]:
    """Break text into lines of at most `width` cells between words; a longer word is cut."""
    lines = []
    for part in text.split("\n"):
        if _cells(part) <= width:
            lines.append(part)
            continue
        line = ""
        for word in re.findall(r"\s*\S+", part):
            if line and _cells(line + word) > width:
                lines.append(line)
                line = word.lstrip()
            else:
                line += word
            while _cells(line) > width:
                at = _places(line, width)
                lines.append(line[:at])
                line = line[at:]
        lines.append(line)
    return lines


def _places(text: str, width: int) -> int:
    """Return how many characters fit into `width` cells; at least one."""
    at = width
    while at > 1 and _cells(text[:at]) > width:
        at -= 1
    return at


def new_table(console: Console, headings: Iterable[str], widths: Iterable[int]) -> Table:
    """Make a table with these column widths (0 takes the rest); rule lines only on a terminal."""
    return Table(tuple(headings), tuple(widths), console.is_terminal and _unicode(console))


def add_row(console: Console, table: Table, *cells: str) -> None:
    table.rows.append(tuple(safe(console, cell) for cell in cells))
