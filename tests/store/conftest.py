"""Every test of the store runs on both databases."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from qi_checker.store import Database, Store, open_store
from tests.helpers.postgres import Server


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """An empty store that is set up already: setting one up for every test takes minutes."""
    if request.param == "sqlite":
        path = tmp_path / "store.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        return Database(f"sqlite:///{path}", wait=2)
    url: str = request.getfixturevalue("postgres_store")
    _emptied(url)
    return Database(url, wait=2)


@pytest.fixture
def empty(request: pytest.FixtureRequest, database: Database, tmp_path: Path) -> Database:
    """The same kind of database, before anybody set it up."""
    if database.kind == "sqlite":
        return Database(f"sqlite:///{tmp_path / 'new.db'}", wait=2)
    return Database(request.getfixturevalue("postgres").new_database(), wait=2)


@pytest.fixture
def store(database: Database) -> Iterator[Store]:
    found = open_store(database)
    yield found
    found.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "store.db"
    _set_up(Database(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def postgres_store(postgres: Server) -> str:
    url = postgres.new_database()
    _set_up(Database(url))
    return url


def _emptied(url: str) -> None:
    """Take everything out of the one database: making many takes the disk minutes to forget.

    Row by row, since there are few: TRUNCATE makes new files, and takes three times as long.
    """
    chosen = "relname ~ '^qi_(store|people|desk)_'"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")  # the triggers look away
        tables = connection.execute(
            f"SELECT relname FROM pg_class WHERE relkind = 'r' AND {chosen}"
        ).fetchall()
        connection.execute("; ".join(f"DELETE FROM {name}" for (name,) in tables))
        connection.execute(
            f"SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S' AND {chosen}"
        )
        connection.execute("ALTER TABLE qi_store_trailentry ENABLE TRIGGER ALL")
        connection.execute("DELETE FROM django_migrations WHERE name LIKE '9999%'")


def _set_up(database: Database) -> None:
    store = open_store(database)
    store.migrate()
    store.close()
