"""Whatever ends an audit early, its folder is the old one or the new one, byte for byte."""

from __future__ import annotations

import os
import shutil
import signal
import time
from pathlib import Path

import pytest

from tests.helpers.commands import (
    audit,
    contents,
    csv_rows,
    environment,
    full_disk,
    run,
    start,
)
from tests.helpers.demo import few_cases
from tests.helpers.ending import end_at
from tests.helpers.forked import begun, ended
from tests.helpers.tiers import tiers
from tests.integration.conftest import WriteFolder


def _left(folder: Path) -> list[str]:
    return [p.name for p in folder.iterdir() if p.name.startswith(".")]


class Replacing:
    """An old audit, and a new one that is begun again and again in its place."""

    def __init__(self, data: Path, place: Path) -> None:
        self.data, self.place = data, place
        place.mkdir()
        self.errors = place / "errors.txt"
        begun = time.monotonic()
        old = ["audit", "--data", data, "--as-of", "2026-02-28", "--out", place / "old"]
        with start(*old) as process:  # as those that are killed: with its start
            process.communicate()
        assert process.returncode == 0
        self.duration = time.monotonic() - begun
        self.old = contents(place / "old")
        assert self.end_at(0, signal.SIGKILL) == 0
        self.new = contents(self.out)
        assert self.old != self.new
        self.steps = int(self.errors.with_suffix(".steps").read_text())

    @property
    def out(self) -> Path:
        return self.place / "at-work" / "audit"

    def _begin(self) -> list[str]:
        """The old audit in its place; the command that replaces it."""
        self.out.parent.mkdir(exist_ok=True)
        if self.out.is_dir():
            shutil.rmtree(self.out)
        shutil.copytree(self.place / "old", self.out)
        return ["audit", "--data", f"{self.data}", "--as-of", "2026-03-02", "--out", f"{self.out}"]

    def end_at(self, step: int, how: signal.Signals) -> int:
        return end_at(step, how, self._begin(), self.errors)

    def kill_after(self, seconds: float) -> None:
        process = start(*self._begin())
        time.sleep(seconds)
        process.kill()
        process.communicate()

    def found(self) -> tuple[str, bool]:
        """Which audit is there, and whether something was left beside it."""
        known = {str(self.old): "old", str(self.new): "new"}
        return known.get(str(contents(self.out)), "neither"), _left(self.out.parent) != []


@pytest.fixture(scope="module")
def replacing(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Replacing:
    """Audits of a few cases of the demo."""
    data = tmp_path_factory.mktemp("few")
    few_cases(demo, data)
    return Replacing(data, tmp_path_factory.mktemp("place") / "here")


@tiers("kills", 6, 52)
def test_killed_at_any_moment_an_audit_leaves_the_old_or_the_new_folder(
    replacing: Replacing, kills: int
) -> None:
    """Killed by the clock over the whole run, and while files are written, swapped and removed."""
    found = []
    moments = kills // 5
    for moment in range(moments):
        replacing.kill_after(replacing.duration * (moment + 0.5) / moments)
        found.append(replacing.found())
    for number in range(kills):
        step = round(1 + number * (replacing.steps - 1) / (kills - 1))
        assert replacing.end_at(step, signal.SIGKILL) == -signal.SIGKILL
        found.append(replacing.found())
    assert {folder for folder, _ in found} == {"old", "new"}
    assert any(left for _, left in found), "no kill hit the writing"
    assert replacing.end_at(0, signal.SIGKILL) == 0
    assert replacing.found() == ("new", False)


@pytest.mark.parametrize(("part", "folder"), [(0.1, "old"), (0.3, "old"), (0.9, "new")])
def test_ctrl_c_ends_with_one_line_and_a_whole_folder(
    replacing: Replacing, part: float, folder: str
) -> None:
    """Nearly half of the steps remove the old files, when the new folder is in its place."""
    assert replacing.end_at(round(part * replacing.steps), signal.SIGINT) == 130
    assert replacing.errors.read_text() == (
        "qi-checker: interrupted. A folder of results is never left half written.\n"
    )
    assert replacing.found()[0] == folder
    assert folder == "new" or replacing.found() == ("old", False)


_LONG_QUERY = """
import os, signal, threading
signal.signal(signal.SIGINT, signal.default_int_handler)  # some shells have it ignored
from qi_checker.engines.duckdb import evaluation
def endless(task):
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    task.db.rows("SET threads = 1")
    task.db.rows("SELECT sum(hash(range)) FROM range(10000000000)")  # about a minute
evaluation.prepare = endless
"""


def test_ctrl_c_in_the_middle_of_a_query_is_no_fault_of_the_program(
    folder: WriteFolder, tmp_path: Path
) -> None:
    ran = run(*_audit_of(folder(), tmp_path / "out"), code=_LONG_QUERY)
    assert (ran.code, ran.err.count("\n")) == (130, 1)
    assert ran.err.startswith("qi-checker: interrupted.")
    assert not (tmp_path / "out").exists()


def _audit_of(data: Path, out: Path) -> tuple[object, ...]:
    return ("audit", "--data", data, "--as-of", "2026-03-02", "--out", out)


@pytest.mark.parametrize("size", [4_000, 230_000])
def test_a_disk_that_is_full_is_told_and_the_old_folder_stays(
    demo: Path, audited: Path, tmp_path: Path, size: int
) -> None:
    out = tmp_path / "audit"
    shutil.copytree(audited, out)
    ran = run(*_audit_of(demo, out), before=full_disk(size))
    assert ran.code == 2
    assert ran.err == (
        f"qi-checker: {out}: cannot be written: file too large. The folder is unchanged. "
        "Free space or ask for permission, and run it again.\n"
    )
    assert contents(out) == contents(audited)
    assert _left(tmp_path) == []


def test_a_folder_that_holds_other_files_is_refused_before_any_work(
    tmp_path: Path,
) -> None:
    """The records, which are none, are not looked at."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "cases.csv").write_text("no records")
    out = tmp_path / "thesis"
    out.mkdir()
    (out / "chapter-1.txt").write_text("years of work")
    ran = audit(data, out)
    assert (
        ran.code == 2
        and "cases" not in ran.err
        and "holds chapter-1.txt, which no audit wrote" in ran.err
    )
    assert [p.name for p in out.iterdir()] == ["chapter-1.txt"]
    assert "Give a new or an empty folder" in ran.err


def test_a_note_put_into_an_audit_is_not_deleted(folder: WriteFolder, tmp_path: Path) -> None:
    data, out = folder(), tmp_path / "audit"
    assert audit(data, out).code == 0
    (out / "remarks.docx").write_text("discussed on Monday")
    before = contents(out)
    ran = audit(data, out)
    assert ran.code == 2 and "remarks.docx" in ran.err
    assert contents(out) == before


def test_the_data_folder_is_never_the_output(folder: WriteFolder) -> None:
    data = folder()
    before = contents(data)
    assert audit(data, data).code == 2
    assert contents(data) == before


@pytest.mark.parametrize("out", ["file", "file/audit"])
def test_a_file_in_the_way_is_told(folder: WriteFolder, tmp_path: Path, out: str) -> None:
    (tmp_path / "file").write_text("mine")
    ran = audit(folder(), tmp_path / out)
    assert ran.code == 2
    assert ran.err.startswith(f"qi-checker: {tmp_path / out}: ")
    assert ran.err.count("\n") == 1
    assert (tmp_path / "file").read_text() == "mine"


def test_a_folder_without_permission_is_told(folder: WriteFolder, tmp_path: Path) -> None:
    """A process that may write everywhere meets the same refusal of the system in /proc."""
    out = tmp_path / "closed" / "audit"
    out.parent.mkdir()
    out.parent.chmod(0o555)
    if os.access(out.parent, os.W_OK):
        out = Path("/proc/audit")
    ran = audit(folder(), out)
    assert ran.code == 2 and f"{out}: cannot be written" in ran.err
    assert "The folder is unchanged" in ran.err


def test_a_link_is_kept_and_the_folder_behind_it_replaced(
    folder: WriteFolder, tmp_path: Path
) -> None:
    data, real, link = folder(), tmp_path / "disk" / "real", tmp_path / "audit"
    assert audit(data, real, as_of="2026-02-28").code == 0
    link.symlink_to(real)
    assert audit(data, link).code == 0
    assert link.is_symlink() and not real.is_symlink()
    assert audit(data, tmp_path / "direct").code == 0
    assert contents(real) == contents(tmp_path / "direct")
    assert _left(tmp_path) == _left(real.parent) == []


def test_two_audits_at_once_leave_one_of_the_two(folder: WriteFolder, tmp_path: Path) -> None:
    data = folder()
    days = ("2026-02-28", "2026-03-02")
    for day in days:
        assert audit(data, tmp_path / day, as_of=day).code == 0
    expected = [contents(tmp_path / day) for day in days]
    for _ in range(2):
        running = [
            begun(
                ["audit", "--data", str(data), "--as-of", day, "--out", str(tmp_path / "both")],
                "",
                tmp_path,
                environment(),
            )
            for day in days
        ]
        assert [ended(process) for process in running] == [0, 0]
        assert contents(tmp_path / "both") in expected
        assert _left(tmp_path) == []


def test_fewer_pages_leave_none_of_an_older_audit(folder: WriteFolder, tmp_path: Path) -> None:
    data, out = folder(), tmp_path / "audit"
    assert audit(data, out).code == 0
    assert len(list((out / "cases").iterdir())) == 3
    assert audit(data, out, "--pages", 1).code == 0
    assert len(list((out / "cases").iterdir())) == 1
    assert len(csv_rows(out / "cases.csv")) == 3
