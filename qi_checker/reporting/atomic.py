"""A folder that is replaced whole: a reader sees the old one or the new one, never half."""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from qi_checker.errors import Problem, UserError

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2
_MARK = "manifest.json"  # what makes a folder one of ours, which may be replaced


@contextmanager
def replaced_folder(target: Path) -> Iterator[Path]:
    """Write into the folder that is yielded; it becomes `target` when the block ends well.

    Raises UserError where `target` holds anything that an audit did not write, and where the
    disk refuses. A run that is killed leaves `target` as it was, and a hidden folder beside it
    that the next run removes.
    """
    target = Path(os.path.abspath(target))
    _check(target)
    work = target.with_name(f".{target.name}.new-{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _sweep(target)
        work.mkdir()
        yield work
        _flush(work)
        _swap(work, target)
    except OSError as error:
        raise UserError(_refused(target, error)) from None
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _check(target: Path) -> None:
    try:
        if not target.exists():
            return
        foreign = not target.is_dir() or (any(target.iterdir()) and not (target / _MARK).is_file())
    except OSError as error:
        raise UserError(_refused(target, error)) from None
    if foreign:
        raise UserError(
            Problem(str(target), "holds something that is not an audit",
                    "An audit replaces its whole folder, and this would be lost",
                    "Give a new or an empty folder")
        )  # fmt: skip


def _refused(target: Path, error: OSError) -> Problem:
    why = error.strerror or type(error).__name__
    return Problem(str(target), f"cannot be written: {why.lower()}", "The folder is as it was",
                   "Free space or ask for permission, and run it again")  # fmt: skip


def _sweep(target: Path) -> None:
    """Remove what killed runs left behind; a run that is still alive keeps its folder."""
    for left in target.parent.glob(f".{target.name}.new-*"):
        owner = left.name.rpartition("-")[2]
        if owner.isdigit() and not _alive(int(owner)):
            shutil.rmtree(left, ignore_errors=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _flush(folder: Path) -> None:
    """To the disk before the swap, so that a power cut cannot leave empty files behind it."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())


def _swap(work: Path, target: Path) -> None:
    """Put `work` in the place of `target` in one step where the system can exchange folders."""
    if not target.exists():
        os.rename(work, target)
    elif not _exchange(work, target):
        # No exchange here (not Linux): for a moment there is no folder, but never half of one.
        old = work.with_name(work.name + ".old")
        os.rename(target, old)
        os.rename(work, target)
        shutil.rmtree(old, ignore_errors=True)


def _exchange(work: Path, target: Path) -> bool:
    if not sys.platform.startswith("linux"):
        return False
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    paths = os.fsencode(work), os.fsencode(target)
    return bool(rename(_AT_FDCWD, paths[0], _AT_FDCWD, paths[1], _RENAME_EXCHANGE) == 0)
