"""Messages that wait for the mail server: each is sent once, or not at all.

A message is a file, and its folder is its state:

    queued     to be sent
    sending    its last byte is being sent; no answer has come yet
    sent       the server accepted it (reply 250)
    refused    the server rejected it (5xx, or no SMTPUTF8), for example because of a wrong address
    doubtful   the connection or this process ended while it was `sending`

A server accepts a message with its reply to the last byte. So until that byte is written nothing
was sent, and after the reply the result is known. In between nobody can know: such a message is
reported and not sent again, because people read a repeated digest as two findings.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from email import message_from_string, policy
from pathlib import Path
from typing import Literal

from qi_checker.render.atomic import sweep_parts, sync_folder, write_file

State = Literal["queued", "sending", "sent", "refused", "doubtful"]
STATES: tuple[State, ...] = ("queued", "sending", "sent", "refused", "doubtful")
_KEPT = 1_000  # sent messages to keep; they prevent sending again


@dataclass(frozen=True)
class Outbox:
    """The folders of messages below `root`."""

    root: Path

    def folder(self, state: State) -> Path:
        return self.root / state

    def prepare(self) -> int:
        """Make the folders and clean up after a kill; return how many messages became doubtful."""
        for state in STATES:
            self.folder(state).mkdir(parents=True, exist_ok=True)
        sweep_parts(self.folder("queued"))
        lost = self.names("sending")
        for name in lost:
            self.move(name, "sending", "doubtful")
        for name in self.names("sent")[:-_KEPT]:
            (self.folder("sent") / name).unlink()
        return len(lost)

    def names(self, state: State) -> list[str]:
        """Return the messages in a state, the oldest run first."""
        folder = self.folder(state)
        return sorted(p.name for p in folder.glob("*.eml")) if folder.is_dir() else []

    def counts(self) -> dict[str, int]:
        return {state: len(self.names(state)) for state in STATES}

    def add(self, name: str, message: bytes) -> bool:
        """Queue a message unless one of that name was queued before; return whether it is new."""
        if any((self.folder(state) / name).exists() for state in STATES):
            return False
        write_file(self.folder("queued") / name, message)
        return True

    def drop(self, run_id: int) -> int:
        """Remove the queued messages of a forgotten run; return their number."""
        names = [name for name in self.names("queued") if name.startswith(prefix_of(run_id))]
        for name in names:
            (self.folder("queued") / name).unlink(missing_ok=True)
        return len(names)

    def read(self, name: str) -> tuple[str, str, bytes]:
        """Return sender, recipient and content of a queued message; "" for a missing address."""
        content = (self.folder("queued") / name).read_bytes()
        head = re.split(rb"\r?\n\r?\n", content, maxsplit=1)[0].decode("utf-8", "replace")
        headers = message_from_string(head + "\n\n", policy=policy.SMTPUTF8)
        try:
            return _address(headers["From"]), _address(headers["To"]), content
        except ValueError:  # not an address that a server accepts
            return "", "", content

    def move(self, name: str, before: State, after: State) -> None:
        os.rename(self.folder(before) / name, self.folder(after) / name)
        sync_folder(self.folder(after))
        sync_folder(self.folder(before))


def prefix_of(run_id: int) -> str:
    """Return the prefix of the names of a run's messages."""
    return f"run-{run_id:08d}-"


def _address(header: object) -> str:
    addresses = getattr(header, "addresses", ())
    return str(addresses[0].addr_spec) if addresses else str(header or "").strip()
