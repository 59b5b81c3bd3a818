"""A store is set up, and upgraded, as a whole or not at all: it is killed at every statement of it."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import OperationalError, connections

from qi_checker.errors import UserError
from qi_checker.store import Database, Store, open_store
from tests.helpers.forked import SERVER, ended
from tests.helpers.postgres import Server
from tests.helpers.store import document, finding, night
from tests.helpers.tiers import tiers

OLDER = "0003"  # the schema of the last release before the next migration
Copies = Callable[[], Database]


@pytest.fixture(params=["sqlite", "postgresql"])
def copies(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], Copies]:
    """For a schema: stores that nobody has touched since, as many as are asked for."""

    def of(schema: str) -> Copies:
        return (_sqlite if request.param == "sqlite" else _postgresql)(request, tmp_path, schema)

    return of


def _sqlite(request: pytest.FixtureRequest, folder: Path, schema: str) -> Copies:
    first = Database(f"sqlite:///{folder}/first.db", wait=2)
    _filled(first, schema)

    def copy() -> Database:
        path = folder / f"copy{len(list(folder.iterdir()))}.db"
        shutil.copy(first.path, path)
        return Database.file(path, wait=2)

    return copy


def _postgresql(request: pytest.FixtureRequest, folder: Path, schema: str) -> Copies:
    server: Server = request.getfixturevalue("postgres")
    first = server.new_database()
    _filled(Database(first, wait=2), schema)
    return lambda: Database(server.new_database(first.rpartition("/")[2]), wait=2)


def _filled(database: Database, schema: str) -> None:
    """An empty database, or one of that schema with a night, as the program of then left it."""
    store = open_store(database)
    if schema:
        call_command("migrate", "qi_store", schema, database=store.alias, verbosity=0)
        insert_before(store)
    store.close()


def insert_before(store: Store) -> None:
    """Rows in every table that a release had; by SQL, since the models are those of today."""
    with connections[store.alias].cursor() as cursor:
        cursor.execute(
            "INSERT INTO qi_store_exceptionrequest (id, case_id, requirement, reason, note, "
            "valid_from, expires_on) VALUES (1, 'C1', 'mri', 'other', '', '2026-01-01', '2027-01-01')"
        )
        cursor.execute(
            "INSERT INTO qi_store_exceptionstep (id, exception_id, action, at, by, role, why) "
            "VALUES (1, 1, 'requested', '2026-01-01 00:00:00+00:00', 'ash', 'nurse', '')"
        )
        cursor.execute(
            "INSERT INTO qi_store_caserow (protocol, case_id, from_run, row, seal) "
            "VALUES ('liver', 'C1', 1, '{}', '')"
        )
    if connections[store.alias].vendor == "postgresql":
        with connections[store.alias].cursor() as cursor:
            cursor.execute("SELECT setval('qi_store_exceptionrequest_id_seq', 1)")
            cursor.execute("SELECT setval('qi_store_exceptionstep_id_seq', 1)")


def shape(database: Database) -> tuple[Any, ...]:
    """Tables with their columns and indexes, and which migrations are recorded."""
    store = open_store(database)
    connection = connections[store.alias]
    with connection.cursor() as cursor:
        tables = sorted(connection.introspection.table_names(cursor))
        found = []
        for table in tables:
            columns = connection.introspection.get_table_description(cursor, table)
            made = connection.introspection.get_constraints(cursor, table)
            found.append((table, sorted(c.name for c in columns), sorted(made)))
        applied = []
        if "django_migrations" in tables:
            cursor.execute("SELECT app, name FROM django_migrations ORDER BY app, name")
            applied = cursor.fetchall()
    store.close()
    return tuple(found), tuple(applied)


def works(database: Database) -> None:
    """It is set up, and keeps and shows a night."""
    store = open_store(database)
    store.migrate()
    one = night(finding())
    assert b"".join(store.findings_json(store.keep(one).run_id)) == document(one)
    assert store.trail.verify().whole
    store.close()


def killed(database: Database, point: int) -> tuple[int, int]:
    """Set it up in a process that is killed at this statement; its code and number of statements."""
    reader, writer = SERVER.Pipe(duplex=False)
    process = SERVER.Process(target=_migrate, args=(database, point, writer))
    process.start()
    writer.close()
    with reader:
        code = ended(process)
        return code, reader.recv() if code == 0 else 0


def _migrate(database: Database, point: int, writer: Connection) -> None:
    store = open_store(database)

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    with at_statement(store, point, die) as seen:
        store.migrate()
    writer.send(len(seen))


@contextmanager
def at_statement(store: Store, point: int, happens: Callable[[], None]) -> Iterator[list[str]]:
    seen: list[str] = []

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        seen.append(sql)
        if len(seen) == point:
            happens()
        return execute(sql, params, many, context)

    with connections[store.alias].execute_wrapper(count):
        yield seen


# Statements at which it is killed or refused, evenly spread; in the end all of them.
@tiers("at", 4, 10_000)
@pytest.mark.parametrize("schema", ["", OLDER], ids=["new", "upgrade"])
def test_a_kill_at_any_statement_leaves_what_was_there(
    copies: Callable[[str], Copies], schema: str, at: int
) -> None:
    copy = copies(schema)
    whole = copy()
    before = shape(whole)
    code, statements = killed(whole, 0)
    assert code == 0
    after = shape(whole)
    assert after != before
    one = copy()
    points = sorted({1 + statements * n // at for n in range(at)})
    for point in points:
        code, _ = killed(one, point)
        assert code == -signal.SIGKILL
        assert shape(one) == before, f"statement {point} of {statements}"
    works(one)
    assert shape(one) == after


# Statements at which it is killed or refused, evenly spread; in the end all of them.
@tiers("at", 4, 10_000)
@pytest.mark.parametrize("schema", ["", OLDER], ids=["new", "upgrade"])
def test_a_disk_that_is_full_at_any_statement_leaves_what_was_there(
    copies: Callable[[str], Copies], schema: str, at: int
) -> None:
    copy = copies(schema)
    one = copy()
    before = shape(one)
    store = open_store(copy())
    with at_statement(store, 0, lambda: None) as seen:
        store.migrate()
    store.close()

    def full() -> None:
        raise OperationalError("database or disk is full")

    for point in sorted({1 + len(seen) * n // at for n in range(at)}):
        store = open_store(one)
        with pytest.raises(UserError, match="the disk is full"), at_statement(store, point, full):
            store.migrate()
        store.close()
        assert shape(one) == before, f"statement {point} of {len(seen)}"
    works(one)


def test_what_an_earlier_version_left_by_half_is_set_up_again(
    copies: Callable[[str], Copies],
) -> None:
    """Its tables are there, and nothing says so: it was killed between the two."""
    database = copies("")()
    store = open_store(database)
    call_command("migrate", "qi_store", "0001", database=store.alias, verbosity=0)
    with connections[store.alias].cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations")
    store.close()
    works(database)


def test_tables_that_hold_something_are_not_thrown_away(copies: Callable[[str], Copies]) -> None:
    database = copies(OLDER)()
    store = open_store(database)
    with connections[store.alias].cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations")
    with pytest.raises(UserError, match="They contain rows"):
        store.migrate()
    store.close()


def test_two_that_set_it_up_at_once_do_it_once(copies: Callable[[str], Copies]) -> None:
    database = Database(copies("")().url, wait=30)
    processes = []
    for _ in range(3):
        reader, writer = SERVER.Pipe(duplex=False)
        process = SERVER.Process(target=_migrate, args=(database, 0, writer))
        process.start()
        processes.append((process, reader))
    assert [ended(process) for process, _ in processes] == [0, 0, 0]
    works(database)
