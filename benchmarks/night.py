"""A night compared with the bare evaluation of the same records: `python -m benchmarks.night`.

2,000 upcoming and 20,000 past operations with 200,000 events, in CSV. The bare evaluation reads the
records and fetches all findings and cases. A night also stores them in SQLite, compares them with the
night before, and writes reports and digest. Each runs in its own process; the first night fills the
store, the second is the next day.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.data import write
from benchmarks.measure import BUILD, Run, mid, ratio, run

CASES, ALL = 22_000, 25_000  # 25,000 x 8 events; cases of the first 22,000
DAY, NEXT = "2025-09-27", "2025-09-28"


def prepare(folder: Path) -> None:
    """Write the records; operations after DAY are scheduled."""
    made = folder.with_name(f"{folder.name}-made")
    write(made, ALL)
    folder.mkdir(parents=True)
    duckdb.execute(f"""
        COPY (SELECT * REPLACE (if(surgery_at > DATE '{DAY}' + 1 AND status = 'performed',
                                   'scheduled', status) AS status)
              FROM '{made}/cases.parquet' LIMIT {CASES}) TO '{folder}/cases.csv' (HEADER)""")
    duckdb.execute(
        f"COPY (SELECT * FROM '{made}/events.parquet') TO '{folder}/events.csv' (HEADER)"
    )
    shutil.copy(made / "site.yaml", folder)


def bare(folder: Path) -> None:
    """Read, evaluate, fetch."""
    from qi_checker.engines.duckdb import evaluate
    from qi_checker.protocol.as_of import AsOf
    from qi_checker.protocol.load import load_protocol, load_site
    from qi_checker.protocol.paths import rules_dir
    from qi_checker.sources.files import read_folder

    begun = _now()
    site = load_site(folder / "site.yaml")
    bundle = load_protocol(rules_dir() / "hepatic-metastasectomy-imaging")
    done = evaluate(bundle, read_folder(folder, site), AsOf.parse(DAY), site)
    cases, findings = done.cases(), done.findings()
    upcoming = done.rows("SELECT count_if(upcoming) AS n FROM ready_cases")[0]["n"]
    counts = {"cases": len(cases), "findings": len(findings), "upcoming": upcoming}
    print(json.dumps(_since(begun) | counts))


def night(folder: Path, state: Path, day: str, pages: int) -> None:
    """Run one night by its command, with its imports already loaded."""
    from qi_checker.cli import main

    for module in _NEEDED:
        import_module(module)

    file = state.with_suffix(".yaml")
    file.write_text(
        f"site: {folder}/site.yaml\ndata: {folder}\nstate: {state}\npages: {pages}\n", "utf-8"
    )
    begun = _now()
    assert main(["nightly", "--config", str(file), "--as-of", day]) == 0
    print(json.dumps(_since(begun)))


_NEEDED = (
    "django.core.management.commands.migrate",
    "django.db.backends.sqlite3.base",
    "django.db.migrations.executor",
    "jinja2",
    "qi_checker.cli.nights",
)


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _since(begun: tuple[float, float]) -> dict[str, Any]:
    """Return seconds and processor seconds of the work, without the imports."""
    seconds, cpu = _now()
    return {"work": seconds - begun[0], "cpu": cpu - begun[1]}


def _work(runs: list[Run]) -> list[Run]:
    return [Run(r.said["work"], r.said["cpu"], r.peak_mb, r.said) for r in runs]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--pages", type=int, default=0, help="case pages of a night")
    parser.add_argument("--do", nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    folder = BUILD / "night"
    if arguments.do:
        what, *more = arguments.do
        if what == "bare":
            bare(folder)
        else:
            night(folder, Path(more[0]), more[1], arguments.pages)
        return
    if not (folder / "cases.csv").is_file():
        prepare(folder)
    results: dict[str, list[Run]] = {"bare evaluation": [], "first night": [], "next night": []}
    state = BUILD / "night-state"
    me = ["-m", "benchmarks.night", "--pages", str(arguments.pages), "--do"]
    for _ in range(arguments.runs):
        shutil.rmtree(state, ignore_errors=True)
        results["bare evaluation"].append(run([*me, "bare"]))
        results["first night"].append(run([*me, "night", str(state), DAY]))
        results["next night"].append(run([*me, "night", str(state), NEXT]))
    counts = results["bare evaluation"][0].said
    print(
        f"{counts['cases']:,} cases, {counts['upcoming']:,} upcoming; {counts['findings']:,} findings"
    )
    base = _work(results["bare evaluation"])
    for name, runs in results.items():
        work = _work(runs)
        print(
            f"{name:16} {mid(work):6.2f} s, {ratio(work, base):.2f} x; processor "
            f"{mid(work, 'cpu'):.2f} s, {ratio(work, base, 'cpu'):.2f} x; as a process "
            f"{mid(runs):.2f} s, {ratio(runs, results['bare evaluation']):.2f} x, processor "
            f"{mid(runs, 'cpu'):.2f} s, {ratio(runs, results['bare evaluation'], 'cpu'):.2f} x; "
            f"{mid(runs, 'peak_mb'):.0f} MB"
        )
    size = (state / "store.sqlite3").stat().st_size
    print(f"store after two nights: {size / 1e6:.1f} MB", file=sys.stderr)


if __name__ == "__main__":
    main()
