"""The address of the store (an SQLite file or a PostgreSQL database), and Django's set-up."""

from __future__ import annotations

import hashlib
import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

import django
from django.conf import ENVIRONMENT_VARIABLE, settings
from django.db import connections

from qi_checker.errors import Problem, UserError

SQLITE, POSTGRESQL = "sqlite", "postgresql"
_FILE = "sqlite:///"
# Every commit waits for the disk: a night that was reported as stored is stored. Removed data is
# overwritten, so that a purge leaves nothing behind in the file.
_PRAGMAS = (
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
    "PRAGMA secure_delete=ON"
)
# The nights, what people write, and the desk: each has its own migrations.
APPS = (
    "qi_checker.store.apps.StoreConfig",
    "qi_checker.store.people.apps.PeopleConfig",
    "qi_checker.store.desk.apps.DeskConfig",
)
_ADVICE = "Write sqlite:///path/to/store.db or postgresql://user@host/name"


@dataclass(frozen=True)
class Database:
    """`url`: sqlite:///relative, sqlite:////absolute or postgresql://user:password@host:port/name.

    The text after `sqlite:///` is a literal path: `#`, `?` and `%41` are characters of a name.
    `wait`: seconds that a second writer waits for the first. `password` takes precedence over that
    of the address.
    """

    url: str
    wait: int = 30
    password: str | None = None

    @classmethod
    def file(cls, path: Path, wait: int = 30) -> Database:
        """Return the SQLite store in a file."""
        return cls(f"{_FILE}{path}", wait)

    @property
    def kind(self) -> str:
        scheme = self.url.partition("://")[0]
        return POSTGRESQL if scheme in ("postgresql", "postgres") else scheme

    @property
    def path(self) -> Path:
        """Return the file of an SQLite store."""
        return Path(self.url.removeprefix(_FILE))

    @property
    def shown(self) -> str:
        """Return the address without user and password, for messages."""
        if self.kind == SQLITE:
            return str(self.path)
        parts = self._parts()
        port = f":{parts.port}" if parts.port else ""
        return f"postgresql://{parts.hostname or ''}{port}{parts.path}"

    @property
    def alias(self) -> str:
        """Return its name in Django, equal for equal addresses."""
        key = repr((self.url, self.wait, self.password))
        return "store_" + hashlib.sha256(key.encode()).hexdigest()[:16]

    def settings(self) -> dict[str, Any]:
        """Return Django's connection settings. Raise UserError for an invalid address."""
        if self.url.startswith(_FILE) and self.path.name:
            options = {
                "transaction_mode": "IMMEDIATE",
                "timeout": self.wait,
                "init_command": _PRAGMAS,
            }
            return {
                "ENGINE": "django.db.backends.sqlite3",
                # Django lets SQLite read a name that begins with `file:` as a URL.
                "NAME": os.path.abspath(self.path),
                "OPTIONS": options,
            }
        if self.kind == POSTGRESQL:
            return self._postgresql()
        raise UserError(Problem("store", "this is not the address of a database", "", _ADVICE))

    def _parts(self) -> SplitResult:
        """Split the address of a server. Raise UserError if it cannot be parsed."""
        try:
            parts = urlsplit(self.url)
            _ = parts.port
        except ValueError:
            raise UserError(
                Problem("store", "this is not the address of a database", "", _ADVICE)
            ) from None
        return parts

    def _postgresql(self) -> dict[str, Any]:
        parts = self._parts()
        # A lost server is noticed at once; the wait for a lock is limited.
        options = {"connect_timeout": 10, "options": f"-c lock_timeout={self.wait * 1000}"}
        given = self.password if self.password is not None else unquote(parts.password or "")
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path[1:]),
            "USER": unquote(parts.username or ""),
            "PASSWORD": given,
            "HOST": parts.hostname or "",
            "PORT": str(parts.port or ""),
            "OPTIONS": options,
        }


def set_up() -> None:
    """Set Django up for the store alone, unless it is already set up.

    The web application has its own settings, which include `APPS`.
    """
    # A lost connection is reported by the program; psycopg would print a line of its own as well.
    logging.getLogger("psycopg").addHandler(logging.NullHandler())
    if settings.configured or ENVIRONMENT_VARIABLE in os.environ:
        return
    settings.configure(
        INSTALLED_APPS=list(APPS),
        DATABASES={},
        USE_TZ=True,
        TIME_ZONE="UTC",
        LOGGING_CONFIG=None,
    )
    django.setup()


def connect(database: Database) -> str:
    """Register the database with Django, and return its alias."""
    if database.alias not in connections.databases:
        every = {database.alias: database.settings(), "default": {}}
        added = connections.configure_settings({**every, **connections.databases})
        connections.databases[database.alias] = added[database.alias]
    return database.alias
