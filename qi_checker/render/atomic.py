"""Atomic replacement of files and folders, with the right permissions.

A reader sees the old content or the new content, never half. A killed run leaves the old content
and a hidden file or folder beside it, which the next run removes. Output is private (files 0600,
folders 0700, whatever the umask), since nearly all of it names patients. A replaced folder keeps
its mode, and its files follow it: somebody decided who may read it. A new folder is shared with the
group if its parent has the set-group-ID bit, which is how administrators request that.
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
# With the name of the program in it, this file marks a folder of ours: an audit, or a rulebook that
# holds a folder with an audit for each protocol.
_MARK, _RULEBOOK_MARK = "manifest.json", "rulebook.json"
_CLUTTER = (".DS_Store", "Thumbs.db", "desktop.ini", ".nfs*")  # written by file browsers
# Names that `audit.folder.page_name` gives, also those of earlier versions.
_PAGE = re.compile(r"([A-Z0-9_-][A-Z0-9._-]*|[A-Za-z0-9._-]*-[0-9a-f]{12})\.(html|pdf)")
_FOOTER = 2_000  # bytes at the end of a page that contain the name of the program
_LONGEST = 200  # characters of a name that are kept in the name of a part


def refused(path: Path, error: OSError | str, advice: str = "", why: str = "") -> UserError:
    """Return the error for a failed write to `path`, with the message of the system."""
    reason = error if isinstance(error, str) else error.strerror or type(error).__name__
    advice = (
        advice or "Free space or ask for permission; the next start goes on where this one ended"
    )
    return UserError(Problem(str(path), f"cannot be written: {reason.lower()}", why, advice))


# ---- one file ------------------------------------------------------------------------------------


def write_file(path: Path, content: bytes, mode: int = private.FILE) -> None:
    """Replace a file in one step, on the disk before it gets its name. Raise OSError on failure.

    If `path` is a link, the file that it points to is replaced and the link is kept. Anything that
    is not a file, such as a pipe, is written to directly.
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


def write_new(path: str, content: bytes) -> None:
    """Write a file into a folder that becomes visible later. Raise OSError on failure.

    A folder of pages has thousands: without the layers of `Path.write_text` each takes half the time.
    """
    with open(path, "wb", buffering=0) as file:
        left = memoryview(content)
        while left:  # a disk that is nearly full takes a part, and complains about the next
            left = left[file.write(left) :]


def sync_folder(folder: Path) -> None:
    """Flush the names in a folder to the disk; Windows has no such call and does not need it."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sweep_parts(folder: Path) -> None:
    """Remove the hidden files that killed calls of `write_file` left behind."""
    for part in folder.glob(".*.part"):
        part.unlink(missing_ok=True)


# ---- a folder ------------------------------------------------------------------------------------


@contextmanager
def replaced_folder(target: Path, ours: Sequence[str]) -> Iterator[Path]:
    """Yield a folder to write into; it becomes `target` if the block succeeds.

    `ours` are patterns of the files that may be replaced. If `target` is a link, the folder that it
    points to is replaced and the link is kept. Raises UserError if `target` contains anything else,
    or if writing fails. A killed run leaves `target` unchanged, and a hidden folder beside it that
    the next run removes.
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
    """Return the error for a folder that could not be replaced."""
    advice = "Free space or ask for permission, and run it again"
    return refused(target, error, advice, "The folder is unchanged")


def check_replaceable(target: Path, ours: Sequence[str]) -> None:
    """Raise UserError unless `target` is missing, empty, or contains only files of an audit."""
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
    """Whether this program wrote a file. A pattern alone does not decide: other files may match it.

    A page has the name of the program at its end, in every version. A PDF and a part of a table
    begin with the mark of their format and have one of our names.
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
    """Yield every file below a folder that somebody might need; another run may be replacing it."""

    def complain(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            raise error

    for folder, inner, names in os.walk(target, onerror=complain):
        links = [name for name in inner if os.path.islink(os.path.join(folder, name))]
        for name in (*names, *links):
            if not any(fnmatchcase(name, c) for c in _CLUTTER):
                yield Path(folder, name).relative_to(target).as_posix()


def _replaceable(target: Path, ours: Sequence[str]) -> Sequence[str]:
    """Return the patterns of the files that an audit, or a rulebook of audits, wrote there."""
    if _is_ours(target / _RULEBOOK_MARK):
        inner = [f.parent.name for f in target.glob(f"*/{_MARK}") if _is_ours(f)]
        return (*ours, *(f"{glob.escape(name)}/{pattern}" for name in inner for pattern in ours))
    return ours if _is_ours(target / _MARK) else ()


def _is_ours(mark: Path) -> bool:
    """Whether this program wrote the manifest; other programs also have a manifest.json."""
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
    """Remove the folders of killed runs; a running one keeps its folder."""
    for left in _beside(target, "old"):
        if target.exists():
            shutil.rmtree(left, ignore_errors=True)
        else:
            os.rename(left, target)  # killed between the two steps of a system without exchange
    sweep_folders(_beside(target, "new"))


def _beside(target: Path, kind: str) -> list[Path]:
    return sorted(target.parent.glob(f".{glob.escape(target.name)}.{kind}-????????"))


def _open_to_readers(work: Path, target: Path) -> None:
    """Give the old folder's readers access to the new folder and its files, before the swap."""
    if os.name != "posix":
        return
    if target.is_dir():
        status = target.stat()
        mode, group = stat.S_IMODE(status.st_mode), status.st_gid
    else:
        status = target.parent.stat()
        shared = status.st_mode & stat.S_ISGID
        mode, group = (
            (0o2700 | status.st_mode & 0o070, status.st_gid) if shared else (private.FOLDER, -1)
        )
    if not mode & 0o077:
        work.chmod(mode)
        return
    for path in (*work.rglob("*"), work):
        with suppress(PermissionError):  # only a member of the group may give it away
            os.chown(path, -1, group)
        path.chmod(mode if path.is_dir() else mode & 0o666)


def _flush(folder: Path) -> None:
    """Flush to the disk before the swap, so that a power cut cannot leave empty files."""
    if sys.platform.startswith("linux") and _sync_file_system(folder):
        return  # one call; flushing thousands of pages one by one takes many seconds
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
    # moment there is no folder, but never half a folder.
    old = target.with_name(f".{target.name}.old-{secrets.token_hex(4)}")
    with suppress(FileNotFoundError):
        os.rename(target, old)
    try:
        os.rename(work, target)
    except OSError:
        if _exchange(work, target):  # another run has just written its first audit here
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
