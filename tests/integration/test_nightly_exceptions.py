"""The store's own exceptions, from the request to the night that counts them, and nights repeated."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from qi_checker.protocol.records import CASES, EXCEPTIONS
from qi_checker.render.html import dates
from tests.helpers.commands import Ran, contents, csv_rows, run, write_rows
from tests.helpers.nights import FIRST, hospital, run_at, settings, small_protocol
from tests.helpers.postgres import Server
from tests.helpers.records import exception

ID = "ct-before-surgery"
# C06: surgery on 2026-03-16, its CT 16 days before it was made too early by moving it.
CASE, SURGERY, MOVED = "C06", "2026-03-16", "2026-03-30"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Settings of a night whose hospital has no CT of C06."""
    return written(tmp_path)


# Both databases are tested in tests/store in every run.
@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.thorough)])
def both(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The same on each database."""
    more: dict[str, Any] = {}
    if request.param == "postgresql":
        server: Server = request.getfixturevalue("postgres")
        more["store"] = {"url": server.new_database()}
    return written(tmp_path, **more)


def written(folder: Path, surgery: str = SURGERY, **more: Any) -> Path:
    file = settings(folder, protocols=small_protocol(folder), pages=0, **more)
    plan(file, surgery)
    return file


def plan(file: Path, surgery: str) -> None:
    """Write the records anew, with this date of surgery of C06, and no CT of it."""
    cases, events = hospital()
    for row in cases:
        if row["case_id"] == CASE:
            row["surgery_at"] = f"{surgery}T08:00"
    write_rows(file.parent / "data" / "cases.csv", CASES.names, cases)
    there = [row for row in events if row["patient_id"] != "P06"]
    columns = tuple(dict.fromkeys(key for row in there for key in row))
    write_rows(file.parent / "data" / "events.csv", columns, there)


def step(file: Path, moment: str, name: str, *more: object) -> Ran:
    """One step of an exception, at this moment of UTC."""
    return run_at(f"{moment}+00:00", "nightly", "exceptions", name, *more, "--config", file)


def requested(file: Path, moment: str, *more: object) -> Ran:
    given = (
        CASE,
        "ct",
        "--reason",
        "contraindication",
        "--expires-on",
        "2026-05-01",
        "--by",
        "ash",
        "--role",
        "coordinator",
    )
    return step(file, moment, "request", *given, *more)


def decided(file: Path, moment: str, name: str, *more: object, by: str = "oak") -> Ran:
    return step(file, moment, name, "qi-1", *more, "--by", by, "--role", "approver")


def night(file: Path, day: object) -> int:
    ran = run("nightly", "--config", file, "--as-of", day)
    assert (ran.code, ran.err) == (0, ""), ran.err
    return int(ran.out.split(": run ")[1].split()[0])


def document(file: Path, number: int) -> dict[str, Any]:
    ran = run("nightly", "show", number, "--config", file)
    found: dict[str, Any] = json.loads(ran.out)
    return found


def status(file: Path, number: int) -> str:
    return status_in(document(file, number))


def status_in(document: dict[str, Any]) -> str:
    (found,) = [f for f in document["findings"] if f["case_id"] == CASE]
    return str(found["status"])


def digest(file: Path) -> str:
    path = file.parent / "state" / "reports" / "digest" / f"{ID}.txt"
    return path.read_text("utf-8")


def test_from_missing_to_exempt_and_back(both: Path) -> None:
    """Asked for, approved and revoked between nights; the same night twice is one run."""
    assert status(both, night(both, "2026-03-20")) == "missing"
    assert requested(both, "2026-03-21T12:00:00", "--valid-from", "2026-03-01").out == (
        "qi-1 is requested: ct of C06, from 2026-03-01 to 2026-05-01. "
        "Somebody else must approve it.\n"
    )
    assert status(both, night(both, "2026-03-21")) == "missing"
    ran = decided(both, "2026-03-22T12:00:00", "approve")
    assert ran.out == "qi-1 is approved for surgery on 2026-03-16: ct of C06.\n"
    assert ran.err == "qi-checker: warning: qi-1: requested after surgery.\n"
    listed = run("nightly", "exceptions", "list", "--config", both).out
    assert listed.endswith("approved by oak  [requested after surgery]\n")
    number = night(both, "2026-03-22")
    assert status(both, number) == "exempt"
    printed = run("nightly", "changes", number, "--config", both).out
    assert (
        printed
        == "rejudged     C06 ct: missing, now exempt, requested after surgery. (exception)\n"
    )
    assert decided(both, "2026-03-23T12:00:00", "revoke", "--why", "done after all").code == 0
    number = night(both, "2026-03-23")
    assert status(both, number) == "missing"
    printed = run("nightly", "changes", number, "--config", both).out
    assert printed == "rejudged     C06 ct: exempt, now missing. (exception)\n"
    assert night(both, "2026-03-23") == number
    assert run("nightly", "verify", "--config", both).code == 0


def test_the_manifest_says_what_the_store_gave(file: Path) -> None:
    first = document(file, night(file, "2026-03-20"))["manifest"]
    requested(file, "2026-03-21T12:00:00")
    second = document(file, night(file, "2026-03-21"))["manifest"]
    decided(file, "2026-03-22T12:00:00", "approve")
    third = document(file, night(file, "2026-03-22"))["manifest"]
    assert len({m["data"]["sha256"] for m in (first, second, third)}) == 3
    assert [f["file"] for f in first["data"]["files"]] == ["cases.csv", "events.csv"]
    lines = [m["data"]["files"][-1] for m in (second, third)]
    assert [(f["table"], f["file"], f["read"], f["used"]) for f in lines] == [
        ("exceptions", "the store", 1, 1)
    ] * 2
    assert lines[0]["sha256"] != lines[1]["sha256"]
    assert second["exceptions"]["ignored"] == [
        {"exception_id": "qi-1", "why": "not approved", "file": "the store"}
    ]
    assert "Exception qi-1 of the store is ignored: not approved." in second["problems"]


def test_an_exception_is_looked_at_again_when_surgery_moves(file: Path) -> None:
    night(file, "2026-03-10")
    requested(file, "2026-03-10T12:00:00", "--valid-from", "2026-03-01")
    decided(file, "2026-03-10T13:00:00", "approve")
    assert status(file, night(file, "2026-03-11")) == "exempt"
    assert "reconfirm" not in digest(file)
    plan(file, MOVED)
    assert status(file, night(file, "2026-03-12")) == "due"
    said = "C06 ct: qi-1 was for surgery on 2026-03-16, now on 2026-03-30."
    titled = said.replace(" ct:", " CT of the liver:")
    assert f"Needs reconfirmation (1)\n  {titled}\n" in digest(file)
    assert ", 1 to reconfirm, " in digest(file)
    page = (file.parent / "state" / "reports" / "audit" / "index.html").read_text("utf-8")
    assert f"Needs reconfirmation: {dates(said)}" in page
    listed = run("nightly", "exceptions", "list", "--state", "reconfirm", "--config", file).out
    assert "needs reconfirmation, approved for surgery on 2026-03-16" in listed
    ran = decided(file, "2026-03-13T12:00:00", "reconfirm", by="ash")
    assert ran.code == 2 and "the requester of qi-1 cannot decide on it" in ran.err
    ran = decided(file, "2026-03-13T12:00:00", "reconfirm")
    assert ran.out == "qi-1 is reconfirmed for surgery on 2026-03-30: ct of C06.\n"
    assert status(file, night(file, "2026-03-13")) == "exempt"
    assert "reconfirm" not in digest(file)


def test_past_nights_equal_those_that_ran_live(both: Path) -> None:
    """What is done between the nights is seen by each of them as it stood then."""
    days = [date(2026, 3, 20) + timedelta(days=n) for n in range(5)]
    night(both, days[0])
    requested(both, f"{days[1]}T12:00:00", "--valid-from", "2026-03-01")
    night(both, days[1])
    assert decided(both, f"{days[2]}T12:00:00", "approve").code == 0
    night(both, days[2])
    night(both, days[3])
    assert decided(both, f"{days[4]}T12:00:00", "revoke", "--why", "done after all").code == 0
    night(both, days[4])
    live = [run("nightly", "show", n, "--config", both).out for n in range(1, 6)]
    assert [status_in(json.loads(text)) for text in live] == [
        "missing",
        "missing",
        "exempt",
        "exempt",
        "missing",
    ]
    ran = run("nightly", "--config", both, "--from", days[0], "--to", days[-1])
    assert (ran.code, ran.err) == (0, "")
    assert [
        line.endswith(f"run {n} (as before)") for n, line in enumerate(ran.out.splitlines(), 1)
    ] == [True] * len(days)
    assert live == [run("nightly", "show", n, "--config", both).out for n in range(1, 6)]


def test_exceptions_of_the_records_are_there_beside_it(file: Path) -> None:
    """An id that both have is a duplicate: that of the store counts, and it is told."""
    table = file.parent / "data" / "exceptions.csv"
    theirs = [
        exception(
            "X1",
            "ct",
            case_id="C07",
            reason="contraindication",
            approved_at="2026-03-01",
            valid_from="2026-03-01",
            expires_on="2026-05-01",
        ),
        exception(
            "qi-1",
            "ct",
            case_id="C08",
            reason="contraindication",
            approved_at="2026-03-01",
            valid_from="2026-03-01",
            expires_on="2026-05-01",
        ),
        exception("X2", "ct", case_id="C08", reason=None),
    ]
    write_rows(table, EXCEPTIONS.names, theirs)
    before = document(file, night(file, "2026-03-20"))["manifest"]
    assert before["exceptions"]["active"] == 2
    requested(file, "2026-03-20T12:00:00", "--valid-from", "2026-03-01")
    decided(file, "2026-03-20T13:00:00", "approve")
    number = night(file, "2026-03-21")
    assert status(file, number) == "exempt"
    found = document(file, number)["manifest"]
    lines = [f for f in found["data"]["files"] if f["table"] == "exceptions"]
    assert [(f["file"], f["read"], f["used"], f["rejected"]) for f in lines] == [
        ("exceptions.csv", 3, 1, 2),
        ("the store", 1, 1, 0),
    ]
    assert lines[0]["sha256"] == before["data"]["files"][-1]["sha256"]
    audit = file.parent / "state" / "reports" / "audit"
    rejects = [(r["file"], r["row"], r["id"], r["reason"]) for r in csv_rows(audit / "rejects.csv")]
    assert rejects == [
        ("exceptions.csv", "3", "qi-1", "duplicate id"),
        ("exceptions.csv", "4", "X2", "missing value"),
    ]
    page = (audit / "index.html").read_text("utf-8")
    assert "exceptions.csv and the store" in page and "exceptions.csv, row 3" in page


def test_they_can_be_left_out(tmp_path: Path) -> None:
    file = written(tmp_path, exceptions=False)
    night(file, "2026-03-20")
    requested(file, "2026-03-20T12:00:00", "--valid-from", "2026-03-01")
    decided(file, "2026-03-20T13:00:00", "approve")
    assert status(file, night(file, "2026-03-21")) == "missing"


def test_without_an_exception_a_night_is_as_it_was(tmp_path: Path) -> None:
    """The store was asked, and gave nothing: reports are those of an audit, byte for byte."""
    file = written(tmp_path)
    night(file, FIRST)
    found = contents(tmp_path / "state" / "reports" / "audit")
    del found["run.json"]
    out = tmp_path / "alone"
    ran = run(
        "audit",
        "--data",
        tmp_path / "data",
        "--as-of",
        FIRST,
        "--out",
        out,
        "--protocol",
        tmp_path / "rules" / "ct",
        "--pages",
        0,
    )
    assert ran.code == 0 and found == contents(out)
