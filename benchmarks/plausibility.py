"""The cost of the plausibility checks in an audit of a million cases.

    python -m benchmarks.plausibility
    python -m benchmarks.plausibility --cases 100000

The audit of `benchmarks.scale` (records read, checked and judged, findings with their sentences
written), with the checks of the records and of the result, and without. Each runs in its own
process, in turn, after a round that does not count; both must have the same number met.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path

from benchmarks.data import write
from benchmarks.measure import Run, mid, run

FOLDER = Path("build/bench/plausibility")


def main() -> None:
    """Print seconds and processor seconds of both, and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    folder = FOLDER / str(arguments.cases)
    if not (folder / "site.yaml").is_file():
        shutil.rmtree(folder, ignore_errors=True)
        write(folder, arguments.cases)
    results: dict[str, list[Run]] = {"without": [], "with": []}
    for counted in range(-1, arguments.runs):
        for name, runs in results.items():
            env = {"QI_BENCH_LOOK": "1" if name == "with" else ""}
            done = run(["-m", "benchmarks.ours", str(folder)], env)
            if counted >= 0:
                runs.append(done)
    met = {str(one.said["met"]) for runs in results.values() for one in runs}
    if len(met) != 1:
        sys.exit(f"not the same number met: {met}")
    print(f"{arguments.cases:,} cases, {os.cpu_count()} processors, median of {arguments.runs}")
    for name, runs in results.items():
        numbers = [mid(runs, what) for what in ("seconds", "cpu", "peak_mb")]
        print(f"{name:8} {numbers[0]:7.1f} s {numbers[1]:7.1f} s of processor {numbers[2]:6.0f} MB")
    for what, words in (("seconds", "wall"), ("cpu", "processor")):
        ratio = mid(results["with"], what) / mid(results["without"], what)
        print(f"with / without, {words}: {ratio:.3f}")
    print("checks that warn on these records:", ", ".join(results["with"][0].said["checks"]))


if __name__ == "__main__":
    main()
