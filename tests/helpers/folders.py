"""Data folders for tests, and the accounting of their rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qi_checker.engines.duckdb import evaluate
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.records import Records
from qi_checker.protocol.site import Site
from tests.helpers.protocols import liver

SITE = Site(timezone="America/Toronto")
MIXED_IDS = (
    "patient_id is a number in {} and text in events.csv: ids with leading zeros will not match"
)
REJECT_KEYS = ("table", "row", "column", "id", "reason")
CASES = ("case_id", "patient_id", "surgery_at", "status", "procedures", "diagnoses")
EVENTS = (
    "event_id",
    "patient_id",
    "kind",
    "status",
    "at",
    "modality",
    "region",
    "codes",
    "description",
)
CASE_1 = ("C1", "P1", "2026-05-31T08:00", "performed", "ICD-10-PCS:0FB00ZZ", "ICD-10-CM:C78.7")
CASE_2 = ("C2", "P2", "2026-06-02", "performed", "ICD-10-PCS:0FB00ZZ", "ICD-10-CM:C78.7")
EVENT_1 = ("E1", "P1", "imaging", "completed", "2026-05-20", "CT", "liver", "", "CT liver")
EVENT_2 = ("E2", "P2", "imaging", "completed", "2026-05-21", "CT", "liver", "", "CT liver")


def csv_text(*rows: tuple[str, ...], end: str = "\n", delimiter: str = ",") -> str:
    """Format rows of cells that need no quotes."""
    return "".join(delimiter.join(row) + end for row in rows)


def write_csv(folder: Path, cases: bytes | None = None, events: bytes | None = None) -> Path:
    """Write a folder with these files, or with valid default files."""
    good_cases = csv_text(CASES, CASE_1, CASE_2).encode()
    good_events = csv_text(EVENTS, EVENT_1, EVENT_2).encode()
    (folder / "cases.csv").write_bytes(good_cases if cases is None else cases)
    (folder / "events.csv").write_bytes(good_events if events is None else events)
    return folder


def rows_read(records: Records, name: str) -> int:
    """Count the rows that the source read, used or not."""
    counts = [
        records.con.execute(f"SELECT count(*) FROM {kind}_{name}").fetchall()[0][0]
        for kind in ("raw", "torn")
    ]
    return int(sum(counts))


def account(
    records: Records, site: Site = SITE
) -> tuple[list[list[Any]], dict[str, tuple[int, int]]]:
    """Return the rejected rows, and per table the rows read and used; assert that they add up."""
    done = evaluate(liver(), records, AsOf.parse("2026-12-31"), site)
    rejects = done.rejects()
    rows = {}
    for name in records.tables:
        read, used = rows_read(records, name), done.prepared.census[name].used
        assert read == used + sum(1 for row in rejects if row["table"] == name)
        rows[name] = (read, used)
    return [[row[key] for key in REJECT_KEYS] for row in rejects], rows
