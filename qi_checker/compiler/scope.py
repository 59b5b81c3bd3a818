"""What a set of queries is compiled for: a version of a protocol and a moment."""

from __future__ import annotations

from dataclasses import dataclass

from qi_checker.compiler.sql import Expr, case, col, lit
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.models import Requirement, Version
from qi_checker.protocol.vocabulary import Reason

REASONS = tuple(Reason)
NO_REASON = -1


def number(reason: Reason) -> Expr:
    return lit(REASONS.index(reason))


@dataclass(frozen=True)
class Scope:
    """What criteria are decided for: a version, its number, and the moment."""

    version: Version
    index: int
    as_of: AsOf

    def by_requirement(self, values: list[Expr]) -> Expr:
        """A value per requirement; one value where all are alike, which is the common case."""
        if all(v == values[0] for v in values):
            return values[0]
        pairs = [(col("requirement", "p").eq(i), v) for i, v in enumerate(values)]
        return case(*pairs)

    @property
    def leaves(self) -> tuple[Requirement, ...]:
        return self.version.leaves
