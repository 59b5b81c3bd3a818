"""Every table and list of a monthly report, for the CSV files and the workbook."""

from __future__ import annotations

from collections.abc import Iterator

from qi_checker.monthly import words as said
from qi_checker.monthly.views import Listed, Monthly, Tally
from qi_checker.render.plots import Plot
from qi_checker.render.tables import Cell, Table, plot_table

_TALLY = ("compliant", "cases", "rate", "low", "high", "undetermined", "exceptions")
_LISTED = (
    "case_id",
    "surgery_date",
    "verdict",
    "requirement",
    "status",
    "reason",
    "days",
    "accountable",
    "sentence",
    "comment",
)


def plots_of(monthly: Monthly) -> tuple[Plot, ...]:
    """Return every chart, in the order of the page."""
    plots = (
        monthly.trend,
        monthly.intervals,
        monthly.gaps,
        monthly.cusum,
        monthly.causes,
        monthly.units,
    )
    return tuple(plot for plot in plots if plot is not None)


def tables(monthly: Monthly) -> tuple[Table, ...]:
    """Return tables, lists and the numbers of every chart."""
    return (*_tables(monthly), *(plot_table(plot) for plot in plots_of(monthly)))


def _tally(value: Tally | None) -> tuple[Cell, ...]:
    if value is None:
        return (None,) * len(_TALLY)
    low, high = value.interval or (None, None)
    return (value.part, value.whole, value.rate, low, high, value.undetermined, value.excepted)


def _tables(monthly: Monthly) -> Iterator[Table]:
    yield _standards(monthly)
    yield Table("flow", "Denominator", ("step", "month", "twelve_months"), monthly.flow)
    yield Table(
        "sensitivity",
        "Other windows",
        ("window", "protocol", *_TALLY[:5]),
        tuple(
            (x.window, "yes" if x.own else "", *_tally(x.tally)[:5]) for x in monthly.sensitivity
        ),
    )
    yield from _cases(monthly)
    yield Table(
        "actions",
        "Actions",
        ("action", "owner", "due", "done", "state"),
        tuple(
            (a.action, a.owner, a.due, a.done, said.due(a.done, a.overdue)) for a in monthly.actions
        ),
    )
    quality = monthly.quality
    yield Table("files", "Files", ("file", "sha256", "read", "used", "rejected"), quality.files)
    yield Table("checks", "Data quality", ("check", "number"), quality.checks)
    yield Table("problems", "Data problems", ("problem",), tuple((p,) for p in quality.problems))
    yield _phases(monthly)
    yield Table(
        "happened",
        "Events",
        ("number", "day", "what"),
        tuple((e.number, e.day, e.words) for e in monthly.happened),
    )


def _standards(monthly: Monthly) -> Table:
    """Make the table of standards: month, 12 months, target."""
    return Table(
        "standards",
        "Standards",
        (
            "standard",
            "title",
            "owner",
            *(f"month_{c}" for c in _TALLY),
            *(f"year_{c}" for c in _TALLY),
            "month_present",
            "month_present_of",
            "year_present",
            "year_present_of",
            "target",
            "against_target",
        ),
        tuple(
            (
                s.key,
                s.title,
                s.owner,
                *_tally(s.month),
                *_tally(s.year),
                *_present(s.present_month),
                *_present(s.present_year),
                s.target,
                said.judged(s),
            )
            for s in monthly.standards
        ),
    )


def _cases(monthly: Monthly) -> Iterator[Table]:
    """Yield the lists of cases, and the cases whose earlier result changed."""
    for key, title, cases in (
        ("failed", "Failed", monthly.failed),
        ("exempt", "Exempt", monthly.exempt),
        ("undetermined", "Undetermined", monthly.undetermined),
    ):
        yield Table(key, title, _LISTED, tuple(_lines(cases)))
    yield Table(
        "rejudged",
        "Re-judged",
        ("case_id", "surgery_date", "before", "after", "why"),
        tuple((r.case_id, r.surgery_date, r.before, r.after, r.why) for r in monthly.rejudged),
    )


def _phases(monthly: Monthly) -> Table:
    """Make the table of the phases that define the lines of the charts."""
    return Table(
        "phases",
        "Phases",
        (
            "first_month",
            "baseline_first",
            "baseline_last",
            "months_with_cases",
            "cases",
            "rate",
            "reason",
            "approved_by",
        ),
        tuple(
            (p.first, *p.baseline, p.months, p.cases, p.rate, p.reason, p.approved_by)
            for p in monthly.phases
        ),
    )


def _present(value: Tally | None) -> tuple[Cell, Cell]:
    return (value.part, value.whole) if value else (None, None)


def _lines(cases: tuple[Listed, ...]) -> Iterator[tuple[Cell, ...]]:
    for case in cases:
        for lack in case.lacks:
            yield (
                case.case_id,
                case.surgery_date,
                case.verdict,
                lack.title,
                lack.status,
                lack.reason,
                lack.days,
                lack.step,
                lack.sentence,
                None,
            )
