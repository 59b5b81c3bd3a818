"""Files and folders that are replaced whole, on every kind of system and whatever goes wrong."""

from __future__ import annotations

import errno
import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from qi_checker.errors import UserError
from qi_checker.render import atomic
from qi_checker.render.atomic import replaced_folder, sweep_parts, write_file
from tests.helpers.commands import contents

OURS = ("manifest.json", "index.html", "cases/*.html")
MANIFEST = '{"program": {"name": "qi-checker"}, "number": "%s"}'


def write(target: Path, number: object) -> None:
    """An audit, as far as this module knows."""
    with replaced_folder(target, OURS) as folder:
        (folder / "manifest.json").write_text(MANIFEST % number)
        (folder / "index.html").write_text(str(number))
        (folder / "cases").mkdir()
        (folder / "cases" / f"{str(number).upper()}.html").write_text("page of qi-checker")


def hidden(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir() if p.name.startswith("."))


def number_in(target: Path) -> str:
    return (target / "index.html").read_text()


@pytest.fixture(params=["exchange", "two steps"])
def target(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A target on a system that can exchange folders, and on one that cannot."""
    if request.param == "two steps":
        monkeypatch.setattr(atomic, "_exchange", lambda work, target: False)
        monkeypatch.setattr(atomic, "_sync_file_system", lambda folder: False)
    return tmp_path / "audit"


def test_a_new_folder_is_made_with_its_parents(target: Path) -> None:
    target = target.parent / "deep" / "er" / "audit"
    write(target, 1)
    assert number_in(target) == "1"
    assert hidden(target.parent) == []


def test_an_older_audit_is_replaced_whole(target: Path) -> None:
    write(target, 1)
    write(target, 2)
    assert sorted(contents(target)) == ["cases/2.html", "index.html", "manifest.json"]
    assert hidden(target.parent) == []


def test_an_empty_folder_may_be_filled(target: Path) -> None:
    target.mkdir()
    write(target, 1)
    assert number_in(target) == "1"


@pytest.mark.parametrize("name", ["it's [1] *?", "a.new-b", "-x", "größe", ".hidden"])
def test_any_name_will_do(target: Path, name: str) -> None:
    target = target.parent / name
    for number in (1, 2):
        write(target, number)
    assert [p.name for p in target.parent.iterdir()] == [name]


def test_an_error_while_writing_leaves_the_old_folder(target: Path) -> None:
    write(target, 1)
    before = contents(target)
    with pytest.raises(TypeError), replaced_folder(target, OURS) as folder:
        (folder / "index.html").write_bytes("half")  # type: ignore[arg-type]
    assert contents(target) == before
    assert hidden(target.parent) == []


def test_a_full_disk_is_told_in_words(target: Path) -> None:
    write(target, 1)
    with pytest.raises(UserError) as raised, replaced_folder(target, OURS):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert str(raised.value) == (
        f"{target}: cannot be written: no space left on device. The folder is unchanged. "
        "Free space or ask for permission, and run it again."
    )
    assert number_in(target) == "1"


def test_a_second_step_that_fails_takes_back_the_first(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(atomic, "_exchange", lambda work, target: False)
    write(target, 1)
    rename = os.rename

    def refuse(source: Path, to: Path) -> None:
        if ".new-" in source.name:
            raise PermissionError(errno.EACCES, "Permission denied")
        rename(source, to)

    monkeypatch.setattr(os, "rename", refuse)
    with pytest.raises(UserError, match="permission denied"):
        write(target, 2)
    assert number_in(target) == "1"
    assert hidden(target.parent) == []


def test_a_kill_between_the_two_steps_is_finished_by_the_next_run(target: Path) -> None:
    write(target, 1)
    target.rename(target.with_name(".audit.old-0123abcd"))
    with replaced_folder(target, OURS) as folder:
        assert number_in(target) == "1"
        (folder / "manifest.json").write_text(MANIFEST % 1)
    write(target, 2)
    assert number_in(target) == "2"
    assert hidden(target.parent) == []


def test_what_killed_runs_left_is_removed(target: Path) -> None:
    for name in (".audit.new-0123abcd", ".audit.old-0123abcd"):
        (target.with_name(name) / "cases").mkdir(parents=True)
    write(target, 1)
    assert number_in(target) == "1"
    assert hidden(target.parent) == []


def test_what_others_left_is_not_removed(target: Path) -> None:
    names = [".audit-2.new-0123abcd", ".audit.new-", ".audit.news", ".other.new-0123abcd"]
    for name in names:
        target.with_name(name).mkdir()
    write(target, 1)
    assert hidden(target.parent) == sorted(names)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """As a run that is still alive holds it, also one in another container."""
    handle = os.open(folder, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    yield
    os.close(handle)


def test_a_run_that_is_still_alive_keeps_its_folder(target: Path) -> None:
    other = target.with_name(".audit.new-0123abcd")
    other.mkdir()
    with locked(other):
        write(target, 1)
        assert other.is_dir()
    write(target, 2)
    assert not other.exists()


def test_without_locks_only_what_is_a_day_old_is_removed(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(handle: int, how: int) -> None:
        raise OSError(errno.EBADF, "Bad file descriptor")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    fresh, old = (target.with_name(f".audit.new-{n}") for n in ("0123abcd", "4567abcd"))
    fresh.mkdir()
    old.mkdir()
    os.utime(old, (0, 0))
    write(target, 1)
    assert number_in(target) == "1"
    assert hidden(target.parent) == [fresh.name]


FOREIGN = {
    "a file of somebody": ["manifest.json", "index.html", "notes.txt"],
    "a file among the pages": ["manifest.json", "cases/1.html", "cases/notes.txt"],
    "a folder of somebody": ["manifest.json", "mine/thesis.docx"],
    "a hidden file": ["manifest.json", ".git/config"],
    "a link to a folder": ["manifest.json", "link"],
    "no manifest": ["index.html"],
}


@pytest.mark.parametrize("files", FOREIGN.values(), ids=FOREIGN)
def test_a_folder_that_holds_anything_else_is_left_alone(target: Path, files: list[str]) -> None:
    for name in files:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if name == "link":
            (target / name).symlink_to(target.parent)
        else:
            (target / name).write_text(MANIFEST % 1)
    before = contents(target)
    with pytest.raises(UserError) as raised:
        write(target, 2)
    assert files[-1] in str(raised.value)
    assert contents(target) == before
    assert hidden(target.parent) == []


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"program": "x"}', '{"name": "My web app"}'])
def test_the_manifest_of_another_program_marks_no_audit(target: Path, text: str) -> None:
    target.mkdir()
    (target / "manifest.json").write_text(text)
    with pytest.raises(UserError, match=r"manifest\.json, which no audit wrote"):
        write(target, 1)
    assert (target / "manifest.json").read_text() == text


def test_what_looking_at_a_folder_leaves_is_no_obstacle(target: Path) -> None:
    write(target, 1)
    (target / ".DS_Store").write_text("")
    (target / "cases" / "Thumbs.db").write_text("")
    write(target, 2)
    assert number_in(target) == "2"


def test_a_file_in_the_place_of_the_folder_is_left_alone(target: Path) -> None:
    target.write_text("mine")
    with pytest.raises(UserError, match="is a file, which no audit wrote"):
        write(target, 1)
    assert target.read_text() == "mine"


def test_where_the_target_is_a_link_the_folder_behind_it_is_replaced(target: Path) -> None:
    behind = target.parent / "disk" / "real"
    write(behind, 1)
    target.symlink_to(behind)
    write(target, 2)
    assert target.is_symlink() and target.readlink() == behind
    assert number_in(behind) == "2"
    assert hidden(target.parent) == hidden(behind.parent) == []


def test_a_link_to_a_folder_that_is_not_there_yet_is_followed(target: Path) -> None:
    target.symlink_to(target.parent / "later")
    write(target, 1)
    assert target.is_symlink() and number_in(target) == "1"


def test_who_may_read_the_folder_stays_as_it_was_decided(target: Path) -> None:
    write(target, 1)
    target.chmod(0o750)
    write(target, 2)
    assert target.stat().st_mode & 0o777 == 0o750


def test_a_reader_finds_the_old_or_the_new_folder_at_any_moment(tmp_path: Path) -> None:
    target = tmp_path / "audit"
    write(target, 0)
    done = threading.Event()
    seen: list[str] = []

    def read() -> None:
        while not done.is_set():
            seen.append(number_in(target))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for number in range(1, 200):
            write(target, number)
    finally:
        done.set()
        reader.join()
    numbers = [int(text) for text in seen]
    assert numbers == sorted(numbers) and len(set(numbers)) > 1


def test_two_runs_at_once_leave_one_of_the_results(tmp_path: Path) -> None:
    target = tmp_path / "audit"
    failed: list[BaseException] = []

    def repeat(name: str) -> None:
        try:
            for number in range(40):
                write(target, f"{name}{number}")
        except BaseException as error:
            failed.append(error)

    runs = [threading.Thread(target=repeat, args=(name,)) for name in "abcd"]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert failed == []
    assert number_in(target).endswith("39")
    assert hidden(tmp_path) == []


# ---- who may read it -----------------------------------------------------------------------------


@pytest.fixture(params=[0o000, 0o022, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def test_a_new_folder_is_private_whatever_the_umask(target: Path, umask: int) -> None:
    write(target, 1)
    assert mode(target) == mode(target / "cases") == 0o700
    assert {mode(p) for p in target.rglob("*") if p.is_file()} == {0o600}
    assert os.umask(umask) == umask


def test_a_folder_keeps_its_readers_and_its_files_follow(target: Path, umask: int) -> None:
    target.mkdir()
    target.chmod(0o750)
    for number in (1, 2):
        write(target, number)
        assert mode(target) == mode(target / "cases") == 0o750
        assert mode(target / "index.html") == 0o640


def test_the_hidden_copy_is_private_while_it_is_written(target: Path, umask: int) -> None:
    write(target, 1)
    target.chmod(0o755)
    with replaced_folder(target, OURS) as folder:
        assert mode(folder) == 0o700
        (folder / "manifest.json").write_text(MANIFEST % 2)
        assert mode(folder / "manifest.json") == 0o600


def test_a_new_folder_is_shared_where_its_parent_says_so(target: Path, umask: int) -> None:
    target.parent.chmod(0o2750)
    write(target, 1)
    assert (mode(target), mode(target / "index.html")) == (0o2750, 0o640)
    assert target.stat().st_gid == target.parent.stat().st_gid


def test_a_file_is_private_and_replaced_whole(tmp_path: Path, umask: int) -> None:
    file = tmp_path / "list.html"
    file.write_text("old")
    file.chmod(0o644)
    write_file(file, b"new")
    assert (file.read_text(), mode(file)) == ("new", 0o600)
    write_file(file, b"for a monitor", 0o644)
    assert (mode(file), hidden(tmp_path)) == (0o644, [])


def test_a_link_to_a_file_stays(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    link = tmp_path / "list.html"
    link.symlink_to(tmp_path / "there" / "list.html")
    write_file(link, b"new")
    assert link.is_symlink() and link.read_text() == "new"


def test_a_file_that_cannot_be_replaced_stays_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "list.html"
    write_file(file, b"old")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_file(file, b"new")
    assert (file.read_text(), hidden(tmp_path)) == ("old", [])


def test_what_a_killed_writer_left_of_a_file_is_swept(tmp_path: Path) -> None:
    (tmp_path / ".list.html.0123abcd.part").write_bytes(b"hal")
    sweep_parts(tmp_path)
    assert hidden(tmp_path) == []


def written(target: Path) -> Path:
    """A folder as an audit leaves it, by each version of the program."""
    write(target, 1)
    for name in ("case-7-0123456789ab.html", "A_B.html", "CASE.1.html"):
        (target / "cases" / name).write_text("<!doctype html>" + "x" * 5_000 + "qi-checker 0.1")
    return target


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("notes.html", "<p>Call her daughter. qi-checker"),  # no name of a page
        ("NOTES.html", "<p>Call her daughter."),  # no page of ours
        ("NOTES.html", "qi-checker" + "x" * 5_000),
        ("NOTES.pdf", "notes"),
        ("CASE.html.bak", "qi-checker"),
        ("part-0.parquet", "notes"),
    ],
)
def test_what_somebody_put_among_the_pages_is_not_deleted(
    target: Path, name: str, text: str
) -> None:
    ours = (*OURS, "cases/*.pdf", "cases/part-*.parquet")
    (written(target) / "cases" / name).write_text(text)
    with (
        pytest.raises(UserError, match=f"holds cases/{name}, which no audit wrote"),
        replaced_folder(target, ours),
    ):
        pass
    (target / "cases" / name).unlink()
    with replaced_folder(target, ours) as folder:
        (folder / "manifest.json").write_text(MANIFEST % 2)
