"""The log: JSON, one object a line, and no value of a patient in it.

Only what is named here can be logged: counts, names of phases and files, and problems in words that
hold no value of a record (see `errors`). An error of the program is its kind and its place, as its
text may quote a row.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from qi_checker.errors import UserError
from qi_checker.nightly.disk import refused

Value = str | int | float | bool | None
Level = Literal["info", "warning", "error"]


@dataclass
class Log:
    """Lines appended to a file; `clock` gives their time, in UTC."""

    path: Path
    clock: Callable[[], datetime]
    lost: int = 0  # lines that could not be written: a full disk must not stop a night

    def write(self, event: str, level: Level = "info", **facts: Value | list[str]) -> None:
        """Append a line. One write, so that lines of two processes do not mix."""
        at = self.clock().isoformat(timespec="milliseconds")
        line = {"at": at, "level": level, "event": event, "pid": os.getpid()}
        text = json.dumps(line | facts, ensure_ascii=False) + "\n"
        try:
            handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
            try:
                os.write(handle, text.encode())
            finally:
                os.close(handle)
        except OSError:
            self.lost += 1

    def check(self) -> None:
        """Raise UserError where the file cannot be written."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640))
        except OSError as error:
            raise refused(self.path, error) from None

    def failure(self, phase: str, error: Exception) -> list[str]:
        """Log an error of a phase; what it says, for the status."""
        said = words_of(error)
        self.write("failed", "error", phase=phase, problems=said)
        return said


def words_of(error: Exception) -> list[str]:
    """An error in words that hold no value of a record."""
    if isinstance(error, UserError):
        return [str(problem) for problem in error.problems]
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = ""
    if trace is not None:
        place = f" in {os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}"
    return [f"this should not have happened ({type(error).__name__}{place})"]
