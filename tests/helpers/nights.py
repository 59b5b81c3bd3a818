"""A small hospital for tests of the nightly job: 20 operations, settings and days."""

from __future__ import annotations

import json
import shutil
import signal
import time
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from qi_checker.protocol.records import CASES, EVENTS
from tests.helpers.commands import Ran, environment, run, write_rows
from tests.helpers.forked import PATIENCE, begun, ended
from tests.helpers.records import Row, case, mr_scan, scan

FIRST = date(2026, 3, 2)
NUMBER = 20  # number of operations
PROTOCOL = "hepatic-metastasectomy-imaging"


def hospital() -> tuple[list[Row], list[Row]]:
    """Make operations from February on, a week apart; every third has no MRI."""
    cases, events = [], []
    for n in range(NUMBER):
        day = date(2026, 2, 2) + timedelta(days=7 * n)
        status = "performed" if day < FIRST else "scheduled"
        cases.append(case(f"C{n:02}", f"{day}T08:00", patient_id=f"P{n:02}", status=status))
        before = day - timedelta(days=10 + n)
        events.append(scan(str(before), f"CT{n:02}", patient_id=f"P{n:02}"))
        if n % 3:
            events.append(mr_scan(str(before), f"MR{n:02}", patient_id=f"P{n:02}"))
    return cases, events


def write_hospital(folder: Path) -> None:
    """Write the records and the site's settings below `folder`."""
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    cases, events = hospital()
    write_rows(data / "cases.csv", CASES.names, cases)
    write_rows(data / "events.csv", EVENTS.names, events)
    # Synthetic records: every event is completed, even months in the future.
    site = "timezone: America/Toronto\nplausibility: off\n"
    (data / "site.yaml").write_text(site, encoding="utf-8")


# One requirement, and no codes: quick to compile.
SMALL = """id: ct-before-surgery
title: CT of the liver before surgery
statement: Every patient has a CT of the liver before surgery.
source: [{citation: Made up for tests, level: none}]
owner: Quality committee
target: 95%
versions:
  - version: "1.0"
    in_force: {from: 2020-01-01}
    applies_to: {every: case}
    exceptions: {reasons: [contraindication, patient-declined], at_most: 90 days}
    requirements:
      - id: ct
        title: CT of the liver
        event: {kind: imaging, modality: [CT], region: [liver]}
        window: {before: surgery, at_most: 16 days}
        lead_time: 5 working days
        owner: CT desk
"""


def small_protocol(folder: Path) -> str:
    """Write a protocol that is quick to compile; return its name for nightly.yaml."""
    (folder / "rules" / "ct").mkdir(parents=True)
    (folder / "rules" / "ct" / "protocol.yaml").write_text(SMALL, encoding="utf-8")
    return "rules/ct"


# Hold the lock of a night and wait for a file, in a separate process.
_HOLDS = """
import pathlib, time, qi_checker.nightly.{module} as module
def wait(*args, read=module.read_folder, **more):
    pathlib.Path({reading!r}).touch()
    while not pathlib.Path({go!r}).exists():
        time.sleep(0.01)
    return read(*args, **more)
module.read_folder = wait
"""
_NUMBERS = count()


@dataclass
class Held:
    """A night that is at work; `go` is a file that lets it continue."""

    pid: int
    process: ForkServerProcess
    go: Path

    def end(self) -> int:
        """Let it continue; return its exit code."""
        self.go.touch()
        return ended(self.process)

    def kill(self) -> None:
        self.process.kill()
        assert ended(self.process) == -signal.SIGKILL


def holding(file: Path, *span: object, module: str = "night") -> Held:
    """Start a night that waits as soon as it holds the lock."""
    number = next(_NUMBERS)
    reading, go = (file.parent / f"{name}-{number}" for name in ("reading", "go"))
    arguments = map(str, ("nightly", "--config", file, *(span or ("--as-of", FIRST))))
    code = _HOLDS.format(module=module, reading=str(reading), go=str(go))
    process = begun([*arguments], code, file.parent, environment())
    assert process.pid is not None
    held = Held(process.pid, process, go)
    until = time.monotonic() + PATIENCE
    while not reading.exists():
        assert process.is_alive() and time.monotonic() < until
        time.sleep(0.01)
    return held


def settings(folder: Path, **more: Any) -> Path:
    """Write the records and a nightly.yaml with further keys; JSON is YAML, too."""
    write_hospital(folder)
    keys = {"site": "data/site.yaml", "data": "data", "state": "state", "pages": 2} | more
    file = folder / "nightly.yaml"
    file.write_text("".join(f"{k}: {json.dumps(v)}\n" for k, v in keys.items()), encoding="utf-8")
    return file


def continued(template: Path, folder: Path) -> Path:
    """Copy settings, records and state of nights that were run before; return its nightly.yaml."""
    shutil.copytree(template, folder, dirs_exist_ok=True)
    return folder / "nightly.yaml"


def run_at(moment: str, *arguments: object, **options: object) -> Ran:
    """Run `qi-checker` with the clock of the command line at this moment (ISO, with its offset)."""
    code = (  # the clock itself, since other modules may already have imported its function
        "import datetime, types, qi_checker.cli.clock as clock\n"
        f"moment = datetime.datetime.fromisoformat({moment!r})\n"
        "clock.datetime = types.SimpleNamespace(now=moment.astimezone)"
    )
    return run(*arguments, before=code, **options)
