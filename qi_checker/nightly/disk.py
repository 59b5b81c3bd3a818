"""Small files that are replaced whole, and what a disk says when it refuses."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from qi_checker.errors import Problem, UserError


def write_whole(path: Path, content: bytes, mode: int = 0o640) -> None:
    """Write a file so that a reader, and a power cut, leave the old content or the new one."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk; Windows has no such call, and needs none."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sweep_parts(folder: Path) -> None:
    """Remove what killed writers left of `write_whole`."""
    for part in folder.glob(".*.part"):
        part.unlink(missing_ok=True)


def refused(path: Path, error: OSError, mend: str = "") -> UserError:
    """The disk said no, in the words of the system; `path` is what was to be read or written."""
    why = (error.strerror or type(error).__name__).lower()
    mend = mend or "Free space or ask for permission; the next start goes on where this one ended"
    return UserError(Problem(str(path), f"cannot be written: {why}", "", mend))
