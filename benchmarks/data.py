"""Synthetic records in Parquet for measurements: `python -m benchmarks.data DIR --cases N`."""

from __future__ import annotations

import argparse
from pathlib import Path

import duckdb

EVENTS_PER_CASE = 8


def write(folder: Path, cases: int) -> None:
    """Write `cases` operations with eight events each, nine tenths as many patients.

    Deterministic: every value comes from a hash of the row number.
    """
    folder.mkdir(parents=True, exist_ok=True)
    con = duckdb.connect()
    con.execute("SET memory_limit = '900MB'")
    patients = max(cases * 9 // 10, 1)
    con.execute(f"""
        COPY (SELECT 'C' || lpad(CAST(i AS VARCHAR), 9, '0') AS case_id,
                     'P' || lpad(CAST(hash(i) % {patients} AS VARCHAR), 9, '0') AS patient_id,
                     TIMESTAMP '2024-01-01 08:00:00' + to_days(CAST(hash(i + 7) % 700 AS INT))
                         AS surgery_at,
                     CASE WHEN hash(i + 3) % 20 = 0 THEN 'cancelled' ELSE 'performed' END AS status,
                     'ICD-10-PCS:0FB00ZZ' AS procedures, 'ICD-10-CM:C78.7' AS diagnoses,
                     CASE WHEN hash(i + 5) % 20 = 0 THEN 'emergency' ELSE 'elective' END AS urgency
              FROM range({cases}) r(i))
        TO '{folder}/cases.parquet' (FORMAT PARQUET)""")
    # An event belongs to a patient who has an operation, and half of the events fall within 60
    # days before it, so that every status is common.
    con.execute(f"""
        COPY (SELECT 'E' || lpad(CAST(i AS VARCHAR), 10, '0') AS event_id,
                     'P' || lpad(CAST(hash(i // 8) % {patients} AS VARCHAR), 9, '0') AS patient_id,
                     'imaging' AS kind,
                     CASE hash(i + 1) % 12 WHEN 0 THEN 'cancelled' WHEN 1 THEN 'ordered'
                          WHEN 2 THEN 'booked' ELSE 'completed' END AS status,
                     TIMESTAMP '2024-01-01 00:00:00' + to_days(CAST(hash(i // 8 + 7) % 700 AS INT))
                         - to_days(CAST(hash(i + 11) % CASE WHEN hash(i + 13) % 2 = 0 THEN 60
                                                            ELSE 400 END AS INT))
                         + to_seconds(CAST(1 + hash(i + 12) % 86000 AS INT)) AS "at",
                     CASE hash(i + 2) % 5 WHEN 0 THEN 'MR' WHEN 1 THEN 'MR' WHEN 2 THEN 'CT'
                          WHEN 3 THEN 'CT' ELSE 'US' END AS modality,
                     CASE hash(i + 9) % 5 WHEN 0 THEN 'liver' WHEN 1 THEN 'abdomen'
                          WHEN 2 THEN 'abdomen-pelvis' WHEN 3 THEN 'liver' ELSE 'pelvis' END AS region
              FROM range({cases * EVENTS_PER_CASE}) r(i))
        TO '{folder}/events.parquet' (FORMAT PARQUET)""")
    (folder / "site.yaml").write_text("timezone: America/Toronto\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cases", type=int, default=1_000_000)
    arguments = parser.parse_args()
    write(arguments.folder, arguments.cases)
