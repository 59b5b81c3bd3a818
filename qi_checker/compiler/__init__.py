"""A protocol, compiled once into the queries that every command runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from sqlglot import exp

from qi_checker.compiler import (
    criteria,
    exceptions,
    facts,
    population,
    profiles,
    totals,
    verdict,
    wording,
)
from qi_checker.compiler.scope import Scope
from qi_checker.compiler.sql import steps
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.site import Site

__all__ = ["Compiled", "compile_protocol"]


@dataclass(frozen=True)
class Compiled:
    """The queries of a protocol at one moment, one expression tree each."""

    bundle: Bundle
    as_of: AsOf
    site: Site

    @cached_property
    def scopes(self) -> list[Scope]:
        """One per version of the protocol."""
        versions = self.bundle.protocol.versions
        return [Scope(v, i, self.as_of) for i, v in enumerate(versions)]

    @property
    def leads(self) -> set[int]:
        """Lead times in working days for which `act_by` must be known."""
        return {facts.lead_days(leaf, self.site) for s in self.scopes for leaf in s.leaves}

    @property
    def case_columns(self) -> set[str]:
        """Columns of the cases that the population reads."""
        return population.columns_used(self.bundle.protocol)

    def population(self) -> exp.Select:
        """Every case with the version that speaks for it, and why it may be outside."""
        return population.population(self.bundle.protocol)

    def exceptions(self, scope: Scope) -> exp.Select:
        """Every exception, and why it may be ignored."""
        return exceptions.exceptions(scope)

    def facts(self, scope: Scope, stale_since: dict[str, date]) -> exp.Select:
        """Status, reason and evidence of every requirement of every case."""
        return facts.facts(scope, self.site, stale_since)

    def failed(self, scope: Scope) -> exp.Select:
        """The same where the evaluation failed."""
        return facts.failed(scope, self.site)

    def cases(self, scope: Scope) -> exp.Select:
        """Verdicts, and which requirement acts next."""
        return verdict.cases(scope)

    def worded(self, scope: Scope) -> exp.Select:
        """Facts with every column of a finding."""
        return wording.worded(scope, self.site)

    def case_lines(self) -> exp.Select:
        """Verdicts with every column of a case."""
        return verdict.case_lines()

    def candidates(self, scope: Scope) -> exp.Select:
        """Every near miss with its criteria, for explanations."""
        return steps([*profiles.profiles(scope), *criteria.criteria(scope)])

    def doubts(self, scope: Scope) -> exp.Select:
        """Rejected rows that might be evidence, for explanations."""
        rows = ("requirements", facts.requirements(scope, self.site))
        return steps([rows, *profiles.profiles(scope), *criteria.doubts(scope)])

    def rate(self) -> exp.Select:
        """Counts that the rate is made of."""
        return totals.rate()

    def per_requirement(self) -> exp.Select:
        """Present and in window, per requirement."""
        return totals.per_requirement()

    def sensitivity(self, scope: Scope) -> exp.Select:
        """Compliant cases under other windows."""
        return totals.sensitivity(scope)


def compile_protocol(bundle: Bundle, as_of: AsOf, site: Site) -> Compiled:
    """Everything that an engine runs for a protocol at a moment."""
    return Compiled(bundle, as_of, site)
