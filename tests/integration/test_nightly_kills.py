"""A night that is killed anywhere leaves the last complete one in force, and the next goes on."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.commands import PROJECT, environment, run
from tests.helpers.night_kills import LATE
from tests.helpers.nights import settings, small_protocol
from tests.helpers.postgres import postgres_server
from tests.helpers.tiers import tiers


@pytest.fixture(params=["SQLite", pytest.param("PostgreSQL", marks=pytest.mark.thorough)])
def address(request: pytest.FixtureRequest) -> Iterator[Callable[[], str]]:
    """A new store each time it is called."""
    if request.param == "SQLite":
        yield lambda: "sqlite:///state/store.sqlite3"
        return
    with postgres_server() as server:
        yield server.new_database


def prepared(folder: Path, url: str) -> Path:
    folder.mkdir()
    rules = small_protocol(folder)
    return settings(folder, protocols=rules, store={"url": url}, pages=0)


# Kills are spread evenly over the time that a night takes.
@tiers("points", 6, 200)
def test_a_night_that_is_killed_anywhere_leaves_everything_whole(
    address: Callable[[], str], tmp_path: Path, points: int
) -> None:
    """Store, reports and trail are looked at after every kill, and the end is that of a night alone."""
    file = prepared(tmp_path / "killed", address())
    command = [sys.executable, "-m", "tests.helpers.night_kills", str(file), str(points)]
    done = subprocess.run(
        command, capture_output=True, env=environment(), cwd=PROJECT, check=False, text=True
    )
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    assert seen["failed"] == [], done.stderr
    assert (seen["code"], seen["whole"], seen["left"]) == (0, 0, [])
    assert seen["ended"]["killed"] >= points, seen
    # before the store, and while reports are written
    assert seen["phases"][0] == 0 and seen["phases"][-1] >= LATE, seen
    alone = prepared(tmp_path / "alone", address())
    assert run("nightly", "--config", alone, "--as-of", seen["last"]).code == 0
    for name in ("findings.json", "cases.csv", "index.html"):
        there = [f.parent / "state" / "reports" / "audit" / name for f in (file, alone)]
        assert there[0].read_bytes() == there[1].read_bytes()
