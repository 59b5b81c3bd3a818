"""One case: judged, moved, checked cold, and 5,000 case pages: `python -m benchmarks.one_case`.

Each figure is printed beside its aim. Times are processor times, since a busy machine stretches
elapsed time; commands run in turn, and each ratio is of neighbours.
"""

from __future__ import annotations

import argparse
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median

import duckdb

import qi_checker
from benchmarks.data import write
from benchmarks.measure import BUILD, Run, mid, ratio, run
from qi_checker.cases.one import one_case
from qi_checker.cases.what_if import what_if
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.load import load_protocol
from qi_checker.protocol.paths import rules_dir
from qi_checker.protocol.site import Site
from qi_checker.sources.files import read_folder

CASES, PAGES = 1_000, 5_000
AS_OF = "2026-06-30"
IMPORTS = ["-c", "import duckdb, pydantic, yaml, sqlglot"]


def main() -> None:
    """Measure everything; `--before` names a checkout of an earlier version for the pages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument(
        "--before", type=Path, help="a checkout of the version to compare pages with"
    )
    parser.add_argument("--pages", type=int, default=PAGES, help=f"default: {PAGES}")
    parser.add_argument("--only-pages", action="store_true", help="measure nothing else")
    arguments = parser.parse_args()
    if not arguments.only_pages:
        _in_process()
        _cold(arguments.runs)
    _pages(arguments.before, arguments.pages)


# ---- in a loaded process ---------------------------------------------------------------------------


def _in_process() -> None:
    """Judge a case with ten events, and ask what moving an operation would change."""
    protocol = load_protocol(rules_dir() / "hepatic-metastasectomy-imaging")
    site = Site(timezone="America/Toronto")
    case = {
        "case_id": "C1",
        "patient_id": "P1",
        "surgery_at": "2026-07-20T08:00",
        "status": "scheduled",
        "procedures": "ICD-10-PCS:0FB00ZZ",
        "diagnoses": "ICD-10-CM:C78.7",
    }
    events = [
        {
            "event_id": f"E{n}",
            "patient_id": "P1",
            "kind": "imaging",
            "status": "completed",
            "at": f"2026-06-{10 + n}T10:00",
            "modality": ("CT", "MR")[n % 2],
            "region": "liver",
        }
        for n in range(10)
    ]
    _told(
        "judge, ten events", lambda: qi_checker.judge(protocol, case, events, AS_OF, site=site), 1
    )
    records = read_folder(_folder(CASES), site)
    as_of, id = AsOf.parse(AS_OF), "C000000007"
    chosen = one_case(protocol, records, as_of, site, id)
    planned = {**chosen.rows.case, "status": "scheduled", "surgery_at": "2026-07-20"}
    planned_one = replace(chosen, rows=replace(chosen.rows, case=planned))
    move_to = AsOf.parse("2026-08-03")
    _told("what-if in a loaded process", lambda: what_if(planned_one, move_to), 5)
    _told("finding a case among 1,000", lambda: one_case(protocol, records, as_of, site, id))


def _told(name: str, work: Callable[[], object], aim: float | None = None) -> None:
    """Print the median processor time in milliseconds, after a round that does not count."""
    work()
    times = []
    for _ in range(200 if aim is not None else 20):
        began = time.process_time()
        work()
        times.append(1000 * (time.process_time() - began))
    wanted = f" (aim: {aim:g} ms)" if aim is not None else ""
    print(f"{name:44} {median(times):7.2f} ms{wanted}", flush=True)


# ---- commands --------------------------------------------------------------------------------------


def _cold(runs: int) -> None:
    """Run `check` from a cold start, compared with importing four libraries, two of which it needs.

    All modules are compiled beforehand, like those of an installed program, whatever the
    environment sets: compiling a hundred of them again in each run took a quarter of the time.
    """
    compiled = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(BUILD / "pycache")}
    folder = _folder(CASES)
    check = ["-m", "qi_checker", "check", "C000000007", "--data", str(folder), "--as-of", AS_OF]
    commands = {"imports": IMPORTS, "check": check}
    results: dict[str, list[Run]] = {name: [] for name in commands}
    for number in range(runs + 1):
        for name, arguments in commands.items():
            done = run(arguments, compiled)
            if number:
                results[name].append(done)
    factor = ratio(results["check"], results["imports"], "cpu")
    print(
        f"{'check from a cold start':44} {1000 * mid(results['check'], 'cpu'):7.0f} ms, "
        f"{factor:.2f} x the imports (aim: 1.3)",
        flush=True,
    )


def _pages(before: Path | None, number: int) -> None:
    """Write 5,000 pages with this version and with another version, in turn.

    A first round writes a few pages and does not count: it compiles the modules of both.
    """
    folder, out, ids = _folder(PAGES), BUILD / "sheets", BUILD / "pages.txt"
    command = ["-m", "qi_checker", "sheets", "--data", str(folder), "--as-of", AS_OF]
    command += ["--cases", str(ids), "--out", str(out), "--format", "html"]
    code = (
        f"import sys; sys.path.insert(0, {str(before)!r}); sys.argv[0] = 'qi-checker'; "
        "sys.meta_path[:] = [f for f in sys.meta_path if 'editable' not in repr(f).lower()]; "
        "from qi_checker.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    for pages in (20, number):
        ids.write_text("".join(f"C{n:09}\n" for n in range(pages)), encoding="utf-8")
        shutil.rmtree(out, ignore_errors=True)
        now = run([*command, "--accept", "timing"])  # the records are synthetic
        if before is not None:
            shutil.rmtree(out, ignore_errors=True)
            environment = {"PYTHONPATH": str(before), "PWD": os.getcwd()}
            then = run(["-c", code, *command[2:]], environment)
    line = f"{number:,} case pages: {now.cpu:.1f} s, {1000 * now.cpu / number:.1f} ms each"
    if before is not None:
        line += f", {now.cpu / then.cpu:.2f} x the earlier version ({then.cpu:.1f} s; aim: 0.5)"
    print(line, flush=True)


def _folder(cases: int) -> Path:
    """Return a folder with `cases` cases as CSV, made once."""
    folder = BUILD / f"{cases}-csv"
    if not (folder / "cases.csv").is_file():
        write(folder, cases)
        for table in ("cases", "events"):
            file = folder / f"{table}.parquet"
            duckdb.execute(f"COPY (SELECT * FROM '{file}') TO '{folder}/{table}.csv' (HEADER)")
            file.unlink()
    return folder


if __name__ == "__main__":
    main()
