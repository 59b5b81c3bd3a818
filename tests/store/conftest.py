"""Every test of the store runs on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qi_checker.store import Database, Store, open_store


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    if request.param == "sqlite":
        return Database(f"sqlite:///{tmp_path / 'store.db'}", wait=2)
    return Database(request.getfixturevalue("postgres").new_database(), wait=2)


@pytest.fixture
def store(database: Database) -> Iterator[Store]:
    found = open_store(database)
    found.migrate()
    yield found
    found.close()
