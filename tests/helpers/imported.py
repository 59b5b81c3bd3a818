"""The imports of commands. Importing this module starts no thread, so the process may be forked."""

import contextlib
import gc
import os
import pkgutil
from importlib import import_module

import qi_checker

_LATER = (
    "django.db.backends.postgresql.base",
    "django.db.backends.sqlite3.base",
    "django.db.migrations.executor",
    "duckdb",
    "pandas",
    "qi_checker.store.keep",
    "qi_checker.store.verifying",
    "rich.console",
    "sqlglot.dialects.duckdb",
    "sqlglot.dialects.postgres",
    "weasyprint",
)


def _ours() -> list[str]:
    """List all modules except store and web, whose tables Django sets up when they are opened."""
    names = [m.name for m in pkgutil.walk_packages(qi_checker.__path__, "qi_checker.")]
    excluded = ("__main__", ".store", ".web", ".serving")
    return [n for n in names if not any(name in n for name in excluded)]


# The settings of a web application in the environment of a test would be read here, for every
# command.
os.environ.pop("DJANGO_SETTINGS_MODULE", None)
for name in (*_LATER, *_ours()):
    with contextlib.suppress(ImportError, OSError):  # WeasyPrint without Pango, Spark without Java
        import_module(name)
# Templates are compiled once for all: a fork that writes an audit would spend a sixth of its time
# on it.
with contextlib.suppress(ImportError):
    from qi_checker.render.html import environment

    templates = environment()
    for name in templates.list_templates():
        if not name.startswith("web/"):
            templates.get_template(name)
# Collecting garbage would touch, and so copy into every fork, everything that was imported.
gc.freeze()
gc.set_threshold(50_000, 20, 20)
