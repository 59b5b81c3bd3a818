"""A protocol, compiled once into the queries that every command runs."""

from __future__ import annotations

from collections.abc import Sequence
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
    dates: tuple[str, ...]  # columns of the cases that windows are counted from, as `when_<n>`

    @cached_property
    def scopes(self) -> list[Scope]:
        """One per version of the protocol."""
        protocol = self.bundle.protocol
        return [Scope(v, i, self.as_of, self.dates) for i, v in enumerate(protocol.versions)]

    @property
    def own_dates(self) -> tuple[str, ...]:
        """Those of `dates` that this protocol counts from."""
        return date_columns(self.bundle.protocol)

    @property
    def working_days(self) -> tuple[int, int]:
        """The most working days that windows count, and the most that anything takes to arrange."""
        leads = [lead_days(leaf, self.site) for scope in self.scopes for leaf in scope.leaves]
        # Something forbidden is called off a working day before it, whatever the lead time.
        least = int(bool(self.forbidden_kinds))
        return most_working_days(self.scopes), max([least, *leads])

    @property
    def event_columns(self) -> set[str]:
        """Columns of the events, outside the contract, that selectors read."""
        return {
            c.name for s in self.scopes for leaf in s.questions for c in leaf.event.columns or ()
        }

    @property
    def allowed_codes(self) -> set[str]:
        """Code lists whose codes count although imaging.csv says never."""
        lists = (leaf.event.allow_codes for s in self.scopes for leaf in s.questions)
        return {codes.in_ for codes in lists if codes is not None}

    @property
    def forbidden_kinds(self) -> set[str]:
        """Kinds of events of which silence must show something."""
        return {leaf.event.kind for s in self.scopes for leaf in s.leaves if leaf.forbidden}

    @property
    def case_columns(self) -> set[str]:
        """Columns of the cases that the population reads."""
        return population.columns_used(self.bundle.protocol)

    def population(self) -> exp.Select:
        """Every case with the version that speaks for it, and why it may be outside."""
        return population.population(self.bundle.protocol, self.scopes)

    def exceptions(self, scope: Scope) -> exp.Select:
        """Every exception, and why it may be ignored."""
        return exceptions.exceptions(scope)

    def facts(self, scope: Scope, feeds: Feeds) -> exp.Select:
        """Status, reason and evidence of every requirement of every case."""
        return facts.facts(scope, self.site, feeds)

    def dated(self) -> exp.Select:
        """The facts with the last day to arrange what is wanted."""
        return facts.dated(bool(self.forbidden_kinds))

    def outside(self, scope: Scope) -> exp.Select:
        """The facts of cases that the protocol is not for."""
        return outside.facts(scope)

    def failed(self, scope: Scope) -> exp.Select:
        """The same where the evaluation failed."""
        return facts.failed(scope, self.site)

    def cases(self, scope: Scope) -> exp.Select:
        """Verdicts, and which requirement acts next."""
        return verdict.cases(scope)

    def verdicts_outside(self, scope: Scope) -> exp.Select:
        """The verdicts of cases that the protocol is not for."""
        return outside.verdicts(scope)

    def worded(self, scope: Scope) -> exp.Select:
        """Facts with every column of a finding."""
        return wording.worded(scope, self.site)

    def case_lines(self) -> exp.Select:
        """Verdicts with every column of a case."""
        return verdict.case_lines()

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
    return compile_rulebook([bundle], as_of, site)[0]


def compile_rulebook(bundles: Sequence[Bundle], as_of: AsOf, site: Site) -> list[Compiled]:
    """The same for several protocols over the same records: their dates are numbered together."""
    dates = tuple(sorted({d for b in bundles for d in date_columns(b.protocol)}))
    return [Compiled(b, as_of, site, dates) for b in bundles]
