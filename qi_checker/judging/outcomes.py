"""How a criterion comes out, and how a condition does: each with three values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from qi_checker.protocol.vocabulary import Reason


class Outcome(IntEnum):
    """How a criterion came out."""

    PASS = 0
    UNDECIDED = 1
    FAIL = 2


class Truth(IntEnum):
    """Whether a condition holds; `all_of` takes the lowest, `any_of` the highest, as Kleene says."""

    FALSE = 0
    UNDECIDED = 1
    TRUE = 2


@dataclass(frozen=True)
class Criterion:
    """Outcome of one criterion; the reason is there unless it passes."""

    outcome: Outcome
    reason: Reason | None = None


PASSES = Criterion(Outcome.PASS)


def undecided(reason: Reason) -> Criterion:
    """A criterion that may pass or fail."""
    return Criterion(Outcome.UNDECIDED, reason)


def fails(reason: Reason) -> Criterion:
    """A criterion that certainly does not pass."""
    return Criterion(Outcome.FAIL, reason)
