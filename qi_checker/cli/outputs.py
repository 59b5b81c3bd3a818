"""Output of a command: to a file that is complete or unchanged, or to standard output."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from qi_checker.cli.streams import console
from qi_checker.errors import Problem, UserError

if TYPE_CHECKING:
    from rich.console import Console


def check_output(format: str, out: Path | None, option: str) -> None:
    """Raise UserError for a PDF without a file on a terminal; `option` names the file."""
    if format == "pdf" and out is None and sys.stdout.isatty():
        what = "a terminal cannot show it"
        raise UserError(Problem("--format pdf", what, advice=f"Name a file with {option}"))


def write_out(content: str | bytes, out: Path | None, mode: int | None = None) -> None:
    """Write to a file and print its name, or print the content. UserError where writing fails.

    mode: for a file that names no patient; every other file is private.
    """
    if out is not None:
        replace_file(out, content.encode() if isinstance(content, str) else content, mode)
        print(out)
    elif isinstance(content, str):
        sys.stdout.write(content)  # with the characters that the terminal can show
    else:
        sys.stdout.buffer.write(content)


def replace_file(out: Path, data: bytes, mode: int | None = None) -> None:
    """Replace a file in one step. Raise UserError if it cannot be written."""
    from qi_checker import private
    from qi_checker.render.atomic import refused, write_file

    try:
        write_file(out, data, private.FILE if mode is None else mode)
    except OSError as error:
        raise refused(out, error, "Name another file, or free space") from None


def put_page(page: str, arguments: argparse.Namespace) -> None:
    """Write an HTML page, or its PDF, on the requested paper."""
    from qi_checker.render.paper import on_paper

    page = on_paper(page, arguments.paper)
    if arguments.format == "pdf":
        from qi_checker.render.pdf import pdf_of

        write_out(pdf_of(page), arguments.output)
    else:
        write_out(page, arguments.output)


def in_text(out: Path | None, show: Callable[[Console], None]) -> None:
    """Print what `show` prints: on the terminal, or in lines of 100 characters to a file."""
    if out is None:
        show(console())
        return
    from qi_checker.render.terminal import open_console

    text = io.StringIO()
    show(open_console(text, width=100))
    write_out(text.getvalue(), out)
