"""What a night hands to the store, and what it gets back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from qi_checker.digest.changes import Change
from qi_checker.store.rows import Line

Row = Mapping[str, Any]


class Lines(Protocol):
    """The lines of a night, wherever they come from; `evaluated.py` makes them from DuckDB."""

    def seals(self) -> Sequence[tuple[str, str]]:
        """Every case of the night with its seal, by case."""

    def of_cases(self, kind: str, cases: Sequence[str]) -> Sequence[Line]:
        """The lines of some cases, given in order."""

    def every(self, kind: str) -> Iterator[Sequence[Line]]:
        """The lines of all cases, in order and in parts."""


@dataclass(frozen=True)
class Night:
    """One evaluation of one protocol. `started_at` is a clock time with its time zone.

    `lines` are the rows of findings.json and what they rest on.
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
    """What became of a night. `repeated`: it was there already, and nothing was written.

    `correction`: this moment was kept so often before, with other data or rules. `changes` are
    those since the run in force before it; `counts`, rows that the history got.
    """

    run_id: int
    repeated: bool
    correction: int
    changes: tuple[Change, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
