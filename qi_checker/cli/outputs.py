"""Where a command's page goes: to a file that is whole or as it was, or to where it is piped."""

from __future__ import annotations

import argparse
import io
import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from qi_checker.cli.streams import console
from qi_checker.errors import Problem, UserError

if TYPE_CHECKING:
    from rich.console import Console


def check_output(format: str, out: Path | None, option: str) -> None:
    """Raise UserError for a PDF that a terminal would be sent; `option` would name a file."""
    if format == "pdf" and out is None and sys.stdout.isatty():
        what = "a terminal cannot show it"
        raise UserError(Problem("--format pdf", what, mend=f"Name a file with {option}"))


def write_out(content: str | bytes, out: Path | None) -> None:
    """Write to a file, and say which, or print. UserError where the file cannot be written."""
    if out is not None:
        write_file(out, content.encode() if isinstance(content, str) else content)
        print(out)
    elif isinstance(content, str):
        sys.stdout.write(content)  # in what the terminal can show
    else:
        sys.stdout.buffer.write(content)


def put_page(page: str, arguments: argparse.Namespace) -> None:
    """An HTML page, or the PDF of it, on the paper that was asked for."""
    from qi_checker.render.paper import on_paper

    page = on_paper(page, arguments.paper)
    if arguments.format == "pdf":
        from qi_checker.render.pdf import pdf_of

        write_out(pdf_of(page), arguments.output)
    else:
        write_out(page, arguments.output)


def in_text(out: Path | None, show: Callable[[Console], None]) -> None:
    """What `show` prints: on the terminal, or as lines of 100 characters into a file."""
    if out is None:
        show(console())
        return
    from qi_checker.render.terminal import open_console

    text = io.StringIO()
    show(open_console(text, width=100))
    write_out(text.getvalue(), out)


def write_file(out: Path, data: bytes) -> None:
    """A file is replaced in one step; what is none, such as a pipe, is written to."""
    try:
        if out.exists() and not out.is_file():
            out.write_bytes(data)
            return
        target = Path(os.path.realpath(out))
        part = target.with_name(f".{target.name[:200]}.{secrets.token_hex(4)}")
        try:
            part.write_bytes(data)
            os.replace(part, target)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        raise UserError(
            Problem(str(out), f"cannot be written: {why}", "", "Name another file, or free space")
        ) from None
