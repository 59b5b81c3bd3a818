"""Files and folders that are replaced whole, for those who may read them.

A reader sees the old content or the new one, never half. A run that is killed leaves the old content and
a hidden file or folder beside it, which the next run removes. What is written is private (files 0600,
folders 0700, whatever the umask), since nearly all of it names patients. A folder that is replaced keeps
its mode, and its files follow it: somebody decided who may read it. A new folder is shared with the
group where its parent has the set-group-ID bit, by which administrators say so.
"""

from __future__ import annotations

import ctypes
import glob
import json
import os
import re
import secrets
import shutil
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from fnmatch import fnmatchcase
from pathlib import Path

from qi_checker import private
from qi_checker.errors import Problem, UserError
from qi_checker.private import kept_private, own_folder, sweep_folders, unlock_folder

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2
# With the name of the program in it, what makes a folder one of ours: an audit, or a rulebook that
# holds a folder with an audit for each protocol.
_MARK, _RULEBOOK_MARK = "manifest.json", "rulebook.json"
_CLUTTER = (".DS_Store", "Thumbs.db", "desktop.ini", ".nfs*")  # left by looking at a folder
# Names that `audit.folder.page_name` gives, also those of earlier versions.
_PAGE = re.compile(r"([A-Z0-9_-][A-Z0-9._-]*|[A-Za-z0-9._-]*-[0-9a-f]{12})\.(html|pdf)")
_FOOTER = 2_000  # bytes at the end of a page that name the program
_LONGEST = 200  # characters of a name that are kept in that of a part


def refused(path: Path, error: OSError | str, advice: str = "", why: str = "") -> UserError:
    """Say that the disk said no, in the words of the system; `path` was to be written."""
    said = error if isinstance(error, str) else error.strerror or type(error).__name__
    advice = (
        advice or "Free space or ask for permission; the next start goes on where this one ended"
    )
    return UserError(Problem(str(path), f"cannot be written: {said.lower()}", why, advice))


# ---- one file ------------------------------------------------------------------------------------


def write_file(path: Path, content: bytes, mode: int = private.FILE) -> None:
    """Replace a file in one step, on the disk before it takes its name. OSError where it fails.

    Where `path` is a link, the file that it points to is replaced and the link stays. What is no
    file, such as a pipe, is written to.
    """
    if path.exists() and not path.is_file():
        path.write_bytes(content)
        return
    target = Path(os.path.realpath(path))
    part = target.with_name(f".{target.name[:_LONGEST]}.{secrets.token_hex(4)}.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, private.FILE)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            if os.name == "posix":
                os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        os.replace(part, target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk; Windows has no such call, and needs none."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sweep_parts(folder: Path) -> None:
    """Remove what killed writers left of `write_file`."""
    for part in folder.glob(".*.part"):
        part.unlink(missing_ok=True)


# ---- a folder ------------------------------------------------------------------------------------


@contextmanager
def replaced_folder(target: Path, ours: Sequence[str]) -> Iterator[Path]:
    """Write into the folder that is yielded; it becomes `target` when the block ends well.

    `ours` are patterns of the files that may be replaced. Where `target` is a link, the folder it
    points to is replaced and the link stays. Raises UserError where `target` holds anything else,
    and where the disk refuses. A run that is killed leaves `target` as it was, and a hidden
    folder beside it that the next run removes.
    """
    target = Path(os.path.realpath(target))
    check_replaceable(target, ours)
    try:
        with kept_private():
            target.parent.mkdir(parents=True, exist_ok=True)
            _sweep(target)
            work, lock = own_folder(
                lambda: target.with_name(f".{target.name}.new-{secrets.token_hex(4)}")
            )
            try:
                yield work
                _open_to_readers(work, target)
                _flush(work)
                _swap(work, target)
            finally:
                shutil.rmtree(work, ignore_errors=True)
                unlock_folder(lock)
    except OSError as error:
        raise folder_refused(target, error) from None


def folder_refused(target: Path, error: OSError | str) -> UserError:
    """Say that a folder could not be replaced."""
    advice = "Free space or ask for permission, and run it again"
    return refused(target, error, advice, "The folder is as it was")


def check_replaceable(target: Path, ours: Sequence[str]) -> None:
    """Raise UserError unless `target` is missing, empty, or holds what an audit wrote and no more."""
    try:
        if not target.exists():
            return
        if not target.is_dir():
            raise UserError(_foreign(target, "is a file"))
        known = _replaceable(target, ours)
        strange = sorted(f for f in _files(target) if not _is_known(target, f, known))
    except OSError as error:
        raise folder_refused(target, error) from None
    if strange:
        more = f" and {len(strange) - 3} more" if len(strange) > 3 else ""
        raise UserError(_foreign(target, f"holds {', '.join(strange[:3])}{more}"))


def _is_known(target: Path, file: str, known: Sequence[str]) -> bool:
    """Whether a program of ours wrote a file. Under a pattern anybody may put one of their own.

    A page names the program at its end, whatever version wrote it; an edition for paper and a part of
    a table begin with the mark of their format, and have a name of ours.
    """
    matching = [pattern for pattern in known if fnmatchcase(file, pattern)]
    if not any("*" in pattern for pattern in matching):
        return bool(matching)
    name = file.rpartition("/")[2]
    try:
        if name.endswith(".parquet"):
            return _part_of(target / file, 0, 4) == b"PAR1"
        if not _PAGE.fullmatch(name):
            return False
        if name.endswith(".pdf"):
            return _part_of(target / file, 0, 5) == b"%PDF-"
        return b"qi-checker" in _part_of(target / file, -_FOOTER, _FOOTER)
    except FileNotFoundError:  # another run has replaced the folder meanwhile
        return True


def _part_of(path: Path, start: int, length: int) -> bytes:
    with path.open("rb") as file:
        if start < 0:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size + start))
        return file.read(length)


def _files(target: Path) -> Iterator[str]:
    """Every file below a folder that somebody might miss; another run may be replacing it."""

    def complain(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            raise error

    for folder, inner, names in os.walk(target, onerror=complain):
        links = [name for name in inner if os.path.islink(os.path.join(folder, name))]
        for name in (*names, *links):
            if not any(fnmatchcase(name, c) for c in _CLUTTER):
                yield Path(folder, name).relative_to(target).as_posix()


def _replaceable(target: Path, ours: Sequence[str]) -> Sequence[str]:
    """Patterns of the files that an audit, or a rulebook of audits, wrote there."""
    if _is_ours(target / _RULEBOOK_MARK):
        inner = [f.parent.name for f in target.glob(f"*/{_MARK}") if _is_ours(f)]
        return (*ours, *(f"{glob.escape(name)}/{pattern}" for name in inner for pattern in ours))
    return ours if _is_ours(target / _MARK) else ()


def _is_ours(mark: Path) -> bool:
    """Other programs call a file manifest.json too."""
    try:
        manifest = json.loads(mark.read_bytes())
        return bool(manifest["program"]["name"] == "qi-checker")
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _foreign(target: Path, what: str) -> Problem:
    return Problem(
        str(target),
        f"{what}, which no audit wrote",
        "An audit replaces its whole folder, and this would be lost",
        "Give a new or an empty folder",
    )


def _sweep(target: Path) -> None:
    """Remove what killed runs left behind; a run that is still alive keeps its folder."""
    for left in _beside(target, "old"):
        if target.exists():
            shutil.rmtree(left, ignore_errors=True)
        else:
            os.rename(left, target)  # killed between the two steps of a system without exchange
    sweep_folders(_beside(target, "new"))


def _beside(target: Path, kind: str) -> list[Path]:
    return sorted(target.parent.glob(f".{glob.escape(target.name)}.{kind}-????????"))


def _open_to_readers(work: Path, target: Path) -> None:
    """Give the new folder and its files to those who may read what it replaces, before it does."""
    if os.name != "posix":
        return
    if target.is_dir():
        found = target.stat()
        mode, group = stat.S_IMODE(found.st_mode), found.st_gid
    else:
        found = target.parent.stat()
        shared = found.st_mode & stat.S_ISGID
        mode, group = (
            (0o2700 | found.st_mode & 0o070, found.st_gid) if shared else (private.FOLDER, -1)
        )
    if not mode & 0o077:
        work.chmod(mode)
        return
    for path in (*work.rglob("*"), work):
        with suppress(PermissionError):  # only a member of the group may give it away
            os.chown(path, -1, group)
        path.chmod(mode if path.is_dir() else mode & 0o666)


def _flush(folder: Path) -> None:
    """To the disk before the swap, so that a power cut cannot leave empty files behind it."""
    if sys.platform.startswith("linux") and _sync_file_system(folder):
        return  # one call, where thousands of pages one by one take many seconds
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())


def _sync_file_system(folder: Path) -> bool:
    sync = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    handle = os.open(folder, os.O_RDONLY)
    try:
        return sync is not None and bool(sync(handle) == 0)
    finally:
        os.close(handle)


def _swap(work: Path, target: Path) -> None:
    """Put `work` in the place of `target` in one step where the system can exchange folders."""
    if _exchange(work, target):
        return
    # Nothing to exchange with, or no exchange here (not Linux, some network drives): then for a
    # moment there is no folder, but never half of one.
    old = target.with_name(f".{target.name}.old-{secrets.token_hex(4)}")
    with suppress(FileNotFoundError):
        os.rename(target, old)
    try:
        os.rename(work, target)
    except OSError:
        if _exchange(work, target):  # another run has just made its first audit here
            return
        if old.exists():
            os.rename(old, target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _exchange(work: Path, target: Path) -> bool:
    if not sys.platform.startswith("linux"):
        return False
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    paths = os.fsencode(work), os.fsencode(target)
    return bool(rename(_AT_FDCWD, paths[0], _AT_FDCWD, paths[1], _RENAME_EXCHANGE) == 0)
