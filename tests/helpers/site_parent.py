"""A process with the imports of the web application, from which the processes of a site are forked.

Half of the start of a site is imports. The server of forks of commands cannot be used: there Django is
set up for the store alone. Here nothing reads the settings of Django, since each child has its own.

Passwords of the children are hashed with the least effort: a real hash takes 100 MB and 0.2 s of a
processor, and hundreds of people sign in. A test of the hash itself starts a site by itself.

It runs as `python -m tests.helpers.site_parent`, and reads tasks as lines of JSON.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.helpers.commands import environment

COMMAND = "import sys; from qi_checker.cli import main; sys.exit(main(sys.argv[1:]))"
_IMPORTS = (
    "argon2",
    "axes.apps",
    "csp.constants",
    "django.contrib.auth.hashers",
    "django.core.handlers.wsgi",
    "django.core.management.commands.migrate",
    "django.db.backends.postgresql.base",
    "django.db.backends.sqlite3.base",
    "django.db.migrations.executor",
    "gunicorn.arbiter",
    "gunicorn.workers.gthread",
    "icalendar",
    "jwt",
    "qi_checker.authoring.diff_keys",
    "qi_checker.cases.actions",
    "qi_checker.cli",
    "qi_checker.nightly.database",
    "qi_checker.nightly.load",
    "qi_checker.render.csv_files",
    "qi_checker.render.plots",
    "qi_checker.web.server",
    "requests",
    "whitenoise.base",
)


@dataclass
class Child:
    """A forked process, as `Popen` has it."""

    pid: int
    returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = _asked({"poll": self.pid})
        return self.returncode

    def wait(self, seconds: float) -> int:
        """Return the exit code. Raise TimeoutExpired if it goes on."""
        until = time.monotonic() + seconds
        while (code := self.poll()) is None:
            if time.monotonic() > until:
                raise subprocess.TimeoutExpired("a site", seconds)
            time.sleep(0.01)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def begun(
    code: str,
    arguments: Sequence[object],
    environ: Mapping[str, str],
    out: Path,
    err: Path,
) -> Child:
    """Run Python in a child with these arguments; both files get what it writes at their end."""
    task = {
        "code": code,
        "arguments": [str(a) for a in arguments],
        "environ": dict(environ),
        "streams": [str(out), str(err)],
    }
    return Child(_asked(task))


@cache
def _parent() -> subprocess.Popen[str]:
    """The parent of this process's sites; it ends with this process."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.helpers.site_parent"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    atexit.register(process.communicate)  # the end of its input is its end
    return process


def _asked(task: Mapping[str, Any]) -> Any:
    parent = _parent()
    assert parent.stdin is not None and parent.stdout is not None
    parent.stdin.write(json.dumps(task) + "\n")
    parent.stdin.flush()
    return json.loads(parent.stdout.readline())


# ---- in the parent ---------------------------------------------------------------------------------


def _prepare() -> None:
    # Named, so that importing the store does not set Django up for itself; removed before a child.
    os.environ["DJANGO_SETTINGS_MODULE"] = "qi_checker.web.settings"
    for name in _IMPORTS:
        with contextlib.suppress(ImportError):
            import_module(name)
    del os.environ["DJANGO_SETTINGS_MODULE"]
    from django.contrib.auth.hashers import Argon2PasswordHasher

    for name, least in (("time_cost", 1), ("memory_cost", 8), ("parallelism", 1)):
        setattr(Argon2PasswordHasher, name, least)
    from django.conf import settings

    assert not settings.configured
    gc.collect()
    gc.freeze()


def _run(task: dict[str, Any]) -> None:
    """Be the child: never returns."""
    code = 1
    try:
        for number, name in enumerate(task["streams"], start=1):
            file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.dup2(file, number)
            os.close(file)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.environ.clear()
        os.environ.update(task["environ"])
        sys.argv = ["-c", *task["arguments"]]
        try:
            exec(compile(task["code"], "<task>", "exec"), {"__name__": "__main__"})
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
        atexit._run_exitfuncs()
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _serve() -> None:
    children: set[int] = set()
    for line in sys.stdin:
        task = json.loads(line)
        if "poll" in task:
            pid, status = os.waitpid(task["poll"], os.WNOHANG)
            children.discard(pid)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        elif answer := os.fork():
            children.add(answer)
        else:
            _run(task)
        print(json.dumps(answer), flush=True)
    for pid in children:
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    _prepare()
    _serve()
