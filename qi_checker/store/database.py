"""Where the store is: an SQLite file or a PostgreSQL database, and Django set up for it."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import django
from django.conf import ENVIRONMENT_VARIABLE, settings
from django.db import connections

from qi_checker.errors import Problem, UserError

SQLITE, POSTGRESQL = "sqlite", "postgresql"
# The disk is waited for at every commit: a night that was reported as kept is kept. What is removed
# is overwritten, so that a purge leaves nothing behind in the file.
_PRAGMAS = (
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
    "PRAGMA secure_delete=ON"
)
# The nights, and what people write: each has migrations of its own.
APPS = ("qi_checker.store.apps.StoreConfig", "qi_checker.store.people.apps.PeopleConfig")
_MEND = "Write sqlite:///path/to/store.db or postgresql://user@host/name"


@dataclass(frozen=True)
class Database:
    """`url`: sqlite:///relative, sqlite:////absolute or postgresql://user:password@host:port/name.

    `wait`: seconds that a second writer waits for the first one.
    """

    url: str
    wait: int = 30

    @property
    def kind(self) -> str:
        scheme = urlsplit(self.url).scheme
        return POSTGRESQL if scheme in ("postgresql", "postgres") else scheme

    @property
    def path(self) -> Path:
        """The file of an SQLite store."""
        return Path(unquote(urlsplit(self.url).path[1:]))

    @property
    def shown(self) -> str:
        """The address without user and password, for messages."""
        parts = urlsplit(self.url)
        if self.kind == SQLITE:
            return str(self.path)
        port = f":{parts.port}" if parts.port else ""
        return f"postgresql://{parts.hostname or ''}{port}{parts.path}"

    @property
    def alias(self) -> str:
        """The name that Django knows it by: the same for the same address."""
        return "store_" + hashlib.sha256(f"{self.url} {self.wait}".encode()).hexdigest()[:16]

    def settings(self) -> dict[str, Any]:
        """What Django needs to connect."""
        if self.kind == SQLITE and self.path.name:
            options = {
                "transaction_mode": "IMMEDIATE",
                "timeout": self.wait,
                "init_command": _PRAGMAS,
            }
            return {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": str(self.path),
                "OPTIONS": options,
            }
        if self.kind == POSTGRESQL:
            return self._postgresql()
        raise UserError(Problem("store", "the address of the database is none", "", _MEND))

    def _postgresql(self) -> dict[str, Any]:
        parts = urlsplit(self.url)
        # A server that is gone is noticed at once; a lock is waited for so long and no longer.
        options = {"connect_timeout": 10, "options": f"-c lock_timeout={self.wait * 1000}"}
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path[1:]),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": parts.hostname or "",
            "PORT": str(parts.port or ""),
            "OPTIONS": options,
        }


def set_up() -> None:
    """Set Django up for the store alone, where nothing else did.

    The web application has settings of its own, with `APPS` in them.
    """
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
    """Make the database known to Django, and give its alias."""
    if database.alias not in connections.databases:
        every = {database.alias: database.settings(), "default": {}}
        added = connections.configure_settings({**every, **connections.databases})
        connections.databases[database.alias] = added[database.alias]
    return database.alias
