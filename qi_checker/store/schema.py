"""The schema of the store: set up, migrated, and refused if it is newer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from qi_checker.errors import Problem, UserError
from qi_checker.store.models import TrailEntry
from qi_checker.store.transaction import reading, writing
from qi_checker.store.verifying import bind_accounts, bind_all

_APPS = ("qi_store", "qi_people", "qi_desk")
# Migrations that bind the rows of an older store to the trail once: all, or accounts, roles and tokens.
_BINDS = ("qi_store", "0004_rows_are_bound")
_BINDS_ACCOUNTS = ("qi_store", "0006_accounts_are_bound")


def check(alias: str, more: tuple[str, ...] = ()) -> None:
    """Connect. Raise UserError if that fails, or if a newer program has written the store.

    more: applications of Django whose tables are in the same database.
    """
    known = (*_APPS, *more)
    with reading(alias):
        connections[alias].ensure_connection()
        loader = MigrationExecutor(connections[alias]).loader
        ours = {(app, name) for app, name in loader.disk_migrations if app in known}
        theirs = {(app, name) for app, name in loader.applied_migrations if app in known}
    if theirs - ours:
        why = "A newer version of qi-checker wrote it"
        raise UserError(Problem("store", "its schema is not known", why, "Use that version"))


def migrate(alias: str) -> None:
    """Set the store up, or migrate an older one; a second call changes nothing.

    All of it is one transaction. Django records a migration in a separate transaction if an index
    or a foreign key is made last, so a process that was killed in between left tables that no later
    start could create again.
    """
    with reading(alias):
        if not _plan(alias):
            return
    with _changing(alias):
        plan = [(migration.app_label, migration.name) for migration, _ in _plan(alias)]
        if plan:  # nobody else migrated it while we waited
            _clear_left_over(alias)
            executor = MigrationExecutor(connections[alias])
            executor.migrate(_targets(executor))
            last = TrailEntry.objects.using(alias).order_by("-sequence").first()
            if last is not None:  # a new store has nothing to bind
                bind = bind_all if _BINDS in plan else bind_accounts
                if _BINDS_ACCOUNTS in plan:
                    bind(alias, datetime.fromisoformat(last.at))


def _plan(alias: str) -> list[Any]:
    executor = MigrationExecutor(connections[alias])
    plan: list[Any] = executor.migration_plan(_targets(executor))
    return plan


def _targets(executor: MigrationExecutor) -> list[tuple[str, str]]:
    return [node for node in executor.loader.graph.leaf_nodes() if node[0] in _APPS]


@contextmanager
def _changing(alias: str) -> Iterator[None]:
    """Open a transaction as the only writer, in which Django may change tables.

    SQLite rebuilds a table to change it, which requires disabled checks of foreign keys; they can
    be disabled only outside a transaction. Django checks all of them after each migration.
    """
    connection = connections[alias]
    with reading(alias):
        connection.disable_constraint_checking()
    try:
        with writing(alias):
            yield
    except BaseException:
        # Django may have failed in the middle of its own clean-up: a new connection has none of
        # that state, and checks foreign keys again.
        connection.close()
        connection.connection = None
        del connections[alias]
        raise
    with reading(alias):
        connection.enable_constraint_checking()


def _clear_left_over(alias: str) -> None:
    """Remove the empty tables that a killed set-up by an earlier version left behind.

    Raises UserError if a table has rows: then there was no such set-up.
    """
    connection = connections[alias]
    applied = {app for app, _ in MigrationExecutor(connection).loader.applied_migrations}
    there = set(connection.introspection.table_names())
    for app in _APPS:
        models = [m for m in apps.get_app_config(app).get_models() if m._meta.db_table in there]
        if app in applied or not models:
            continue
        if any(model._base_manager.using(alias).exists() for model in models):
            what, why = "its tables are not those of a store", "They contain rows but no version"
            raise UserError(Problem("store", what, why, "Restore the latest backup: docs/store.md"))
        how = "CASCADE" if connection.vendor == "postgresql" else ""
        with connection.cursor() as cursor:
            for model in models:
                name = connection.ops.quote_name(model._meta.db_table)
                cursor.execute(f"DROP TABLE {name} {how}")
