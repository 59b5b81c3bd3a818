"""Connect, and explain to a person why that or anything later failed.

Server messages may contain values of the records, so none of their text is passed on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from qi_checker.engines.postgres.database import PostgreSQL
from qi_checker.errors import Problem, UserError

if TYPE_CHECKING:
    from adbc_driver_manager.dbapi import Connection

_SAID = {  # SQLSTATE, or its prefix: what is wrong, and what to do
    "28": (
        "the server refuses this login",
        "Check user, password (PGPASSWORD, ~/.pgpass) and pg_hba.conf",
    ),
    "3D": ("there is no such database", "Check the name after the last / of the address"),
    "42501": (
        "the role is not allowed to do this",
        "It needs SELECT on the tables and TEMPORARY on the database, no more",
    ),
    "53100": ("the server's disk is full", "Free space where it keeps temporary files"),
    "53": (
        "the server has too little memory or too few connections",
        "Try later, or ask its administrator",
    ),
    "55P03": ("a table is locked by something else", "Try again later"),
    "57014": ("the server stopped the query", "Its statement_timeout is too short for this role"),
    "57": ("the server is stopping or does not accept connections", "Try again when it runs"),
    "25006": (
        "the server does not allow temporary tables",
        "It is a standby: use the primary, or a replica that allows them",
    ),
    "08": ("the connection was lost", "Start it again"),
    "42602": ("a table name is not valid", "Write it as schema.table under tables"),
}


def place(address: str) -> str:
    """Return host and database of an address, without user and password."""
    parts = urlsplit(address)
    host = parts.hostname or "the local socket"
    port = f":{parts.port}" if parts.port else ""
    return f"{host}{port}{parts.path}"


@contextmanager
def connected(address: str) -> Iterator[PostgreSQL]:
    """Open a session. Raises UserError, also for anything the server refuses while it is open."""
    try:
        from adbc_driver_postgresql import dbapi
    except ImportError:
        what = "this needs the PostgreSQL driver, which is not installed"
        raise UserError(
            Problem("--engine", what, "", "pip install 'qi-checker[postgres]'")
        ) from None
    con: Connection | None = None
    db: PostgreSQL | None = None
    try:
        con = dbapi.connect(address, autocommit=True)
        db = PostgreSQL(con)
        yield db
    except dbapi.Error as error:
        if db is not None and _interrupted(db, error):
            raise KeyboardInterrupt from None
        raise UserError(_problem(address, error, con is not None)) from None
    finally:
        if con is not None:
            _close(con)


def _close(con: Connection) -> None:
    """Close the session with its temporary tables; a lost connection is already closed."""
    with suppress(Exception):  # errors do not matter any more
        con.close()


def _interrupted(db: PostgreSQL, error: Exception) -> bool:
    """Whether Ctrl-C ended the query: the driver has the server cancel it, without a message.

    A timeout of the server has the same code. If the role has no timeout it must be Ctrl-C;
    otherwise the server's English message decides.
    """
    cancelled = getattr(error, "sqlstate", "") == "57014"
    return cancelled and (not db.may_time_out or "user request" in str(error))


def _problem(address: str, error: Exception, was_open: bool) -> Problem:
    state = str(getattr(error, "sqlstate", "") or "")
    for code, (what, advice) in _SAID.items():
        if state.startswith(code):
            return Problem(place(address), what, f"SQLSTATE {state}", advice)
    if not was_open:
        return _not_reached(address, str(error))
    if not state:
        return Problem(place(address), *_lost())
    advice = "See the server's log; it may be a bug in qi-checker"
    return Problem(
        place(address), "the database could not run the query", f"SQLSTATE {state}", advice
    )


def _lost() -> tuple[str, str, str]:
    what, advice = _SAID["08"]
    return what, "", advice


def _not_reached(address: str, message: str) -> Problem:
    """Explain a failed connection, for which the driver has a message, no code and no records."""
    for words, code in (("authentication", "28"), ("password", "28"), ("does not exist", "3D")):
        if words in message:
            what, advice = _SAID[code]
            return Problem(place(address), what, "", advice)
    return Problem(
        place(address),
        "cannot be reached",
        "",
        "Check host and port, and whether PostgreSQL runs there",
    )
