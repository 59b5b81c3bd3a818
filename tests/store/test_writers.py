"""Two writers, and one that is killed: the last complete night is in force, whatever happens."""

from __future__ import annotations

import signal
import threading

import duckdb
import pytest

from qi_checker.errors import UserError
from qi_checker.store import Database, Store, open_store
from qi_checker.store.lines import Lines
from qi_checker.store.transaction import writing
from tests.helpers.store import document, finding, night
from tests.helpers.store_writer import big_night, write
from tests.helpers.tiers import tiers

CASES = 300


@tiers("at", 4, 40)
def test_a_killed_writer_leaves_the_last_night_in_force(
    database: Database, store: Store, at: int
) -> None:
    """Killed at so many of its statements, spread evenly."""
    first = big_night("2026-03-01", "due", CASES)
    run_id = store.keep(first).run_id
    whole = document(first)
    code, statements = write(database.url, "2026-02-01", "met", CASES, 0)
    assert code == 0
    runs = len(store.runs())
    points = sorted({1 + statements * n // at for n in range(at)})
    killed = 0
    for point in points:
        code, _ = write(database.url, "2026-03-02", "missing", CASES, point)
        killed += code == -signal.SIGKILL
        assert len(store.runs()) == runs, f"killed at statement {point} of {statements}"
        assert b"".join(store.findings_json(run_id)) == whole
        assert store.trail.verify().whole
    assert killed == len(points)
    assert write(database.url, "2026-03-02", "missing", CASES, 0)[0] == 0
    assert len(store.runs()) == runs + 1


def test_the_second_writer_waits(database: Database, store: Store) -> None:
    """It is kept after the first one, and finds what that one wrote."""
    begun, stored = threading.Event(), []

    def second() -> None:
        other = open_store(Database(database.url, wait=20))
        begun.set()
        stored.append(other.keep(night(finding(status="missing"), as_of="2026-03-02")))
        other.close()

    with writing(store.alias):
        thread = threading.Thread(target=second)
        thread.start()
        begun.wait()
        store.keep(night(finding(status="due")))
    thread.join()
    assert [run.as_of for run in store.runs()] == ["2026-03-02", "2026-03-01"]
    assert [str(change.kind) for change in stored[0].changes] == ["new"]


def test_who_waits_too_long_is_told(database: Database, store: Store) -> None:
    raised_errors: list[UserError] = []

    def second() -> None:
        other = open_store(Database(database.url, wait=1))
        try:
            other.keep(night(finding(), as_of="2026-03-02"))
        except UserError as error:
            raised_errors.append(error)
        other.close()

    with writing(store.alias):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
    assert "somebody else is writing into it" in str(raised_errors[0])
    assert store.keep(night(finding())).run_id == 1


def test_a_night_that_fails_in_the_middle_leaves_nothing(store: Store) -> None:
    broken = night(finding())
    assert isinstance(broken.lines, Lines)
    broken.lines.con.execute("DROP TABLE night_actions")  # they are read last
    with pytest.raises(duckdb.Error):
        store.keep(broken)
    assert store.runs() == []
    assert store.keep(night(finding())).run_id
