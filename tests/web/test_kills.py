"""kill -9 of a worker or of the night at any moment loses nothing that was acknowledged."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest
import requests

from qi_checker.store import Database, Store, open_store
from qi_checker.store.people.models import Note
from tests.helpers.commands import environment
from tests.helpers.forked import PATIENCE, begun
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


@pytest.fixture(scope="module")
def filled(postgres: Server, ward: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a database on PostgreSQL that holds the ward."""
    config, url = copied(ward, tmp_path_factory.mktemp("filled")), postgres.new_database()
    set_web(config.parent, store={"url": url})
    make_records(config, "2026-03-03T06:10")
    add_accounts(config, PEOPLE)
    return url.rpartition("/")[2]


@pytest.fixture(params=["sqlite", "postgresql"])
def killed(
    request: pytest.FixtureRequest, ward: Path, tmp_path: Path
) -> Iterator[tuple[Served, Store]]:
    """A site on each database, and its store."""
    config = copied(ward, tmp_path / "site")
    url = f"sqlite:///{tmp_path / 'site' / 'state' / 'store.sqlite3'}"
    if request.param == "postgresql":
        server: Server = request.getfixturevalue("postgres")
        url = server.new_database(like=request.getfixturevalue("filled"))
        set_web(config.parent, store={"url": url})
    with served(config) as site:
        store = open_store(Database(url))
        yield site, store
        store.close()


class Writers:
    """People who add notes, with so many seconds between two; `kept` is what they were told is kept."""

    def __init__(
        self, site: Served, case_ids: list[str], number: int = 4, pause: float = 0
    ) -> None:
        self.pause = pause
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
            time.sleep(self.pause)
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
        until = time.monotonic() + PATIENCE
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


# On PostgreSQL in a thorough run, as those of tests/integration.
@pytest.mark.parametrize(
    "killed", ["sqlite", pytest.param("postgresql", marks=pytest.mark.thorough)], indirect=True
)
@tiers("kills", 2, 100)
def test_a_night_that_is_killed_while_people_write(
    killed: tuple[Served, Store], kills: int
) -> None:
    """The desk stays whole: it shows the night before, or the next one.

    Every night is of another minute, so that each writes a run. Every second kill falls while the
    store or the desk is written, the others anywhere.
    """
    from qi_checker.store.desk.models import Known

    site, store = killed
    chance, ash = random.Random(6), site.person("coordinator")
    moments = [f"2026-03-03T{6 + (11 + n) // 60:02}:{(11 + n) % 60:02}" for n in range(kills + 2)]
    with Writers(site, cases_of(store), 2, 0.05) as writers:
        writing, written, ended = phases(site, moments[0])
        for number, moment in enumerate(moments[1:-1]):
            span = (writing, written) if number % 2 else (0, ended)
            night = start(site, moment)
            time.sleep(chance.uniform(*span))
            night.kill()
            night.join()
            shown = Known.objects.using(store.alias).get().as_of[:16]
            assert shown in moments[: number + 2]
            assert f"As of today, Tue 3 Mar 2026, {shown[11:]}" in ash.get("/").text
        phases(site, moments[-1])
    check(store, writers)
    assert Known.objects.using(store.alias).get().as_of.startswith(moments[-1])
    assert len(writers.kept) > 0


def start(site: Served, as_of: str) -> ForkServerProcess:
    command = ["nightly", "--config", str(site.config), "--as-of", as_of]
    return begun(command, "", site.config.parent, environment())


def phases(site: Served, as_of: str) -> tuple[float, float, float]:
    """Run a night to its end: seconds until it writes, until the desk is written, and until the end."""
    began = time.time()
    night = start(site, as_of)
    night.join()
    assert night.exitcode == 0
    lines = (site.config.parent / "state" / "nightly.log").read_text("utf-8").splitlines()
    told = [line for text in lines if (line := json.loads(text))["pid"] == night.pid]
    at = {
        (line["event"], line["phase"].split()[0]): datetime.fromisoformat(line["at"]).timestamp()
        for line in told
        if "phase" in line
    }
    return at["begin", "keep"] - began, at["end", "desk"] - began, time.time() - began
