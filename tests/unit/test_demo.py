"""The synthetic hospital: the same bytes every time, and every status and reason occurs."""

from __future__ import annotations

import csv
import hashlib
import re
from datetime import timedelta
from pathlib import Path
from statistics import median

import pytest

from qi_checker import judging as reference
from qi_checker.demo import HOLIDAYS, IOUS_COLUMNS, write_demo
from qi_checker.demo.chance import Chance
from qi_checker.demo.ledger import AS_OF
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.load import load_protocol, load_site
from qi_checker.protocol.paths import rules_dir
from qi_checker.protocol.records import CASES, EVENTS, EXCEPTIONS
from qi_checker.protocol.vocabulary import Reason, Status, Verdict
from tests.helpers.demo import NOT_FROM_DATA

FILES = (
    "README.md",
    "cases.csv",
    "events.csv",
    "exceptions.csv",
    "ious.csv",
    "report.yaml",
    "site.yaml",
)
# What no record can produce: a fault of the program, a source that went silent (the demo names no
# feed), and an earlier schedule (nothing is stored between two runs of the demo).


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("demo")
    write_demo(out)
    return out


@pytest.fixture(scope="module")
def tables(folder: Path) -> dict[str, list[dict[str, str | None]]]:
    found = {}
    for name in ("cases", "events", "exceptions", "ious"):
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            found[name] = list(csv.DictReader(file))
    return found


@pytest.fixture(scope="module")
def result(folder: Path, tables: dict[str, list[dict[str, str | None]]]) -> reference.Result:
    bundle = load_protocol(rules_dir() / "hepatic-metastasectomy-imaging")
    site = load_site(folder / "site.yaml")
    return reference.evaluate(bundle, tables, AsOf.parse("2026-03-02"), site)


def _bytes(folder: Path) -> bytes:
    return b"".join((folder / name).read_bytes() for name in FILES)


def test_same_seed_same_bytes(folder: Path, tmp_path: Path) -> None:
    write_demo(tmp_path / "again")
    assert sorted(f.name for f in folder.iterdir()) == sorted(FILES)
    assert _bytes(tmp_path / "again") == _bytes(folder)


def test_bytes_do_not_depend_on_the_machine(folder: Path) -> None:
    """Change the hash together with the generator, and only then."""
    assert (
        hashlib.sha256(_bytes(folder)).hexdigest()
        == "dbb10232c2e44f75aafcf9f0fa1ad4f4ee25c982007a5364747aa7a058e731dd"
    )


def test_another_seed_gives_another_hospital(folder: Path, tmp_path: Path) -> None:
    for seed in range(10):
        write_demo(tmp_path, seed)
        assert (tmp_path / "events.csv").read_bytes() != (folder / "events.csv").read_bytes()


def test_it_says_that_it_is_made_up(folder: Path) -> None:
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert "All data in this folder is made up" in text
    assert f"--as-of {AS_OF}" in text


def test_ids_are_synthetic(tables: dict[str, list[dict[str, str | None]]]) -> None:
    for row in tables["cases"] + tables["events"] + tables["exceptions"]:
        for column in ("case_id", "patient_id", "event_id", "exception_id"):
            assert re.fullmatch(r"(SYN-[CPEX]-[0-9]+)?", row.get(column) or "")


def test_columns_are_those_of_the_contract(tables: dict[str, list[dict[str, str | None]]]) -> None:
    assert tuple(tables["cases"][0]) == (*CASES.names, "stage")
    assert tuple(tables["events"][0]) == EVENTS.names
    assert tuple(tables["exceptions"][0]) == EXCEPTIONS.names
    assert tuple(tables["ious"][0]) == IOUS_COLUMNS


def test_size_of_a_year(tables: dict[str, list[dict[str, str | None]]]) -> None:
    assert 240 <= len(tables["cases"]) <= 260
    assert 1400 <= len(tables["events"]) <= 1600


def test_nobody_is_operated_on_a_holiday(result: reference.Result) -> None:
    days = {c["surgery_date"] for c in result.cases} - {None}
    assert len(HOLIDAYS) == 18
    assert not [d for d in days if d in HOLIDAYS and d.year > 2019]


def test_every_status_reason_and_verdict_occurs(result: reference.Result) -> None:
    assert {f["status"] for f in result.findings} == set(Status) - {Status.ERROR}
    assert {f["reason"] for f in result.findings} == set(Reason) - NOT_FROM_DATA
    assert {c["verdict"] for c in result.cases} == set(Verdict) - {Verdict.ERROR}


def test_what_is_missing_is_missing_for_every_reason(result: reference.Result) -> None:
    missing = {f["reason"] for f in result.findings if f["status"] == Status.MISSING}
    assert missing == {
        Reason.NEVER_ORDERED,
        Reason.ORDERED_NOT_BOOKED,
        Reason.BOOKED_OUTSIDE_WINDOW,
        Reason.BOOKING_PASSED,
        Reason.CANCELLED,
        Reason.WRONG_REGION,
        Reason.WRONG_MODALITY,
        Reason.EXCLUDED_CODE,
        Reason.AFTER_SURGERY,
    }


def test_compliance_is_realistic(result: reference.Result) -> None:
    numbers = result.numbers
    rate = numbers.compliant / (numbers.eligible - numbers.with_exception)
    assert 0.75 <= rate <= 0.85
    assert numbers.undetermined > 0


def test_intervals_resemble_the_study(result: reference.Result) -> None:
    scanned = (Status.MET, Status.EXPIRED)
    days = [f["days_before"] for f in result.findings if f["status"] in scanned]
    assert 18 <= median(days) <= 22
    assert max(days) == 98
    assert {30, 31} <= set(days)


def test_broken_rows_and_ignored_exceptions_occur(result: reference.Result) -> None:
    assert {r["reason"] for r in result.rejects} == {
        "missing value",
        "unknown word",
        "unreadable date",
        "external study without an acquisition date",
        "duplicate id",
        "duplicate id, same content",
    }
    assert len({why for _, why in result.ignored_exceptions}) == 12
    assert min(result.left_out.values()) > 0


def test_flaws_change_no_rate(result: reference.Result) -> None:
    """Every unknown one is told by a story, none comes from a broken row of another."""
    unknown = [f for f in result.findings if f["reason"] == Reason.REJECTED_RECORD]
    assert len(unknown) == 1


def test_plan_changes_are_counted_among_recorded_plans(
    tables: dict[str, list[dict[str, str | None]]],
) -> None:
    counted = [
        r for r in tables["ious"] if (r["performed"], r["plan_recorded_before"]) == ("yes", "yes")
    ]
    changed = [r for r in counted if r["plan_change"] != "no_change"]
    assert 0.15 <= len(changed) / len(counted) <= 0.35
    for row in counted:
        if row["new_within_planned_resection"] == "yes":
            assert row["plan_change"] not in ("additional_resection", "extended_resection")


def test_as_of_lies_inside_the_year(result: reference.Result) -> None:
    days = [c["surgery_date"] for c in result.cases if c["surgery_date"].year > 2019]
    assert min(days) < AS_OF - timedelta(days=200)
    assert max(days) > AS_OF + timedelta(days=100)


def test_curve_stays_between_its_points() -> None:
    chance = Chance(1)
    drawn = [chance.along(((0.0, 1), (0.5, 19), (1.0, 30))) for _ in range(500)]
    assert (min(drawn), max(drawn)) == (1, 30)
    assert 17 <= median(drawn) <= 21
