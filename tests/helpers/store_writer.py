"""A process that keeps a night and is killed meanwhile: `python -m tests.helpers.store_writer`.

Arguments: address of the store, day, status, number of cases, and at which statement to die.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from django.db import connections

from qi_checker.store import Database, open_store
from tests.helpers.store import Written, finding, night


def big_night(as_of: str, status: str, cases: int) -> Written:
    return night(*(finding(f"C{n:05}", status=status) for n in range(cases)), as_of=as_of)


def main() -> None:
    url, as_of, status, cases, last = sys.argv[1:]
    store = open_store(Database(url, wait=5))
    left = int(last)

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(sql, params, many, context)

    with connections[store.alias].execute_wrapper(count):
        kept = store.keep(big_night(as_of, status, int(cases)))
    print(kept.run_id, int(last) - left)


if __name__ == "__main__":
    main()
