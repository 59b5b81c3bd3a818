"""What looks on while an evaluation runs: at its time, at its records, and at its result once more.

An engine calls a `Watch` after each step and a `Look` before and after judging; what is looked at is
decided in `qi_checker/plausibility`. `JudgedTwice` is what `cases/twice.py` leaves in an evaluation.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from qi_checker.protocol.plausible import UNSEEN, Looked
from qi_checker.protocol.records import RawTable

if TYPE_CHECKING:
    from qi_checker.engines.inputs.database import Database
    from qi_checker.engines.inputs.needs import Needs
    from qi_checker.engines.inputs.results import Results
    from qi_checker.engines.inputs.task import Prepared

OPEN, WRITE = "open files and rules", "words, pages, files"  # before and after the steps
LOOK, TWICE = "plausibility", "judged twice"  # steps in a profile that no plan has


# ---- at the time ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """One step of one protocol; `rows` where its table tells them."""

    protocol: str  # empty for what is done once for all
    step: str
    seconds: float
    rows: int | None
    share: float  # of the whole, 0 to 1


class Watch:
    """What nobody looks at: nothing is measured and no row is counted."""

    def begin(self, protocol: str) -> None:
        """The steps from here on are those of one protocol."""

    def ended(self, step: str, rows: Callable[[], int] | None = None) -> None:
        """What was done since the step before was this step; `rows` counts what it made."""


@dataclass
class Stopwatch(Watch):
    """Adds up wall seconds by protocol and step, from the moment it is made.

    The time since the step before counts for the step that has just ended, so that the steps add up
    to the whole, work outside the database included.
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
        """Every step in the order in which it was first met."""
        whole = sum(self.seconds.values()) or 1.0
        return [
            Line(*key, seconds, self.rows.get(key), seconds / whole)
            for key, seconds in self.seconds.items()
        ]


UNWATCHED = Watch()


# ---- at the records and the result ---------------------------------------------------------------


class Look:
    """What nobody looks at. Both methods may raise `Refused`, and then nothing is written."""

    def records(
        self, db: Database, needs: Needs, prepared: Prepared, tables: Mapping[str, RawTable]
    ) -> None:
        """The records are ready in the database, and nobody has been judged."""

    def result(self, results: Results) -> Looked:
        """One protocol has been evaluated."""
        return UNSEEN


UNLOOKED = Look()


# ---- once more at the cases ----------------------------------------------------------------------


@dataclass(frozen=True)
class JudgedTwice:
    """How many cases both evaluators judged, and the ids of those about which they differ."""

    cases: int = 0
    differences: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The entry of the manifest."""
        return asdict(self) | {"differences": list(self.differences)}
