"""Comparison with independent CQL engines: `python -m benchmarks.cql`.

The same 20,000 synthetic patients (tests/cql), once as FHIR R4 bundles for ms-cql-sdk (and for
fqm-execution, if node and that package are installed) and once as records for this program. Reading
is measured separately on every side. The engines return their populations for each patient; this
program returns every finding with its event, dates and sentence. All must find the same patients in
the numerator, or the comparison stops.
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
from pathlib import Path

from benchmarks.cql_run import NODE_MODULES
from benchmarks.measure import BUILD, Run, alternate, mid
from tests.cql.patients import ZONE, patients


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    folder = BUILD / f"cql-{arguments.patients}"
    if not (folder / "site.yaml").is_file():
        write(folder, arguments.patients)
    commands = {
        "ms-cql-sdk": ["-m", "benchmarks.cql_run", str(folder), "theirs"],
        "qi-checker": ["-m", "benchmarks.cql_run", str(folder), "ours"],
    }
    if shutil.which("node") and (NODE_MODULES / "fqm-execution").is_dir():
        commands["fqm-execution"] = ["-m", "benchmarks.cql_run", str(folder), "fqm"]
    else:
        print(
            "without fqm-execution: it needs node 20, and "
            "npm install --prefix build/npm fqm-execution@1.8.6"
        )
    results = alternate(commands, arguments.runs)
    ours = results["qi-checker"]
    if len({r.said["numerator"] for runs in results.values() for r in runs}) > 1:
        raise SystemExit("they do not find the same patients")
    print(f"{arguments.patients:,} patients, {arguments.runs} runs each, in turn")
    print(f"{'':14} {'reading s':>10} {'evaluating s':>13} {'peak MB':>8}")
    for name, runs in results.items():
        print(
            f"{name:14} {_mid(runs, 'reading'):10.2f} {_mid(runs, 'evaluating'):13.2f} "
            f"{mid(runs, 'peak_mb'):8.0f}"
        )
    for name, runs in results.items():
        if name != "qi-checker":
            ratio = _mid(runs, "evaluating") / _mid(ours, "evaluating")
            print(f"evaluating: {ratio:.1f} times as fast as {name}")


def _mid(runs: list[Run], phase: str) -> float:
    return sorted(r.said[phase] for r in runs)[len(runs) // 2]


def write(folder: Path, number: int) -> None:
    """Write the patients in both forms."""
    folder.mkdir(parents=True, exist_ok=True)
    cohort = patients(number)
    with (folder / "bundles.ndjson").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(p.bundle()) + "\n" for p in cohort)
    for name, rows in (
        ("cases", [p.case() for p in cohort]),
        ("events", [e for p in cohort for e in p.events()]),
    ):
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    (folder / "site.yaml").write_text(f"timezone: {ZONE}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
