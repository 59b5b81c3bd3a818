"""A protocol, compiled once into the queries that every command runs."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlglot import exp

from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.site import Site
from qi_checker.query import exceptions, facts, outside, population, totals, verdict, wording
from qi_checker.query.anchors import date_columns
from qi_checker.query.requirements import lead_days
from qi_checker.query.scope import Scope
from qi_checker.query.tables import Feeds
from qi_checker.query.windows import most_working_days

__all__ = ["Compiled", "compile_protocol", "compile_rulebook"]


@dataclass(frozen=True)
class Compiled:
    """The queries of a protocol at one moment, one expression tree each."""

    bundle: Bundle
    as_of: AsOf
    site: Site
    dates: tuple[str, ...]  # columns of the cases that anchor windows, as `when_<n>`

    @cached_property
    def key(self) -> tuple[Hashable, ...]:
        """Return everything that the queries depend on; code lists are tables that they read."""
        protocol = self.bundle.protocol.model_dump_json(by_alias=True)
        return protocol, self.as_of, self.site.model_dump_json(), self.dates

    @cached_property
    def scopes(self) -> list[Scope]:
        """Return one scope per version of the protocol."""
        protocol = self.bundle.protocol
        return [Scope(v, i, self.as_of, self.dates) for i, v in enumerate(protocol.versions)]

    @property
    def own_dates(self) -> tuple[str, ...]:
        """Return those of `dates` that this protocol uses."""
        return date_columns(self.bundle.protocol)

    @property
    def working_days(self) -> tuple[int, int]:
        """Return the maximum working days in windows, and the maximum in lead times."""
        leads = [lead_days(leaf, self.site) for scope in self.scopes for leaf in scope.leaves]
        # Something forbidden is cancelled a working day before it, whatever the lead time.
        least = int(bool(self.forbidden_kinds))
        return most_working_days(self.scopes), max([least, *leads])

    @property
    def event_columns(self) -> set[str]:
        """Return the columns of events outside the contract that selectors read."""
        return {
            c.name for s in self.scopes for leaf in s.questions for c in leaf.event.columns or ()
        }

    @property
    def allowed_codes(self) -> set[str]:
        """Return the code lists whose codes count although imaging.csv says never."""
        lists = (leaf.event.allow_codes for s in self.scopes for leaf in s.questions)
        return {codes.in_ for codes in lists if codes is not None}

    @property
    def forbidden_kinds(self) -> set[str]:
        """Return the kinds of events whose absence must be meaningful."""
        return {leaf.event.kind for s in self.scopes for leaf in s.leaves if leaf.forbidden}

    @property
    def case_columns(self) -> set[str]:
        """Return the columns of the cases that the population reads."""
        return population.columns_used(self.bundle.protocol)

    def population(self) -> exp.Select:
        """Select every case with its version, and the reason if it is outside the population."""
        return population.population(self.bundle.protocol, self.scopes)

    def exceptions(self, scope: Scope) -> exp.Select:
        """Select every exception, and the reason if it is ignored."""
        return exceptions.exceptions(scope)

    def facts(self, scope: Scope, feeds: Feeds) -> exp.Select:
        """Select status, reason and evidence of every requirement of every case."""
        return facts.facts(scope, self.site, feeds)

    def dated(self) -> exp.Select:
        """Select the facts with the last day to arrange what is required."""
        return facts.dated(bool(self.forbidden_kinds))

    def outside(self, scope: Scope) -> exp.Select:
        """Select the facts of cases to which the protocol does not apply."""
        return outside.facts(scope)

    def failed(self, scope: Scope) -> exp.Select:
        """Select the same columns for a failed evaluation."""
        return facts.failed(scope, self.site)

    def cases(self, scope: Scope) -> exp.Select:
        """Select verdicts, and the requirement to act on next."""
        return verdict.cases(scope)

    def verdicts_outside(self, scope: Scope) -> exp.Select:
        """Select the verdicts of cases to which the protocol does not apply."""
        return outside.verdicts(scope)

    def worded(self, scope: Scope) -> exp.Select:
        """Select facts with every column of a finding."""
        return wording.worded(scope, self.site)

    def case_lines(self) -> exp.Select:
        """Select verdicts with every column of a case."""
        return verdict.case_lines()

    def rate(self) -> exp.Select:
        """Select the counts for the rate."""
        return totals.rate()

    def per_requirement(self) -> exp.Select:
        """Select present and in-window counts per requirement."""
        return totals.per_requirement()

    def sensitivity(self, scope: Scope) -> exp.Select:
        """Select the numbers of compliant cases under other windows."""
        return totals.sensitivity(scope)


def compile_protocol(bundle: Bundle, as_of: AsOf, site: Site) -> Compiled:
    """Compile everything that an engine runs for a protocol at a moment."""
    return compile_rulebook([bundle], as_of, site)[0]


def compile_rulebook(bundles: Sequence[Bundle], as_of: AsOf, site: Site) -> list[Compiled]:
    """Compile several protocols for the same records: their dates are numbered together."""
    dates = tuple(sorted({d for b in bundles for d in date_columns(b.protocol)}))
    return [Compiled(b, as_of, site, dates) for b in bundles]
