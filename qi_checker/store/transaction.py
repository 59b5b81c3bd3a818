"""One writer at a time, and database errors as messages for people."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError, InterfaceError, connections, transaction
from django.db.transaction import TransactionManagementError

from qi_checker.errors import Problem, UserError

_LOCK = 5_120_266  # our own number for the advisory lock of PostgreSQL


class StoreRefused(UserError):
    """The database refused: busy, full, read_only, unreachable, damaged, older or failed."""

    def __init__(self, problem: Problem, kind: str) -> None:
        self.kind = kind
        super().__init__(problem)


@contextmanager
def writing(alias: str) -> Iterator[None]:
    """Open a transaction that excludes other writers; a second writer waits, then gets an error.

    SQLite takes its write lock at BEGIN IMMEDIATE, PostgreSQL by an advisory lock.
    """
    connection = connections[alias]
    with reading(alias), transaction.atomic(using=alias):
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        yield


@contextmanager
def reading(alias: str) -> Iterator[None]:
    """Turn errors of the database into messages without any data of a row."""
    try:
        yield
    except (DatabaseError, InterfaceError) as error:
        connections[alias].close()
        raise refusal(alias, _first(error)) from None


@contextmanager
def snapshot(alias: str) -> Iterator[None]:
    """Read as of one moment, however long that takes, while others continue to write.

    Inside a transaction of the caller it is a part of it.
    """
    connection = connections[alias]
    with reading(alias):
        if connection.in_atomic_block:
            yield
        elif connection.vendor == "postgresql":
            with transaction.atomic(using=alias), connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                yield
        else:  # Django's own transactions take the write lock
            with connection.cursor() as cursor:
                cursor.execute("BEGIN DEFERRED")
                try:
                    yield
                finally:
                    cursor.execute("ROLLBACK")


def _first(error: Exception) -> Exception:
    """Return the error that broke the transaction, if Django reports only that it is broken."""
    cause = error.__cause__ or error.__context__
    if isinstance(error, TransactionManagementError) and isinstance(cause, DatabaseError):
        return _first(cause)
    return error


def _shown(alias: str) -> str:
    settings = connections[alias].settings_dict
    host = settings.get("HOST")
    return f"store {settings['NAME']} on {host}" if host else f"store {settings['NAME']}"


def refusal(alias: str, error: Exception) -> StoreRefused:
    """Describe an error of a database."""
    said = str(error).lower()
    where = _shown(alias)
    for kind, words, what, advice in _SAID:
        if any(word in said for word in words):
            return StoreRefused(Problem(where, what, "", advice), kind)
    what = f"the database failed ({type(error).__name__})"
    return StoreRefused(Problem(where, what, "", _LOOK), "failed")


_LOOK = "Look into the log of the database"
_SAID = (
    ("unreachable", ("fatal:  database",), "there is no such database", "Make it: docs/store.md"),
    (
        "busy",
        ("locked", "lock timeout", "locktimeout", "busy"),
        "somebody else is writing into it",
        "Wait until the other one is done, or look for a process that hangs",
    ),
    (
        "older",
        ("no such table", "does not exist", "no such column"),
        "it has not been set up, or is older",
        "Run `qi-checker nightly verify`, which brings it up to date",
    ),
    (
        "unreachable",
        ("unable to open",),
        "it cannot be opened",
        "Make the folder, and let this user read and write in it",
    ),
    (
        "read_only",
        ("readonly", "read-only"),
        "it cannot be written",
        "Let this user write the file and its folder",
    ),
    (
        "damaged",
        ("not a database", "malformed"),
        "it is not a database, or it is damaged",
        "Restore the latest backup: docs/store.md",
    ),
    (
        "full",
        ("full", "no space"),
        "the disk is full",
        "Free space and start again; nothing was partly saved",
    ),
    (
        "unreachable",
        ("connection", "server", "password", "authentication"),
        "the database cannot be reached",
        "Check that it is running, and that the address, user and password are right",
    ),
)
