"""A copy of an SQLite store while it is in use; docs/store.md has the way for PostgreSQL."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from django.db import connections

from qi_checker.errors import Problem, UserError
from qi_checker.store.transaction import reading


def backup(alias: str, path: Path) -> None:
    """Write a copy of the store to `path`, replacing an older copy in one step.

    It has every night that was stored when it began. Raises UserError if it cannot be written.
    """
    connection = connections[alias]
    if connection.vendor != "sqlite":
        advice = "Use pg_dump: docs/store.md has the command"
        raise UserError(Problem("backup", "this store is in PostgreSQL", "", advice))
    part = path.with_name(path.name + ".part")
    try:
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))  # names patients
        with reading(alias):
            connection.ensure_connection()
            with closing(sqlite3.connect(part)) as copy:
                connection.connection.backup(copy)
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.replace(path)
    except OSError as error:
        why = (error.strerror or "it cannot be written").lower()
        raise UserError(Problem(str(path), why, "", "Give a folder that can be written")) from None
    except sqlite3.Error as error:
        part.unlink(missing_ok=True)
        what = f"the copy failed ({type(error).__name__})"
        raise UserError(Problem(str(path), what, "", "Check whether the disk is full")) from None
