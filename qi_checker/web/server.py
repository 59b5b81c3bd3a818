"""Starting the application: migrating the schema, then gunicorn with threads.

The command line sets the two variables before any import of Django: otherwise the store sets Django
up for itself alone.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

_REST = ("contenttypes", "auth", "sessions", "axes", "qi_web")


def configure(config: Path, **more: str) -> None:
    """Pass the settings to this process and its children."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "qi_checker.web.settings"
    os.environ["QI_CHECKER_CONFIG"] = str(config.absolute())
    os.environ.update(more)


def prepare() -> None:
    """Set Django up and migrate the store. Raise UserError for invalid settings or store."""
    import django

    django.setup()
    from django.core.management import call_command

    from qi_checker.store.schema import check
    from qi_checker.store.transaction import reading
    from qi_checker.web.runtime import runtime, store
    from qi_checker.web.translations import check_translations

    check_translations()
    runtime().settings.state.mkdir(parents=True, exist_ok=True)
    check("default", ("qi_web",))
    store().migrate()
    with reading("default"):
        for app in _REST:
            call_command("migrate", app, database="default", verbosity=0, interactive=False)
        call_command("clearsessions")


def serve(listen: str | None, ready: Callable[[str], None]) -> None:
    """Serve until a signal ends it. `ready` is called with the address once the workers listen."""
    from django.db import connections
    from gunicorn.app.base import BaseApplication

    from qi_checker.web.runtime import runtime

    web = runtime().web
    options = _options(listen or web.listen, web.workers, web.threads)
    options["when_ready"] = lambda _: ready(web.url)

    class Server(BaseApplication):
        def load_config(self) -> None:
            for name, value in options.items():
                self.cfg.set(name, value)

        def load(self) -> Any:
            from qi_checker.web.wsgi import application

            connections.close_all()  # a connection must not be shared by two processes
            return application

    Server().run()


def _options(listen: str, workers: int, threads: int) -> dict[str, Any]:
    """Return gunicorn's options.

    Threads, since a page waits for the disk; no access log, since addresses name cases.
    """
    return {
        "bind": listen,
        "workers": workers,
        "threads": threads,
        "worker_class": "gthread",
        "preload_app": True,
        "timeout": 60,
        "graceful_timeout": 15,
        "max_requests": 20_000,
        "max_requests_jitter": 2_000,
        "accesslog": None,
        "errorlog": "-",
        "loglevel": "warning",
        "worker_tmp_dir": "/dev/shm" if Path("/dev/shm").is_dir() else None,
        "proc_name": "qi-checker",
        "limit_request_line": 4_094,
        "umask": 0o077,
    }
