"""Printing to a terminal, and to a pipe: what every table and page of text is made with."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

# A description from another system may hold escape sequences, or turn the direction of the line.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_PLAIN = str.maketrans({"–": "-", "−": "-", "→": "->", "←": "<-", "…": "..."})


def open_console(stream: TextIO | None = None, width: int | None = None) -> Console:
    """A console for these tables. Colour only on a terminal, and not where NO_COLOR is set."""
    from rich.console import Console

    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False)


def safe(console: Console, text: str) -> str:
    """Text that this console can print: no control characters, nothing outside its encoding."""
    text = _UNPRINTABLE.sub(" ", text)
    if _unicode(console):
        return text
    return text.translate(_PLAIN).encode(console.encoding, "replace").decode(console.encoding)


def _unicode(console: Console) -> bool:
    return console.encoding.lower().replace("-", "").startswith("utf")


def put(console: Console, shown: str | Table, style: str = "") -> None:
    """Print; what is piped is often pasted into a mail, so there without blanks at line ends."""
    if console.is_terminal:
        console.print(shown, style=style or None, overflow="fold")
        return
    with console.capture() as printed:
        console.print(shown, overflow="fold")
    for line in printed.get().splitlines():
        console.out(line.rstrip(), highlight=False)


def say(console: Console, text: str = "", style: str = "") -> None:
    put(console, safe(console, text), style)


def new_table(console: Console, headings: Iterable[str], widths: Iterable[int]) -> Table:
    """A table whose columns are so wide, 0 being what is left; lines only on a terminal."""
    from rich import box
    from rich.table import Table

    lines = box.SIMPLE_HEAD if console.is_terminal and _unicode(console) else None
    table = Table(
        box=lines, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold"
    )
    for heading, width in zip(headings, widths, strict=True):
        table.add_column(heading, overflow="fold", width=width or None, ratio=None if width else 1)
    return table


def add_row(console: Console, table: Table, *cells: str) -> None:
    from rich.text import Text

    table.add_row(*(Text(safe(console, cell)) for cell in cells))
