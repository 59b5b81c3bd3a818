"""Outcomes: of an event, of a condition and its parts, and of a requirement. Data without logic."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, time
from enum import IntEnum
from typing import Any

from qi_checker.judging.records import Event
from qi_checker.judging.spans import INSTANT, Outcome
from qi_checker.judging.windows import Criterion, Question
from qi_checker.protocol.models import NoneBetween
from qi_checker.protocol.vocabulary import Reason, Status

Keys = tuple[str | int, ...]  # path of a clause relative to its version or requirement


class Truth(IntEnum):
    """Whether a condition holds; `all_of` takes the lowest, `any_of` the highest (Kleene logic)."""

    FALSE = 0
    UNDECIDED = 1
    TRUE = 2


@dataclass(eq=False, slots=True)
class Judged:
    """An event with the outcome of each criterion.

    criteria: in the order of `CRITERIA`, which is the contract's.
    near_miss: whether it has, or may have, a required modality or code.
    distance: days to the window; None without a date, which sorts last.
    open: how many criteria do not pass; failed: how many of these certainly do not.

    Not frozen: making a frozen one takes three times as long, and a case has dozens.
    """

    event: Event
    criteria: tuple[Criterion, ...]
    done: bool
    near_miss: bool
    distance: int | None
    open: int = field(init=False)
    failed: int = field(init=False)

    def __post_init__(self) -> None:
        outcomes = [c.outcome for c in self.criteria]
        self.failed = outcomes.count(Outcome.FAIL)
        self.open = len(outcomes) - outcomes.count(Outcome.PASS)

    @property
    def status(self) -> Criterion:
        return self.criteria[5]

    @property
    def window(self) -> Criterion:
        return self.criteria[6]

    @property
    def passes(self) -> bool:
        return not self.open

    @property
    def right_study(self) -> bool:
        """Whether it meets all criteria except date and status."""
        return all(c.outcome is Outcome.PASS for c in self.criteria[:5])

    @property
    def possible(self) -> bool:
        """Whether it is a near miss without a failed criterion."""
        return self.near_miss and not self.failed

    @property
    def undecided(self) -> bool:
        """Whether it is a near miss that possibly but not certainly fulfils the question."""
        return self.possible and self.open > 0

    @property
    def reason(self) -> Reason | None:
        """Return the reason of the first criterion that does not pass."""
        return next((c.reason for c in self.criteria if c.outcome is not Outcome.PASS), None)

    @property
    def nearness(self) -> tuple[float, int, int, str]:
        """Return a key that sorts by smallest distance, then latest, then lowest id."""
        distance = float("inf") if self.distance is None else self.distance
        return distance, *recency(self.event)

    @property
    def rank(self) -> tuple[float, ...]:
        """Return a key that sorts the nearest miss first: fewest open criteria, then nearness."""
        return self.open, *self.nearness  # type: ignore[return-value]


def recency(event: Event) -> tuple[int, int, str]:
    """Return a key that sorts by latest first possible day, missing last; latest clock; id."""
    at = event.at
    if at is None:
        return 0, 0, event.id
    if at.clock is None:
        return -at.lo.toordinal(), 1, event.id
    since_midnight = (at.clock - datetime.combine(at.lo, time.min)) // INSTANT
    return -at.lo.toordinal(), -since_midnight, event.id


def latest(events: Iterable[Event]) -> Event | None:
    """Return the event with the latest first possible day, then latest clock, then lowest id."""
    return min(events, key=recency, default=None)


def earliest(events: Iterable[Event]) -> Event | None:
    """Return the event with the earliest first possible day; of several, the opposite of `latest`."""
    return min(events, key=_age, default=None)


def _age(event: Event) -> tuple[int, int, str]:
    day, clock, id = recency(event)
    return -day, -clock, id


@dataclass(frozen=True, eq=False)
class Part:
    """One part of a condition, tested on a case.

    keys: its path, relative to its version (population) or its requirement (`applies_if`).
    condition: the part of the protocol itself.
    found: the text in the records in the column that it tests; "" for no value.
    parts: those of all_of and any_of, in the order written.
    events: for a condition on events, every event of the kind with its criteria.
    chosen: for a condition on another requirement, the decision about that requirement.
    waits: it is undecided only because a date is counted from that becomes known later.
    """

    keys: Keys
    condition: Any
    truth: Truth
    found: str = ""
    parts: tuple[Part, ...] = ()
    events: tuple[Judged, ...] = ()
    chosen: Decision | None = None
    waits: bool = False

    def decisive(self) -> Part:
        """Return the innermost part that determined the outcome, the first one written."""
        inner = next((p for p in self.parts if p.truth is self.truth), None)
        return self if inner is None else inner.decisive()


@dataclass(frozen=True, eq=False)
class Between:
    """One line of `none_between`: whether something is between the event and the anchor.

    keys: the path of the line relative to its requirement. events: every event of its kind, judged.
    """

    keys: Keys
    rule: NoneBetween
    truth: Truth
    events: tuple[Judged, ...] = ()


@dataclass(frozen=True, eq=False)
class Decision:
    """A status, its reason, the deciding event, and everything that was considered.

    last: the event whose age ends its validity: of several counted ones the oldest.
    question: the selector and window tested, None if none was or an anchor is unknown.
    events: every event of the kind; rejected: rejected rows that may be evidence.
    applies_if, between: the outcomes of the requirement's conditions.
    """

    status: Status
    reason: Reason
    event: Event | None = None
    last: Event | None = None
    question: Question | None = None
    events: tuple[Judged, ...] = ()
    rejected: tuple[Judged, ...] = ()
    applies_if: Part | None = None
    between: tuple[Between, ...] = ()
