"""What docs/scale.md rests on: one patient with very many events, and patients evaluated in parts."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from random import Random
from typing import Any
from zlib import crc32

import duckdb
import pandas as pd
import pytest

from qi_checker.engines.duckdb import Evaluation, evaluate
from qi_checker.engines.duckdb.database import DuckDB
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.load import load_protocol
from qi_checker.protocol.paths import rules_dir
from qi_checker.protocol.site import Site
from qi_checker.sources.memory import from_frames

Row = dict[str, Any]
SITE = Site(timezone="America/Toronto")
HEAVY, EVENTS, OPERATIONS = "P-HEAVY", 10_000, 40
START = datetime(2024, 1, 1, 8)
LIMIT = timedelta(days=30)
MODALITIES = {"ct": "CT", "mri": "MR"}


@cache
def records() -> tuple[list[Row], list[Row]]:
    """A patient with 10,000 events and 40 operations among 300 patients with a few of each."""
    random = Random(20)
    patients = [HEAVY] * OPERATIONS + [f"P-{n}" for n in range(300)] * 2
    cases = [
        {
            "case_id": f"C-{n:04}",
            "patient_id": patient,
            "status": "performed",
            "surgery_at": START + timedelta(days=random.randrange(600)),
            "procedures": "ICD-10-PCS:0FB00ZZ",
            "diagnoses": "ICD-10-CM:C78.7",
            "urgency": "elective",
        }
        for n, patient in enumerate(patients)
    ]
    owners = [HEAVY] * EVENTS + [f"P-{n}" for n in range(300)] * 6
    events = [
        {
            "event_id": f"E-{random.randrange(10**9):09}-{n}",
            "patient_id": owner,
            "kind": "imaging",
            "status": random.choice(["completed", "completed", "ordered", "cancelled"]),
            "at": START
            + timedelta(days=random.randrange(-300, 600), minutes=random.randrange(-400, 900)),
            "modality": random.choice(["CT", "MR", "US"]),
            "region": random.choice(["liver", "pelvis"]),
        }
        for n, owner in enumerate(owners)
    ]
    return cases, events


def evaluated(cases: list[Row], events: list[Row]) -> Evaluation:
    frames = {
        "cases": pd.DataFrame([row | {"surgery_at": str(row["surgery_at"])} for row in cases]),
        "events": pd.DataFrame([row | {"at": str(row["at"])} for row in events]),
    }
    bundle = load_protocol(rules_dir() / "hepatic-metastasectomy-imaging")
    return evaluate(bundle, from_frames(frames, site=SITE), AsOf.parse("2026-06-30"), SITE)


@cache
def whole() -> Evaluation:
    return evaluated(*records())


def expected(case: Row, modality: str, events: list[Row]) -> str | None:
    """The event that meets a requirement: the latest by the clock, then the lowest id."""
    passing = [
        e
        for e in events
        if e["status"] == "completed"
        and e["modality"] == modality
        and e["region"] == "liver"
        and e["at"] < case["surgery_at"]
        and e["at"].date() >= (case["surgery_at"] - LIMIT).date()
    ]
    passing.sort(key=lambda e: e["event_id"])
    latest = max(passing, key=lambda e: e["at"], default=None)  # of equals the first
    return str(latest["event_id"]) if latest else None


def of_patients(events: list[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for event in events:
        found.setdefault(event["patient_id"], []).append(event)
    return found


def test_a_patient_with_ten_thousand_events_is_judged_like_any_other() -> None:
    cases, events = records()
    mine = of_patients(events)
    found = {(f["case_id"], f["requirement"]): f for f in whole().findings()}
    assert len(found) == 2 * len(cases)
    met = 0
    for case in cases:
        for requirement, modality in MODALITIES.items():
            event = expected(case, modality, mine.get(case["patient_id"], []))
            one = found[case["case_id"], requirement]
            assert (one["status"] == "met") == (event is not None), one
            if event is not None:
                assert one["event_id"] == event
                met += 1
    assert 2 * OPERATIONS * 0.9 < met < 2 * len(cases)


def test_patients_evaluated_in_parts_give_what_all_at_once_give() -> None:
    cases, events = records()
    parts = 5

    def part(row: Row) -> int:
        return crc32(row["patient_id"].encode()) % parts

    findings: list[Row] = []
    verdicts: list[Row] = []
    used = 0
    for n in range(parts):
        some = evaluated([c for c in cases if part(c) == n], [e for e in events if part(e) == n])
        findings += some.findings()
        verdicts += some.cases()
        used += bool(some.cases())
    assert used == parts
    assert sorted(findings, key=lambda f: (f["case_id"], f["requirement"])) == whole().findings()
    assert sorted(verdicts, key=lambda c: str(c["case_id"])) == whole().cases()


@pytest.mark.parametrize("sorted_outside", [range(0), range(1, 1000)])
def test_ids_that_repeat_are_seen_however_many_there_are(
    monkeypatch: pytest.MonkeyPatch, sorted_outside: range
) -> None:
    monkeypatch.setattr(DuckDB, "SORTS", sorted_outside)
    con = duckdb.connect()
    con.execute("CREATE TABLE ids AS SELECT 'E' || i AS id FROM range(500) r(i)")
    con.execute("INSERT INTO ids VALUES (NULL), (NULL)")
    assert not DuckDB(con).repeats("ids", "id", 500)
    con.execute("INSERT INTO ids VALUES ('E250')")
    assert DuckDB(con).repeats("ids", "id", 501)
