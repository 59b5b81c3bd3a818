"""The ten cases of docs/day-counting.md: both answers of the referee, and ours."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from qi_checker.api import evaluate, load_protocol
from qi_checker.protocol.paths import rules_dir
from tests.cql.engine import Referee, elm_of

PAGE = Path(__file__).parents[2] / "docs" / "day-counting.md"
CQL = Path(__file__).parent / "day_counts.cql"
SHIPPED = rules_dir() / "hepatic-metastasectomy-imaging"


def table() -> list[dict[str, str]]:
    """The rows of the page's first table."""
    lines = [x for x in PAGE.read_text(encoding="utf-8").splitlines() if x.startswith("|")]
    names, _, *rows = ([cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines)
    return [dict(zip(names, row, strict=True)) for row in rows]


ROWS = table()


@cache
def statuses(zone: str) -> dict[int, str]:
    """Ours, of a CT of the liver: one evaluation of all rows of a time zone, a patient for each."""
    rows = {number: row for number, row in enumerate(ROWS) if row["zone"] == zone}
    cases = [
        {
            "case_id": f"{number}",
            "patient_id": f"P{number}",
            "surgery_at": row["surgery"],
            "started_at": row["surgery"],
            "status": "performed",
            "procedures": "ICD-10-PCS:0FB00ZZ",
            "diagnoses": "ICD-10-CM:C78.7",
        }
        for number, row in rows.items()
    ]
    events = [
        {
            "event_id": f"E{number}",
            "patient_id": f"P{number}",
            "kind": "imaging",
            "status": "completed",
            "at": row["imaging"],
            "modality": "CT",
            "region": "liver",
        }
        for number, row in rows.items()
    ]
    result = evaluate(
        load_protocol(SHIPPED),
        pd.DataFrame(cases),
        pd.DataFrame(events),
        "2026-12-31",
        site={"timezone": zone, "plausibility": False},
    )
    found = result.findings.query("requirement == 'ct'")
    return {
        int(case): f"{status}, {reason}"
        for case, status, reason in zip(
            found["case_id"], found["status"], found["reason"], strict=True
        )
    }


def bundle(row: dict[str, str]) -> dict[str, object]:
    made = [
        {"resourceType": "Patient", "id": "P"},
        {"resourceType": "Procedure", "id": "O", "performedDateTime": row["surgery"]},
        {"resourceType": "ImagingStudy", "id": "I", "started": row["imaging"]},
    ]
    entry = [{"resource": resource} for resource in made]
    return {"resourceType": "Bundle", "type": "collection", "entry": entry}


def test_there_are_ten() -> None:
    assert len(ROWS) == 10


@pytest.mark.parametrize("row", ROWS, ids=[f"{r['imaging']} to {r['surgery']}" for r in ROWS])
def test_the_page_says_what_both_answer(row: dict[str, str]) -> None:
    referee = Referee(elm_of(CQL.read_text(encoding="utf-8")))
    said = referee.answers(bundle(row), ("Difference In Days", "Days Between"))
    words = {name: "in" if answer else "out" for name, answer in said.items()}
    assert {
        "difference in days": words["Difference In Days"],
        "days between": words["Days Between"],
        "qi-checker": statuses(row["zone"])[ROWS.index(row)],
    } == {name: row[name] for name in ("difference in days", "days between", "qi-checker")}
