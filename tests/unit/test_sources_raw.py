"""Where a database in memory puts what does not fit into it."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from qi_checker import private
from qi_checker.cli import main
from qi_checker.sources.raw import connect
from tests.helpers.nights import settings

SPILL = """
from qi_checker.sources.raw import connect
con = connect()
con.execute("SET memory_limit = '60MB'; SET threads = 1")
con.execute("CREATE TABLE t AS SELECT range AS n, md5(range::VARCHAR) AS x FROM range(2000000)")
folder = con.execute("SELECT current_setting('temp_directory')").fetchone()[0]
import os
print(folder, sum(len(f) for _, _, f in os.walk(folder)))
"""


def test_nobody_else_can_read_what_spills() -> None:
    row = connect().execute("SELECT current_setting('temp_directory')").fetchone()
    assert row is not None
    assert stat.S_IMODE(os.stat(row[0]).st_mode) == 0o700


def test_what_has_spilt_is_gone_when_the_program_ends(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SPILL],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=True,
    )
    folder, files = done.stdout.split()
    assert int(files) > 0, "nothing was spilt, so that nothing is shown"
    assert not Path(folder).exists()
    assert list(tmp_path.iterdir()) == []


KILLED = (
    SPILL
    + """
import sys, time
sys.stdout.flush()
time.sleep(60)
"""
)


def test_what_a_killed_process_spilt_is_private_and_swept_by_the_next_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    writer = subprocess.Popen(
        [sys.executable, "-c", KILLED],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert writer.stdout is not None
    folder, files = writer.stdout.readline().split()
    assert int(files) > 0
    assert main(["rules", "schema"]) == 0
    assert Path(folder).exists(), "a process that is alive keeps what it spilt"
    writer.send_signal(signal.SIGKILL)
    writer.communicate()
    assert Path(folder).is_relative_to(tmp_path)
    assert stat.S_IMODE(Path(folder).stat().st_mode) == 0o700
    assert main(["rules", "schema"]) == 0
    assert not Path(folder).exists()


def test_a_folder_that_somebody_else_made_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its name is known, so anybody may take it first: open to all, or a link elsewhere."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    base = tmp_path / f"qi-checker-{os.getuid()}"
    mine = tmp_path / "mine"
    for link in (False, True):
        mine.mkdir(exist_ok=True)
        if link:
            base.symlink_to(mine)
        else:
            base.mkdir()
            base.chmod(0o777)
        folder = private.spill_folder.__wrapped__()
        assert folder.parent == tmp_path and folder != base
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        (base / "left").mkdir()
        private.sweep_spilled()
        assert (base / "left").exists()
        if base.is_symlink():
            base.unlink()
        else:
            (base / "left").rmdir()
            base.rmdir()


def test_a_job_has_a_place_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Below its state folder, which no other user enters; what is left there goes at its next start."""
    monkeypatch.setattr(private, "_places", [])
    left = tmp_path / "state" / "spill" / "7-left"
    left.mkdir(parents=True, mode=0o700)
    (tmp_path / "state" / "spill").chmod(0o700)
    (left / "records").write_text("C1")
    private.spill_under(tmp_path / "state" / "spill")
    assert not left.exists()
    folder = private.spill_folder.__wrapped__()
    assert folder.parent == tmp_path / "state" / "spill"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_command_leaves_no_place_to_the_next(tmp_path: Path) -> None:
    """A process may run many commands; only those of the same job share its state folder."""
    left = tmp_path / "state" / "spill" / "7-left"
    left.mkdir(parents=True, mode=0o700)
    (tmp_path / "state" / "spill").chmod(0o700)
    main(["healthcheck", "--config", str(settings(tmp_path))])
    assert not left.exists(), "the job's folder was in use"
    assert private._places == []
