"""The end of the audit trail is written down out of reach of the job, and compared every time."""

from __future__ import annotations

import json
import socket
from datetime import timedelta
from pathlib import Path

import pytest

from tests.helpers.commands import run
from tests.helpers.nights import FIRST, continued, settings, small_protocol


@pytest.fixture(scope="module")
def two_nights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with nightly.yaml and what two nights left."""
    folder = tmp_path_factory.mktemp("two")
    anchor = {"file": "anchors.log"}
    file = settings(folder, protocols=small_protocol(folder), pages=0, anchor=anchor)
    for number in range(2):
        ran = run("nightly", "--config", file, "--as-of", FIRST + timedelta(days=number))
        assert ran.code == 0, ran.err
    return folder


@pytest.fixture
def file(two_nights: Path, tmp_path: Path) -> Path:
    return continued(two_nights, tmp_path)


def lines_of(file: Path) -> list[str]:
    return (file.parent / "anchors.log").read_text().splitlines()


def checked(file: Path) -> dict[str, tuple[bool, str]]:
    ran = run("healthcheck", "--config", file, "--format", "json")
    return {c["name"]: (c["ok"], c["words"]) for c in json.loads(ran.out)["checks"]}


def test_every_night_appends_its_end(file: Path) -> None:
    lines = lines_of(file)
    assert len(lines) == 2
    found = json.loads((file.parent / "state" / "status.json").read_bytes())
    end = found["last_good"]["trail"]
    assert lines[-1].endswith(f" qi-checker trail qi-checker {end['sequence']} {end['hash']}")
    ok, words = checked(file)["anchors of the trail"]
    assert ok and words.startswith("2 in ")
    assert run("nightly", "verify", "--config", file).code == 0


@pytest.mark.parametrize(
    ("change", "name", "said"),
    [
        ("gone", "anchors of the trail", "cannot be read: no such file"),
        ("emptied", "anchors of the trail", "the last end, is not in"),
        ("last line gone", "anchors of the trail", "the last end, is not in"),
        ("rewritten", "audit trail", "entry 1 differs from the one recorded elsewhere"),
        ("of a longer trail", "audit trail", "entry 99, which was recorded elsewhere"),
    ],
)
def test_a_missing_or_another_anchor_fails(file: Path, change: str, name: str, said: str) -> None:
    lines = lines_of(file)
    anchors = file.parent / "anchors.log"
    made = {
        "emptied": [],
        "last line gone": lines[:-1],
        "rewritten": [lines[0][:-64] + "f" * 64, *lines[1:]],
        "of a longer trail": [*lines, f"qi-checker trail qi-checker 99 {'f' * 64}"],
    }
    if change == "gone":
        anchors.unlink()
    else:
        anchors.write_text("".join(f"{line}\n" for line in made[change]))
    ok, words = checked(file)[name]
    assert not ok and said in words
    ran = run("nightly", "verify", "--config", file)
    assert ran.code == 1 and said in ran.err


def test_lines_of_other_programs_and_jobs_are_passed_over(file: Path) -> None:
    with (file.parent / "anchors.log").open("a") as lines:
        lines.write(f"Nov 29 host cron[7]: hello\nqi-checker trail other 1 {'0' * 64}\n")
    assert all(
        ok for ok, _ in (checked(file)["audit trail"], checked(file)["anchors of the trail"])
    )


def test_syslog_gets_the_line_and_writes_the_file(tmp_path: Path) -> None:
    """What the system's logger writes has its own words before ours."""
    path, anchors = tmp_path / "log", tmp_path / "anchors.log"
    file = settings(
        tmp_path,
        protocols=small_protocol(tmp_path),
        pages=0,
        anchor={"file": "anchors.log", "syslog": str(path), "name": "ward"},
    )
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(str(path))
        server.settimeout(30)
        ran = run("nightly", "--config", file, "--as-of", FIRST)
        assert ran.code == 0, ran.err
        said = server.recv(2_000).decode()
    assert said.startswith("<86>qi-checker: qi-checker trail ward 1 ")
    assert not checked(file)["anchors of the trail"][0]
    anchors.write_text(f"Mar  1 04:15:07 host {said[4:]}\n")
    assert checked(file)["anchors of the trail"][0]


def test_a_place_that_refuses_is_a_warning(tmp_path: Path) -> None:
    """The night is kept and told all the same."""
    file = settings(
        tmp_path,
        protocols=small_protocol(tmp_path),
        pages=0,
        anchor={"file": "nowhere/anchors.log"},
    )
    ran = run("nightly", "--config", file, "--as-of", FIRST)
    assert ran.code == 1 and "the end of the trail cannot be written: no such file" in ran.err
    assert "run 1" in ran.out
