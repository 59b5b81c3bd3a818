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

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2
_MARK = "manifest.json"  # with the name of the program: what makes a folder one of ours
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
        with _own_folder(target) as work:
            yield work
            _flush(work)
            _swap(work, target)
    except OSError as error:
        raise UserError(_refused(target, error)) from None


def check_replaceable(target: Path, ours: Sequence[str]) -> None:
    """Raise UserError unless `target` is missing, empty, or holds what an audit wrote and no more."""
    try:
        if not target.exists():
            return
        if not target.is_dir():
            raise UserError(_foreign(target, "is a file"))
        files = [p.relative_to(target).as_posix() for p in target.rglob("*") if not p.is_dir()]
        known = (*ours, *_CLUTTER) if _is_ours(target) else _CLUTTER
        strange = sorted(f for f in files if not any(fnmatchcase(f, k) for k in known))
    except OSError as error:
        raise UserError(_refused(target, error)) from None
    if strange:
        more = f" and {len(strange) - 3} more" if len(strange) > 3 else ""
        raise UserError(_foreign(target, f"holds {', '.join(strange[:3])}{more}"))


def _is_ours(target: Path) -> bool:
    """Other programs call a file manifest.json too."""
    try:
        manifest = json.loads((target / _MARK).read_bytes())
        return bool(manifest["program"]["name"] == "qi-checker")
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _foreign(target: Path, what: str) -> Problem:
    return Problem(str(target), f"{what}, which no audit wrote",
                   "An audit replaces its whole folder, and this would be lost",
                   "Give a new or an empty folder")  # fmt: skip


def _refused(target: Path, error: OSError) -> Problem:
    why = error.strerror or type(error).__name__
    return Problem(str(target), f"cannot be written: {why.lower()}", "The folder is as it was",
                   "Free space or ask for permission, and run it again")  # fmt: skip


@contextmanager
def _own_folder(target: Path) -> Iterator[Path]:
    """A new hidden folder beside `target`, locked for as long as this process needs it."""
    while True:
        work = target.with_name(f".{target.name}.new-{secrets.token_hex(4)}")
        work.mkdir()
        # Another run may sweep it in the moment before it is locked; then there is a next one.
        with suppress(FileNotFoundError, BlockingIOError), _locked(work):
            if not work.is_dir():
                continue
            try:
                yield work
            finally:
                shutil.rmtree(work, ignore_errors=True)
            return


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder; the system lets go of it even when the process is killed.

    BlockingIOError where another process holds it. A file system without locks is no error.
    """
    if fcntl is None:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(_NoLocks):
            _lock(handle)
        yield
    finally:
        os.close(handle)


class _NoLocks(Exception):
    """The file system has no locks for folders (NFS)."""


def _lock(handle: int) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:
        raise _NoLocks from None
