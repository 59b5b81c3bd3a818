"""The real command line in a process: `start` like a user or a scheduler, `run` in a fork."""

from __future__ import annotations

import csv
import hashlib
import os
import pty
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.helpers.forked import PATIENCE, forked

PROJECT = Path(__file__).resolve().parents[2]
AS_OF = "2026-03-02"
PATIENTS = ("SYN-P-", "P-SECRET")  # prefixes of the patient ids of test data


@dataclass(frozen=True)
class Ran:
    """The output and exit code of a command."""

    code: int
    out: str
    err: str


def environment(**changes: str) -> dict[str, str]:
    """Return this process's environment with changes, and this project first in the path."""
    inherited = {
        k: v for k, v in os.environ.items() if not k.startswith(("QI_CHECKER", "NO_COLOR"))
    }
    paths = [str(PROJECT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return inherited | {"PYTHONPATH": os.pathsep.join(paths)} | changes


def start(*arguments: object, code: str = "", **options: Any) -> subprocess.Popen[bytes]:
    """Start `qi-checker` with these arguments; `code` is Python that runs before it."""
    options.setdefault("env", environment())
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("stderr", subprocess.PIPE)
    main = "import sys; from qi_checker.cli import main; sys.exit(main(sys.argv[1:]))"
    how = ["-c", f"{code}\n{main}"] if code else ["-m", "qi_checker"]
    return subprocess.Popen([sys.executable, *how, *map(str, arguments)], **options)


def run(*arguments: object, **options: Any) -> Ran:
    """Run `qi-checker` to its end. Fail if it prints a traceback or names a patient in errors.

    It runs in a fork of a process with all imports, where `before` is Python that runs first,
    unless an option needs a fresh start.
    """
    if set(options) <= {"cwd", "before"}:
        folder, before = Path(options.get("cwd", Path.cwd())), options.get("before", "")
        code, out, err = forked([*map(str, arguments)], before, folder, environment())
    else:
        code, out, err = _started(*arguments, **options)
    ran = Ran(code, out.decode(), err.decode())
    assert "Traceback" not in ran.err, ran.err
    assert not any(patient in ran.err for patient in PATIENTS), ran.err
    return ran


def full_disk(size: int) -> str:
    """Return Python that runs before a command and limits every file to `size` bytes."""
    return f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))"


def _started(*arguments: object, **options: Any) -> tuple[int, bytes, bytes]:
    with start(*arguments, **options) as process:
        try:
            out, err = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()  # or the wait would never end
            raise
    return process.returncode, out or b"", err or b""


def on_terminal(*arguments: object, **changes: str) -> str:
    """Return what a command writes to a terminal, both streams together.

    The output is read meanwhile: a full terminal stops the command.
    """
    master, slave = pty.openpty()
    env = environment(TERM="xterm-256color", COLUMNS="100", **changes)
    with start(*arguments, stdin=slave, stdout=slave, stderr=slave, env=env) as process:
        os.close(slave)
        seen = b""
        try:
            while part := os.read(master, 65536):
                seen += part
        except OSError:  # Linux reports a closed other side like this
            pass
    os.close(master)
    assert process.returncode == 0
    return seen.decode()


def audit(data: Path, out: Path, *more: object, as_of: str = AS_OF, **options: Any) -> Ran:
    """Run `qi-checker audit`."""
    return run("audit", "--data", data, "--as-of", as_of, "--out", out, *more, **options)


def contents(folder: Path) -> dict[str, str]:
    """Return every file below a folder with the hash of its bytes; equal for equal folders."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def csv_rows(path: Path) -> list[dict[str, str]]:
    """Read the rows of a CSV file as text."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_rows(path: Path, columns: tuple[str, ...], rows: list[dict[str, Any]]) -> None:
    """Write rows as a CSV file; columns that a row leaves out are empty."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows({k: v for k, v in row.items() if v is not None} for row in rows)
