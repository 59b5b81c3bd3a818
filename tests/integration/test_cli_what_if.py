"""`what-if`: what moving an operation changes, and how far it may move."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from qi_checker import judging as reference
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.load import load_protocol, load_site
from qi_checker.protocol.paths import rules_dir
from tests.helpers.commands import AS_OF, Ran, csv_rows, run
from tests.helpers.records import case, mr_scan, scan
from tests.integration.conftest import WriteFolder

HOLDING = ("compliant", "compliant_with_exception", "pending")
FARTHEST = 130  # days; the longest window and the longest exception of the demo are shorter


def what_if(case_id: str, to: str, data: Path, *more: object, as_of: str = AS_OF) -> Ran:
    return run("what-if", case_id, "--move-to", to, "--data", data, "--as-of", as_of, *more)


def view(case_id: str, to: str, data: Path, as_of: str = AS_OF) -> dict[str, Any]:
    ran = what_if(case_id, to, data, "--format", "json", as_of=as_of)
    assert (ran.code, ran.err) == (0, "")
    return json.loads(ran.out)


@pytest.fixture
def data(folder: WriteFolder) -> Path:
    """C1 has both scans, the older on 1 March; C2 was performed; C3 was cancelled."""
    return folder(
        cases=[
            case("C1", "2026-03-20T08:00", patient_id="P1", status="scheduled"),
            case("C2", "2026-02-20", patient_id="P1"),
            case("C3", "2026-03-25", patient_id="P1", status="cancelled"),
        ],
        events=[
            scan("2026-03-01", "E1", patient_id="P1"),
            mr_scan("2026-03-02", "E2", patient_id="P1"),
        ],
    )


def test_a_move_inside_the_windows_changes_nothing(data: Path) -> None:
    found = view("C1", "2026-03-31", data)
    assert found["latest"] == "2026-03-31"
    assert [(f["before"], f["after"]) for f in found["flips"]] == [("met", "met")] * 2
    text = what_if("C1", "2026-03-31", data).out
    assert "The verdict stays compliant" in text
    assert "2026-03-31" in text


def test_a_move_one_day_beyond_flips_what_expires(data: Path) -> None:
    found = view("C1", "2026-04-01", data)
    flips = {f["title"]: (f["before"], f["after"]) for f in found["flips"]}
    assert flips == {"CT of the liver": ("met", "due"), "MRI of the liver": ("met", "met")}
    assert (found["now"]["verdict"], found["moved"]["verdict"]) == ("compliant", "action_needed")
    assert found["latest"] == "2026-03-31"
    text = " ".join(what_if("C1", "2026-04-01", data).out.split())
    assert "The verdict changes from compliant to action needed" in text
    assert "Everything on record counts for surgery until Tue 31 Mar 2026" in text


def test_a_move_to_a_clock_time_decides_the_day_of_the_scan(folder: WriteFolder) -> None:
    data = folder(
        cases=[case("C1", "2026-03-20", patient_id="P1", status="scheduled")],
        events=[
            scan("2026-03-01", "E1", patient_id="P1"),
            mr_scan("2026-03-18T10:00", "E2", patient_id="P1", status="booked"),
        ],
    )
    assert view("C1", "2026-03-18T12:00", data)["moved"]["verdict"] == "pending"
    assert view("C1", "2026-03-18T08:00", data)["moved"]["verdict"] == "action_needed"


REFUSED = {
    "into the past": ("C1", "2026-03-01", "--move-to: is before --as-of"),
    "a performed case": ("C2", "2026-03-25", "C2: the case is performed"),
    "a cancelled case": ("C3", "2026-03-28", "C3: the case is cancelled"),
    "an unknown case": ("C9", "2026-03-25", "there is no case C9"),
    "no date": ("C1", "next week", "is not a date"),
}


@pytest.mark.parametrize(("case_id", "to", "words"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_moved_is_refused(data: Path, case_id: str, to: str, words: str) -> None:
    ran = what_if(case_id, to, data)
    assert (ran.code, ran.out) == (2, "")
    assert words in ran.err and ran.err.count("\n") == 1


def test_earlier_on_the_same_day_is_the_past_too(data: Path) -> None:
    noon = "2026-03-10T12:00"
    assert view("C1", "2026-03-10T12:00", data, as_of=noon)["moved"]["upcoming"]
    ran = what_if("C1", "2026-03-10T11:59", data, as_of=noon)
    assert ran.code == 2 and "--move-to: is before --as-of" in ran.err


def test_a_wrong_date_is_told_by_the_name_of_its_option(data: Path) -> None:
    assert what_if("C1", "2026-02-30", data).err.startswith("qi-checker: --move-to: ")


def test_asking_changes_nothing(data: Path) -> None:
    before = (data / "cases.csv").read_bytes()
    view("C1", "2026-04-01", data)
    assert (data / "cases.csv").read_bytes() == before
    assert view("C1", "2026-03-31", data)["now"]["surgery_date"] == "2026-03-20"


def test_a_case_that_is_late_may_be_moved_ahead(folder: WriteFolder) -> None:
    data = folder(cases=[case("C1", "2026-02-20", patient_id="P1", status="scheduled")], events=[])
    found = view("C1", "2026-03-20", data)
    assert found["now"]["upcoming"] is False and found["moved"]["upcoming"] is True


class Naive:
    """The demo as the naive evaluator sees it, with one case moved."""

    def __init__(self, demo: Path) -> None:
        self.protocol = load_protocol(rules_dir() / "hepatic-metastasectomy-imaging")
        self.site = load_site(demo / "site.yaml")
        self.tables: Any = {
            name: csv_rows(demo / f"{name}.csv") for name in ("cases", "events", "exceptions")
        }

    def verdicts(self, case_id: str, days: Iterator[date]) -> Iterator[str]:
        row = next(r for r in self.tables["cases"] if r["case_id"] == case_id)
        patient = row["patient_id"]
        events = [e for e in self.tables["events"] if e["patient_id"] == patient]
        exceptions = [x for x in self.tables["exceptions"] if x["case_id"] == case_id]
        for day in days:
            tables: Any = {
                "cases": [row | {"surgery_at": day.isoformat()}],
                "events": events,
                "exceptions": exceptions,
            }
            done = reference.evaluate(self.protocol, tables, AsOf.parse(AS_OF), self.site)
            yield str(done.cases[0]["verdict"])


def _last_day_that_holds(naive: Naive, case_id: str, start: date) -> date:
    days = [start + timedelta(days=n) for n in range(FARTHEST)]
    for day, verdict in zip(days, naive.verdicts(case_id, iter(days)), strict=True):
        if verdict not in HOLDING:
            return day - timedelta(days=1)
    raise AssertionError("it holds forever")


def test_the_latest_date_is_the_last_on_which_the_verdict_holds(demo: Path, audited: Path) -> None:
    """Moved day by day and evaluated anew, for every upcoming case of the demo that holds."""
    naive = Naive(demo)
    rows = [
        row
        for row in csv_rows(audited / "cases.csv")
        if row["verdict"] in HOLDING and row["surgery_date"] > AS_OF
    ]
    assert len(rows) > 20
    expected = {
        row["case_id"]: _last_day_that_holds(
            naive, row["case_id"], date.fromisoformat(row["surgery_date"])
        ).isoformat()
        for row in rows
    }
    assert {row["case_id"]: row["latest_surgery_date"] for row in rows} == expected
    row = rows[0]
    found = view(row["case_id"], row["surgery_date"], demo)
    assert found["latest"] == expected[row["case_id"]]


def test_a_moved_case_is_judged_as_if_it_had_been_planned_there(demo: Path, audited: Path) -> None:
    naive = Naive(demo)
    rows = [r for r in csv_rows(audited / "cases.csv") if r["surgery_date"] > AS_OF]
    scheduled = [r["case_id"] for r in rows if r["verdict"] not in ("not_applicable",)][::20]
    for case_id in scheduled:
        for day in ("2026-03-09", "2026-05-04"):
            expected = next(naive.verdicts(case_id, iter([date.fromisoformat(day)])))
            assert view(case_id, day, demo)["moved"]["verdict"] == expected
