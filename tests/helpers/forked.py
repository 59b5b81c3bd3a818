"""Commands in forks of a process with all imports, which saves most of their start.

Each is still a separate process, with its own exit code and no state of the previous one.
Everything about a start (the environment, a terminal, a missing import, a signal) is tested
with `commands.start`.
"""

from __future__ import annotations

import atexit
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path

# There is one server for all tests of a process, since only one list can be preloaded.
SERVER = get_context("forkserver")
SERVER.set_forkserver_preload(["tests.helpers.imported"])
PATIENCE = 600  # seconds; an audit on a cluster took more than 120 on a slow machine


def forked(
    arguments: Sequence[str], before: str, folder: Path, environ: Mapping[str, str]
) -> tuple[int, bytes, bytes]:
    """Return exit code (or the negative number of a signal), standard output and standard error.

    before: Python that runs in the fork first, for settings of a test, such as the time.
    """
    with tempfile.TemporaryDirectory() as place:
        streams = str(Path(place, "out")), str(Path(place, "err"))
        code = ended(begun(arguments, before, folder, environ, streams))
        out, err = (Path(name).read_bytes() for name in streams)
        return code, out, err


def begun(
    arguments: Sequence[str],
    before: str,
    folder: Path,
    environ: Mapping[str, str],
    streams: tuple[str, str] = (os.devnull, os.devnull),
) -> ForkServerProcess:
    """Start the same without waiting. `streams`: files of standard output and standard error."""
    task = (tuple(arguments), before, str(folder), dict(environ), streams)
    process = SERVER.Process(target=_run, args=task)
    process.start()
    return process


def ended(process: ForkServerProcess) -> int:
    """Wait for the exit code, or negative signal number. Raise TimeoutError if it goes on."""
    process.join(PATIENCE)
    if process.exitcode is None:
        process.kill()
        process.join()
        raise TimeoutError(f"a forked process went on for {PATIENCE} s")
    code = process.exitcode
    process.close()
    return code


def _run(
    arguments: tuple[str, ...],
    before: str,
    folder: str,
    environ: dict[str, str],
    streams: tuple[str, str],
) -> None:
    for number, name in enumerate(streams, start=1):
        file = os.open(name, os.O_WRONLY | os.O_CREAT, 0o600)
        os.dup2(file, number)
        os.close(file)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    if before:  # it may change how a query is built
        from qi_checker.query.plan import _plan

        _plan.cache_clear()
    exec(before, {})
    from qi_checker.cli import main

    try:
        sys.exit(main(arguments))
    finally:  # multiprocessing would leave this out
        atexit._run_exitfuncs()
