"""A store that is gone, locked, damaged, not set up or newer says so, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connections

from qi_checker.errors import UserError
from qi_checker.store import Database, Store, open_store
from tests.helpers.postgres import Server
from tests.helpers.store import document, finding, night


def test_a_new_store_is_set_up_once(empty: Database) -> None:
    store = open_store(empty)
    with pytest.raises(UserError, match="has not been set up"):
        store.runs()
    for _ in range(2):
        store.migrate()
    assert store.runs() == []
    store.keep(night(finding()))
    store.migrate()
    assert len(store.runs()) == 1
    store.close()


def test_the_migrations_are_those_of_the_models(store: Store) -> None:
    from django.core.management import call_command

    call_command("makemigrations", "qi_store", check=True, dry_run=True, verbosity=0)


def test_an_older_schema_is_brought_up_to_date(empty: Database) -> None:
    from django.core.management import call_command

    store = open_store(empty)
    call_command("migrate", "qi_store", "0001", database=store.alias, verbosity=0)
    store.migrate()
    store.keep(night(finding()))
    assert len(store.runs()) == 1
    store.close()


def test_a_newer_schema_is_refused(database: Database, store: Store) -> None:
    with connections[store.alias].cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied) "
            "VALUES ('qi_store', '9999_from_the_future', '2030-01-01')"
        )
    with pytest.raises(UserError, match="newer version"):
        open_store(database)


@pytest.mark.parametrize("url", ["", "store.db", "mysql://host/name", "sqlite://", "sqlite:///"])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(UserError, match="sqlite:///path"):
        open_store(Database(url))


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be opened"):
        open_store(Database(f"sqlite:///{tmp_path}/no/store.db"))


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_text("case_id,patient_id\n" * 200)
    with pytest.raises(UserError, match="not a database"):
        open_store(Database(f"sqlite:///{tmp_path}/store.db"))


def test_a_server_that_is_not_there() -> None:
    with pytest.raises(UserError, match="cannot be reached") as raised:
        open_store(Database("postgresql://ash:secret@127.0.0.1:1/night"))
    assert "secret" not in str(raised.value)


def test_a_database_that_is_not_there(postgres: Server) -> None:
    with pytest.raises(UserError, match="no such database"):
        open_store(Database(postgres.url("nothing")))


def test_the_address_is_shown_without_its_password() -> None:
    assert Database("postgresql://ash:secret@db:5433/night").shown == "postgresql://db:5433/night"
    assert Database("sqlite:///var/store.db").shown == "var/store.db"


def test_sqlite_waits_for_the_disk(tmp_path: Path) -> None:
    store = open_store(Database(f"sqlite:///{tmp_path}/store.db"))
    with connections[store.alias].cursor() as cursor:
        values = {
            name: cursor.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "busy_timeout", "secure_delete")
        }
    assert values == {
        "journal_mode": "wal",
        "synchronous": 2,
        "busy_timeout": 30000,
        "secure_delete": 1,
    }
    store.close()


def test_a_backup_is_a_store(tmp_path: Path) -> None:
    store = open_store(Database(f"sqlite:///{tmp_path}/store.db"))
    store.migrate()
    first = night(finding())
    stored = store.keep(first)
    end = store.trail.end()
    (tmp_path / "copy.db").write_text("an older copy")
    store.backup(tmp_path / "copy.db")
    store.keep(night(finding(status="missing"), as_of="2026-03-02"))
    copy = open_store(Database(f"sqlite:///{tmp_path}/copy.db"))
    assert b"".join(copy.findings_json(stored.run_id)) == document(first)
    assert copy.trail.verify(end).whole
    assert len(copy.runs()) == 1
    copy.keep(night(finding(), as_of="2026-03-02"))  # it is used as the store was
    with pytest.raises(UserError, match="no such file or directory"):
        store.backup(tmp_path / "no" / "copy.db")
    copy.close()
    store.close()


def test_a_dump_of_postgresql_is_a_store(postgres: Server, tmp_path: Path) -> None:
    """As docs/store.md says: pg_dump, and pg_restore into a new database."""
    import subprocess

    source, target = postgres.new_database(), postgres.new_database()
    store = open_store(Database(source))
    store.migrate()
    first = night(finding())
    stored = store.keep(first)
    with pytest.raises(UserError, match="pg_dump"):
        store.backup(tmp_path / "copy.db")
    dump = subprocess.run(
        postgres.command("pg_dump", "--format=custom", source),
        capture_output=True,
        check=True,
        cwd="/",
    ).stdout
    subprocess.run(
        postgres.command("pg_restore", "--no-owner", "--dbname", target),
        input=dump,
        check=True,
        cwd="/",
    )
    copy = open_store(Database(target))
    assert b"".join(copy.findings_json(stored.run_id)) == document(first)
    assert copy.trail.verify(store.trail.end()).whole
    assert copy.keep(night(finding(), as_of="2026-03-02")).run_id == stored.run_id + 1
    copy.close()
    store.close()
