"""`checklist`: the coordinator's morning, in text, JSON and HTML."""

from __future__ import annotations

import json
import re
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from qi_checker.render.words import planned
from tests.helpers.commands import AS_OF, Ran, csv_rows, run, write_rows
from tests.helpers.pages import read_page
from tests.helpers.records import case, mr_scan, scan
from tests.integration.conftest import WriteFolder


def checklist(data: Path, *more: object, as_of: str = AS_OF) -> Ran:
    return run("checklist", "--data", data, "--as-of", as_of, *more)


# Of records that no test changes: several tests ask the same.
of_demo = cache(checklist)


def items(data: Path, *more: object, as_of: str = AS_OF) -> list[dict[str, Any]]:
    return _items(checklist(data, "--format", "json", *more, as_of=as_of))


def demo_items(demo: Path, *more: object) -> list[dict[str, Any]]:
    return _items(of_demo(demo, "--format", "json", *more))


def _items(ran: Ran) -> list[dict[str, Any]]:
    assert (ran.code, ran.err) == (0, "")
    found: list[dict[str, Any]] = json.loads(ran.out)["items"]
    return found


@pytest.fixture(scope="module")
def everything(demo: Path) -> list[dict[str, Any]]:
    return demo_items(demo, "--days", 3660)


def test_the_most_urgent_action_comes_first(everything: list[dict[str, Any]]) -> None:
    days = [item["act_by"] or "9999" for item in everything]
    assert days == sorted(days)
    assert days[0] < "9999" and days[-1] == "9999"


def test_every_action_has_its_last_day_and_its_owner(everything: list[dict[str, Any]]) -> None:
    acting = [item for item in everything if item["next_action"]]
    assert len(acting) > 20
    for item in acting:
        assert item["owner"] and item["act_by"] and item["when"]
        first = item["actions"][0]
        assert (first["text"], first["act_by"]) == (item["next_action"], item["act_by"])
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


def test_text_and_html_show_the_same_actions_in_the_same_order(demo: Path) -> None:
    found = demo_items(demo)
    every = [(a["act_by"], i["surgery_date"], i["case_id"]) for i in found for a in i["actions"]]
    expected = [case_id for _, _, case_id in sorted(every)]
    expected += [item["case_id"] for item in found if not item["actions"]]
    for form in ("text", "html"):
        ran = of_demo(demo, "--format", form)
        assert (ran.code, ran.err) == (0, "")
        shown = re.findall(r"SYN-C-\d{4}", ran.out[ran.out.index("need") :])
        assert shown[: len(expected)] == expected


def test_a_desk_gets_only_its_actions(demo: Path) -> None:
    desk = "MRI booking desk"
    found = demo_items(demo, "--desk", desk)
    assert found and all(a["owner"] == desk for item in found for a in item["actions"])
    whole = demo_items(demo)
    owners = {i["case_id"]: {a["owner"] for a in i["actions"]} for i in whole}
    assert {i["case_id"] for i in found} == {
        case for case, those in owners.items() if desk in those
    }
    assert any(len(those) > 1 for case, those in owners.items() if desk in those), "of two desks"
    text = of_demo(demo, "--desk", desk).out
    assert f"{desk}: " in text and "CT booking desk" not in text
    wrong = of_demo(demo, "--desk", "MRI desk")
    assert wrong.code == 2
    assert (
        "--desk: the protocol names no owner MRI desk. Did you mean MRI booking desk?" in wrong.err
    )


def test_one_surgeon_and_other_divisions(demo: Path) -> None:
    surgeon = demo_items(demo)[0]["surgeon"]
    assert {item["surgeon"] for item in demo_items(demo, "--surgeon", surgeon)} == {surgeon}
    for group_by, heading in (
        ("desk", "MRI booking desk ("),
        ("surgeon", f"{surgeon} ("),
        ("day", "Surgery on Tue 10 Mar ("),
    ):
        assert f"\n{heading}" in of_demo(demo, "--group-by", group_by).out


def test_the_count_is_that_of_the_audit_however_far_it_looks(demo: Path, audited: Path) -> None:
    counts = json.loads((audited / "manifest.json").read_text(encoding="utf-8"))["actions"]
    said = f"{counts['now']} actions for {counts['operations']} operations need somebody now."
    for days in (0, 60):
        assert json.loads(of_demo(demo, "--format", "json", "--days", days).out)["count"] == {
            name: counts[name] for name in ("overdue", "today", "soon", "later", "operations")
        }
    assert said in " ".join(of_demo(demo).out.split())
    assert said in read_page((audited / "index.html").read_text(encoding="utf-8")).words


def test_what_is_new_since_an_earlier_audit_is_marked(demo: Path, tmp_path: Path) -> None:
    day = ("--data", demo, "--as-of", "2026-02-20", "--pages", 0)
    assert run("audit", *day, "--out", tmp_path / "earlier").code == 0
    found = demo_items(demo, "--since", tmp_path / "earlier")
    marks = {action["new"] for item in found for action in item["actions"]}
    assert marks == {True, False}
    assert "New since the earlier audit." in of_demo(demo, "--since", tmp_path / "earlier").out
    wrong = of_demo(demo, "--since", tmp_path)
    assert (wrong.code, "holds no actions" in wrong.err) == (2, True)


def test_a_calendar_of_the_last_days(demo: Path) -> None:
    made = of_demo(demo, "--format", "ics", "--desk", "CT booking desk")
    assert made.code == 0
    entries = made.out.count("BEGIN:VEVENT")
    wanted = [a for item in demo_items(demo, "--desk", "CT booking desk") for a in item["actions"]]
    assert entries == len(wanted) > 0
    assert f"DTSTART;VALUE=DATE:{wanted[0]['act_by'].replace('-', '')}" in made.out
    assert "SYN-P" not in made.out and made.out.rstrip().endswith("END:VCALENDAR")


def test_now_is_a_moment_like_any_other(folder: WriteFolder) -> None:
    data = folder(
        cases=[case("C1", "2026-03-10", patient_id="P1", status="scheduled")],
        site="timezone: America/Toronto\nplausibility: off\n",
    )
    ran = checklist(data, as_of="now")
    assert (ran.code, ran.err) == (0, "")
    assert (
        "T"
        in json.loads(checklist(data, "--format", "json", as_of="now").out)["provenance"]["as_of"]
    )


def test_the_patient_is_shown_where_the_site_allows_it(tmp_path: Path) -> None:
    row = case("C1", "2026-03-20", status="scheduled", surgeon="Dr Ash", theatre="OR 4")
    row |= {"name": "Robin Sample", "phone": "555 0100"}
    write_rows(tmp_path / "cases.csv", tuple(row), [row])
    write_rows(tmp_path / "events.csv", tuple(scan("2026-03-01")), [scan("2026-03-01")])
    site = "timezone: UTC\nprocedures: {'ICD-10-PCS:0FB00ZZ': Right hepatectomy}\n"
    (tmp_path / "site.yaml").write_text(site, encoding="utf-8")
    text = " ".join(checklist(tmp_path).out.split())
    assert all(part in text for part in ("hepatectomy", "Dr Ash", "OR 4")) and "Robin" not in text
    assert items(tmp_path)[0]["procedure"] == "Right hepatectomy"
    (tmp_path / "site.yaml").write_text(site + "show: [name, mrn, phone]\n", encoding="utf-8")
    assert items(tmp_path)[0]["shown"] == [["name", "Robin Sample"], ["phone", "555 0100"]]
    assert "Robin Sample" in checklist(tmp_path, "--format", "html").out


def test_the_text_begins_with_what_to_do_until_when_and_who(demo: Path) -> None:
    lines = of_demo(demo).out.splitlines()
    heading = next(n for n, line in enumerate(lines) if line.startswith("Last day"))
    assert " ".join(lines[heading].split()) == "Last day Next action and owner Case and surgery"
    first = demo_items(demo)[0]
    assert planned(date.fromisoformat(first["act_by"]), date(2026, 3, 2)) in lines[heading + 1]
    assert lines[heading + 1].rstrip().endswith(first["case_id"])
    text = " ".join(lines[heading + 1 : heading + 8])
    assert f"Owner: {first['owner']}" in text


def test_the_page_is_a_whole_document_without_anything_fetched(demo: Path) -> None:
    page = read_page(of_demo(demo, "--format", "html").out)
    assert len(page.all("head")[0].all("title")) == 1  # a picture has a title of its own
    sources = [e.attributes.get(k, "") for e in page.everything() for k in ("src", "href")]
    assert not any("//" in source for source in sources)


def test_it_looks_ahead_as_far_as_asked(demo: Path, everything: list[dict[str, Any]]) -> None:
    for days, last in ((0, "2026-03-02"), (7, "2026-03-09"), (60, "2026-05-01")):
        expected = [
            item
            for item in everything
            if item["surgery_date"] <= last or (item["act_by"] or "9999") <= last
        ]
        assert demo_items(demo, "--days", days) == expected
    assert demo_items(demo) == demo_items(demo, "--days", 60)


def test_zero_days_are_today(folder: WriteFolder) -> None:
    data = folder(
        cases=[
            case("C1", "2026-03-02T13:00", patient_id="P1", status="scheduled"),
            case("C2", "2026-05-20", patient_id="P2", status="scheduled"),
            case("C3", "2026-03-01", patient_id="P3", status="scheduled"),
        ]
    )
    assert [item["case_id"] for item in items(data, "--days", 0)] == ["C1"]


@pytest.mark.parametrize("days", ["-1", "3661", "99999999999999"])
def test_days_that_are_not_possible_are_refused(demo: Path, days: str) -> None:
    ran = of_demo(demo, "--days", days)
    assert ran.code == 2
    assert ran.err == (
        f"qi-checker: --days: {days} is not possible. "
        "Give the number of days to look ahead, at most 3660.\n"
    )


def test_days_that_are_no_number_are_refused(demo: Path) -> None:
    assert of_demo(demo, "--days", "soon").code == 2


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
