"""Check the records once and each result of a run; a refusal ends the run."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date

from qi_checker.engines.inputs.database import Database
from qi_checker.engines.inputs.needs import Needs
from qi_checker.engines.inputs.results import Checks, Results
from qi_checker.engines.inputs.task import Prepared
from qi_checker.plausibility.dates import check_dates
from qi_checker.plausibility.history import (
    OF_PROTOCOL,
    History,
    check_changed,
    check_counts,
    check_vanished,
    counts_of,
)
from qi_checker.plausibility.join import check_cases, check_join
from qi_checker.plausibility.judged import Judge
from qi_checker.plausibility.measure import measure
from qi_checker.plausibility.measures import Measures
from qi_checker.plausibility.mistaken import check_mistaken
from qi_checker.plausibility.result import check_outcome, outcome
from qi_checker.plausibility.rows import check_codes, check_rows, check_words
from qi_checker.plausibility.times import check_period, check_times
from qi_checker.protocol.plausible import Level
from qi_checker.protocol.plausible_findings import (
    CheckResult,
    Finding,
    Refused,
    accepted,
    check_accepted,
)
from qi_checker.protocol.plausible_settings import Settings
from qi_checker.protocol.records import RawTable

# Checks of the time after the evaluated moment: a report of the past does not need them.
AHEAD = ("upcoming", "bookings", "horizon", "newest_event", "newest_surgery")
_ORDER = (Level.REFUSE, Level.WARN)


def record_findings(m: Measures, settings: Settings) -> list[Finding]:
    """Check the records before any case is evaluated; the worst findings first."""
    judge = Judge(settings, dict(m.files))
    checks = (
        check_rows,
        check_words,
        check_codes,
        check_dates,
        check_join,
        check_cases,
        check_mistaken,
        check_times,
    )
    result = [finding for check in checks for finding in check(m, judge)]
    return in_order(result)


def in_order(findings: Sequence[Finding]) -> list[Finding]:
    """Sort refusals first, else as found; keep the worst finding per check and column."""
    first: dict[tuple[str, ...], Finding] = {}
    for finding in sorted(findings, key=lambda f: _ORDER.index(f.level)):
        place = finding.check, finding.table, finding.column
        first.setdefault(place if finding.column else (*place, finding.message), finding)
    return list(first.values())


class PlausibilityChecks(Checks):
    """The checks of one run: of the records once, then of each protocol's result.

    accept: checks that are overridden for this run.
    without: checks that do not apply to the purpose of the run.
    alone: whether there is only one protocol; with several, no result stops the others.
    period: first and last day of the report, which the records must cover.
    history: earlier nights, if they are stored.
    refuses: False if refusals are only noted, as in replayed nights.
    """

    def __init__(
        self,
        settings: Settings,
        accept: Sequence[str] = (),
        without: Collection[str] = (),
        alone: bool = True,
        period: tuple[date, date] | None = None,
        history: History | None = None,
        refuses: bool = True,
    ) -> None:
        check_accepted(accept)
        self.settings, self.accept, self.alone = settings, tuple(sorted({*accept})), alone
        self.without, self.period = frozenset(without), period
        self.history, self.refuses = history or History(), refuses
        self.measures: Measures | None = None
        self.counts: dict[str, int] = {}
        self.found: list[Finding] = []

    def records(
        self, db: Database, needs: Needs, prepared: Prepared, tables: Mapping[str, RawTable]
    ) -> None:
        """Count and judge the records while they are in the database."""
        if self.settings.on:
            files = {name: table.file for name, table in tables.items()}
            judge = Judge(self.settings, files)
            self.measures = measure(db, needs, prepared, files)
            self.counts = counts_of(self.measures)
            self.found = record_findings(self.measures, self.settings)
            if self.period is not None:
                self.found += check_period(self.measures, judge, *self.period)
            self.found += check_counts(
                self.counts, self.history.before(), self.measures.as_of, judge
            )
            self.found += check_vanished(db, self.history, judge)
            self._judged(self.found)

    def result(self, results: Results) -> CheckResult:
        """Return all findings about one result, including those about the records."""
        if self.measures is None:
            return CheckResult((), self.accept)
        judge = Judge(self.settings, dict(self.measures.files))
        o = outcome(results)
        name = results.compiled.bundle.protocol.id
        counts = self.counts | {OF_PROTOCOL: o.applies}
        today, nights = self.measures.as_of, self.history.nights.get(name, ())
        own: list[Finding] = []
        if (
            self.alone or o.applies
        ):  # a rulebook has protocols for operations that a hospital may never do
            own += check_outcome(o, self.measures, judge, results.compiled)
        own += [
            *check_counts(counts, nights, today, judge, only=OF_PROTOCOL),
            *check_changed(results, self.history, judge),
        ]
        if not self.alone:
            own = [replace(f, level=Level.WARN) for f in own]
        return CheckResult(self._judged([*self.found, *own]), self.accept, counts)

    def _judged(self, findings: Sequence[Finding]) -> tuple[Finding, ...]:
        """Return the findings to report. Raises Refused if one refuses and is not accepted."""
        reported = accepted((f for f in findings if f.check not in self.without), self.accept)
        if self.refuses and any(f.level is Level.REFUSE for f in reported):
            raise Refused(reported)
        return tuple(in_order(reported))
