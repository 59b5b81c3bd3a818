"""The end of the audit trail, written down where the job cannot rewrite it.

The database itself cannot prove that its trail is not rebuilt or cut off at the end: whoever may
write there can compute every hash again. So the end of each night goes to syslog or is appended to
a file of another owner; `healthcheck` and `verify` compare all of them with the chain
(docs/store.md).
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qi_checker.errors import Problem, UserError
from qi_checker.nightly.load import Settings
from qi_checker.nightly.status import read_status

if TYPE_CHECKING:
    from qi_checker.store import Store
    from qi_checker.store.trail import Anchor, Verified

_PRIORITY = 10 * 8 + 6  # authpriv, information (RFC 5424, section 6.2.1)
_ADVICE = "Let its owner look, and see docs/nightly.md: anchors of the trail"


@dataclass(frozen=True)
class Kept:
    """The known ends, and what is wrong with their place (empty: nothing).

    file: the file that they were read from, if the settings name one. own: this user can rewrite
    it.
    """

    anchors: tuple[Anchor, ...]
    problem: str
    words: str
    file: str = ""
    own: bool = False


def foot(end: Mapping[str, Any] | None) -> str:
    """Format the end of the trail as the last line of a mail."""
    return f"Audit trail: entry {end['sequence']}, {end['hash']}" if end else ""


def write_down(settings: Settings, end: Mapping[str, Any], at: datetime) -> None:
    """Send the end to syslog, or append it to the file. Raise UserError where that fails."""
    given = settings.config.anchor
    if given is None:
        return
    message = f"qi-checker trail {given.name} {end['sequence']} {end['hash']}"
    try:
        if given.syslog is not None:
            _to_syslog(settings.path(given.syslog), message)
        else:
            _append(settings.path(given.file), f"{at.isoformat(timespec='seconds')} {message}\n")
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        where = given.syslog or given.file
        raise UserError(
            Problem(where, f"the end of the trail cannot be written: {why}", "", _ADVICE)
        ) from None


def _to_syslog(path: Path, message: str) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
        client.settimeout(10)
        client.connect(str(path))
        client.send(f"<{_PRIORITY}>qi-checker: {message}".encode())


def _append(path: Path, line: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
    try:
        os.write(handle, line.encode())
        os.fsync(handle)
    finally:
        os.close(handle)


def known(settings: Settings, status: Mapping[str, Any] | None = None) -> Kept:
    """Return every recorded end: of the last good run, and those in the file.

    status: the content of status.json, if already read.
    """
    from qi_checker.store.trail import Anchor  # its tables need a store that was opened

    status = read_status(settings.status) if status is None else status
    good = status.get("last_good") or {}
    end = good.get("trail")
    last = (Anchor(int(end["sequence"]), str(end["hash"])),) if end else ()
    if good and not last:
        return Kept((), "the last good run recorded no end of the trail", "")
    given = settings.config.anchor
    if given is None:
        return Kept(last, "", "in status.json only, which this job can rewrite")
    path = settings.path(given.file)
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
        own = hasattr(os, "geteuid") and path.stat().st_uid == os.geteuid()
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        return Kept(last, f"{path} cannot be read: {why}", "")
    line = re.compile(
        rf"qi-checker trail {re.escape(given.name)} ([0-9]{{1,18}}) ([0-9a-f]{{64}})\s*$", re.M
    )
    ends = tuple(Anchor(int(n), digest) for n, digest in line.findall(text))
    if last and last[0] not in ends:
        return Kept((*ends, *last), f"entry {last[0].sequence}, the last end, is not in {path}", "")
    whose = "; this user owns the file, so it can be rewritten with the rights of the job"
    words = f"{len(ends)} in {path}{whose if own else ''}"
    return Kept((*ends, *last), "", words, str(path), own)


def verified(store: Store, kept: Kept, more: Sequence[str] = ()) -> Verified:
    """Verify the trail and every row bound to it; a missing anchor is a fault, too.

    kept: the known ends.
    more: ends from elsewhere, as `SEQUENCE:HASH` (such as the foot of a digest's mail).
    """
    done = store.verify(*kept.anchors, *map(_typed, more))
    return replace(done, faults=(*([kept.problem] if kept.problem else ()), *done.faults))


def _typed(text: str) -> Anchor:
    from qi_checker.store.trail import Anchor  # its tables need a store that was opened

    sequence, _, digest = text.partition(":")
    if not (sequence.isdecimal() and len(sequence) < 19 and re.fullmatch("[0-9a-f]{64}", digest)):
        advice = "Write the number of the entry, a colon and its hash"
        raise UserError(Problem("--anchor", f"{text!r} is not the end of a trail", "", advice))
    return Anchor(int(sequence), digest)
