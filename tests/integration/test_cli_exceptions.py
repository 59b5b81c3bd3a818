"""The commands of exceptions and sign-offs: what they print, what they refuse, and what they keep quiet."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from qi_checker.protocol.records import CASES
from tests.helpers.commands import Ran, run, start, write_rows
from tests.helpers.nights import FIRST, holding, hospital, run_at, settings, small_protocol

ID = "ct-before-surgery"
NOON = f"{FIRST}T12:00:00+00:00"
SECRET = "Vogelsang"
WHO = ("--by", "oak", "--role", "approver")


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Settings of a job that has run one night."""
    folder = tmp_path_factory.mktemp("job")
    file = settings(folder, protocols=small_protocol(folder), pages=0)
    assert run("nightly", "--config", file, "--as-of", FIRST).code == 0
    return file


@pytest.fixture
def file(job: Path, tmp_path: Path) -> Path:
    """The same for a test that changes something."""
    shutil.copytree(job.parent, tmp_path / "own")
    return tmp_path / "own" / job.name


def requested(file: Path, **changes: str) -> Ran:
    """Request an exception at noon after the night, with changes to what is asked for."""
    given = {
        "case": "C05",
        "requirement": "ct",
        "reason": "contraindication",
        "expires-on": "2026-04-30",
        "by": "ash",
        "role": "coordinator",
    } | changes
    options = [word for name in list(given)[2:] for word in (f"--{name}", given[name])]
    return run_at(
        NOON,
        "nightly",
        "exceptions",
        "request",
        given["case"],
        given["requirement"],
        *options,
        "--config",
        file,
    )


def step(file: Path, *typed: str) -> Ran:
    return run_at(NOON, "nightly", "exceptions", *typed, "--config", file)


def listed(file: Path, *typed: str) -> Ran:
    return run("nightly", "exceptions", "list", *typed, "--config", file)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"case": "C05x"}, ["case: the latest night has no such case. Did you mean C05?"]),
        ({"case": "nobody"}, ["case: the latest night has no such case. Look for its id"]),
        ({"requirement": "mri"}, ["requirement: no protocol has this requirement. Known: ct."]),
        (
            {"reason": "contra-indication"},
            ["--reason: the protocol does not accept this reason. Did you mean contraindication?"],
        ),
        (
            {"expires-on": "2026-06-01"},
            [
                "--expires-on: the protocol accepts at most 90 days. Give 2026-05-31 or an earlier day"
            ],
        ),
        ({"expires-on": "2026-02-01"}, ["exceptions: it ends before it starts"]),
        ({"expires-on": "soon"}, ["--expires-on: is not a date"]),
        ({"expires-on": "2026-04-30T08:00"}, ["--expires-on: is a moment, not a day"]),
        ({"valid-from": "2026-13-01"}, ["--valid-from: is not a date"]),
        ({"by": " ", "role": ""}, ["--by: is not a name", "--role: is not a name"]),
        ({"by": "a\nb"}, ["--by: is not a name"]),
        (
            {"case": "C5", "reason": "rain", "expires-on": "2027-01-01"},
            ["case: the latest", "--reason: the protocol", "--expires-on: the protocol"],
        ),
    ],
)
def test_what_cannot_count_is_not_taken(
    changes: dict[str, str], said: Sequence[str], job: Path
) -> None:
    ran = requested(job, **changes)
    assert (ran.code, ran.out) == (2, "")
    lines = ran.err.splitlines()
    assert len(lines) == len(said)
    for line, words in zip(lines, said, strict=True):
        assert line.startswith(f"qi-checker: {words}")
    assert listed(job).out == "No exception is stored.\n"


def test_before_the_first_night_there_is_no_case(tmp_path: Path) -> None:
    file = settings(tmp_path, protocols=small_protocol(tmp_path), pages=0)
    ran = requested(file)
    assert ran.code == 2 and "case: no night is stored yet. Run the night first." in ran.err


def test_one_that_ends_before_surgery_is_taken_with_a_word(file: Path) -> None:
    ran = requested(file, **{"expires-on": "2026-03-05"})
    assert ran.code == 0
    assert ran.err == (
        "qi-checker: warning: qi-1 is not valid on the day of surgery, 2026-03-09: from then on "
        "the case counts without it.\n"
    )


def test_who_decides_and_on_what(file: Path) -> None:
    assert requested(file).code == 0
    for typed, said in (
        (("approve", "qi-1", "--by", "ASH", "--role", "approver"), "the requester of qi-1 cannot"),
        (("approve", "qi-1", "--by", "oak", "--role", "nurse"), "the role nurse may not decide"),
        (("approve", "qi-2", *WHO), "there is no such exception. Look for its id in the list"),
        (("approve", "1; DROP TABLE", *WHO), "there is no such exception"),
        (("approve", "qi-99999999999999999999", *WHO), "there is no such exception"),
        (("reconfirm", "qi-1", *WHO), "qi-1 is requested. "),
    ):
        ran = step(file, *typed)
        assert (ran.code, ran.out) == (2, ""), typed
        assert said in ran.err
    assert (
        step(file, "refuse", "qi-1", "--why", "no need", *WHO).out
        == "qi-1 is refused: ct of C05.\n"
    )
    ran = step(file, "approve", "qi-1", *WHO)
    assert ran.code == 2 and "qi-1 is refused. Ask for a new one." in ran.err
    assert step(file, "revoke", "qi-1", "--why", "x", *WHO).code == 2
    usage = step(file, "revoke", "qi-1", *WHO)
    assert usage.code == 2 and "--why" in usage.err


def test_a_list_says_how_each_one_stands(file: Path) -> None:
    requested(file, note=SECRET)
    requested(file, case="C06")
    step(file, "approve", "qi-2", *WHO)
    assert listed(file).out.splitlines() == [
        "qi-1    C05  ct  contraindication  2026-03-02 to 2026-04-30  by ash: requested",
        "qi-2    C06  ct  contraindication  2026-03-02 to 2026-04-30  by ash: approved by oak",
    ]
    assert listed(file, "--case", "C06").out.startswith("qi-2 ")
    assert listed(file, "--state", "requested").out.startswith("qi-1 ")
    assert listed(file, "--case", "C07").out == "There is no such exception.\n"
    ran = listed(file, "--state", "aproved")
    assert ran.code == 2 and "--state: there is no such state. Did you mean approved?" in ran.err
    found = json.loads(listed(file, "--format", "json").out)
    assert [(w["exception_id"], w["state"], w["note"]) for w in found] == [
        ("qi-1", "requested", SECRET),
        ("qi-2", "approved", ""),
    ]
    assert found[1]["approved_at"] == f"{FIRST}T12:00:00+00:00"
    assert found[1]["surgery_day"] == "2026-03-16"


def test_what_is_written_about_a_patient_is_in_the_store_only(file: Path) -> None:
    """Not in the log, the status, the trail, the reports or the digest; read from the input, too."""
    assert requested(file, note=SECRET).code == 0
    with start(
        "nightly",
        "exceptions",
        "revoke",
        "qi-1",
        "--why",
        "-",
        *WHO,
        "--config",
        file,
        stdin=subprocess.PIPE,
    ) as process:
        out, err = process.communicate(f"{SECRET}, twice".encode(), timeout=60)
    assert (process.returncode, err) == (0, b"") and SECRET not in out.decode()
    assert (
        run(
            "nightly", "sign-off", "C05", "--protocol", ID, "--note", SECRET, *WHO, "--config", file
        ).code
        == 0
    )
    assert run("nightly", "--config", file, "--as-of", "2199-01-01", "--allow-future").code == 0
    state = file.parent / "state"
    holding_it = [
        path.relative_to(state).as_posix()
        for path in state.rglob("*")
        if path.is_file() and SECRET.encode() in path.read_bytes()
    ]
    assert {name.partition("-")[0] for name in holding_it} == {"store.sqlite3"}
    with sqlite3.connect(state / "store.sqlite3") as store:
        trail = store.execute("SELECT payload FROM qi_store_trailentry").fetchall()
    assert len(trail) == 5 and not any(SECRET in text for (text,) in trail)
    too_long = requested(file, note="x" * 2_001)
    assert too_long.code == 2 and too_long.err == (
        "qi-checker: the text is longer than 2,000 characters.\n"
    )


def test_a_decision_is_taken_while_a_night_is_at_work(file: Path) -> None:
    """The night judges a moment, and takes what was done until then; the next one has the rest."""
    requested(file)
    process = holding(file, "--as-of", f"{FIRST}T07:00")  # noon, when it was asked, in Toronto
    ran = run_at(
        f"{FIRST}T12:30:00+00:00",
        "nightly",
        "exceptions",
        "approve",
        "qi-1",
        *WHO,
        "--config",
        file,
    )
    assert ran.code == 0
    assert process.end() == 0
    assert _exceptions(file, 2)["ignored"] == [
        {"exception_id": "qi-1", "why": "not approved", "file": "the store"}
    ]
    assert "run 2 (as before)" in run("nightly", "--config", file, "--as-of", f"{FIRST}T07:00").out
    assert run("nightly", "--config", file, "--as-of", f"{FIRST}T07:30").code == 0
    assert _exceptions(file, 3) == {"active": 1, "unused": 1, "ignored": []}


def _exceptions(file: Path, number: int) -> Any:
    """What the manifest of a run says of the exceptions."""
    return json.loads(run("nightly", "show", number, "--config", file).out)["manifest"][
        "exceptions"
    ]


def test_a_sign_off_is_void_when_something_changes(file: Path) -> None:
    ran = run_at(
        NOON,
        "nightly",
        "sign-off",
        "C05",
        "--protocol",
        ID,
        "--by",
        "elm",
        "--role",
        "surgeon",
        "--config",
        file,
    )
    assert (ran.code, ran.out) == (0, f"Sign-off 1: C05 ({ID}), by elm as surgeon.\n")
    run_at(NOON, "nightly", "sign-off", "C06", "--protocol", ID, *WHO, "--config", file)
    cases, _ = hospital()
    for row in cases:
        if row["case_id"] == "C05":
            row["surgery_at"] = "2026-03-10T08:00"
    write_rows(file.parent / "data" / "cases.csv", CASES.names, cases)
    assert run("nightly", "--config", file, "--as-of", "2026-03-03").code == 0
    ran = run("nightly", "sign-offs", "--config", file)
    changed = ["case", "evidence", "findings", "schedule"]
    assert ran.out.splitlines() == [
        f"     1  C05  {ID}  2026-03-02 07:00 by elm as surgeon: void, changed since: "
        + ", ".join(changed),
        f"     2  C06  {ID}  2026-03-02 07:00 by oak as approver: holds",
    ]
    found = json.loads(run("nightly", "sign-offs", "C05", "--format", "json", "--config", file).out)
    assert [(s["sign_off_id"], s["void"], s["changed"]) for s in found] == [(1, True, changed)]
    assert run("nightly", "sign-offs", "C07", "--config", file).out == "There is no sign-off.\n"


def test_the_settings_stand_before_or_behind_every_word(job: Path) -> None:
    config = ("--config", job)
    for typed in (
        (*config, "exceptions", "list"),
        ("exceptions", *config, "list"),
        ("exceptions", "list", *config),
    ):
        assert run("nightly", *typed).out == "No exception is stored.\n"
    ran = run("nightly", "exceptions", "list")
    assert ran.code == 2 and "--config: is required. Write: --config nightly.yaml" in ran.err


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("c05", "--protocol", ID), "case: the latest night has no such case. Did you mean C05"),
        (("C05", "--protocol", "ct"), "--protocol: the settings name no such protocol"),
    ],
)
def test_a_sign_off_of_nothing_is_not_taken(typed: tuple[str, ...], said: str, job: Path) -> None:
    ran = run("nightly", "sign-off", *typed, *WHO, "--config", job)
    assert (ran.code, ran.out) == (2, "") and said in ran.err
