"""Private files and folders, and locks of the system.

Records that do not fit into memory are written to disk for a while. They are in a folder of this
user that nobody else may enter, one folder per process. A killed process leaves its folder behind;
the next command of the same user removes it.
"""

from __future__ import annotations

import atexit
import os
import secrets
import shutil
import stat
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

FILE, FOLDER = 0o600, 0o700
UMASK = 0o077
_SURELY_OVER = 86_400  # seconds; no run takes that long


@contextmanager
def kept_private() -> Iterator[None]:
    """Make files and folders private while the block runs, whichever code creates them.

    The umask belongs to the process: databases and libraries that create files obey it.
    """
    before = os.umask(UMASK)
    try:
        yield
    finally:
        os.umask(before)


# ---- locks ---------------------------------------------------------------------------------------


def try_lock(handle: int, shared: bool = False) -> bool:
    """Take the system's lock on an open file or folder; return whether it is ours now.

    It ends with the process, however that ends. Raises OSError if the file system has no locks.
    Windows locks a byte that nobody reads, and has no shared locks.

    Why not `filelock` (4.3.1, MIT): it survives SIGKILL as this does, with the same call. But
    releases of 2026 deleted the file when they released it, so two runs could hold one lock
    (tox-dev/filelock#574). If the file system has no locks, its default is a file whose existence
    is the lock, which a killed run leaves behind. And it has no shared lock, with which
    `healthcheck` tests whether a run is active without keeping one from starting.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(handle, 1 << 20, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            how = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
            fcntl.flock(handle, how | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def lock_folder(folder: Path) -> int | None:
    """Lock a folder until `unlock_folder`, or until this process ends, however it ends.

    Raises BlockingIOError if it is already locked; returns None if the file system has no such
    locks.
    """
    if sys.platform == "win32":
        return None
    handle = os.open(folder, os.O_RDONLY)
    try:
        taken = try_lock(handle)
    except OSError:
        os.close(handle)
        return None
    if not taken:
        os.close(handle)
        raise BlockingIOError
    return handle


def unlock_folder(lock: int | None) -> None:
    """Release the lock of a folder."""
    if lock is not None:
        os.close(lock)


def own_folder(name: Callable[[], Path]) -> tuple[Path, int | None]:
    """Make a new private folder, and lock it as a sign that it is in use."""
    while True:
        made = name()
        made.mkdir(FOLDER)
        try:
            lock = lock_folder(made)
        except (BlockingIOError, FileNotFoundError):
            continue  # another run swept it before it was locked
        if made.is_dir():
            return made, lock
        unlock_folder(lock)


def sweep_folders(left: Iterable[Path]) -> None:
    """Remove the folders of `own_folder` whose process has ended."""
    for folder in left:
        try:
            lock = lock_folder(folder)
            if lock is not None or time.time() - folder.stat().st_mtime > _SURELY_OVER:
                shutil.rmtree(folder, ignore_errors=True)
            unlock_folder(lock)
        except OSError:
            continue  # in use, or gone by now


# ---- records that do not fit into memory ---------------------------------------------------------

_places: list[Path] = []  # where a job puts them; without a job, in TMPDIR


def spill_under(folder: Path) -> None:
    """From now on put records on disk below a job's own folder, and remove what is left there."""
    _places[:] = [folder]
    sweep_spilled()


def spill_anywhere() -> None:
    """Forget the folder of a job after its command: a process may run many commands."""
    _places.clear()


@cache
def spill_folder() -> Path:
    """Return this process's folder for records on disk, removed when the process ends."""
    with kept_private():
        base = _of_this_user()
        if base is None:
            import tempfile

            folder = Path(tempfile.mkdtemp(prefix="qi-checker-"))
        else:
            folder, _ = own_folder(lambda: base / f"{os.getpid()}-{secrets.token_hex(4)}")
    atexit.register(_remove, folder, os.getpid())
    return folder


def _remove(folder: Path, owner: int) -> None:
    """Remove a folder when the process that made it ends; a fork continues without it."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)


def sweep_spilled() -> None:
    """Remove the folders that killed processes of this user left behind."""
    with suppress(OSError):
        base = _base()
        if base.is_dir() and _is_ours(base):
            sweep_folders(folder for folder in base.iterdir() if folder.is_dir())


def _base() -> Path:
    if _places:
        return _places[0]
    import tempfile

    user = os.getuid() if sys.platform != "win32" else os.environ.get("USERNAME", "user")
    return Path(tempfile.gettempdir()) / f"qi-checker-{user}"


def _of_this_user() -> Path | None:
    """Return this user's folder; None if somebody else took its name in a shared TMPDIR."""
    base = _base()
    try:
        base.mkdir(FOLDER, exist_ok=True, parents=bool(_places))
        return base if _is_ours(base) else None
    except OSError:
        return None


def _is_ours(folder: Path) -> bool:
    if sys.platform == "win32":
        return True  # TMPDIR belongs to the user
    status = folder.lstat()
    private = not stat.S_IMODE(status.st_mode) & 0o077
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and private
