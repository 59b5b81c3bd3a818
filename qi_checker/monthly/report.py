"""The monthly audit: from one evaluation, the record of a month for a committee."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from qi_checker.audit.provenance import provenance
from qi_checker.engines.duckdb import Evaluation
from qi_checker.errors import Problem, UserError
from qi_checker.monthly import causes, plots, series
from qi_checker.monthly.cases import (
    MonthlyCase,
    cases_of,
    first_day,
    first_month,
    last_day,
    months_between,
    months_on,
)
from qi_checker.monthly.counts import flow, sensitivity, standards
from qi_checker.monthly.quality import quality
from qi_checker.monthly.rejudged import Earlier, rejudged
from qi_checker.monthly.units import units
from qi_checker.monthly.views import ActionLine, Header, Monthly, Standard
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.report_settings import LoadedSettings, ReportSettings, target_on
from qi_checker.render import words
from qi_checker.render.plots import Event, Funnel, Intervals, Trend
from qi_checker.study.intervals import limit_of, plain_leaves


def check_month(month: str, as_of: AsOf) -> None:
    """Raise UserError unless the month is over at `as_of`."""
    if as_of.date < last_day(month):
        raise UserError(
            Problem(
                "--month",
                f"{month} is not over on {as_of.date}",
                "The rate of half a month would be read as the rate of the month",
                f"Give --as-of {last_day(month)} or later, or an earlier month",
            )
        )


@dataclass(frozen=True)
class _Span:
    """The months and cases of a report. `whole`: the cases from the first month needed."""

    month: str
    start: str  # the first month in the charts
    whole: Sequence[MonthlyCase]

    @property
    def year_first(self) -> str:
        """Return the first of the 12 months that end with the month."""
        return months_on(self.month, -11)

    @property
    def months(self) -> tuple[str, ...]:
        return months_between(self.start, self.month)

    @property
    def shown(self) -> list[MonthlyCase]:
        return [c for c in self.whole if c.month >= self.start]

    @property
    def year(self) -> list[MonthlyCase]:
        return [c for c in self.whole if c.month >= self.year_first]

    @property
    def this(self) -> list[MonthlyCase]:
        return [c for c in self.whole if c.month == self.month]


def _span(evaluation: Evaluation, month: str, settings: ReportSettings, unit: str) -> _Span:
    start = series.shown_months(month, first_month(evaluation, month), settings)
    span = _Span(month, start, ())
    first = first_day(min(start, span.year_first))
    return replace(span, whole=cases_of(evaluation, first, last_day(month), unit))


def monthly(
    evaluation: Evaluation,
    month: str,
    loaded: LoadedSettings,
    unit: str = "",
    before: Earlier | None = None,
) -> Monthly:
    """Make the report of `month` (YYYY-MM) from an evaluation as of its end or later.

    `unit`: surgeon or site, to show them separately. `before`: the cases as judged a month ago.
    Raises UserError where the month is not over.
    """
    check_month(month, evaluation.compiled.as_of)
    span = _span(evaluation, month, loaded.settings, unit)
    report = _report(evaluation, span, loaded, unit)
    if before is None:
        return report
    return replace(report, rejudged=rejudged(span.whole, before), rejudged_since=before.as_of)


def _report(evaluation: Evaluation, span: _Span, loaded: LoadedSettings, unit: str) -> Monthly:
    """Make the report without the comparison with an earlier moment."""
    settings, month = loaded.settings, span.month
    shown, year, this = span.shown, span.year, span.this
    made = series.series(span.months, shown, settings)
    happened = _happened(evaluation, span.months, settings)
    targets = _targets(evaluation, months_between(span.year_first, month), settings)
    lines = _standards(evaluation, span, targets)
    why = causes.causes(year, f"the 12 months to {month}")
    gaps, gaps_why = plots.gaps(shown, lines[0].year)
    cusum, cusum_why = plots.cusum(shown, made)
    funnel, units_why = _units(evaluation, year, unit, settings, targets)
    return Monthly(
        header=_header(evaluation, span, settings),
        provenance=provenance(evaluation),
        settings_sha256=loaded.sha256,
        standards=lines,
        flow=flow(this, year),
        trend=_trend(made, _targets(evaluation, span.months, settings), happened),
        phases=series.phase_lines(made),
        suggestion=series.suggestion(made),
        happened=happened,
        causes=why,
        icons=series.icons(made, targets[month]),
        decisions=causes.decisions(
            why,
            settings,
            lines[0].year.excepted,
            lines[0].year.undetermined,
            causes.record_owner(year),
        ),
        sensitivity=sensitivity(evaluation, year),
        quality=quality(evaluation, first_day(month), last_day(month)),
        actions=_actions(settings, evaluation.compiled.as_of.date),
        intervals=_intervals(evaluation, shown, made, happened),
        gaps=gaps,
        gaps_why=gaps_why,
        cusum=cusum,
        cusum_why=cusum_why,
        units=funnel,
        units_why=units_why,
        failed=causes.listed(this, causes.failed),
        exempt=causes.listed(this, causes.exempt),
        undetermined=causes.listed(this, causes.undetermined),
        rejudged=(),
        rejudged_since=None,
    )


def compared_with(month: str) -> date:
    """Return the moment of comparison for a month's report: the end of the month before."""
    return first_day(month) - timedelta(days=1)


def judged_then(evaluation: Evaluation, month: str) -> Sequence[MonthlyCase]:
    """Return the earlier results of a report's cases, from the evaluation for that moment."""
    first = first_day(months_on(month, 1 - series.MOST_MONTHS))
    return cases_of(evaluation, first, compared_with(month))


def _header(evaluation: Evaluation, span: _Span, settings: ReportSettings) -> Header:
    protocol = evaluation.compiled.bundle.protocol
    versions: dict[str, str] = {}
    for case in span.shown:
        if case.findings:
            name = evaluation.compiled.scopes[case.version].version.version
            versions.setdefault(name, case.month)
    return Header(
        organisation=settings.organisation or "",
        contact=settings.contact or "",
        reference=settings.reference or "",
        comment=settings.comment or "",
        title=protocol.title,
        statement=protocol.statement or "",
        month=span.month,
        first=first_day(span.month),
        last=last_day(span.month),
        year_first=span.year_first,
        held_first=min((c.month for c in span.year if c.findings), default=span.year_first),
        versions=tuple(versions.items()),
    )


def _standards(
    evaluation: Evaluation, span: _Span, targets: dict[str, float | None]
) -> tuple[Standard, ...]:
    previous = [c for c in span.whole if c.month == months_on(span.month, -1)]
    both = (targets[span.month], _one(targets))
    return standards(evaluation, span.this, span.year, previous, both)


def _happened(
    evaluation: Evaluation, months: Sequence[str], settings: ReportSettings
) -> tuple[Event, ...]:
    """List events of the programme, new phases and new versions of the protocol."""
    days = [(h.date, h.what) for h in settings.happened]
    days += [(p.from_, f"New baseline: {p.reason}") for p in settings.phases]
    versions = evaluation.compiled.bundle.protocol.versions
    days += [
        (v.in_force.from_, f"Version {v.version} of the protocol comes into force")
        for v in versions[1:]
        if v.in_force.from_ is not None
    ]
    return plots.happened_in(months, days)


def _targets(
    evaluation: Evaluation, months: Sequence[str], settings: ReportSettings
) -> dict[str, float | None]:
    """Return the target of each month: the target in force on its last day."""
    otherwise = evaluation.compiled.bundle.protocol.target
    return {m: target_on(settings, last_day(m), otherwise) for m in months}


def _one(targets: dict[str, float | None]) -> float | None:
    values = set(targets.values())
    return values.pop() if len(values) == 1 else None


def _trend(
    made: series.Series, targets: dict[str, float | None], happened: tuple[Event, ...]
) -> Trend:
    status = series.status(made)
    return plots.trend(made, status, targets, happened, _trend_words(made))


def _trend_words(made: series.Series) -> tuple[str, str]:
    base = made.latest.baseline
    first, last = (words.month(made.months[i]) for i in (base.start, base.stop - 1))
    return series.heading(made), (
        "A dot for each month with the compliant operations of all that count, and the 95% interval. "
        f"The grey line is the median of {first} to {last}, drawn on. A month without an operation "
        "keeps its place and has no dot. A mark above a dot: the quarter that ends there lies beyond "
        "what chance allows around the baseline."
    )


def _intervals(
    evaluation: Evaluation,
    shown: Sequence[MonthlyCase],
    made: series.Series,
    happened: tuple[Event, ...],
) -> Intervals | None:
    leaves = plain_leaves(evaluation)
    limits = {id: limit_of(leaf) for id, leaf in leaves.items()}
    what = (
        "the oldest required study"
        if len(leaves) > 1
        else next((leaf.title for leaf in leaves.values()), "")
    )
    return plots.intervals(shown, made, limits, what, happened)


def _units(
    evaluation: Evaluation,
    year: Sequence[MonthlyCase],
    unit: str,
    settings: ReportSettings,
    targets: dict[str, float | None],
) -> tuple[Funnel | None, str]:
    if not unit:
        return None, ""
    protocol = evaluation.compiled.bundle.protocol.id
    return units(year, unit, settings.fewest_cases, _one(targets), protocol)


def _actions(settings: ReportSettings, today: date) -> tuple[ActionLine, ...]:
    lines = [
        ActionLine(a.action, a.owner, a.due, a.done, a.done is None and a.due < today)
        for a in settings.actions
    ]
    return tuple(sorted(lines, key=lambda a: (a.done is not None, a.due, a.action)))
