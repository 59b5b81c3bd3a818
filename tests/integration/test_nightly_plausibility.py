"""A night whose records are not plausible: nothing is kept, and the last list stays in force."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from qi_checker.protocol.records import EVENTS
from tests.helpers.commands import contents, csv_rows, run, write_rows

DAYS = ("2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02")
SETTINGS = """site: data/site.yaml
data: data
state: state
pages: 2
digest:
  from: qi@hospital.example
  recipients: {ward: [ward@hospital.example]}
  smtp: {host: 127.0.0.1, port: 9, tls: none, timeout: 1 minute}
"""


def night(folder: Path, day: str, *more: object):
    return run("nightly", "--config", folder / "nightly.yaml", "--as-of", day, *more)


@pytest.fixture(scope="module")
def kept(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three good nights of the demonstration."""
    folder = tmp_path_factory.mktemp("nights") / "job"
    shutil.copytree(demo, folder / "data")
    (folder / "nightly.yaml").write_text(SETTINGS, encoding="utf-8")
    for day in DAYS[:3]:
        ran = night(folder, day)
        assert "nothing was stored" not in ran.out, ran.err
    return folder


@pytest.fixture
def job(kept: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "job"
    shutil.copytree(kept, folder)
    return folder


def lose_every_third_event(folder: Path) -> None:
    """No single file shows it: who lacks a scan looks as if nobody had made it."""
    rows = csv_rows(folder / "data" / "events.csv")
    write_rows(folder / "data" / "events.csv", EVENTS.names, rows[::3] + rows[1::3])


def status(folder: Path) -> dict:
    return json.loads((folder / "state" / "status.json").read_text(encoding="utf-8"))


def on_the_desk(folder: Path) -> list[dict]:
    """Return the findings that the web application shows above its lists."""
    with closing(sqlite3.connect(folder / "state" / "store.sqlite3")) as store:
        ((text,),) = store.execute("SELECT warnings FROM qi_desk_known").fetchall()
    found: list[dict] = json.loads(text)
    return found


def runs(folder: Path) -> str:
    return run("nightly", "runs", "--config", folder / "nightly.yaml").out


def test_what_only_earlier_nights_show_is_refused_and_nothing_is_kept(job):
    before, reports = runs(job), contents(job / "state" / "reports" / "audit")
    lose_every_third_event(job)
    ran = night(job, DAYS[3])
    assert ran.code == 2
    assert ran.err.splitlines()[0].startswith("qi-checker: plausibility: history_")
    assert ran.out.strip() == f"{DAYS[3]}: nothing was stored"
    assert runs(job) == before
    after = contents(job / "state" / "reports" / "audit")
    assert {name for name in after if after[name] != reports.get(name)} == {"index.html"}
    page = (job / "state" / "reports" / "audit" / "index.html").read_text(encoding="utf-8")
    assert page.index(f"The records of {DAYS[3]} were refused.") < page.index("<main>")
    assert status(job)["state"] == "failed" and status(job)["last_good"]["as_of"] == DAYS[2]
    assert {line["level"] for line in status(job)["plausibility"]} >= {"refuse"}
    health = run("healthcheck", "--config", job / "nightly.yaml")
    assert health.code == 1 and "FAIL last run: its records were refused: history_" in health.out


def test_the_digest_says_it_first_and_how_old_its_list_is(job):
    lose_every_third_event(job)
    queued = job / "state" / "outbox" / "queued"
    before = {path.name for path in queued.iterdir()}
    for _ in range(2):  # the same night again queues nothing anew
        night(job, DAYS[3])
    [digest] = (job / "state" / "reports" / "digest").glob("*.txt")
    lines = digest.read_text(encoding="utf-8").splitlines()
    assert "List of Sun 1 Mar 2026" in lines[1] and "1 day old" in lines[1]
    assert lines[0].startswith(f"Records of {DAYS[3]} refused, older list in force")
    assert lines[2].startswith("Records refused, nothing was judged")
    assert any(line.startswith("To do") for line in lines)
    [new] = {path.name for path in queued.iterdir()} - before
    mail = (queued / new).read_text(encoding="utf-8")
    subject = re.search(r"^Subject: (.*(?:\n .*)*)", mail, re.MULTILINE)
    assert subject and subject[1].startswith("records of 2026-03-02 refused")


def test_a_good_night_after_it_takes_its_place(job, demo):
    lose_every_third_event(job)
    assert night(job, DAYS[3]).code == 2
    shutil.copy(demo / "events.csv", job / "data" / "events.csv")
    ran = night(job, DAYS[3])
    assert "run 4" in ran.out
    page = (job / "state" / "reports" / "audit" / "index.html").read_text(encoding="utf-8")
    assert "were refused" not in page
    assert status(job)["plausibility"] == []


def test_accepting_keeps_the_night_and_says_so(job):
    lose_every_third_event(job)
    ran = night(job, DAYS[3], "--accept", "history_verdicts", "--accept", "history_rows")
    assert "run 4" in ran.out, ran.err
    assert "warning: Check the records first (history_" in ran.err
    shown = run("nightly", "show", "4", "--config", job / "nightly.yaml")
    manifest = json.loads(shown.out)["manifest"]
    assert manifest["accepted"] == ["history_rows", "history_verdicts"]
    assert on_the_desk(job) == manifest["plausibility"] != []
    [digest] = (job / "state" / "reports" / "digest").glob("*.txt")
    assert digest.read_text(encoding="utf-8").splitlines()[0].startswith("Check the records first")
    assert night(job, DAYS[3], "--accept", "history").code == 2  # there is no such check


def test_past_nights_are_replayed_whatever_the_checks_say(job):
    lose_every_third_event(job)
    ran = run("nightly", "--config", job / "nightly.yaml", "--from", DAYS[3], "--to", DAYS[3])
    assert ran.code == 0 and "run 4" in ran.out, ran.err
