"""The store of a night: opened with its password, and asked which night is the latest."""

from __future__ import annotations

import importlib.util
from datetime import datetime
from urllib.parse import quote, urlsplit, urlunsplit

from qi_checker.errors import Problem, UserError
from qi_checker.nightly.disk import refused
from qi_checker.nightly.load import Settings, password
from qi_checker.protocol.as_of import AsOf
from qi_checker.store import Database, Store, open_store


def database(settings: Settings) -> Database:
    """The address of the store with its password, if it has one."""
    url = settings.config.store.url or f"sqlite:///{settings.state / 'store.sqlite3'}"
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return Database(f"sqlite:///{settings.path(parts.path[1:])}")
    secret = password(settings.config.store, settings, "store")
    if secret is not None:
        user, _, host = parts.netloc.rpartition("@")
        url = urlunsplit(parts._replace(netloc=f"{user}:{quote(secret, safe='')}@{host}"))
    return Database(url)


def opened(settings: Settings) -> Store:
    """The store, set up or brought up to date. Raises UserError where it cannot be."""
    where = database(settings)
    _installed("django", "nightly")
    if where.kind != "sqlite":
        _installed("psycopg", "postgres")
    if where.kind == "sqlite":
        try:
            where.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise refused(where.path, error) from None
    store = open_store(where)
    try:
        store.migrate()
    except UserError:
        store.close()
        raise
    return store


def _installed(module: str, extra: str) -> None:
    """Raise UserError where an optional part of the program is missing."""
    if importlib.util.find_spec(module) is None:
        mend = f'pip install "qi-checker[{extra}]"'
        raise UserError(Problem("store", f"{module} is not installed", "", f"Install it: {mend}"))


def moment(as_of: str) -> tuple[str, str]:
    """A key that sorts moments: a date means its end."""
    found = AsOf.parse(as_of)
    clock = found.clock or datetime.combine(found.date, datetime.max.time())
    return found.date.isoformat(), clock.isoformat(timespec="seconds")


def is_replay(store: Store, settings: Settings, as_of: AsOf) -> bool:
    """Whether a later night of one of the protocols is kept already."""
    mine = moment(str(as_of))
    ids = {bundle.protocol.id for bundle in settings.bundles}
    return any(moment(run.as_of) > mine for run in store.runs() if run.protocol in ids)
