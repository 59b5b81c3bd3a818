"""Observers of an evaluation: an engine calls a `Watch` after each step.

`JudgedTwice` is the result of `cases/twice.py` in an evaluation.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

OPEN, WRITE = "open files and rules", "words, pages, files"  # before and after the steps
PLAUSIBILITY, TWICE = "plausibility", "judged twice"  # steps in a profile that are not in a plan


@dataclass(frozen=True)
class Line:
    """One step of one protocol; `rows` if its table is counted."""

    protocol: str  # empty for steps shared by all protocols
    step: str
    seconds: float
    rows: int | None
    share: float  # of the whole, 0 to 1


class Watch:
    """An observer that measures nothing and counts no rows."""

    def begin(self, protocol: str) -> None:
        """Start the steps of one protocol."""

    def ended(self, step: str, rows: Callable[[], int] | None = None) -> None:
        """Record the end of a step, which began where the last one ended; `rows` counts it."""


@dataclass
class Stopwatch(Watch):
    """Adds up wall seconds by protocol and step, starting when it is created.

    The time since the previous step counts for the step that has just ended, so that the steps add
    up to the total, including work outside the database.
    """

    protocol: str = ""
    seconds: dict[tuple[str, str], float] = field(default_factory=dict)
    rows: dict[tuple[str, str], int] = field(default_factory=dict)
    _last: float = field(default_factory=time.perf_counter)

    def begin(self, protocol: str) -> None:
        self.protocol = protocol

    def ended(self, step: str, rows: Callable[[], int] | None = None) -> None:
        key = (self.protocol, step)
        if rows is not None:
            self.rows[key] = rows()
        now = time.perf_counter()
        self.seconds[key] = self.seconds.get(key, 0.0) + now - self._last
        self._last = now

    def lines(self) -> list[Line]:
        """Return every step, in order of first occurrence."""
        whole = sum(self.seconds.values()) or 1.0
        return [
            Line(*key, seconds, self.rows.get(key), seconds / whole)
            for key, seconds in self.seconds.items()
        ]


UNWATCHED = Watch()


@dataclass(frozen=True)
class JudgedTwice:
    """The number of cases judged by both evaluators, and the ids of those that differ."""

    cases: int = 0
    differences: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the entry for the manifest."""
        return asdict(self) | {"differences": list(self.differences)}
