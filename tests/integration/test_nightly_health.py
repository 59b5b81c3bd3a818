"""A run that was killed says `running` until the next start: healthcheck tells that it is over."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.commands import environment, run
from tests.helpers.forked import begun, ended
from tests.helpers.nights import FIRST, continued, holding, run_at, settings, small_protocol

NOON = f"{FIRST}T16:00:00+00:00"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return settings(tmp_path, protocols=small_protocol(tmp_path), pages=0)


@pytest.fixture
def lived(first_night: Path, tmp_path: Path) -> Path:
    """The same after its first night."""
    return continued(first_night, tmp_path)


def looked_at(file: Path) -> dict[str, dict[str, Any]]:
    """What healthcheck says, by the name of what it looked at; and that its code is the same."""
    ran = run_at(NOON, "healthcheck", "--config", file, "--format", "json")
    document = json.loads(ran.out)
    assert ran.code == (0 if document["ok"] else 1)
    return {check["name"]: check for check in document["checks"]}


def status(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((file.parent / "state" / "status.json").read_bytes())
    return found


def test_a_run_that_is_at_work_is_well_and_a_killed_one_is_not(lived: Path) -> None:
    process = holding(lived)
    said = status(lived)
    assert (said["state"], said["pid"], said["host"]) == (
        "running",
        process.pid,
        socket.gethostname(),
    )
    assert looked_at(lived)["last run"]["words"].startswith(f"running: process {process.pid} on ")
    assert all(check["ok"] for check in looked_at(lived).values())
    process.kill()
    assert status(lived) == said  # nobody was left to change it
    last = looked_at(lived)["last run"]
    assert not last["ok"]
    assert last["words"] == (
        f"process {process.pid} on {said['host']}, running since {said['started_at']} for {FIRST}, "
        "ended before it was complete; the last list stays in force, and the next start cleans up"
    )
    text = run_at(NOON, "healthcheck", "--config", lived)
    assert text.code == 1 and f"FAIL last run: process {process.pid} on " in text.out
    assert run("nightly", "--config", lived, "--as-of", FIRST).code == 0
    assert all(check["ok"] for check in looked_at(lived).values())


def test_another_one_at_work_is_not_taken_for_the_killed_one(file: Path) -> None:
    """A span of past nights holds the lock, too, and writes no status."""
    process = holding(file)
    process.kill()
    second = holding(file, "--from", FIRST, "--to", FIRST, module="replay")
    last = looked_at(file)["last run"]
    assert not last["ok"] and last["words"].startswith(f"process {process.pid} on ")
    assert f"process {second.pid} on " in last["words"] and "has the lock since" in last["words"]
    assert second.end() == 0


def test_a_lock_of_another_host_is_not_seen_and_counts_for_a_day(lived: Path) -> None:
    path = lived.parent / "state" / "status.json"
    far = {"state": "running", "host": "another-host", "started_at": "2199-01-01T00:00:00+00:00"}
    path.write_text(json.dumps(status(lived) | far), encoding="utf-8")
    assert looked_at(lived)["last run"]["words"].endswith("its lock cannot be seen from this host")
    far["started_at"] = "2020-01-01T00:00:00+00:00"
    path.write_text(json.dumps(status(lived) | far), encoding="utf-8")
    assert "on another-host, running since 2020" in looked_at(lived)["last run"]["words"]
    assert not looked_at(lived)["last run"]["ok"]


def test_healthcheck_never_makes_a_night_leave(file: Path) -> None:
    """It looks at the lock; a night that starts at that very moment waits for it, and is no second."""
    process = holding(file)
    process.kill()
    words = ["healthcheck", "--config", str(file)]
    looks = [begun(words, "", file.parent, environment()) for _ in range(4)]
    assert run("nightly", "--config", file, "--as-of", FIRST).code == 0
    assert {ended(look) for look in looks} <= {0, 1}
