"""A process that stores a night and is killed meanwhile."""

from __future__ import annotations

import os
import signal
from multiprocessing.connection import Connection
from typing import Any

from qi_checker.store import Database, open_store
from tests.helpers.forked import SERVER, ended
from tests.helpers.store import Written, finding, night


def big_night(as_of: str, status: str, cases: int) -> Written:
    return night(*(finding(f"C{n:05}", status=status) for n in range(cases)), as_of=as_of)


def write(url: str, as_of: str, status: str, cases: int, die_at: int) -> tuple[int, int]:
    """Store such a night in a process that is killed at this statement (0: never).

    Returns its exit code and the number of its statements, which is 0 for a killed process.
    """
    reader, writer = SERVER.Pipe(duplex=False)
    process = SERVER.Process(target=_keep, args=(url, as_of, status, cases, die_at, writer))
    process.start()
    writer.close()
    with reader:
        code = ended(process)
        return code, reader.recv() if code == 0 else 0


def _keep(url: str, as_of: str, status: str, cases: int, die_at: int, writer: Connection) -> None:
    from django.db import connections

    store = open_store(Database(url, wait=5))
    seen = 0

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal seen
        seen += 1
        if seen == die_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(sql, params, many, context)

    with connections[store.alias].execute_wrapper(count):
        store.keep(big_night(as_of, status, cases))
    writer.send(seen)
