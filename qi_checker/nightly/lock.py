"""One run at a time. The lock ends with its process, however that ends.

The system's lock on an open file decides; the content of the file (process, host, since when) is
for people. A file that still names an owner was left by a killed run. If that run was on another
host, a shared drive may not have reported its lock, so the lock counts for a day.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from qi_checker.errors import Exit, Problem, UserError
from qi_checker.private import try_lock
from qi_checker.render.atomic import refused

_SURELY_OVER = timedelta(days=1)  # no run takes that long; only for a lock of another host
UNKNOWN = 0  # in place of a process id
_AGAIN = 0.2  # seconds between attempts
Clock = Callable[[], datetime]


class LockHeld(UserError):
    """Another run is at work; exit code 75, which schedulers read as 'try again later'."""

    exit_code = Exit.BUSY


@dataclass(frozen=True)
class Owner:
    """Who holds the lock, or held it when it was killed."""

    pid: int
    host: str
    since: str  # ISO 8601, UTC

    def age(self, now: datetime) -> timedelta:
        return max(now - datetime.fromisoformat(self.since), timedelta(0))


@contextmanager
def held(path: Path, clock: Clock, wait: timedelta) -> Iterator[Owner | None]:
    """Hold the lock; yield the owner that was killed while it held it, if any.

    Raises LockHeld if another run still holds it after `wait`.
    """
    handle = _taken(path, clock, wait)
    try:
        before = _owner(handle)
        if before is not None and not surely_over(before.host, before.since, clock()):
            raise _busy(path, before, clock())
        me = Owner(os.getpid(), socket.gethostname(), clock().isoformat(timespec="seconds"))
        try:
            _write(handle, json.dumps(asdict(me)) + "\n")
        except OSError as error:
            raise refused(path, error) from None
        yield before
        with contextlib.suppress(OSError):
            _write(handle, "")
    finally:
        os.close(handle)


def at_work(path: Path) -> Owner | None:
    """Return who holds the lock now, or None. Raise OSError if that cannot be read.

    An owner with the process id UNKNOWN holds it but has not yet written its name.
    """
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        if try_lock(handle, shared=True):
            return None
        return _owner(handle) or Owner(UNKNOWN, "", "")
    finally:
        os.close(handle)


def surely_over(host: str, since: str, now: datetime) -> bool:
    """Whether a run without a lock is over: on this host at once, on another host after a day."""
    owner = Owner(UNKNOWN, host, since)
    return not _elsewhere(owner) or owner.age(now) >= _SURELY_OVER


def _elsewhere(owner: Owner) -> bool:
    return owner.host != socket.gethostname()


def _taken(path: Path, clock: Clock, wait: timedelta) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o640)
    except OSError as error:
        raise refused(path, error) from None
    # At least twice: a healthcheck holds the lock for a moment but is not a run.
    until = time.monotonic() + max(wait.total_seconds(), _AGAIN)
    while not try_lock(handle):
        if time.monotonic() >= until:
            owner = _owner(handle)
            os.close(handle)
            raise _busy(path, owner, clock())
        time.sleep(_AGAIN)
    return handle


def _owner(handle: int) -> Owner | None:
    try:
        os.lseek(handle, 0, os.SEEK_SET)
        content = json.loads(os.read(handle, 4096) or b"null")
        owner = Owner(int(content["pid"]), str(content["host"]), str(content["since"]))
        owner.age(datetime.fromisoformat(owner.since))
    except (ValueError, KeyError, TypeError):
        return None  # empty, or truncated by a kill: nobody
    return owner


def _write(handle: int, text: str) -> None:
    os.lseek(handle, 0, os.SEEK_SET)
    os.write(handle, text.encode())
    os.ftruncate(handle, len(text.encode()))
    os.fsync(handle)


def _busy(path: Path, owner: Owner | None, now: datetime) -> LockHeld:
    if owner is None:
        return LockHeld(Problem(str(path), "another run is active", "", "Start it later"))
    minutes = int(owner.age(now).total_seconds() // 60)
    what = f"process {owner.pid} on {owner.host} has been running since {owner.since} ({minutes} minutes)"
    advice = "Wait for it, or set lock_wait"
    if _elsewhere(owner):
        advice = f"Wait for it. If that host is off, remove {path.name}"
    return LockHeld(Problem(str(path), what, "", advice))
