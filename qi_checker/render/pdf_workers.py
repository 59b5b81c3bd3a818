"""PDF of many pages: made in processes of their own, each of which loads WeasyPrint once.

Laying out a page takes a processor about a quarter of a second, so all of them are put to work.
"""

from __future__ import annotations

import gc
import os
import signal
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from pathlib import Path

from qi_checker.errors import Problem, UserError
from qi_checker.render.pdf import check_pdf, pdf_of

_AHEAD = 8  # pages that wait for each process: enough to keep it busy, few enough for the memory


class Press:
    """Takes pages and writes their PDF; `done` counts those that are written."""

    def __init__(self, pool: ProcessPoolExecutor, jobs: int) -> None:
        self._pool = pool
        self._most = jobs * _AHEAD
        self._waiting: deque[Future[None]] = deque()
        self.done = 0

    def write(self, page: str, path: Path) -> None:
        """Hand a page over; waits where many are waiting. Raises what an earlier one raised."""
        while len(self._waiting) >= self._most:
            self.take()
        with _uninterrupted():
            self._waiting.append(self._pool.submit(_write, page, str(path)))

    def take(self) -> bool:
        """Wait for the page that was handed over first; False where there is none."""
        if not self._waiting:
            return False
        self._waiting.popleft().result()
        self.done += 1
        return True


@contextmanager
def pdf_press(jobs: int) -> Iterator[Press]:
    """Processes that write PDF; they are gone when the block ends, in whatever way.

    UserError where PDF cannot be made here, and where the system ends one of the processes.
    """
    check_pdf()
    # Started anew, not forked: DuckDB has threads.
    pool = ProcessPoolExecutor(jobs, get_context("spawn"), _begin)
    try:
        yield Press(pool, jobs)
    except BrokenProcessPool:
        raise UserError(
            Problem(
                "--jobs",
                "the system ended a process that makes PDF",
                "Perhaps there is too little memory: each takes about 200 MB",
                "Give a smaller number, and run it again",
            )
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def processors() -> int:
    """How many this program may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """A process that is started here never gets Ctrl-C, not even before `_begin`; we do, after it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin() -> None:
    """The start of a process that makes PDF."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends Ctrl-C to it as well
    threading.Thread(target=_end_with_parent, daemon=True).start()
    check_pdf()
    # A layout is many small objects that refer to each other: looking for garbage after each few
    # hundred of them takes a quarter of the time.
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


def _end_with_parent() -> None:
    """A parent that is killed cannot tell us."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _write(page: str, path: str) -> None:
    Path(path).write_bytes(pdf_of(page))
