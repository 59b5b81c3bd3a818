"""When the store is busy, full or cannot be written: what is told on the page, and what was kept."""

from __future__ import annotations

import os
import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.helpers.commands import run
from tests.helpers.web import Served, a_case, copied, execute, served, sql, text_of


def store_of(site: Served) -> Path:
    return site.config.parent / "state" / "store.sqlite3"


@contextmanager
def being_kept(site: Served) -> Iterator[None]:
    """Hold the lock that a night holds while it keeps its results."""
    with closing(sqlite3.connect(store_of(site), timeout=30, isolation_level=None)) as con:
        con.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            con.execute("ROLLBACK")


def test_while_the_night_is_kept_lists_are_shown_and_forms_wait(site: Served) -> None:
    case_id, ash = a_case(site.config), site.person("coordinator")
    seen = re.findall(r'name="seen" value="([^"]*)"', ash.get(f"/cases/{case_id}").text)[0]
    form = {"seen": seen, "text": "call <her> back", "to_role": "surgeon", "token": "one"}
    with being_kept(site):
        assert ash.get("/").status_code == 200
        page = ash.get(f"/cases/{case_id}")
        answer = ash.post(f"/cases/{case_id}/notes", form)
    assert page.status_code == 503 and page.headers["Retry-After"] == "3"
    assert "Being updated" in page.text and 'http-equiv="refresh"' in page.text
    assert answer.status_code == 503 and "What you sent was not saved." in text_of(answer.text)
    assert "call &lt;her&gt; back" in answer.text and 'value="one"' in answer.text
    assert ash.post(f"/cases/{case_id}/notes", form).status_code == 302
    assert sql(site.config, "SELECT text FROM qi_people_note") == [("call <her> back",)]


def test_a_session_goes_on_while_the_night_is_kept(site: Served) -> None:
    """That it was used is noted later; nobody is signed out for it."""
    ash = site.person("coordinator")
    execute(site.config, "UPDATE django_session SET expire_date = expire_date")
    with being_kept(site):
        assert ash.get("/account").status_code == 200


def test_signing_in_waits_for_the_night(site: Served) -> None:
    with being_kept(site):
        answer = site.person().sign_in("coordinator")
    assert answer.status_code == 503 and "Being updated" in answer.text
    assert 'name="password"' not in answer.text and "coordinator" not in text_of(answer.text)


@pytest.mark.skipif(
    os.geteuid() == 0 and not Path("/proc/self/status").exists(), reason="needs proc"
)
def test_a_store_that_cannot_be_written_is_told(ward: Path, tmp_path: Path) -> None:
    """A case is not shown where its reading cannot be told to the trail; lists are."""
    config = copied(ward, tmp_path / "site")
    with served(config, QI_CHECKER_TEST_READ_ONLY="1", command=READ_ONLY) as site:
        execute(config, "UPDATE django_session SET expire_date = expire_date")
        person = site.person()
        answer = person.sign_in("coordinator")
        assert answer.status_code == 503
        assert (
            "The database is read-only" in answer.text
            and "Use the phone for what is urgent" in answer.text
        )
        assert person.get("/healthz").status_code == 200
        assert person.get("/readyz").status_code == 200


# Every connection of the application is told to write nothing, as on a file system that is read-only.
READ_ONLY = """
import sys
from pathlib import Path
from qi_checker.web.server import configure, prepare, serve
configure(Path(sys.argv[1]))
prepare()
from django.db.backends.signals import connection_created
connection_created.connect(
    lambda connection, **_: connection.cursor().execute("PRAGMA query_only = 1"), weak=False
)
serve(sys.argv[2], lambda url: print("The work list is at", url, flush=True))
"""
# The database may not grow: what a full disk says.
FULL = READ_ONLY.replace("PRAGMA query_only = 1", "PRAGMA max_page_count = 1")


def test_a_full_disk_is_told_and_what_was_typed_is_kept(ward: Path, tmp_path: Path) -> None:
    config = copied(ward, tmp_path / "site")
    case_id = a_case(config)
    with served(config) as site:
        ash = site.person("coordinator")
        seen = re.findall(r'name="seen" value="([^"]*)"', ash.get(f"/cases/{case_id}").text)[0]
    with served(config, command=FULL) as site:
        ash.site, kept = site, 0
        while kept < 200:  # until the pages that were free are used up
            form = {"seen": seen, "text": "x" * 3900, "token": f"t{kept}"}
            sent = ash.post(f"/cases/{case_id}/notes", form)
            if sent.status_code != 302:
                break
            kept += 1
        listed, read = ash.get("/"), ash.get(f"/cases/{case_id}")
    assert (listed.status_code, sent.status_code) == (200, 503)
    assert "The disk is full" in sent.text and "What you sent was not saved." in text_of(sent.text)
    assert "x" * 3900 in sent.text
    assert read.status_code == 200 or "The disk is full" in read.text
    assert sql(config, "SELECT count(*) FROM qi_people_note") == [(kept,)]


# Seconds between two forms of one person: 50 people without a pause send thousands in a night, and it
# takes three times as long.
PAUSE = 0.3


def test_fifty_people_write_while_a_night_runs(ward: Path, tmp_path: Path) -> None:
    """Whoever was told that something is kept finds it; nobody sees an error but `being updated`."""
    config = copied(ward, tmp_path / "site")
    query = "SELECT case_id FROM qi_desk_workitem WHERE upcoming ORDER BY case_id LIMIT 50"
    cases = [row[0] for row in sql(config, query)]
    with served(config) as site:
        people = [site.person("coordinator" if n % 2 else "surgeon") for n in range(10)]
        kept: list[str] = []
        codes: set[int] = set()
        stop = threading.Event()

        def write(number: int) -> None:
            person, turn = people[number % len(people)], 0
            while not stop.is_set() or turn == 0:
                turn += 1
                case_id = cases[(number + turn * 7) % len(cases)]
                time.sleep(PAUSE)
                text = f"{number}.{turn}"
                form = {"text": text, "to_role": "", "token": f"token-{text}"}
                answer = person.post(f"/cases/{case_id}/notes", form)
                codes.add(answer.status_code)
                if answer.status_code == 302:
                    kept.append(text)

        threads = [threading.Thread(target=write, args=(n,)) for n in range(50)]
        for thread in threads:
            thread.start()
        night = run("nightly", "--config", config, "--as-of", "2026-03-04T06:10")
        stop.set()
        for thread in threads:
            thread.join()
    assert night.code == 0, night.err
    assert codes <= {302, 503}, codes
    there = {row[0] for row in sql(config, "SELECT text FROM qi_people_note")}
    assert len(kept) >= 50 and set(kept) <= there
    assert sql(config, "SELECT max(run_id) FROM qi_desk_known") == [(3,)]


def test_a_mistake_of_the_program_has_a_number_and_tells_nothing(
    ward: Path, tmp_path: Path
) -> None:
    config = copied(ward, tmp_path / "site")
    execute(config, "UPDATE qi_desk_workitem SET actions = 'SECRET {'")
    with served(config) as site:
        answer = site.person("coordinator").get("/?surgeon=")
    number = re.findall(r"the number (\w{8})", text_of(answer.text))
    assert answer.status_code == 500 and number
    log = (config.parent / "serve.log").read_text(encoding="utf-8")
    assert number[0] in log and "SECRET" not in log and "SECRET" not in answer.text
