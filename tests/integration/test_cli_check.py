"""`check`: one case with every candidate event and each criterion."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.commands import AS_OF, Ran, csv_rows, run
from tests.helpers.pages import read_page
from tests.helpers.records import case, event, exception, mr_scan, scan
from tests.integration.conftest import WriteFolder


def check(case_id: str, data: Path, *more: object, as_of: str = AS_OF) -> Ran:
    return run("check", case_id, "--data", data, "--as-of", as_of, *more)


def sheet(case_id: str, data: Path) -> dict[str, Any]:
    ran = check(case_id, data, "--format", "json")
    assert (ran.code, ran.err) == (0, "")
    return json.loads(ran.out)


@pytest.fixture
def data(folder: WriteFolder) -> Path:
    """One case: an MRI that is too old, an exception for it, a good CT and a bad one."""
    return folder(
        cases=[case("C1", "2026-03-20T08:00", patient_id="P1", status="scheduled")],
        events=[
            scan("2026-03-01T10:00", "E1", patient_id="P1"),
            scan("2026-03-01", "E2", patient_id="P1", region="chest"),
            mr_scan("2026-01-02", "E3", patient_id="P1"),
            event("soon", "E4", patient_id="P1"),
            scan("2026-03-01", "E5", patient_id="P2"),
            scan("2026-03-02T10:00", "E6", patient_id="P1", status="entered-in-error"),
        ],
        exceptions=[
            exception(approved_at="2026-02-20", valid_from="2026-02-20", expires_on="2026-04-01")
        ],
    )


PROCEDURE = "a procedure code is in the list liver-resection"
DIAGNOSIS = "a diagnosis code is in the list liver-metastasis"


@pytest.mark.parametrize(
    ("columns", "unmet"),
    [
        ({"procedures": "OPS:5-501.20"}, PROCEDURE),
        ({"procedures": ""}, PROCEDURE),
        ({"diagnoses": "ICD-10:K80.2"}, DIAGNOSIS),
        ({"procedures": "OPS:5-501.20", "diagnoses": ""}, f"{PROCEDURE}; {DIAGNOSIS}"),
        ({"urgency": "emergency"}, ""),  # excluded, and the sentence says by what
    ],
)
def test_why_the_protocol_does_not_apply(
    folder: WriteFolder, columns: dict[str, str], unmet: str
) -> None:
    one = case("C1", "2026-03-20T08:00", patient_id="P1", status="scheduled") | columns
    data = folder(cases=[one])
    assert dict(sheet("C1", data)["facts"]).get("Population condition not met", "") == unmet
    for format in ("text", "html"):
        shown = check("C1", data, "--format", format).out
        shown = shown.replace("</dt><dd><bdi>", ": ").replace("\n", " ")
        assert (f"Population condition not met: {unmet}" in shown) == bool(unmet), format


def test_every_requirement_with_every_candidate_event(data: Path) -> None:
    found = sheet("C1", data)
    requirements = {r["id"]: r for r in found["requirements"]}
    assert [(r["id"], r["status"]) for r in found["requirements"]] == [
        ("ct", "met"),
        ("mri", "exempt"),
    ]
    ct = {c["event_id"]: c for c in requirements["ct"]["candidates"]}
    assert {"E1", "E2"} <= ct.keys() and not {"E5", "E6"} & ct.keys()
    assert ct["E1"]["chosen"] and not ct["E2"]["chosen"]
    outcomes = {c["name"]: c["outcome"] for c in ct["E2"]["criteria"]}
    assert outcomes == {
        "code": "pass",
        "modality": "pass",
        "region": "fail",
        "status": "pass",
        "window": "pass",
    }
    mri = {c["event_id"]: c for c in requirements["mri"]["candidates"]}
    assert mri["E3"]["days_before"] == 77
    assert "X1" in requirements["mri"]["exception"]


def test_a_case_in_text_shows_what_the_sheet_holds(data: Path) -> None:
    ran = check("C1", data)
    text = " ".join(ran.out.split())
    assert (ran.code, ran.err) == (0, "")
    for words in (
        "Case C1",
        "E1",
        "E2",
        "E3",
        "region failed",
        "window failed",
        "Exception X1",
        "events.csv, row 2",
        "cases.csv, row 2",
    ):
        assert words in text


def test_a_case_as_a_page_stands_alone(data: Path) -> None:
    ran = check("C1", data, "--format", "html")
    assert (ran.code, ran.err) == (0, "")
    page = read_page(ran.out)
    assert "C1" in page.words and "E3" in page.words
    assert not any("index.html" in a.attributes.get("href", "") for a in page.all("a"))


def test_it_says_the_same_as_the_audit(demo: Path, audited: Path) -> None:
    findings = csv_rows(audited / "findings.csv")
    for case_id in ("SYN-C-0001", "SYN-C-0183", "SYN-C-0200"):
        mine = [f for f in findings if f["case_id"] == case_id]
        shown = {r["id"]: r for r in sheet(case_id, demo)["requirements"]}
        for finding in mine:
            requirement = shown[finding["requirement"]]
            for column in (
                "status",
                "reason",
                "sentence",
                "event_id",
                "window_opens",
                "window_closes",
                "valid_through",
                "act_by",
                "owner",
            ):
                assert (requirement[column] or "") == finding[column]


def test_an_unknown_case_is_told(demo: Path) -> None:
    ran = check("SYN-C-9999", demo)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        "qi-checker: cases.csv: there is no case SYN-C-9999 among 247 cases. "
        "Look for the spelling in the column case_id.\n"
    )


def test_a_rejected_case_is_told_with_row_and_reason(demo: Path, audited: Path) -> None:
    bad = next(r for r in csv_rows(audited / "rejects.csv") if r["reason"] == "unreadable date")
    ran = check(bad["id"], demo)
    assert ran.code == 2
    where = f"cases.csv, row {bad['row']}, column surgery_at"
    assert ran.err == (
        f"qi-checker: {where}: the case was rejected: unreadable date. "
        "Accepted are YYYY-MM-DD, YYYY-MM-DDTHH:mm and the latter with an offset. "
        "Correct the row and export it again.\n"
    )


def test_of_a_duplicate_the_first_row_is_shown(demo: Path, audited: Path) -> None:
    double = next(r for r in csv_rows(audited / "rejects.csv") if r["reason"] == "duplicate id")
    assert double["table"] == "cases"
    first = [r["case_id"] for r in csv_rows(demo / "cases.csv")].index(double["id"])
    assert sheet(double["id"], demo)["source"] == f"cases.csv, row {first + 2}"


@pytest.mark.parametrize("case_id", ["'; DROP TABLE raw_cases; --", '"', "C1\n", "%", "-"])
def test_a_strange_case_id_is_only_a_text(data: Path, case_id: str) -> None:
    ran = check(case_id, data)
    assert ran.code == 2 and "there is no case" in ran.err


def test_a_case_is_found_by_its_exact_id(folder: WriteFolder) -> None:
    ids = ["0042", "42", "Ü 1/2", "it's", "--x", "=1+1"]
    rows = [case(i, "2026-03-20", patient_id=f"P{i}", status="scheduled") for i in ids]
    data = folder(cases=rows, events=[])
    for case_id in ids:
        ran = run("check", "--data", data, "--as-of", AS_OF, "--format", "json", "--", case_id)
        assert ran.code == 0 and json.loads(ran.out)["case_id"] == case_id


def test_a_rejected_row_that_might_be_the_evidence_is_shown(data: Path) -> None:
    lines = (data / "events.csv").read_text().replace("E3,P1", "E3,P9").splitlines(keepends=True)
    (data / "events.csv").write_text("".join(lines))
    (data / "exceptions.csv").unlink()
    found = sheet("C1", data)
    mri = next(r for r in found["requirements"] if r["id"] == "mri")
    assert (mri["status"], mri["reason"]) == ("unknown", "rejected_record")
    doubt = mri["candidates"][-1]
    assert doubt["source"] == "events.csv, row 5"
    assert doubt["status"] == "rejected" and doubt["at"] == "soon"
    assert doubt["criteria"][0]["why"] == "unreadable date"
