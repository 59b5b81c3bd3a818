"""A monthly report in one cold process: `python -m benchmarks.monthly`.

500 operations of 24 months, two evaluations (now and a month ago), all pictures, HTML, JSON and CSV;
against importing the libraries that this loads, in turn, in seconds of the processor. Then the same with
as many operations as `--cases` says.
"""

from __future__ import annotations

import argparse
import csv
from datetime import date, timedelta
from pathlib import Path
from random import Random

from benchmarks.measure import BUILD, alternate, mid, ratio

LIBRARIES = "import duckdb, sqlglot, pydantic, yaml, jinja2"
MONTH = "2026-02"
_FIRST = date(2024, 3, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=500)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    folder = BUILD / f"monthly-{arguments.cases}"
    write(folder, arguments.cases)
    report = [
        "-m",
        "qi_checker",
        "report",
        "--month",
        MONTH,
        "--data",
        str(folder),
        "--out",
        str(BUILD / "monthly-report"),
    ]
    found = alternate(
        {
            "importing the libraries": ["-c", LIBRARIES],
            "report, no page": [*report, "--format", "json"],
            "report, HTML": report,
        },
        arguments.runs,
    )
    base = found["importing the libraries"]
    print(f"{arguments.cases:,} operations of 24 months, {arguments.runs} runs each, in turn")
    print(f"{'':26} {'cpu s':>8} {'peak MB':>8} {'x imports':>10}")
    for name, runs in found.items():
        said = f"{mid(runs, 'cpu'):8.2f} {mid(runs, 'peak_mb'):8.0f}"
        print(f"{name:26} {said} {ratio(runs, base, 'cpu'):10.2f}")


def write(folder: Path, number: int) -> None:
    """Write synthetic operations, evenly over the 24 months, each with up to four scans."""
    chance = Random(30)
    cases: list[dict[str, str]] = []
    events: list[dict[str, str]] = []
    for n in range(number):
        day = _FIRST + timedelta(days=730 * n // number)
        cases.append(
            {
                "case_id": f"C{n:06}",
                "patient_id": f"P{n:06}",
                "surgery_at": f"{day}T08:00",
                "status": "performed",
                "procedures": "ICD-10-PCS:0FB00ZZ",
                "diagnoses": "ICD-10-CM:C78.7",
                "urgency": "elective",
            }
        )
        for k, modality in enumerate(chance.choices(("CT", "MR"), k=chance.randint(0, 4))):
            at = day - timedelta(days=chance.choice((3, 10, 20, 29, 31, 60)))
            events.append(
                {
                    "event_id": f"E{n:06}-{k}",
                    "patient_id": f"P{n:06}",
                    "kind": "imaging",
                    "status": "completed",
                    "at": str(at),
                    "modality": modality,
                    "region": "liver",
                }
            )
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in (("cases", cases), ("events", events)):
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    (folder / "site.yaml").write_text("timezone: America/Toronto\n", encoding="utf-8")


if __name__ == "__main__":
    main()
