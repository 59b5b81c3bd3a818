"""The streams of a command: closed, narrow or broken streams must not spoil a result."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def prepare_streams() -> None:
    """Open the streams that were closed, and replace characters that they cannot encode."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a narrow code page


def silence() -> None:
    """Discard all further output: Python would complain at exit about unwritten output."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def console() -> Console:
    """Return the terminal.

    Where the reader (head, less) has seen enough, the command continues without output: its exit
    code must still be right.
    """
    from qi_checker.render.terminal import open_console

    shown = open_console()
    shown.on_broken_pipe = silence  # type: ignore[method-assign]  # rich would exit with 1
    return shown
