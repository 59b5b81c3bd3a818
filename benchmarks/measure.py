"""Run a command as a whole process and account for it: seconds, processor seconds, peak memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

BUILD = Path(__file__).parent.parent / "build" / "bench"


@dataclass(frozen=True)
class Run:
    """One finished process. `said` is the JSON of its last line, if it printed any."""

    seconds: float
    cpu: float
    peak_mb: float
    said: dict[str, Any]


def run(arguments: list[str], env: dict[str, str] | None = None) -> Run:
    """Run `python ARGUMENTS` once; RuntimeError where it fails.

    Compiled modules are kept, as an installed program has them: compiling ours each time took 0.4 s.
    """
    kept = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(BUILD / "pycache")}
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **kept, **(env or {})},
    )
    output = process.stdout.read() if process.stdout else ""
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(arguments)} ended with {process.returncode}")
    last = output.strip().splitlines()[-1] if output.strip() else ""
    said = json.loads(last) if last.startswith("{") else {}
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, said)


def alternate(commands: dict[str, list[str]], runs: int) -> dict[str, list[Run]]:
    """Run every command in turn, `runs` times, after one round that does not count."""
    results: dict[str, list[Run]] = {name: [] for name in commands}
    for counted in range(-1, runs):
        for name, arguments in commands.items():
            result = run(arguments)
            if counted >= 0:
                results[name].append(result)
    return results


def mid(runs: list[Run], what: str = "seconds") -> float:
    return median(getattr(r, what) for r in runs)


def ratio(runs: list[Run], others: list[Run], what: str = "seconds") -> float:
    """Return the median of the ratios of pairs, so that a slowing machine has no effect."""
    return median(getattr(a, what) / getattr(b, what) for a, b in zip(runs, others, strict=True))
