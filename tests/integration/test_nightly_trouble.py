"""What can go wrong in a night: each has a message, an exit code, and leaves the last night in force."""

from __future__ import annotations

import json
import resource
import shutil
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.commands import Ran, contents, csv_rows, environment, run, start, write_rows
from tests.helpers.forked import PATIENCE
from tests.helpers.nights import (
    FIRST,
    continued,
    holding,
    hospital,
    run_at,
    settings,
    small_protocol,
)
from tests.helpers.postgres import postgres_server

SECOND = FIRST + timedelta(days=1)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return settings(tmp_path, protocols=small_protocol(tmp_path), pages=0)


@pytest.fixture
def lived(first_night: Path, tmp_path: Path) -> Path:
    """The same after its first night."""
    return continued(first_night, tmp_path)


def night(file: Path, day: object = FIRST, **options: Any) -> Ran:
    return run("nightly", "--config", file, "--as-of", day, **options)


def status(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((file.parent / "state" / "status.json").read_bytes())
    return found


def runs_kept(file: Path) -> list[str]:
    return [
        r["as_of"]
        for r in json.loads(run("nightly", "runs", "--format", "json", "--config", file).out)
    ]


def _at_most(size: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


# ---- the disk ------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 300, 20_000])
def test_a_disk_that_is_full_is_told_and_the_last_night_stays(lived: Path, size: int) -> None:
    """First not even the status can be written, then not the store: nothing is kept by half."""
    reports = lived.parent / "state" / "reports"
    before = contents(reports)
    # Python would leave half a compiled file of the program, which breaks whatever is started next.
    env = environment(PYTHONDONTWRITEBYTECODE="1")
    ran = night(lived, SECOND, preexec_fn=_at_most(size), env=env)
    assert ran.code == 2
    assert ran.err.startswith("qi-checker: ") and ran.err.count("\n") <= 3
    assert contents(reports) == before
    assert runs_kept(lived) == [str(FIRST)]
    assert night(lived, SECOND).code == 0
    assert runs_kept(lived) == [str(SECOND), str(FIRST)]
    assert [p.name for p in lived.parent.rglob(".*.part")] == []


def test_reports_that_cannot_be_written_do_not_keep_the_night_from_the_store(
    file: Path, tmp_path: Path
) -> None:
    """/proc refuses everybody. The night is kept, the digest is queued, and the exit code says 2."""
    closed = settings(tmp_path, protocols="rules/ct", reports="/proc/reports", pages=0)
    ran = night(closed)
    assert ran.code == 2
    assert "/proc/reports/audit: cannot be written" in ran.err
    assert "/proc/reports/digest: cannot be written" in ran.err
    assert runs_kept(closed) == [str(FIRST)]
    failed = [p["name"] for p in status(closed)["phases"] if p["state"] == "failed"]
    assert failed == ["evaluate, keep and report", "digest files"]
    health = run("healthcheck", "--config", closed)
    assert health.code == 1 and "FAIL last good run: there was none" in health.out


def test_a_state_folder_that_cannot_be_made_is_told(file: Path) -> None:
    text = file.read_text("utf-8").replace('"state"', '"/proc/state"')
    file.write_text(text, encoding="utf-8")
    ran = night(file)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("qi-checker: /proc/state/nightly.log: cannot be written")


# ---- records -------------------------------------------------------------------------------------


def test_records_that_are_not_there_are_told_and_nothing_changes(lived: Path) -> None:
    before = contents(lived.parent / "state" / "reports")
    shutil.move(lived.parent / "data" / "events.csv", lived.parent / "elsewhere.csv")
    ran = night(lived, SECOND)
    assert ran.code == 2 and "events" in ran.err
    assert contents(lived.parent / "state" / "reports") == before
    found = status(lived)
    assert (found["state"], found["exit_code"]) == ("failed", 2)
    assert found["last_good"]["as_of"] == str(FIRST)
    assert run("healthcheck", "--config", lived).code == 1


def test_a_clock_that_was_set_back_is_told_and_shows_no_old_report(file: Path) -> None:
    assert night(file, SECOND).code == 0
    before = contents(file.parent / "state" / "reports")
    ran = night(file, FIRST)
    assert ran.code == 0
    assert f"warning: {FIRST} is earlier than the latest stored night" in ran.err
    assert "Was the clock set back?" in ran.err
    assert contents(file.parent / "state" / "reports") == before
    assert runs_kept(file) == [str(FIRST), str(SECOND)]


# ---- the database --------------------------------------------------------------------------------


def test_a_database_that_goes_away_in_the_middle_keeps_nothing_by_half(tmp_path: Path) -> None:
    """PostgreSQL is stopped at many moments of a night, as if the power had failed."""
    with postgres_server() as server:
        url = server.new_database()
        file = settings(tmp_path, protocols=small_protocol(tmp_path), pages=0, store={"url": url})
        assert night(file).code == 0
        codes = []
        for n, delay in enumerate((0.7, 0.9, 1.1, 1.3, 1.5, 1.8)):
            process = start("nightly", "--config", file, "--as-of", SECOND + timedelta(days=n))
            time.sleep(delay)
            server.stop("immediate")
            _, err = process.communicate(timeout=PATIENCE)
            codes.append(process.returncode)
            assert process.returncode in (0, 2), err
            if process.returncode:
                assert b"qi-checker: store " in err and err.count(b"\n") == 1
            server.start()
            assert run("nightly", "verify", "--config", file).code == 0
        assert 2 in codes
        last = SECOND + timedelta(days=9)
        assert night(file, last).code == 0
        assert runs_kept(file)[0] == str(last)


def test_a_database_that_is_not_there_is_told(tmp_path: Path) -> None:
    file = settings(
        tmp_path,
        protocols=small_protocol(tmp_path),
        store={"url": "postgresql://postgres@127.0.0.1:1/none"},
    )
    ran = night(file)
    assert ran.code == 2 and "the database cannot be reached" in ran.err
    assert run("nightly", "check-config", "--config", file).code == 2
    health = run("healthcheck", "--config", file)
    assert health.code == 1 and "FAIL audit trail" in health.out


# ---- one at a time -------------------------------------------------------------------------------


def test_a_second_start_leaves_with_75_and_says_who_is_at_work(file: Path) -> None:
    first = holding(file)
    ran = night(file)
    assert ran.code == 75
    assert f"process {first.pid} on " in ran.err and "has been running since " in ran.err
    assert "(0 minutes). Wait for it, or set lock_wait." in ran.err
    assert first.end() == 0


def test_a_second_start_can_wait(file: Path) -> None:
    first = holding(file)
    with file.open("a", encoding="utf-8") as more:
        more.write("lock_wait: 2 minutes\n")
    second = start("nightly", "--config", file, "--as-of", FIRST)
    assert second.poll() is None
    assert first.end() == 0
    out, err = second.communicate(timeout=PATIENCE)
    assert (second.returncode, err) == (0, b"")
    assert b"run 1 (as before)" in out


def test_the_lock_of_a_killed_run_is_taken_over(file: Path) -> None:
    first = holding(file)
    first.kill()
    assert json.loads((file.parent / "state" / "nightly.lock").read_text())["pid"] == first.pid
    assert night(file).code == 0
    assert '"event": "taken over"' in (file.parent / "state" / "nightly.log").read_text("utf-8")
    assert (file.parent / "state" / "nightly.lock").read_text() == ""


def test_the_lock_of_another_host_counts_for_a_day(file: Path) -> None:
    lock = file.parent / "state" / "nightly.lock"
    lock.parent.mkdir()
    owner = {"pid": 1, "host": "another-host", "since": "2199-01-01T00:00:00+00:00"}
    lock.write_text(json.dumps(owner))
    ran = night(file)
    assert ran.code == 75 and "If that host is off, remove nightly.lock" in ran.err
    lock.write_text(json.dumps(owner | {"since": "2020-01-01T00:00:00+00:00"}))
    assert night(file).code == 0


# ---- what is written down ------------------------------------------------------------------------


def test_nothing_of_a_patient_is_in_log_status_metrics_or_mail(tmp_path: Path) -> None:
    """Every column of every table holds a word that must not come out; some rows are broken."""
    secret = "Vogelsang"
    file = settings(
        tmp_path,
        protocols=small_protocol(tmp_path),
        pages=0,
        prometheus="state/qi.prom",
        digest={
            "from": "qi@h.example",
            "recipients": {"lead": ["a@h.example"]},
            "smtp": {"host": "127.0.0.1", "port": 1, "tls": "none"},
        },
    )
    cases, events = hospital()
    free = {"surgeon": secret, "site": secret, "procedures": f"LOCAL:{secret}"}
    cases = [row | free | {"patient_id": f"{secret}-{row['patient_id']}"} for row in cases]
    events = [
        row
        | {
            "patient_id": f"{secret}-{row['patient_id']}",
            "description": secret,
            "codes": f"LOCAL:{secret}",
        }
        for row in events
    ]
    cases.append(cases[0] | {"case_id": "C98", "surgery_at": secret})
    cases.append(cases[0] | {"case_id": "C99", "status": secret})
    events.append(events[0] | {"event_id": "E99", "at": secret, "kind": secret.lower()})
    for name, rows in (("cases", cases), ("events", events)):
        columns = tuple(dict.fromkeys(k for row in rows for k in row))
        write_rows(tmp_path / "data" / f"{name}.csv", columns, rows)
    ran = night(file)
    assert ran.code == 1 and secret not in ran.out + ran.err
    assert len(csv_rows(file.parent / "state" / "reports" / "audit" / "rejects.csv")) == 3
    state = file.parent / "state"
    written = [
        state / "nightly.log",
        state / "status.json",
        state / "qi.prom",
        state / "told.json",
        *(state / "outbox").rglob("*.eml"),
        *(state / "reports" / "digest").iterdir(),
    ]
    assert len(written) == 8
    for path in written:
        assert secret.lower() not in path.read_text("utf-8").lower(), path.name
    for line in (state / "nightly.log").read_text("utf-8").splitlines():
        assert {"at", "level", "event", "pid"} <= json.loads(line).keys()
    lines = (state / "qi.prom").read_text("utf-8").splitlines()
    assert all(line.startswith(("# ", "qi_checker_")) for line in lines)


def test_health_is_that_of_the_last_runs(file: Path) -> None:
    ran = run("healthcheck", "--config", file)
    assert ran.code == 1 and "FAIL last run: no status file" in ran.out
    assert night(file).code == 0
    noon = f"{FIRST}T16:00:00+00:00"
    ran = run_at(noon, "healthcheck", "--config", file, "--format", "json")
    found = json.loads(ran.out)
    assert (ran.code, found["ok"]) == (0, True)
    assert [c["name"] for c in found["checks"]] == [
        "last good run",
        "last run",
        "outbox",
        "newest night",
        "audit trail",
        "anchors of the trail",
    ]
    state = file.parent / "state" / "status.json"
    old = json.loads(state.read_bytes())
    old["last_good"]["finished_at"] = "2020-01-01T00:00:00+00:00"
    state.write_text(json.dumps(old))
    ran = run_at(noon, "healthcheck", "--config", file)
    assert ran.code == 1 and "FAIL last good run" in ran.out


def test_a_trail_that_was_cut_off_is_seen(lived: Path) -> None:
    """The end that the last good run wrote down is not there any more."""
    state = lived.parent / "state" / "status.json"
    found = json.loads(state.read_bytes())
    end = found["last_good"]["trail"]
    whole = run(
        "nightly", "verify", "--anchor", f"{end['sequence']}:{end['hash']}", "--config", lived
    )
    assert whole.code == 0 and "The audit trail is intact: 1 entry, and 1 record bound" in whole.out
    found["last_good"]["trail"] = {"sequence": 2, "hash": "0" * 64}
    state.write_text(json.dumps(found))
    ran = run("nightly", "verify", "--config", lived)
    assert ran.code == 1 and "the end was cut off" in ran.err
    del found["last_good"]["trail"]
    state.write_text(json.dumps(found))
    ran = run("healthcheck", "--config", lived)
    assert ran.code == 1 and "recorded no end of the trail" in ran.out
    ran = run("nightly", "verify", "--anchor", "2:x", "--config", lived)
    assert (ran.code, ran.err.count("\n")) == (2, 1) and "not the end of a trail" in ran.err
