"""`checklist`: the coordinator's morning, in text, JSON and HTML."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.commands import AS_OF, Ran, csv_rows, run
from tests.helpers.pages import read_page
from tests.helpers.records import case, mr_scan, scan
from tests.integration.conftest import WriteFolder


def checklist(data: Path, *more: object, as_of: str = AS_OF) -> Ran:
    return run("checklist", "--data", data, "--as-of", as_of, *more)


def items(data: Path, *more: object, as_of: str = AS_OF) -> list[dict[str, Any]]:
    ran = checklist(data, "--format", "json", *more, as_of=as_of)
    assert (ran.code, ran.err) == (0, "")
    return json.loads(ran.out)["items"]


@pytest.fixture(scope="module")
def everything(demo: Path) -> list[dict[str, Any]]:
    return items(demo, "--days", 3660)


def test_the_most_urgent_action_comes_first(everything: list[dict[str, Any]]) -> None:
    days = [item["act_by"] or "9999" for item in everything]
    assert days == sorted(days)
    assert days[0] < "9999" and days[-1] == "9999"


def test_every_action_has_its_last_day_and_its_owner(everything: list[dict[str, Any]]) -> None:
    acting = [item for item in everything if item["next_action"]]
    assert len(acting) > 20
    for item in acting:
        assert item["owner"] and item["act_by"] and item["act_by"] in item["next_action"]
        assert item["verdict"] in ("action_needed", "undetermined", "not_compliant")
    for item in everything:
        if not item["next_action"]:
            assert (item["act_by"], item["owner"]) == (None, "")
            assert item["verdict"] in ("pending", "compliant", "compliant_with_exception")


def test_it_says_the_same_as_the_audit(audited: Path, everything: list[dict[str, Any]]) -> None:
    rows = {row["case_id"]: row for row in csv_rows(audited / "cases.csv")}
    for item in everything:
        row = rows[item["case_id"]]
        for column in (
            "verdict",
            "next_action",
            "act_by",
            "owner",
            "surgery_date",
            "latest_surgery_date",
        ):
            assert (item[column] or "") == row[column]
    listed = {item["case_id"] for item in everything}
    assert {i for i, row in rows.items() if row["act_by"]} <= listed


def test_text_and_html_show_the_same_cases_in_the_same_order(demo: Path) -> None:
    expected = [item["case_id"] for item in items(demo)]
    for form in ("text", "html"):
        ran = checklist(demo, "--format", form)
        assert (ran.code, ran.err) == (0, "")
        found = re.findall(r"SYN-C-\d{4}", ran.out[ran.out.index("need") :])
        assert list(dict.fromkeys(found))[: len(expected)] == expected


def test_the_text_begins_with_what_to_do_until_when_and_who(demo: Path) -> None:
    lines = checklist(demo).out.splitlines()
    heading = next(n for n, line in enumerate(lines) if line.startswith("Last day"))
    assert " ".join(lines[heading].split()) == "Last day Next action and owner Case and surgery"
    first = items(demo)[0]
    assert first["act_by"] in lines[heading + 1]
    assert lines[heading + 1].rstrip().endswith(first["case_id"])
    text = " ".join(lines[heading + 1 : heading + 8])
    assert f"Owner: {first['owner']}" in text


def test_the_page_is_a_whole_document_without_anything_fetched(demo: Path) -> None:
    page = read_page(checklist(demo, "--format", "html").out)
    assert len(page.all("head")[0].all("title")) == 1  # a picture has a title of its own
    sources = [e.attributes.get(k, "") for e in page.everything() for k in ("src", "href")]
    assert not any("//" in source for source in sources)


def test_it_looks_ahead_as_far_as_asked(demo: Path, everything: list[dict[str, Any]]) -> None:
    for days, last in ((0, "2026-03-02"), (7, "2026-03-09"), (60, "2026-05-01")):
        expected = [item for item in everything if item["surgery_date"] <= last]
        assert items(demo, "--days", days) == expected
    assert items(demo) == items(demo, "--days", 60)


def test_zero_days_are_today(folder: WriteFolder) -> None:
    data = folder(
        cases=[
            case("C1", "2026-03-02T13:00", patient_id="P1", status="scheduled"),
            case("C2", "2026-03-03", patient_id="P2", status="scheduled"),
            case("C3", "2026-03-01", patient_id="P3", status="scheduled"),
        ]
    )
    assert [item["case_id"] for item in items(data, "--days", 0)] == ["C1"]


@pytest.mark.parametrize("days", ["-1", "3661", "99999999999999"])
def test_days_that_are_not_possible_are_refused(demo: Path, days: str) -> None:
    ran = checklist(demo, "--days", days)
    assert ran.code == 2
    assert ran.err == (
        f"qi-checker: --days: {days} is not possible. "
        "Give the number of days to look ahead, at most 3660.\n"
    )


def test_days_that_are_no_number_are_refused(demo: Path) -> None:
    assert checklist(demo, "--days", "soon").code == 2


def test_nothing_to_do_says_so(folder: WriteFolder) -> None:
    data = folder(
        cases=[case("C1", "2026-03-10", patient_id="P1", status="scheduled")],
        events=[
            scan("2026-03-01", "E1", patient_id="P1"),
            mr_scan("2026-03-01", "E2", patient_id="P1"),
        ],
    )
    text = checklist(data).out
    assert "0 of 1" in text or "none" in text.lower() or "nothing" in text.lower()
    assert items(data)[0]["verdict"] == "compliant"
    assert items(data)[0]["latest_surgery_date"] == "2026-03-31"


def test_act_by_counts_working_days_and_holidays_of_the_site(folder: WriteFolder) -> None:
    rows = [case("C1", "2026-03-20", patient_id="P1", status="scheduled")]
    plain = folder(cases=rows, name="plain")
    festive = "timezone: America/Toronto\nholidays: ['2026-03-16', '2026-03-17']\n"
    holidays = folder(cases=rows, name="holidays", site=festive)
    assert items(plain)[0]["act_by"] == "2026-03-13"  # five working days before a Friday
    assert items(holidays)[0]["act_by"] == "2026-03-11"
