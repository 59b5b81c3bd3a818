"""What a command does with records that are not plausible: exit codes, files, and what comes first."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from qi_checker.protocol.records import CASES, EVENTS
from tests.helpers.commands import AS_OF, audit, contents, csv_rows, run, write_rows

Damage = Callable[[dict[str, str]], object]
STUDY = ("study", "--before", "2025-07-02..2025-10-31", "--after", "2025-11-01..2026-02-28")
FIRST = "Check the records first"


def without_separators(row: dict[str, str]) -> None:
    row["patient_id"] = row["patient_id"].replace("-", "")


def at_night(row: dict[str, str]) -> None:
    """A warning: clock times that no scanner of this hospital has."""
    if row["kind"] == "imaging" and "T" in row["at"]:
        row["at"] = row["at"][:11] + "03:15"


@pytest.fixture
def damaged(few: Path, tmp_path: Path) -> Callable[[Damage], Path]:
    """Copies of a few operations of the demonstration with every event changed."""

    def make(change: Damage) -> Path:
        data = tmp_path / change.__name__
        shutil.copytree(few, data)
        rows = csv_rows(data / "events.csv")
        for row in rows:
            change(row)
        write_rows(data / "events.csv", EVENTS.names, rows)
        return data

    return make


def test_a_refusal_is_2_and_leaves_the_last_audit(damaged, audited, tmp_path):
    out = tmp_path / "audit"
    shutil.copytree(audited, out)
    before = contents(out)
    ran = audit(damaged(without_separators), out)
    assert (ran.code, ran.out) == (2, "")
    lines = ran.err.splitlines()
    assert any(line.startswith("qi-checker: plausibility: spelling: cases.csv") for line in lines)
    assert all("If the records are correct: --accept" in line for line in lines)
    assert contents(out) == before


def test_accepting_goes_on_says_so_first_and_records_it(damaged, tmp_path):
    data, out = damaged(without_separators), tmp_path / "audit"
    one = ("--accept", "spelling")
    assert audit(data, out, *one).code == 2  # another check refuses, too
    ran = audit(data, out, *one, "--accept", "no_events", "--pages", 1)
    assert ran.code == 0
    assert ran.out.startswith(FIRST)
    manifest = json.loads((out / "manifest.json").read_bytes())
    assert manifest["accepted"] == ["no_events", "spelling"]
    lines = {line["check"]: line for line in manifest["plausibility"]}
    assert set(lines["spelling"]) == {
        "check",
        "table",
        "column",
        "count",
        "of",
        "level",
        "message",
    }
    assert lines["spelling"]["level"] == "warn"
    assert lines["spelling"]["message"].endswith("Accepted for this run: --accept spelling.")


@pytest.mark.parametrize(
    "command",
    [
        ("audit", "--as-of", AS_OF, "--out", "out"),
        ("checklist", "--as-of", AS_OF),
        ("sheets", "--as-of", AS_OF, "--out", "out", "--format", "html", "--days", "5"),
        ("report", "--month", "2026-02", "--out", "out"),
        (*STUDY, "--out", "out"),
    ],
    ids=lambda command: command[0],
)
def test_every_command_that_judges_the_records_refuses_them(damaged, tmp_path, command):
    data = damaged(without_separators)
    ran = run(*command, "--data", data, cwd=tmp_path)
    assert ran.code == 2 and "plausibility: spelling" in ran.err
    assert not (tmp_path / "out").exists()
    unknown = run(*command, "--data", data, "--accept", "speling", cwd=tmp_path)
    assert unknown.code == 2
    assert "--accept: speling is not a check. Did you mean spelling?" in unknown.err


def test_a_warning_comes_first_everywhere_and_the_exit_code_is_0(damaged, tmp_path):
    data, out = damaged(at_night), tmp_path / "audit"
    ran = audit(data, out, "--pages", 2)
    assert ran.code == 0 and ran.out.startswith(f"{FIRST} (night): events.csv, at:")
    pages = [out / "index.html", *(out / "cases").glob("*.html")]
    assert len(pages) == 3
    for page in pages:
        text = re.sub(r"<style>.*?</style>", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert text.index(FIRST) < text.index("<main>")
    listed = run("checklist", "--data", data, "--as-of", AS_OF)
    assert listed.code == 0 and listed.out.startswith(FIRST)
    shown = run("checklist", "--data", data, "--as-of", AS_OF, "--format", "json")
    found = json.loads(shown.out)["provenance"]["plausibility"]
    assert [line["check"] for line in found] == ["night"]
    document = json.loads((out / "findings.json").read_bytes())
    assert [line["check"] for line in document["manifest"]["plausibility"]] == ["night"]


def test_a_warning_is_the_first_line_of_a_workbook(damaged, tmp_path):
    out = tmp_path / "report"
    data = damaged(at_night)
    made = run("report", "--month", "2026-02", "--data", data, "--out", out, "--format", "xlsx")
    assert made.code == 0, made.err
    sheet = CalamineWorkbook.from_path(str(out / "report.xlsx")).get_sheet_by_index(0)
    lines = [row[:2] for row in sheet.to_python(skip_empty_area=False)[2:4]]
    assert lines[0][0] == FIRST and "between 22:00 and 6:00" in lines[0][1]
    assert lines[1][0] == "Finding"


def test_small_numbers_are_in_no_message_of_a_protected_report(damaged, tmp_path):
    out, data = tmp_path / "report", damaged(at_night)
    more = ("--small-numbers", "lt5", "--format", "html")
    ran = run("report", "--month", "2026-02", "--data", data, "--out", out, *more)
    assert ran.code == 0, ran.err
    page = (out / "index.html").read_text(encoding="utf-8")
    note = page[page.index('aria-label="Check the records first"') :].partition("</div>")[0]
    assert "Seen: imaging, or operations that start, between 22:00 and 6:00" in note
    assert not re.search(r"\d+ of \d+", note)


def test_limits_of_the_site_count(damaged, tmp_path):
    data = damaged(at_night)
    for setting, shown in (("night: off", False), ("night: 99.9%", True), ("night: 1%", True)):
        site = data / "site.yaml"
        other_settings = site.read_text(encoding="utf-8").partition("plausibility")[0]
        site.write_text(f"{other_settings}plausibility: {{{setting}}}\n", encoding="utf-8")
        ran = audit(data, tmp_path / "audit", "--pages", 0)
        assert (ran.code, FIRST in ran.out) == (0, shown), setting


# ---- what is said of little or of nothing ----------------------------------------------------------


def test_a_report_on_an_export_older_than_its_month_is_refused(demo, tmp_path):
    """The demonstration ends on 3 March: `3 of 21` would be read as the rate of a month."""
    out = tmp_path / "report"
    ran = run("report", "--month", "2026-03", "--data", demo, "--out", out)
    assert ran.code == 2 and not out.exists()
    assert "the records end on 2026-03-03, and the reported period on 2026-03-31" in ran.err
    ran = run("report", "--month", "2026-03", "--data", demo, "--out", out, "--accept", "period")
    assert ran.code == 0, ran.err


def test_a_study_of_a_period_that_is_not_over_in_the_records_is_refused(cohort, tmp_path):
    spans = ("--before", "2021-01-01..2022-12-31", "--after", "2023-01-01..2024-12-31")
    ran = run("study", "--data", cohort, *spans, "--out", tmp_path / "out")
    assert ran.code == 2
    assert "the records end on 2023-12-24, and the reported period on 2024-12-31" in ran.err


def test_the_last_12_months_are_named_as_far_as_the_records_hold_them(demo, tmp_path):
    ran = run("report", "--month", "2026-02", "--data", demo, "--out", tmp_path / "out")
    assert ran.code == 0, ran.err
    assert "in the 8 months July 2025 to February 2026" in ran.out


def test_nothing_to_do_says_what_was_read(folder):
    """Only a run that has looked at operations says that none of them lacks anything."""
    data = folder(site="timezone: America/Toronto\n")
    ran = run("checklist", "--data", data, "--as-of", "2026-03-02", "--days", 5)
    assert ran.code == 0, ran.err
    said = " ".join(ran.out.split())
    assert "No operation of this protocol is planned until" in said
    assert "Based on 3 operations (1 planned, 1 of them of this protocol) and 3 events." in said


def test_an_audit_without_a_planned_operation_does_not_say_that_none_needs_action(folder, tmp_path):
    data = folder()
    cases = [row for row in csv_rows(data / "cases.csv") if row["status"] == "performed"]
    write_rows(data / "cases.csv", CASES.names, cases)
    ran = audit(data, tmp_path / "audit", as_of="2026-03-02")
    said = " ".join(ran.out.split())
    assert (
        "The records hold no planned operation of this protocol, so there was nothing to check."
        in said
    )
    assert "2 operations (none planned) and 3 events" in said
    page = (tmp_path / "audit" / "index.html").read_text(encoding="utf-8")
    assert "so there was nothing to check" in page


def test_a_kind_of_event_that_nobody_has_is_no_data_and_not_0_percent(demo, tmp_path):
    from qi_checker.protocol.paths import rules_dir

    out = tmp_path / "audit"
    ran = audit(demo, out, "--protocol", rules_dir() / "hp", "--pages", 0)
    said = " ".join(ran.out.split())
    assert ran.code == 0 and "0%" not in said
    assert "No data: the records contain no event of the required kind" in said
    assert "nothing can be said about 157 eligible operations" in said
    made = run(
        *("report", "--month", "2026-02", "--data", demo, "--out", tmp_path / "report"),
        *("--protocol", rules_dir() / "hp"),
    )
    assert made.out.startswith("No data: the records contain no event of the required kind")
