"""What came of judging cases twice (`cases/twice.py`), as an evaluation holds it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

TWICE = "judged twice"  # the step in a profile


@dataclass(frozen=True)
class JudgedTwice:
    """How many cases both evaluators judged, and the ids of those about which they differ."""

    cases: int = 0
    differences: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The entry of the manifest."""
        return asdict(self) | {"differences": list(self.differences)}
