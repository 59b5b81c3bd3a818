"""Kill nights at points spread evenly over their run, and check what is left each time.

It runs as a separate process: `python -m tests.helpers.night_kills SETTINGS POINTS`. Everything is
imported once; each night is a fork of this process, which never opens a database or a thread
itself, and is ended by a SIGKILL from outside. The program has no hook for this. Prints the results
as JSON.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import tests.helpers.imported  # noqa: F401  # so that a fork does not spend time on it
from qi_checker.cli import main
from qi_checker.nightly.database import opened
from qi_checker.nightly.load import Settings, load_settings
from qi_checker.nightly.status import read_status
from tests.helpers.nights import FIRST, NUMBER

LATE = 4  # phases that are done when the reports are written
STEP = 77  # the points are visited in another order, so that one kill does not prepare the next


def forked(work: Callable[[], int]) -> int:
    """Run in a fork without output; return its process id."""
    child = os.fork()
    if child:
        return child
    with contextlib.suppress(BaseException):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        code = work()
        sys.stderr.flush()
        os._exit(code)
    os._exit(99)


def night(file: Path, day: date) -> int:
    return forked(lambda: main(["nightly", "--config", str(file), "--as-of", str(day)]))


def waited(child: int) -> int:
    """Return the exit code, or the negative number of the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def killed(file: Path, day: date, delay: float) -> int:
    child = night(file, day)
    time.sleep(delay)
    os.kill(child, signal.SIGKILL)
    return waited(child)


def looked_at(settings: Settings) -> int:
    """Check store, reports and trail; return 0 if intact, else print the problems to stderr."""
    problems = list(_problems(settings))
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


def _problems(settings: Settings) -> Any:
    store = opened(settings)
    runs = store.runs()
    checked = store.trail.verify()
    if not checked.whole:
        yield f"the trail: {checked.faults}"
    if len(runs) != sum(1 for e in store.trail.entries() if e.action == "run_kept"):
        yield "a run without its entry in the trail, or the other way round"
    if runs:
        latest = json.loads(b"".join(store.findings_json(runs[0].run_id)))
        if (len(latest["findings"]), len(latest["cases"])) != (NUMBER, NUMBER):
            yield f"run {runs[0].run_id} is not whole"
    yield from _report_problems(settings, store)
    status = settings.status
    if status.exists() and not read_status(status):
        yield "status.json is not whole"
    store.close()


def _report_problems(settings: Settings, store: Any) -> Any:
    folder = settings.reports / "audit"
    if not folder.exists():
        return
    label = json.loads((folder / "run.json").read_bytes())
    (run,) = [r["run"] for r in label["runs"].values()]
    if (folder / "findings.json").read_bytes() != b"".join(store.findings_json(run)):
        yield f"the reports are not those of run {run}"
    if not (folder / "index.html").read_text("utf-8").rstrip().endswith("</html>"):
        yield "the page of the reports is not whole"


def run(file: Path, points: int) -> dict[str, Any]:
    settings = load_settings(file)
    began = time.monotonic()
    assert waited(night(file, FIRST)) == 0, "the first night"
    slow = time.monotonic() - began  # it sets up the store, too
    began = time.monotonic()
    assert waited(night(file, FIRST + timedelta(days=1))) == 0, "the second night"
    lasts = min(slow, time.monotonic() - began)
    ended, reached, failed = Counter[str](), Counter[int](), []
    attempts = 0
    # The number of finished phases: none before the store, most while reports are written.
    while (ended["killed"] < points or max(reached, default=0) < LATE) and attempts < 6 * points:
        day = FIRST + timedelta(days=2 + attempts)
        attempts += 1
        part = ((ended["killed"] * STEP) % points + 0.5) / points
        delay = lasts * part
        hit = killed(file, day, delay) == -signal.SIGKILL
        ended["killed" if hit else "done"] += 1
        # The machine is busy: the duration of a night is estimated during the run.
        if not hit:
            lasts = min(lasts, delay) * 0.98
        status = read_status(settings.status)
        running, phases = status.get("state") == "running", len(status.get("phases", []))
        if running:
            reached[phases] += 1
        if hit and part > 1 - 1 / points:
            lasts *= 1.05 if running and phases >= LATE else 1.4
        if waited(forked(lambda: looked_at(settings))):
            failed.append(delay)
    last = FIRST + timedelta(days=2 + attempts)
    code = waited(night(file, last))
    whole = waited(forked(lambda: looked_at(settings)))
    left = [p.name for p in settings.state.rglob(".*") if p.name.startswith(".")]
    return {
        "ended": ended,
        "phases": sorted(k for k, n in reached.items() if n),
        "failed": failed,
        "last": str(last),
        "code": code,
        "whole": whole,
        "left": left,
        "seconds": lasts,
    }


if __name__ == "__main__":
    print(json.dumps(run(Path(sys.argv[1]), int(sys.argv[2]))))
