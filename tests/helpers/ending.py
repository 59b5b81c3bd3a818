"""An audit that ends at a chosen step of its writing, in a separate process.

Python reports every opened file, new folder and rename; these are the steps.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from qi_checker.cli import main
from tests.helpers.forked import SERVER, ended


def end_at(step: int, how: signal.Signals, command: list[str], errors: Path) -> int:
    """Run a command and send it a signal at this step (0: never); return its exit code.

    Its stderr is written to `errors`, and its number of steps to `errors`.steps.
    """
    process = SERVER.Process(target=_run, args=(step, how, command, errors))
    process.start()
    return ended(process)


def _run(step: int, how: signal.Signals, command: list[str], errors: Path) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # some shells have it ignored
    out = os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(out, 1)
    os.dup2(out, 2)
    seen: list[str] = []

    def watch(event: str, details: tuple[Any, ...]) -> None:
        begun = seen or (event == "os.mkdir" and ".new-" in str(details[0]))
        if begun and event.split(".")[0] in ("open", "os", "shutil", "ctypes"):
            seen.append(event)
            if len(seen) == step:
                os.kill(os.getpid(), how)

    sys.addaudithook(watch)
    code = main(command)
    sys.stdout.flush()
    steps = str(len(seen))
    errors.with_suffix(".steps").write_text(steps)
    sys.exit(code)
