"""One wrong day must not silence the job: it is refused, or told of every night until it is forgotten."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.helpers.commands import Ran, contents, run
from tests.helpers.mail import PASSWORD, USER, mail_server, make_certificates
from tests.helpers.nights import FIRST, continued, run_at, settings, small_protocol

FAR = "2062-02-02"


def at(day: date, hour: int = 9) -> str:
    """A moment of UTC, which is the same day in Toronto."""
    return f"{day}T{hour:02}:15:00+00:00"


def night(file: Path, day: date, *more: object) -> Ran:
    """The night as the schedule starts it on that day."""
    return run_at(at(day), "nightly", "--config", file, *more)


def well(file: Path, day: date, hour: int = 12) -> dict[str, tuple[bool, str]]:
    ran = run_at(at(day, hour), "healthcheck", "--config", file, "--format", "json")
    found = json.loads(ran.out)
    assert ran.code == (0 if found["ok"] else 1)
    return {check["name"]: (check["ok"], check["words"]) for check in found["checks"]}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return settings(tmp_path, protocols=small_protocol(tmp_path), pages=0)


@pytest.fixture(scope="module")
def one_night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with nightly.yaml and what the night of the schedule left."""
    folder = tmp_path_factory.mktemp("one")
    file = settings(folder, protocols=small_protocol(folder), pages=0)
    assert night(file, FIRST).code == 0
    return folder


@pytest.fixture
def lived(one_night: Path, tmp_path: Path) -> Path:
    return continued(one_night, tmp_path)


@pytest.mark.parametrize(
    "span",
    [
        ("--as-of", FAR),
        ("--as-of", FIRST + timedelta(days=2)),
        ("--as-of", f"{FIRST + timedelta(days=2)}T00:01"),
        ("--from", FIRST, "--to", FIRST + timedelta(days=365)),
        ("--from", FIRST, "--to", FAR),
        ("--from", FIRST, "--to", FIRST + timedelta(days=2)),
    ],
)
def test_a_day_beyond_tomorrow_is_refused(file: Path, span: tuple[object, ...]) -> None:
    ran = night(file, FIRST, *span)
    assert (ran.code, ran.out) == (2, "")
    assert "is in the future: today is 2026-03-02." in ran.err and "--allow-future" in ran.err
    assert run("nightly", "runs", "--config", file).out == "No night is stored yet.\n"


def test_now_is_the_clock(file: Path) -> None:
    assert night(file, FIRST, "--as-of", "now").code == 0
    assert run("nightly", "runs", "--config", file).out.split()[1] == f"{FIRST}T04:15:00"


@pytest.mark.parametrize("span", [("--as-of",), ("--from", FIRST, "--to")])
def test_tomorrow_is_not(file: Path, span: tuple[object, ...]) -> None:
    assert night(file, FIRST, *span, FIRST + timedelta(days=1)).code == 0


def test_today_is_that_of_the_site(file: Path) -> None:
    """At two in the morning of UTC it is still the evening before in Toronto."""
    ran = run_at(f"{FIRST}T02:00:00+00:00", "nightly", "--config", file, "--as-of", "2026-03-03")
    assert ran.code == 2 and "today is 2026-03-01" in ran.err


def test_a_wrong_future_night_does_not_silence_those_after_it(lived: Path) -> None:
    """It was let in, or a clock was wrong: reports and digest go on, and everybody is told."""
    assert night(lived, FIRST, "--as-of", FAR, "--allow-future").code == 0
    state = lived.parent / "state"
    for n in (1, 2):
        day = FIRST + timedelta(days=n)
        before = contents(state / "reports")
        ran = night(lived, day)
        assert ran.code == 1
        assert f"Run 2 of ct-before-surgery is for {FAR}, which is in the future" in ran.err
        assert "qi-checker nightly forget 2" in ran.err
        assert contents(state / "reports") != before
        text = (state / "reports" / "digest" / "ct-before-surgery.txt").read_text("utf-8")
        assert f"{day:%a} {day.day} {day:%b %Y}" in text
        good, words = well(lived, day)["newest night"]
        assert not good and f"run 2 for {FAR}, which is in the future" in words


def test_a_clock_that_was_wrong_for_one_night(lived: Path) -> None:
    """The machine thought that it was next year, and is right again."""
    assert night(lived, FIRST + timedelta(days=365)).code == 0
    ran = night(lived, FIRST + timedelta(days=1))
    assert ran.code == 1 and "nightly forget 2" in ran.err
    assert not well(lived, FIRST + timedelta(days=1))["newest night"][0]


def test_a_clock_that_was_set_back_is_no_success(file: Path) -> None:
    """Nobody asked for a past night: what the schedule started found a later one."""
    assert night(file, FIRST + timedelta(days=1)).code == 0
    ran = night(file, FIRST)
    assert ran.code == 1 and "Was the clock set back?" in ran.err


@pytest.mark.parametrize(
    ("days", "max_age", "good"),
    [
        (0, "26 hours", True),
        (1, "26 hours", True),
        (2, "26 hours", False),
        (3, "4 days", True),
        (5, "4 days", False),
    ],
)
def test_the_newest_night_is_of_today_or_yesterday(
    lived: Path, days: int, max_age: str, good: bool
) -> None:
    """Or as old as a job may be that does not run every day."""
    with lived.open("a", encoding="utf-8") as more:
        more.write(f"max_age: {max_age}\n")
    assert well(lived, FIRST + timedelta(days=days))["newest night"][0] is good


def test_a_protocol_without_a_night_is_not_well(file: Path) -> None:
    assert well(file, FIRST)["newest night"] == (False, "ct-before-surgery: there is none")


def test_the_hour_that_comes_twice_is_no_clock_set_back(file: Path) -> None:
    """1 November in Toronto: twenty to two comes first in summer time, then ten past one comes again."""
    state = file.parent / "state"
    for utc in ("05:40", "06:10", "06:50", "07:05"):
        before = contents(state / "reports") if (state / "reports").exists() else {}
        ran = run_at(f"2026-11-01T{utc}:00+00:00", "nightly", "--config", file)
        assert (ran.code, ran.err) == (0, "")
        assert contents(state / "reports") != before
    runs = json.loads(run("nightly", "runs", "--format", "json", "--config", file).out)
    assert [r["as_of"][11:] for r in reversed(runs)] == ["01:40:00", "01:59:59", "02:05:00"]


def test_what_is_queued_is_tried_also_by_a_replay(tmp_path: Path) -> None:
    certificates = make_certificates(tmp_path)
    with mail_server(certificates) as (_, port):
        pass
    (tmp_path / "password").write_text(PASSWORD, encoding="utf-8")
    smtp = {"host": "localhost", "port": port, "ca_file": str(certificates.authority)}
    smtp |= {"user": USER, "password_file": "password"}
    digest = {"from": "qi@h.example", "recipients": {"lead": ["lead@h.example"]}, "smtp": smtp}
    file = settings(tmp_path, protocols=small_protocol(tmp_path), pages=0, digest=digest)
    assert night(file, FIRST).code == 1  # the server is down
    with mail_server(certificates, port) as (behaviour, _):
        assert night(file, FIRST, "--as-of", FIRST - timedelta(days=3)).code == 0
        assert [to for to, _ in behaviour.arrived] == ["lead@h.example"]


def test_a_wrong_night_is_forgotten_and_all_is_well(lived: Path) -> None:
    assert night(lived, FIRST, "--as-of", FAR, "--allow-future").code == 0
    ran = run_at(at(FIRST), "nightly", "forget", 2, "--config", lived)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"Run 2 of ct-before-surgery for {FAR} is forgotten: ")
    assert night(lived, FIRST + timedelta(days=1)).code == 0
    assert all(ok for ok, _ in well(lived, FIRST + timedelta(days=1)).values())
    ran = run("nightly", "forget", 2, "--config", lived)
    assert ran.code == 2 and "run 2 is not stored" in ran.err
    assert run("nightly", "verify", "--config", lived).code == 0


def test_a_purge_never_takes_most_of_the_nights_for_a_wrong_clock(tmp_path: Path) -> None:
    file = settings(tmp_path, protocols=small_protocol(tmp_path), pages=0, retention="1 year")
    span = ("--from", FIRST, "--to", FIRST + timedelta(days=9))
    assert night(file, FIRST + timedelta(days=9), *span).code == 0
    later = at(FIRST + timedelta(days=3 * 365))
    ran = run_at(later, "nightly", "purge", "--config", file)
    assert ran.code == 2 and "9 of 10 runs are from before" in ran.err
    ran = run_at(at(FIRST), "nightly", "purge", "--before", FAR, "--config", file)
    assert ran.code == 2 and "is in the future" in ran.err
    ran = run_at(later, "nightly", "purge", "--before", "2027-01-01", "--config", file)
    assert ran.code == 0 and "9 runs" in ran.out
