"""Faults of the program itself: exit code 3, one line, no patient data, no false result."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.helpers.commands import AS_OF, audit, contents, csv_rows, environment, run, start
from tests.helpers.pages import read_page
from tests.integration.conftest import WriteFolder

# An error in the middle of the work whose text holds data of a patient.
FAULT = """
from qi_checker.engines.duckdb import evaluation
def fault(task):
    patient = "P-SECRET-1"
    raise ValueError(f"could not convert {patient}")
evaluation.prepare = fault
"""
# A query that the database refuses while it is running.
BROKEN_QUERY = """
from qi_checker.query import Compiled
from sqlglot import parse_one
whole = Compiled.facts
def broken(self, *given):
    query = whole(self, *given)
    return query.where(parse_one("error('patient P-SECRET-1') IS NULL", dialect="duckdb"))
Compiled.facts = broken
"""


def test_an_unexpected_error_is_3_and_says_what_to_do(folder: WriteFolder, tmp_path: Path) -> None:
    """`run` checks that there is no traceback and no patient."""
    data = folder()
    assert audit(data, tmp_path / "out").code == 0
    before = contents(tmp_path / "out")
    ran = audit(data, tmp_path / "out", before=FAULT)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == (
        "qi-checker: this should not have happened (ValueError in <string>:5). "
        "A folder of results is never left half written. Please report it; "
        "QI_CHECKER_TRACEBACK=1 shows more, which may include patient data.\n"
    )
    assert contents(tmp_path / "out") == before


def test_a_traceback_is_there_for_who_asks(folder: WriteFolder) -> None:
    data = folder()
    wanted = environment(QI_CHECKER_TRACEBACK="1")
    process = start("checklist", "--data", data, "--as-of", AS_OF, code=FAULT, env=wanted)
    _, err = process.communicate()
    assert b"Traceback" in err and b"P-SECRET-1" in err


def test_a_query_that_fails_gives_errors_and_never_silence(
    folder: WriteFolder, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    ran = audit(folder(), out, before=BROKEN_QUERY)
    assert ran.code == 3
    assert ran.err == (
        "qi-checker: version 1.0: InvalidInputException: could not be evaluated. "
        "Its cases have the status error.\n"
    )
    findings = csv_rows(out / "findings.csv")
    assert {(f["status"], f["reason"]) for f in findings} == {("error", "evaluation_error")}
    assert len(findings) == 6
    assert {c["verdict"] for c in csv_rows(out / "cases.csv")} == {"error"}
    manifest = json.loads((out / "manifest.json").read_bytes())
    assert manifest["failures"] == ["version 1.0: InvalidInputException"]
    population = manifest["population"]
    assert population["error"] == population["cases"] == 3
    assert manifest["rate"]["eligible"] == 0
    page = read_page((out / "index.html").read_text(encoding="utf-8"))
    assert all(c in page.words for c in ("C1", "C2", "C3"))
    assert "could not be evaluated" in page.words


@pytest.mark.parametrize("form", ["text", "json", "html"])
def test_a_checklist_that_could_not_be_made_is_3(folder: WriteFolder, form: str) -> None:
    ran = run(
        "checklist", "--data", folder(), "--as-of", AS_OF, "--format", form, before=BROKEN_QUERY
    )
    assert ran.code == 3 and "could not be evaluated" in ran.err
    assert "C3" in ran.out, "the case is listed all the same"


BROKEN_JUDGE = """
import qi_checker.judging as judging
def broken(requirement, chart):
    raise TypeError(chart.case.patient)
judging.decide = broken
"""


def test_a_case_that_could_not_be_judged_is_3(folder: WriteFolder) -> None:
    data = folder()
    for command in (("check", "C3"), ("what-if", "C3", "--move-to", "2026-03-25")):
        ran = run(*command, "--data", data, "--as-of", AS_OF, before=BROKEN_JUDGE)
        assert ran.code == 3
        assert ran.err == "qi-checker: C3: could not be evaluated.\n"
        assert "could not be evaluated" in ran.out


def test_demo_data_never_replace_records(folder: WriteFolder) -> None:
    data = folder()
    before = contents(data)
    ran = run("demo", "--out", data)
    assert ran.code == 2 and "contains files that no demo wrote" in ran.err
    assert contents(data) == before


def test_a_demo_may_be_written_again(demo: Path) -> None:
    before = contents(demo)
    assert run("demo", "--out", demo).code == 0
    assert contents(demo) == before


def test_a_demo_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for out in (tmp_path / "file", tmp_path / "file" / "demo"):
        ran = run("demo", "--out", out)
        assert ran.code == 2 and f"{out}: cannot be written" in ran.err
