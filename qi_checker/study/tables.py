"""The tables of a study: the contents of its CSV files and of the sheets of its workbook."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict

from qi_checker.protocol.records import REJECT_COLUMNS
from qi_checker.render.tables import Cell, Table
from qi_checker.statistics.comparison import Outcome, Summary
from qi_checker.study.benchmarks import BENCHMARKS
from qi_checker.study.views import Comparison, Interval, PlanChange, Printed, Published, Study

_SUMMARY = ("n", "mean", "sd", "median", "q1", "q3", "least", "most")


def study_tables(study: Study) -> tuple[Table, ...]:
    """Return rates, traits, days, intervals, rejects; plan_change, benchmarks, published if any."""
    rates = [*study.rates, *([study.plan_change.rate] if study.plan_change else [])]
    tables = [
        _table("rates", "Rates", _RATE_COLUMNS, map(_rate, rates)),
        _table(
            "traits",
            "Who was operated",
            ("group", "what", "before", "after"),
            ((t.group, t.what, *t.counts) for t in study.traits),
        ),
        _table("days", "Days from imaging to surgery", _DAYS_COLUMNS, map(_days, study.intervals)),
        _operations(study),
        _table("rejects", "Rejected rows", REJECT_COLUMNS, study.rejects),
    ]
    if study.plan_change is not None:
        tables += _ultrasound(study.plan_change)
    if study.published is not None:
        tables.append(_printed(study.published))
    return tuple(tables)


def _table(key: str, title: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Table:
    return Table(key, title, tuple(columns), tuple(tuple(row) for row in rows))


def _operations(study: Study) -> Table:
    requirements = list(dict.fromkeys(id for p in study.points for id, _ in p.days))
    columns = ("case_id", "period", "surgery_date", "verdict", "newest", "oldest", *requirements)
    rows = (
        (
            p.case_id,
            p.period,
            p.surgery_date,
            p.verdict,
            p.newest,
            p.oldest,
            *(dict(p.days).get(id) for id in requirements),
        )
        for p in study.points
    )
    return _table("intervals", "Operations", columns, rows)


def _ultrasound(change: PlanChange) -> list[Table]:
    lines = [("flow", *line) for line in change.flow] + [("kind", *line) for line in change.kinds]
    columns = ("citation", "count", "rate", "low", "high", "imaging")
    return [
        _table("plan_change", "Change of plan", ("part", "what", "before", "after"), lines),
        _table(
            "benchmarks",
            "Published rates, not targets",
            columns,
            (tuple(asdict(b).values()) for b in BENCHMARKS),
        ),
    ]


def _printed(published: Published) -> Table:
    columns = ("title", "figure", "printed", "way", "recomputed", "agrees")
    rows = (
        (r.title, r.figure, r.printed, name, value, _word(r, name))
        for r in published.rows
        for name, value in r.candidates or (("", None),)
    )
    return _table("published", "Printed and recomputed", columns, rows)


def _word(row: Printed, way: str) -> str:
    return "" if row.agrees is None else "yes" if way in row.by else "no"


_SHARE = ("part", "whole", "rate", "low", "high", "undetermined")
_RATE_COLUMNS = (
    "key",
    "title",
    *(f"before_{c}" for c in _SHARE),
    *(f"after_{c}" for c in _SHARE),
    "difference",
    "difference_low",
    "difference_high",
    "fisher_p",
    "n_minus_1",
    "n_minus_1_p",
)


def _rate(rate: Comparison) -> Sequence[Cell]:
    sides: list[Cell] = []
    for s in (rate.before, rate.after):
        sides += [
            s.part,
            s.whole,
            s.part / s.whole if s.whole else None,
            s.low,
            s.high,
            s.undecided,
        ]
    return (
        rate.key,
        rate.title,
        *sides,
        *(rate.difference or (None,) * 3),
        rate.fisher,
        *_test(rate.n_minus_1),
    )


_DAYS_COLUMNS = (
    "key",
    "title",
    *(f"before_{c}" for c in _SUMMARY),
    *(f"after_{c}" for c in _SUMMARY),
    "limit",
    "before_within",
    "after_within",
    "welch_t",
    "welch_p",
    "mann_whitney_u",
    "mann_whitney_p",
    "mann_whitney_how",
    "shift",
    "shift_low",
    "shift_high",
)


def _days(interval: Interval) -> Sequence[Cell]:
    def numbers(summary: Summary) -> Sequence[Cell]:
        return [getattr(summary, name) for name in _SUMMARY]

    how = interval.mann_whitney.how if interval.mann_whitney else None
    return (
        interval.key,
        interval.title,
        *numbers(interval.before),
        *numbers(interval.after),
        interval.limit,
        *interval.within,
        *_test(interval.welch),
        *_test(interval.mann_whitney),
        how,
        *(interval.shift or (None,) * 3),
    )


def _test(outcome: Outcome | None) -> tuple[Cell, Cell]:
    return (outcome.statistic, outcome.p) if outcome else (None, None)
