"""The schema of the store: set up, brought up to date, and refused where it is newer."""

from __future__ import annotations

from django.core.management import call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from qi_checker.errors import Problem, UserError
from qi_checker.store.transaction import reading

_APPS = ("qi_store", "qi_people")


def check(alias: str) -> None:
    """Connect. Raises UserError where that fails, or a newer program has written the store."""
    with reading(alias):
        connections[alias].ensure_connection()
        loader = MigrationExecutor(connections[alias]).loader
        ours = {(app, name) for app, name in loader.disk_migrations if app in _APPS}
        theirs = {(app, name) for app, name in loader.applied_migrations if app in _APPS}
    if theirs - ours:
        why = "A newer version of qi-checker has written it"
        raise UserError(Problem("store", "its schema is not known", why, "Use that version"))


def migrate(alias: str) -> None:
    """Set the store up, or bring an older one up to date; a second time changes nothing."""
    with reading(alias):
        for app in _APPS:
            call_command("migrate", app, database=alias, verbosity=0, interactive=False)
