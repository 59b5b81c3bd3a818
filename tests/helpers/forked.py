"""Commands run in forks of a process that has imported everything, which saves most of their start.

Each is a process of its own all the same, with its own exit code and nothing of the one before.
What belongs to a start (the environment, a terminal, an import that is missing, a signal) is tested
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

# There is one for all tests of a process, whoever asks for it: only one list can be preloaded.
SERVER = get_context("forkserver")
SERVER.set_forkserver_preload(["tests.helpers.imported"])
PATIENCE = 600  # seconds; an audit on a cluster took more than 120 on a slow machine


def forked(
    arguments: Sequence[str], before: str, folder: Path, environ: Mapping[str, str]
) -> tuple[int, bytes, bytes]:
    """Exit code, or the negative number of a signal; standard output; standard error.

    before: Python that runs in the fork first, for what a test sets, such as the time.
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
    """The same while it runs. `streams`: files of standard output and standard error."""
    task = (tuple(arguments), before, str(folder), dict(environ), streams)
    process = SERVER.Process(target=_run, args=task)
    process.start()
    return process


def ended(process: ForkServerProcess) -> int:
    """Wait for it: its exit code, or the negative number of a signal. TimeoutError if it goes on."""
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
    exec(before, {})
    from qi_checker.cli import main

    try:
        sys.exit(main(arguments))
    finally:  # multiprocessing would leave this out
        atexit._run_exitfuncs()
