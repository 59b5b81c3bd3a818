"""The data that a night gives to the store, and the result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from qi_checker.digest.changes import Change
from qi_checker.store.rows import Line

Row = Mapping[str, Any]


class Lines(Protocol):
    """The lines of a night from any source; `evaluated.py` makes them with DuckDB."""

    def seals(self) -> Sequence[tuple[str, str]]:
        """Return every case of the night with its seal, by case."""

    def of_cases(self, kind: str, cases: Sequence[str]) -> Sequence[Line]:
        """Return the lines of some cases, in order."""

    def every(self, kind: str) -> Iterator[Sequence[Line]]:
        """Yield the lines of all cases, in order and in parts."""


@dataclass(frozen=True)
class Night:
    """One evaluation of one protocol. `started_at` is a clock time with its time zone.

    `lines` are the rows of findings.json and their evidence.
    """

    as_of: str
    started_at: datetime
    manifest: Mapping[str, Any]
    lines: Lines
    feeds: Sequence[Row] = ()
    inputs: Sequence[Row] = ()
    actor: str = "nightly"

    @property
    def protocol(self) -> str:
        return str(self.manifest["protocol"]["id"])


@dataclass(frozen=True)
class Kept:
    """The result of storing a night. `repeated`: it already existed, and nothing was written.

    `correction`: how often this moment was stored before, with other data or rules. `changes`
    are those since the run in force before it; `counts`: rows added to the history.
    """

    run_id: int
    repeated: bool
    correction: int
    changes: tuple[Change, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
