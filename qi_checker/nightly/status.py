"""How the last run went, as a file that monitoring reads; it is replaced whole after every step."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qi_checker import __version__
from qi_checker.errors import Exit, UserError
from qi_checker.nightly.disk import write_whole
from qi_checker.nightly.log import Log, words_of

FORMAT = 1  # raised when a key changes its meaning


@dataclass
class Report:
    """What a run writes into status.json, and its log, step by step (docs/nightly.md)."""

    path: Path
    log: Log
    facts: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    code: int = int(Exit.DONE)

    def begin(self, as_of: str, started_at: str) -> None:
        """Say that a run is at work; what is known of the last good one is kept."""
        self.facts = {
            "format": FORMAT,
            "program": {"name": "qi-checker", "version": __version__},
            "state": "running",
            "as_of": as_of,
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "started_at": started_at,
            "finished_at": None,
            "exit_code": None,
            "runs": {},
            "phases": [],
            "warnings": self.warnings,
            "last_good": read_status(self.path).get("last_good"),
        }
        self.log.write("started", as_of=as_of, version=__version__)
        self.save()

    def save(self) -> None:
        write_whole(self.path, _text(self.facts))

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """A step: how long it took and what went wrong go into status and log."""
        began = time.monotonic()
        line: dict[str, Any] = {"name": name, "state": "done", "seconds": 0.0, "problems": []}
        self.log.write("begin", phase=name)
        try:
            yield
        except Exception as error:
            line["state"], line["problems"] = "failed", self.log.failure(name, error)
            raise
        finally:
            line["seconds"] = round(time.monotonic() - began, 3)
            self.facts["phases"].append(line)
            if line["state"] == "done":
                self.log.write("end", phase=name, seconds=line["seconds"])

    def warn(self, words: str, code: int = int(Exit.DONE)) -> None:
        """Something that a person should know, and that does not stop the run."""
        self.warnings.append(words)
        self.log.write("warning", "warning", problems=[words])
        self.code = max(self.code, code)

    def failed(self, error: Exception) -> None:
        """A step failed; what comes after it, and does not need it, still happens."""
        self.problems += words_of(error)
        code = error.exit_code if isinstance(error, UserError) else Exit.INTERNAL
        self.code = max(self.code, int(code))

    def end(self, finished_at: str) -> None:
        """The last word of the run. A run is good if every case was judged, kept and reported."""
        good = self.code in (Exit.DONE, Exit.FAILED_ON)
        self.facts |= {
            "state": "done" if good else "failed",
            "finished_at": finished_at,
            "exit_code": self.code,
            "problems": self.problems,
        }
        if good:
            kept = ("as_of", "started_at", "finished_at", "runs", "trail")
            self.facts["last_good"] = {key: self.facts.get(key) for key in kept}
        self.log.write("finished", "info" if good else "error", exit_code=self.code)
        self.save()


def read_status(path: Path) -> dict[str, Any]:
    """status.json; empty where there is none, or it is not one."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) and found.get("format") == FORMAT else {}


def _text(facts: dict[str, Any]) -> bytes:
    return (json.dumps(facts, indent=2, ensure_ascii=False) + "\n").encode()
