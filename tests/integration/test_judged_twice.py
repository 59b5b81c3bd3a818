"""Judged twice: both evaluators are compared, and a difference is an error that is told first."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from qi_checker.cases import twice
from qi_checker.cases.evaluated import actions_in
from qi_checker.cases.twice import judge_twice
from qi_checker.engines import shown as engines_shown
from qi_checker.engines.duckdb import evaluate
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.site import Site
from qi_checker.sources.memory import from_rows
from tests.helpers.commands import Ran, audit, run
from tests.helpers.nights import FIRST, settings, small_protocol
from tests.helpers.protocols import liver
from tests.helpers.records import case, mr_scan, scan
from tests.integration.conftest import WriteFolder

# One evaluator is mistaken about one requirement of one case.
FAULT = """
import qi_checker.judging as judging
from qi_checker.protocol.vocabulary import Reason, Status
def mistaken(requirement, chart, decide=judging.decide):
    if (chart.case.id, requirement.id) == ({case!r}, "ct"):
        return Decision(Status.MISSING, Reason.NEVER_ORDERED)
    return decide(requirement, chart)
judging.decide = mistaken
"""
OUTSIDE = """
import dataclasses
import qi_checker.judging.cases as cases
def mistaken(row, *rest, population=cases._population):
    found = population(row, *rest)
    return dataclasses.replace(found, ruled_out=None) if row.text("case_id") == "C3" else found
cases._population = mistaken
"""
BROKEN = """
import qi_checker.judging as judging
def broken(requirement, chart, decide=judging.decide):
    if (chart.case.id, requirement.id) == ("C1", "ct"):
        raise TypeError(chart.case.patient)
    return decide(requirement, chart)
judging.decide = broken
"""


@pytest.fixture
def data(folder: WriteFolder) -> Path:
    """Three upcoming operations; the protocol is not for C3."""
    cases = [case(f"C{n}", "2026-03-20T08:00", patient_id=f"P{n}") for n in (1, 2, 3)]
    for row in cases:
        row["status"] = "scheduled"
    cases[2] |= {"procedures": "ICD-10-PCS:0DTJ4ZZ"}
    events = [
        study(f"2026-03-0{n}T10:00", f"{kind}{n}", patient_id=f"P{n}")
        for n in (1, 2)
        for kind, study in (("CT", scan), ("MR", mr_scan))
    ]
    return folder(cases=cases, events=events)


def written(folder: Path, name: str) -> Any:
    return json.loads((folder / name).read_text("utf-8"))


def verdicts(out: Path) -> dict[str, str]:
    return {c["case_id"]: c["verdict"] for c in written(out, "findings.json")["cases"]}


def test_without_a_difference_the_manifest_says_how_many_were_compared(
    data: Path, tmp_path: Path
) -> None:
    assert audit(data, tmp_path / "out", "--pages", 0).code == 0
    found = written(tmp_path / "out", "manifest.json")
    assert found["judged_twice"] == {"cases": 3, "differences": []}


def test_a_case_about_which_they_differ_is_an_error_everywhere(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    ran = audit(data, out, before=FAULT.format(case="C1"))
    assert ran.code == 3
    assert ran.err.startswith("qi-checker: C1, about which the two evaluators differ: ")
    assert verdicts(out) == {"C1": "error", "C2": "compliant", "C3": "not_applicable"}
    findings = written(out, "findings.json")["findings"]
    mine = {(f["status"], f["reason"], f["event_id"]) for f in findings if f["case_id"] == "C1"}
    assert mine == {("error", "evaluation_error", None)}
    manifest = written(out, "manifest.json")
    assert manifest["judged_twice"] == {"cases": 3, "differences": ["C1"]}
    assert manifest["verdicts"]["error"] == manifest["population"]["error"] == 1
    page = (out / "cases" / "C1.html").read_text("utf-8")
    assert "could not be evaluated" in page and "Error" in page
    assert "could not be evaluated" not in (out / "cases" / "C2.html").read_text("utf-8")


def test_so_is_a_case_that_only_one_of_them_says_the_protocol_is_for(
    data: Path, tmp_path: Path
) -> None:
    ran = audit(data, tmp_path / "out", "--pages", 0, before=OUTSIDE)
    assert ran.code == 3
    assert verdicts(tmp_path / "out") == {"C1": "compliant", "C2": "compliant", "C3": "error"}


def test_sheets_and_the_checklist_say_so_too(data: Path, tmp_path: Path) -> None:
    shared = ("--data", data, "--as-of", "2026-03-02")
    fault, out = FAULT.format(case="C2"), tmp_path / "sheets"
    ran = run("sheets", "--all", *shared, "--out", out, "--format", "html", before=fault)
    assert (ran.code, "C2, about which" in ran.err) == (3, True)
    assert "could not be evaluated" in (out / "cases" / "C2.html").read_text("utf-8")
    assert written(out, "manifest.json")["judged_twice"]["differences"] == ["C2"]
    listed: Ran = run("checklist", *shared, "--format", "json", before=fault)
    assert listed.code == 3
    said = {i["case_id"]: i["verdict"] for i in json.loads(listed.out)["items"]}
    assert said == {"C1": "compliant", "C2": "error"}


def test_an_error_of_the_program_is_that_of_one_requirement(data: Path) -> None:
    ran = run(
        "check", "C1", "--data", data, "--as-of", "2026-03-02", "--format", "json", before=BROKEN
    )
    assert ran.code == 3
    found = {r["id"]: r["status"] for r in json.loads(ran.out)["requirements"]}
    assert found == {"ct": "error", "mri": "met"}


def test_the_digest_of_a_night_says_so_first(tmp_path: Path) -> None:
    file = settings(tmp_path, protocols=small_protocol(tmp_path), pages=0)
    night = ("nightly", "--config", file, "--as-of", FIRST)
    ran = run(*night, before=FAULT.format(case="C05"))
    assert ran.code == 3 and "C05, about which the two evaluators differ" in ran.err
    (digest,) = (tmp_path / "state").rglob("digest/*.txt")
    lines = digest.read_text("utf-8").splitlines()
    assert lines[0].startswith("Two evaluations differ, ")
    assert lines[2:4] == [
        "Two evaluations differ (1)",
        "  C05: the two evaluators differ. Check by hand, and report it.",
    ]
    shown = json.loads(run("nightly", "show", 1, "--config", file).out)
    assert {f["status"] for f in shown["findings"] if f["case_id"] == "C05"} == {"error"}


def test_every_upcoming_case_and_another_sample_of_past_ones_each_day(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engines_shown, "SAMPLE", 3)
    days = [f"2026-0{month}-10" for month in range(1, 10)] + ["2026-11-01", "2026-11-02"]
    cases = [case(f"C{n:02}", day, patient_id="P1") for n, day in enumerate(days)]

    def chosen(as_of: str) -> list[int]:
        site = Site(timezone="UTC")
        done = evaluate(liver(), from_rows({"cases": cases, "events": []}), AsOf.parse(as_of), site)
        keys = twice._chosen(done, [2])
        assert judge_twice(done, [2]).cases == len(keys)
        return keys

    first, again, later = (chosen(day) for day in ("2026-10-01", "2026-10-01", "2026-10-03"))
    assert first == again != later
    for keys in (first, later):
        assert {10, 11} <= set(keys) and 2 in keys
        assert len([key for key in keys if key < 10]) in (3, 4)


def test_actions_of_cases_judged_twice_are_those_that_are_made_without_it() -> None:
    """They are taken from the same pass; an operation that lacks two things, and one that lacks none."""
    rows = [case(f"C{n}", "2026-03-20T08:00", patient_id=f"P{n}") for n in (1, 2)]
    for row in rows:
        row["status"] = "scheduled"
    tables = {
        "cases": rows,
        "events": [
            scan("2026-03-01T10:00", "E1", patient_id="P1"),
            mr_scan("2026-03-01T11:00", "E2", patient_id="P1"),
        ],
    }
    site = Site(timezone="America/Toronto")
    alone, compared = (
        evaluate(liver(), from_rows(tables), AsOf.parse("2026-03-02"), site) for _ in range(2)
    )
    judge_twice(compared)
    assert len(compared.judged_actions) == 1
    assert actions_in(compared) == actions_in(alone)
    assert [action.requirement for action in actions_in(alone)] == ["ct", "mri"]
