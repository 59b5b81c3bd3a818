"""The machine-readable state of a run: status.json, the log, and a text file for Prometheus.

status.json is replaced as a whole after every step. The log is JSON, one object per line. Neither
contains a value of a record: only the names listed here can be logged (counts, names of phases and
files, and problems in the words of `errors`). An error of the program is logged as its kind and
place, since its text may quote a row.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from qi_checker import __version__
from qi_checker.errors import Exit, UserError
from qi_checker.render.atomic import refused, write_file

Value = str | int | float | bool | None
Level = Literal["info", "warning", "error"]


@dataclass
class Log:
    """Lines appended to a file; `clock` gives their time, in UTC."""

    path: Path
    clock: Callable[[], datetime]
    lost: int = 0  # lines that could not be written: a full disk must not stop a night

    def write(self, event: str, level: Level = "info", **facts: Value | list[str]) -> None:
        """Append a line in one write, so that lines of two processes do not mix."""
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
        """Raise UserError if the file cannot be written."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640))
        except OSError as error:
            raise refused(self.path, error) from None

    def failure(self, phase: str, error: Exception) -> list[str]:
        """Log an error of a phase; return its messages for the status."""
        messages = words_of(error)
        self.write("failed", "error", phase=phase, problems=messages)
        return messages


def words_of(error: Exception) -> list[str]:
    """Describe an error without any value of a record."""
    if isinstance(error, UserError):
        return [str(problem) for problem in error.problems]
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = ""
    if trace is not None:
        place = f" in {os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}"
    return [f"this should not have happened ({type(error).__name__}{place})"]


FORMAT = 1  # raised when a key changes its meaning


@dataclass
class Report:
    """Writes status.json and the log of a run step by step (docs/nightly.md)."""

    path: Path
    log: Log
    facts: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    code: int = int(Exit.DONE)

    def begin(self, as_of: str, started_at: str) -> None:
        """Record that a run is at work; keep the facts of the last good run."""
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
        write_file(self.path, _text(self.facts), 0o640)  # names no patient: for a monitor

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Run a step; its duration and errors go into status and log."""
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
        """Record a warning that does not stop the run."""
        self.warnings.append(words)
        self.log.write("warning", "warning", problems=[words])
        self.code = max(self.code, code)

    def failed(self, error: Exception) -> None:
        """Record a failed step; later steps that do not need it still run."""
        self.problems += words_of(error)
        code = error.exit_code if isinstance(error, UserError) else Exit.INTERNAL
        self.code = max(self.code, int(code))

    def end(self, finished_at: str) -> None:
        """Record the end of the run, good if every case was judged, stored and reported."""
        good = self.code in (Exit.DONE, Exit.FAILED_ON)
        self.facts |= {
            "state": "done" if good else "failed",
            "finished_at": finished_at,
            "exit_code": self.code,
            "problems": self.problems,
        }
        if good:
            keys = ("as_of", "started_at", "finished_at", "runs", "trail", "left_out")
            self.facts["last_good"] = {key: self.facts.get(key) for key in keys}
        self.log.write("finished", "info" if good else "error", exit_code=self.code)
        self.save()


def read_status(path: Path) -> dict[str, Any]:
    """Read status.json; return {} if it is missing or invalid."""
    try:
        status = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return status if isinstance(status, dict) and status.get("format") == FORMAT else {}


def _text(facts: dict[str, Any]) -> bytes:
    return (json.dumps(facts, indent=2, ensure_ascii=False) + "\n").encode()


Labels = dict[str, str]


def metrics_text(status: Mapping[str, Any]) -> str:
    """Return every number of the status in the text format 0.0.4."""
    lines: list[str] = []
    for name, about, samples in _families(status):
        lines += [f"# HELP qi_checker_{name} {about}", f"# TYPE qi_checker_{name} gauge"]
        lines += [f"qi_checker_{name}{_labels(labels)} {value}" for labels, value in samples]
    return "\n".join(lines) + "\n"


Family = tuple[str, str, list[tuple[Labels, Any]]]


def _families(status: Mapping[str, Any]) -> Iterator[Family]:
    good = status.get("last_good") or {}
    if good.get("finished_at"):
        at = datetime.fromisoformat(good["finished_at"]).timestamp()
        yield "last_good_timestamp_seconds", "When the last good run ended.", [({}, at)]
    yield "exit_code", "Exit code of the last run.", [({}, status.get("exit_code") or 0)]
    phases = [({"phase": p["name"]}, p["seconds"]) for p in status.get("phases", [])]
    yield "phase_seconds", "How long each step of the last run took.", phases
    queue = [({"state": state}, number) for state, number in status.get("outbox", {}).items()]
    yield "messages", "Messages of the outbox by state.", queue
    feeds = [({"feed": f["feed"]}, int(f["state"] != "ok")) for f in status.get("feeds", [])]
    yield "feed_late", "1 where a feed is stale or half empty.", feeds
    checks = [
        ({"check": line["check"], "level": line["level"]}, line["count"])
        for line in status.get("plausibility", [])
    ]
    yield "plausibility", "Rows that a check of plausibility found.", checks
    cases = [
        ({"protocol": name, "verdict": verdict}, number)
        for name, run in status.get("runs", {}).items()
        for verdict, number in run.get("verdicts", {}).items()
    ]
    yield "cases", "Cases of the last run by verdict.", cases
    actions = [
        ({"when": when}, number)
        for when, number in status.get("actions", {}).items()
        if when not in ("now", "operations")
    ]
    yield "actions", "Actions of the last run by urgency.", actions


def _labels(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
