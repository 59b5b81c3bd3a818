"""A folder that is replaced whole: a reader sees the old one or the new one, never half."""

from __future__ import annotations

import ctypes
import glob
import json
import os
import secrets
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from fnmatch import fnmatchcase
from pathlib import Path

from qi_checker.errors import Problem, UserError

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2
# With the name of the program in it, what makes a folder one of ours: an audit, or a rulebook that
# holds a folder with an audit for each protocol.
_MARK, _RULEBOOK_MARK = "manifest.json", "rulebook.json"
_CLUTTER = (".DS_Store", "Thumbs.db", "desktop.ini", ".nfs*")  # left by looking at a folder
_SURELY_OVER = 86_400  # seconds; no run takes so long


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
        target.parent.mkdir(parents=True, exist_ok=True)
        _sweep(target)
        work, lock = _own_folder(target)
        try:
            yield work
            _flush(work)
            _swap(work, target)
        finally:
            shutil.rmtree(work, ignore_errors=True)
            _unlock(lock)
    except OSError as error:
        raise UserError(refused(target, error.strerror or type(error).__name__)) from None


def check_replaceable(target: Path, ours: Sequence[str]) -> None:
    """Raise UserError unless `target` is missing, empty, or holds what an audit wrote and no more."""
    try:
        if not target.exists():
            return
        if not target.is_dir():
            raise UserError(_foreign(target, "is a file"))
        known = _replaceable(target, ours)
        strange = sorted(f for f in _files(target) if not any(fnmatchcase(f, k) for k in known))
    except OSError as error:
        raise UserError(refused(target, error.strerror or type(error).__name__)) from None
    if strange:
        more = f" and {len(strange) - 3} more" if len(strange) > 3 else ""
        raise UserError(_foreign(target, f"holds {', '.join(strange[:3])}{more}"))


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


def refused(target: Path, why: str) -> Problem:
    """The disk said no; `why` in the words of the system."""
    return Problem(
        str(target),
        f"cannot be written: {why.lower()}",
        "The folder is as it was",
        "Free space or ask for permission, and run it again",
    )


def _own_folder(target: Path) -> tuple[Path, int | None]:
    """A new hidden folder beside `target`, and the lock that says that it is in use."""
    while True:
        work = target.with_name(f".{target.name}.new-{secrets.token_hex(4)}")
        work.mkdir()
        try:
            lock = _lock(work)
        except (BlockingIOError, FileNotFoundError):
            continue  # another run swept it before it was locked
        if work.is_dir():
            return work, lock
        _unlock(lock)


def _lock(folder: Path) -> int | None:
    """Lock a folder until `_unlock`, or until this process ends in whatever way.

    BlockingIOError where it is locked already; None where the file system has no such locks.
    """
    if sys.platform == "win32":
        return None
    import fcntl

    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        if isinstance(error, BlockingIOError):
            raise
        return None
    return handle


def _unlock(lock: int | None) -> None:
    if lock is not None:
        os.close(lock)


def _sweep(target: Path) -> None:
    """Remove what killed runs left behind; a run that is still alive keeps its folder."""
    for left in _beside(target, "old"):
        if target.exists():
            shutil.rmtree(left, ignore_errors=True)
        else:
            os.rename(left, target)  # killed between the two steps of a system without exchange
    for left in _beside(target, "new"):
        try:
            lock = _lock(left)
            if lock is not None or time.time() - left.stat().st_mtime > _SURELY_OVER:
                shutil.rmtree(left, ignore_errors=True)
            _unlock(lock)
        except OSError:
            continue  # in use, or gone by now


def _beside(target: Path, kind: str) -> list[Path]:
    return sorted(target.parent.glob(f".{glob.escape(target.name)}.{kind}-????????"))


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
    if target.is_dir():
        shutil.copymode(target, work)  # who may read it was decided for the folder
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
