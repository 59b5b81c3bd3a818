"""The store of a night: its address, and opening it with its password."""

from __future__ import annotations

import importlib.util

from qi_checker.errors import UserError, not_installed
from qi_checker.nightly.load import Settings, password
from qi_checker.render.atomic import refused
from qi_checker.store import Database, Store, open_store
from qi_checker.store.database import SQLITE


def database(settings: Settings) -> Database:
    """Return the address of the store, with its password if it has one."""
    url = settings.config.store.url
    if url is None:
        return Database.file(settings.state / "store.sqlite3")
    named = Database(url)
    if named.kind == SQLITE:
        return Database.file(settings.path(str(named.path)))
    return Database(url, password=password(settings.config.store, settings, "store"))


def opened(settings: Settings) -> Store:
    """Open the store; set it up or migrate it. Raise UserError where that fails."""
    where = database(settings)
    if where.kind != SQLITE and importlib.util.find_spec("psycopg") is None:
        raise not_installed("psycopg")  # Django's own error would hide it
    if where.kind == SQLITE:
        try:
            where.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise refused(where.path, error) from None
    store = open_store(where, settings.site)
    try:
        store.migrate()
    except UserError:
        store.close()
        raise
    return store
