"""PDF of many pages, in separate processes that load WeasyPrint once each.

Laying out a page takes a processor about a quarter of a second, so all processors are used.
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

_AHEAD = 8  # pages that wait for each process: enough to keep it busy, few enough for memory


class Press:
    """Takes pages and writes their PDF; `done` counts written pages."""

    def __init__(self, pool: ProcessPoolExecutor, jobs: int) -> None:
        self._pool = pool
        self._most = jobs * _AHEAD
        self._waiting: deque[Future[None]] = deque()
        self.done = 0

    def write(self, page: str, path: Path) -> None:
        """Queue a page; wait if many are queued. Raises the error of an earlier page.

        The page waits in a file beside its PDF, not in the queue. Before Python 3.11.5 a pool hangs for ever
        if a process ends while more than a pipe holds (64 kB) is on its way to it.
        """
        while len(self._waiting) >= self._most:
            self.take()
        waiting = path.with_name(path.name + ".page")
        waiting.write_text(page, encoding="utf-8")
        with _uninterrupted():
            self._waiting.append(self._pool.submit(_write, str(waiting), str(path)))

    def take(self) -> bool:
        """Wait for the page that was queued first; return False without one."""
        if not self._waiting:
            return False
        self._waiting.popleft().result()
        self.done += 1
        return True


@contextmanager
def pdf_press(jobs: int) -> Iterator[Press]:
    """Start processes that write PDF; they end with the block, however it ends.

    Raises UserError if PDF cannot be written here, or if the system ends one of the processes.
    """
    check_pdf()
    # Spawned, not forked: DuckDB has threads.
    pool = ProcessPoolExecutor(jobs, get_context("spawn"), _begin)
    try:
        yield Press(pool, jobs)
    except BrokenProcessPool:
        raise UserError(
            Problem(
                "--jobs",
                "the system ended a process that writes PDF",
                "Perhaps there is too little memory: each takes about 200 MB",
                "Give a smaller number, and run it again",
            )
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def processors() -> int:
    """Return how many processors this program may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Keep Ctrl-C from processes started here, even before `_begin`; we get it afterwards."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin() -> None:
    """Set up a process that writes PDF."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it Ctrl-C as well
    threading.Thread(target=_end_with_parent, daemon=True).start()
    check_pdf()
    # A layout is many small objects that refer to each other: collecting garbage after every few
    # hundred of them takes a quarter of the time.
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


def _end_with_parent() -> None:
    """End this process if its parent is killed, since the parent cannot do it."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _write(waiting: str, path: str) -> None:
    """Turn a page that waits in a file into PDF."""
    page = Path(waiting)
    Path(path).write_bytes(pdf_of(page.read_text(encoding="utf-8")))
    page.unlink()
