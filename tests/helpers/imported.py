"""The imports of commands. Importing this module starts no thread, so the process may be forked."""

import contextlib
import gc
import os
import pkgutil
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

import qi_checker
from qi_checker.demo import site_settings
from qi_checker.engines.duckdb.database import sql
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.load import load_protocol, load_site
from qi_checker.protocol.paths import rules_dir
from qi_checker.query.compiled import compile_rulebook
from qi_checker.query.plan import plan
from qi_checker.query.tables import Feeds
from tests.helpers.records import SITE

# Settings of the site, moment, and whether rows are rejected: three cases, and the demonstration.
ASKED = (
    (SITE, "2026-03-02", False),
    (site_settings(), "2026-03-02", False),
    (site_settings(), "2026-03-02", True),
    (site_settings(), "2026-02-28", True),
    (site_settings(), "2026-01-31", True),
)

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


def _know_queries() -> None:
    """Build the queries that most commands of the tests ask for: a quarter of what a few rows take.

    A process that evaluated before has them as well; `commands.start` begins without.
    """
    protocol = load_protocol(rules_dir() / "hepatic-metastasectomy-imaging")
    for settings, as_of, rejected in ASKED:
        with TemporaryDirectory() as folder:
            file = Path(folder, "site.yaml")
            file.write_text(settings, encoding="utf-8")
            site = load_site(file)
        (compiled,) = compile_rulebook([protocol], AsOf.parse(as_of), site)
        for step in plan(compiled, Feeds(rejected=rejected)):
            for part in step.parts:
                part.query.text(sql)


_know_queries()
# Collecting garbage would touch, and so copy into every fork, everything that was imported.
gc.freeze()
gc.set_threshold(50_000, 20, 20)
