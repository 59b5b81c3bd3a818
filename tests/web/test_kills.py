"""kill -9 of a worker or of the night at any moment loses nothing that was acknowledged."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from qi_checker.store import Database, Store, open_store
from qi_checker.store.people.models import Note
from tests.helpers.postgres import Server
from tests.helpers.tiers import tiers
from tests.helpers.web import (
    PEOPLE,
    Person,
    Served,
    add_accounts,
    copied,
    make_records,
    served,
    set_web,
)


@pytest.fixture(params=["sqlite", "postgresql"])
def killed(
    request: pytest.FixtureRequest, ward: Path, tmp_path: Path
) -> Iterator[tuple[Served, Store]]:
    """A site on each database, and its store."""
    config = copied(ward, tmp_path / "site")
    url = f"sqlite:///{tmp_path / 'site' / 'state' / 'store.sqlite3'}"
    if request.param == "postgresql":
        server: Server = request.getfixturevalue("postgres")
        url = server.new_database()
        set_web(config.parent, store={"url": url})
        make_records(config, "2026-03-03T06:10")
        add_accounts(config, PEOPLE)
    with served(config) as site:
        store = open_store(Database(url))
        yield site, store
        store.close()


class Writers:
    """People who add notes without a pause; `kept` is what they were told is kept."""

    def __init__(self, site: Served, case_ids: list[str], number: int = 4) -> None:
        self.kept: list[str] = []
        self.failed = 0
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._write, args=(site.person("coordinator"), case_ids, n))
            for n in range(number)
        ]

    def __enter__(self) -> Writers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _write(self, person: Person, case_ids: list[str], number: int) -> None:
        turn = 0
        while not self._stop.is_set():
            turn += 1
            text = f"{number}.{turn}"
            form = {"text": text, "to_role": "", "token": f"kill-{text}"}
            try:
                answer = person.post(f"/cases/{case_ids[turn % len(case_ids)]}/notes", form)
            except requests.RequestException:
                self.failed += 1  # the worker is gone; nobody was told anything
                continue
            if answer.status_code == 302:
                self.kept.append(text)


def cases_of(store: Store) -> list[str]:
    from qi_checker.store.desk.models import WorkItem

    items = WorkItem.objects.using(store.alias).filter(upcoming=True)
    return list(items.values_list("case_id", flat=True)[:20])


def check(store: Store, writers: Writers) -> None:
    """Everything that was acknowledged is there once, with its entry in a trail that is whole."""
    there = list(Note.objects.using(store.alias).values_list("text", flat=True))
    assert len(there) == len(set(there)), "a form was taken twice"
    assert set(writers.kept) <= set(there)
    assert store.trail.verify().whole
    told = [entry for entry in store.trail.entries() if entry.action == "note"]
    assert len(told) == len(there)


@tiers("kills", 6, 100)
def test_a_worker_that_is_killed(killed: tuple[Served, Store], kills: int) -> None:
    site, store = killed
    chance = random.Random(5)
    with Writers(site, cases_of(store)) as writers:
        for _ in range(kills):
            time.sleep(chance.uniform(0.02, 0.4))
            os.kill(chance.choice(workers(site)), signal.SIGKILL)
        until = time.monotonic() + 30
        enough = len(writers.kept) + 5
        while len(writers.kept) < enough and time.monotonic() < until:
            time.sleep(0.05)  # the application goes on after the last one
    assert len(writers.kept) >= enough
    check(store, writers)


def workers(site: Served) -> list[int]:
    """The worker processes of a site, which come back by themselves."""
    while True:
        children = Path(f"/proc/{site.process.pid}/task/{site.process.pid}/children").read_text()
        if found := [int(number) for number in children.split()]:
            return found


@tiers("kills", 3, 100)
def test_a_night_that_is_killed_while_people_write(
    killed: tuple[Served, Store], kills: int
) -> None:
    """The desk stays whole: it shows the night before, or the next one."""
    from qi_checker.store.desk.models import Known

    site, store = killed
    chance = random.Random(6)
    command = [sys.executable, "-m", "qi_checker", "nightly", "--config", str(site.config)]
    with Writers(site, cases_of(store)) as writers:
        for _ in range(kills):
            night = subprocess.Popen(
                [*command, "--as-of", "2026-03-04T06:10"],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            time.sleep(chance.uniform(0.5, 5))
            night.kill()
            night.wait()
        done = subprocess.run([*command, "--as-of", "2026-03-04T06:10"], capture_output=True)
    assert done.returncode == 0, done.stderr
    check(store, writers)
    known = Known.objects.using(store.alias).get()
    assert known.as_of.startswith("2026-03-04")
    assert len(writers.kept) > 0
