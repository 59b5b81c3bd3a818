"""A protocol, compiled once into the queries that every command runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlglot import exp

from qi_checker.compiler import totals
from qi_checker.compiler.criteria import Scope, criteria, doubts, profiles
from qi_checker.compiler.exceptions import exceptions
from qi_checker.compiler.findings import failed, findings, lead_days, requirements, worded
from qi_checker.compiler.population import columns_used, population
from qi_checker.compiler.sql import steps
from qi_checker.compiler.verdict import case_lines, cases
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

    @property
    def scopes(self) -> list[Scope]:
        versions = self.bundle.protocol.versions
        return [Scope(v, i, self.as_of) for i, v in enumerate(versions)]

    @property
    def leads(self) -> set[int]:
        """Lead times in working days for which `act_by` must be known."""
        return {lead_days(leaf, self.site) for s in self.scopes for leaf in s.leaves}

    @property
    def case_columns(self) -> set[str]:
        """Columns of the cases that the population reads."""
        found: set[str] = set()
        for version in self.bundle.protocol.versions:
            for rule in (version.applies_to, *(x.when for x in version.exclude)):
                found |= columns_used(rule)
        return found

    def population(self) -> exp.Select:
        return population(self.bundle.protocol)

    def exceptions(self, scope: Scope) -> exp.Select:
        return exceptions(scope)

    def findings(self, scope: Scope, stale_since: dict[str, date]) -> exp.Select:
        return findings(scope, self.site, stale_since)

    def cases(self, scope: Scope) -> exp.Select:
        return cases(scope)

    def failed(self, scope: Scope) -> exp.Select:
        return failed(scope, self.site)

    def worded(self, scope: Scope) -> exp.Select:
        return worded(scope, self.site)

    def case_lines(self) -> exp.Select:
        return case_lines()

    def candidates(self, scope: Scope) -> exp.Select:
        """Every near miss with its criteria, for explanations."""
        return steps([*profiles(scope), *criteria(scope)])

    def doubts(self, scope: Scope) -> exp.Select:
        """Rejected rows that might be evidence, for explanations."""
        rows = ("requirements", requirements(scope, self.site))
        return steps([rows, *profiles(scope), *doubts(scope)])

    def rate(self) -> exp.Select:
        return totals.rate()

    def per_requirement(self) -> exp.Select:
        return totals.per_requirement()

    def sensitivity(self, scope: Scope) -> exp.Select:
        return totals.sensitivity(scope)


def compile_protocol(bundle: Bundle, as_of: AsOf, site: Site) -> Compiled:
    """Everything that an engine runs for a protocol at a moment."""
    return Compiled(bundle, as_of, site)
