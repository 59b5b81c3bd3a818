"""The cost of a full mapping compared with reading the same events unmapped, from CSV.

    python -m benchmarks.mapping
    python -m benchmarks.mapping --events 100000

One million events as a radiology system would export them (exam names, American dates with AM and
PM, ids with a hyphen, words for the status and the modality, rows to leave out) are read through
`mapping.yaml`; the same events as `events.csv` of the records contract are read without one. Each
runs in its own process, in turn, after a round that does not count; both must give the same rows.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

import duckdb

from benchmarks.measure import Run, mid, run

FOLDER = Path("build/bench/mapping")
MAPPING = """\
cases:
  file: or_cases.csv
  columns: {case_id: CASE, patient_id: MRN, surgery_at: WHEN, status: {constant: performed}}
events:
  file: rad_*.csv
  where:
    - {column: TEST_PATIENT, is_not: "Y"}
  exam_name: EXAM_NAME
  columns:
    event_id: ACCESSION
    patient_id: {column: MRN, strip: "-", pad: 8}
    status: {column: STATE, words: {Final: completed, Scheduled: booked, No Show: cancelled, Requested: ordered}}
    at: {column: BEGIN_EXAM, date: MM/DD/YYYY hh:mm AM}
    ordered_at: {columns: [ORDER_DAY, ORDER_TIME], date: MM/DD/YYYY HH:mm}
    codes: {column: CODE, system: LOINC}
"""
# Name of the examination, modality, region.
EXAMS = (
    ("CT ABD/PELVIS W CONTRAST", "CT", "abdomen-pelvis"),
    ("MRI LIVER W WO EOVIST", "MR", "liver"),
    ("US ABDOMEN COMPLETE", "US", "abdomen"),
    ("XR CHEST PA AND LATERAL", "DX", "chest"),
    ("CT HEAD WO CONTRAST", "CT", "head"),
)
STATES = (
    ("Final", "completed"),
    ("Scheduled", "booked"),
    ("No Show", "cancelled"),
    ("Requested", "ordered"),
)
HEADS = ("MAIN", "NORTH", "EAST", "WEST")  # sites, so that some hundred names occur


def write(folder: Path, events: int) -> None:
    """Write the same events twice: `mapped/` as an export, `plain/` as records."""
    con = duckdb.connect()
    exams = ", ".join(f"({n}, '{a}', '{b}', '{c}')" for n, (a, b, c) in enumerate(EXAMS))
    states = ", ".join(f"({n}, '{a}', '{b}')" for n, (a, b) in enumerate(STATES))
    con.execute(
        f"CREATE TABLE exams AS SELECT * FROM (VALUES {exams}) v(e, name, modality, region)"
    )
    con.execute(f"CREATE TABLE states AS SELECT * FROM (VALUES {states}) v(s, state, status)")
    con.execute(f"""
        CREATE TABLE made AS
        SELECT i, 'A' || i AS id, lpad(CAST(hash(i // 8) % {max(events // 8, 1)} AS VARCHAR), 8, '0') AS mrn,
               TIMESTAMP '2025-01-01' + to_minutes(CAST(hash(i + 1) % 525000 AS INT)) AS began,
               TIMESTAMP '2024-12-01' + to_minutes(CAST(hash(i + 2) % 43000 AS INT)) AS ordered, name,
               modality, region, state, status, hash(i + 5) % 40 AS protocol
        FROM range({events}) r(i) JOIN exams ON e = hash(i + 3) % {len(EXAMS)}
        JOIN states ON s = CASE WHEN hash(i + 4) % 10 < 7 THEN 0 ELSE hash(i + 4) % {len(STATES)} END""")
    for name in ("mapped", "plain"):
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / "site.yaml").write_text("timezone: America/Toronto\n", encoding="utf-8")
    con.execute(f"""
        COPY (SELECT id AS event_id, mrn AS patient_id, 'imaging' AS kind, status,
                     strftime(began, '%Y-%m-%dT%H:%M') AS "at", modality, region, 'LOINC:30670-4' AS codes,
                     name || ' PROTOCOL ' || protocol AS description, strftime(ordered, '%Y-%m-%dT%H:%M') AS ordered_at
              FROM made ORDER BY i)
        TO '{folder}/plain/events.csv' (HEADER)""")
    con.execute(f"""
        COPY (SELECT id AS ACCESSION, left(mrn, 4) || '-' || substr(mrn, 5) AS MRN,
                     name || ' PROTOCOL ' || protocol AS EXAM_NAME, state AS STATE, 'N' AS TEST_PATIENT,
                     strftime(began, '%m/%d/%Y %I:%M %p') AS BEGIN_EXAM, strftime(ordered, '%m/%d/%Y') AS ORDER_DAY,
                     strftime(ordered, '%H:%M') AS ORDER_TIME, '30670-4' AS CODE
              FROM made ORDER BY i)
        TO '{folder}/mapped/rad_1.csv' (HEADER)""")
    cases = "case_id,patient_id,surgery_at,status\nC1,00000001,2025-06-01,performed\n"
    (folder / "plain" / "cases.csv").write_text(cases, encoding="utf-8")
    cases = "CASE,MRN,WHEN\nC1,00000001,2025-06-01\n"
    (folder / "mapped" / "or_cases.csv").write_text(cases, encoding="utf-8")
    (folder / "mapped" / "mapping.yaml").write_text(MAPPING, encoding="utf-8")


def read(folder: Path) -> None:
    """Read a folder, and print the number and a hash of its rows."""
    from qi_checker.protocol.load import load_site
    from qi_checker.sources.files import read_folder
    from qi_checker.sources.raw import connect

    con = connect()
    con.execute("SET memory_limit = '1GB'")
    records = read_folder(folder, load_site(folder / "site.yaml"), con)
    row = con.execute(
        "SELECT count(*), bit_xor(hash(event_id, patient_id, kind, status, replace(substr(\"at\", 1, 16), 'T', ' '), "
        "modality, region, codes, replace(substr(ordered_at, 1, 16), 'T', ' '))) FROM raw_events"
    ).fetchone()
    assert row is not None and records.tables
    print(json.dumps({"rows": row[0], "content": str(row[1])}))


def main() -> None:
    """Print seconds, processor seconds and memory of both, and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.read is not None:
        read(arguments.read)
        return
    folder = FOLDER / str(arguments.events)
    if not (folder / "mapped" / "mapping.yaml").is_file():
        write(folder, arguments.events)
    results: dict[str, list[Run]] = {"plain": [], "mapped": []}
    for counted in range(-1, arguments.runs):
        for name, runs in results.items():
            done = run(["-m", "benchmarks.mapping", "--read", str(folder / name)])
            if counted >= 0:
                runs.append(done)
    if (
        len({json.dumps(one.said, sort_keys=True) for runs in results.values() for one in runs})
        != 1
    ):
        sys.exit(f"not the same rows: {[runs[0].said for runs in results.values()]}")
    print(f"{arguments.events:,} events, {os.cpu_count()} processors, median of {arguments.runs}")
    for name, runs in results.items():
        seconds, cpu, peak = (mid(runs, what) for what in ("seconds", "cpu", "peak_mb"))
        print(f"{name:7} {seconds:6.2f} s {cpu:6.2f} s of processor {peak:6.0f} MB")
    for what, words in (("seconds", "wall"), ("cpu", "processor")):
        print(
            f"mapped / plain, {words}: {mid(results['mapped'], what) / mid(results['plain'], what):.2f}"
        )


if __name__ == "__main__":
    main()
