"""A protocol with everything needed to evaluate it: the input of the engines."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from qi_checker.protocol.codes import Catalogue
from qi_checker.protocol.models import Protocol


@dataclass(frozen=True)
class Bundle:
    """A checked protocol, its code lists, and the SHA-256 over both (the rule's identity)."""

    protocol: Protocol
    catalogue: Catalogue
    sha256: str
    path: Path

    def __repr__(self) -> str:
        return f"<{self.protocol.id} {self.sha256[:12]}>"
