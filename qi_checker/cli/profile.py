"""`--profile`: where the time of a command went, by protocol and step."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from qi_checker.cli.outputs import replace_file
from qi_checker.engines.observers import UNWATCHED, WRITE, Line, Stopwatch, Watch

ON_STDERR = "-"  # value of the option without a file
_WIDTH = 79


class Profile:
    """A stopwatch that starts here with `--profile`; without the option it measures nothing."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._file: str | None = arguments.profile
        self._watch = Stopwatch() if self._file is not None else None

    @property
    def watch(self) -> Watch:
        """Return the watch that an evaluation reports its steps to."""
        return self._watch or UNWATCHED

    def show(self) -> None:
        """Print the times of the finished command, or write them to the file."""
        if self._watch is None or self._file is None:
            return
        self._watch.ended(WRITE)
        lines = self._watch.lines()
        if self._file == ON_STDERR:
            print(in_text(lines), file=sys.stderr)
        else:
            replace_file(Path(self._file), _as_json(lines).encode())


def in_text(lines: Sequence[Line]) -> str:
    """Format an aligned table of 80 columns with a heading for each protocol."""
    whole = sum(line.seconds for line in lines)
    text = [f"Where the time went: {whole:.2f} s", "", _row("", "seconds", "share", "rows")]
    heading = None
    for line in sorted(lines, key=lambda line: _place(line, lines)):
        if line.protocol != heading:
            heading = line.protocol
            text.append((heading or "for all protocols")[:_WIDTH])
        rows = f"{line.rows:,}" if line.rows is not None else ""
        text.append(_row(f"  {line.step}", f"{line.seconds:.2f}", f"{line.share:.1%}", rows))
    return "\n".join(text)


def _place(line: Line, lines: Sequence[Line]) -> int:
    """Return the first position of a line's protocol, so that its steps are adjacent."""
    return next(n for n, other in enumerate(lines) if other.protocol == line.protocol)


def _row(*cells: str) -> str:
    name, seconds, share, rows = cells
    return f"{name:<32}{seconds:>10}{share:>10}{rows:>18}".rstrip()


def _as_json(lines: Sequence[Line]) -> str:
    each = [
        asdict(line) | {"seconds": round(line.seconds, 4), "share": round(line.share, 4)}
        for line in lines
    ]
    whole = round(sum(line.seconds for line in lines), 4)
    return json.dumps({"seconds": whole, "steps": each}, indent=2) + "\n"
