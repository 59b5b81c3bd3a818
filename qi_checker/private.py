"""What only we may read, and whether another run is active: files, folders and locks of the system.

Records are written to disk for a while where they do not fit into memory. They lie in a folder of
this user that nobody else may enter, one folder for each process. A process that is killed leaves its
folder behind; the next command of the same user removes it.
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
_SURELY_OVER = 86_400  # seconds; no run takes so long


@contextmanager
def kept_private() -> Iterator[None]:
    """Make files and folders private while the block runs, whoever makes them.

    The umask belongs to the process: databases and libraries that make files of their own obey it.
    """
    before = os.umask(UMASK)
    try:
        yield
    finally:
        os.umask(before)


# ---- locks ---------------------------------------------------------------------------------------


def try_lock(handle: int, shared: bool = False) -> bool:
    """Take the system's own lock of an open file or folder; whether it is ours now.

    It ends with the process, in whatever way that ends. OSError where the file system has no locks.
    Windows locks a byte that nobody reads, and knows no sharing.

    Why not `filelock` (4.3.1, MIT): it survives SIGKILL as this does, by the same call. But releases
    of 2026 deleted the file when they let go of it, by which two runs could hold one lock
    (tox-dev/filelock#574); where the file system has no locks it makes do, unless told otherwise, with
    a file whose existence is the lock, which a killed run leaves behind; and it has no shared lock, by
    which `healthcheck` looks whether a run is at work without keeping one from starting.
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
    """Lock a folder until `unlock_folder`, or until this process ends in whatever way.

    BlockingIOError where it is locked already; None where the file system has no such locks.
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
    """Let go of a folder."""
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
    """Remove the folders of `own_folder` whose process is gone; one that is alive keeps its own."""
    for folder in left:
        try:
            lock = lock_folder(folder)
            if lock is not None or time.time() - folder.stat().st_mtime > _SURELY_OVER:
                shutil.rmtree(folder, ignore_errors=True)
            unlock_folder(lock)
        except OSError:
            continue  # in use, or gone by now


# ---- records that do not fit into memory ---------------------------------------------------------

_places: list[Path] = []  # where a job puts them; without one, in TMPDIR


def spill_under(folder: Path) -> None:
    """Put records on disk below a folder of a job's own from now on, and remove what is left there."""
    _places[:] = [folder]
    sweep_spilled()


def spill_anywhere() -> None:
    """Forget the folder of a job, whose command is over: a process may run many commands."""
    _places.clear()


@cache
def spill_folder() -> Path:
    """Give the folder of this process for records on disk; removed when it ends."""
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
    """Remove a folder when the process ends that made it; a fork of it goes on without."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)


def sweep_spilled() -> None:
    """Remove what killed processes of this user left of `spill_folder`."""
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
    """The folder of this user; None where somebody else took its name: TMPDIR is open to all."""
    base = _base()
    try:
        base.mkdir(FOLDER, exist_ok=True, parents=bool(_places))
        return base if _is_ours(base) else None
    except OSError:
        return None


def _is_ours(folder: Path) -> bool:
    if sys.platform == "win32":
        return True  # TMPDIR belongs to the user
    found = folder.lstat()
    private = not stat.S_IMODE(found.st_mode) & 0o077
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and private
