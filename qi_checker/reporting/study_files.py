"""The data files of a study: JSON and CSV with every number that the page shows or draws."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from qi_checker.audit.plots import Cell
from qi_checker.audit.study_views import Comparison, Interval, Printed, Study
from qi_checker.protocol.records import REJECT_COLUMNS
from qi_checker.reporting.benchmarks import BENCHMARKS
from qi_checker.reporting.csv_files import write_rows
from qi_checker.statistics.comparison import Outcome, Summary

_SUMMARY = ("n", "mean", "sd", "median", "q1", "q3", "least", "most")


def as_json(study: Study) -> str:
    """The whole study; dates as ISO text."""

    def plain(item: Any) -> str:
        if isinstance(item, date):
            return item.isoformat()
        raise TypeError(type(item).__name__)

    return json.dumps(asdict(study), default=plain, ensure_ascii=False, indent=2) + "\n"


def write_csv(study: Study, folder: Path) -> None:
    """rates.csv, traits.csv, days.csv, intervals.csv, rejects.csv, and where there is one plan_change.csv,
    benchmarks.csv and published.csv."""
    rates = [*study.rates, *([study.plan_change.rate] if study.plan_change else [])]
    write_rows(folder / "rates.csv", _RATE_COLUMNS, map(_rate, rates))
    write_rows(folder / "traits.csv", ("group", "what", "before", "after"),
               ((t.group, t.what, *t.counts) for t in study.traits))  # fmt: skip
    write_rows(folder / "days.csv", _DAYS_COLUMNS, map(_days, study.intervals))
    requirements = list(dict.fromkeys(id for p in study.points for id, _ in p.days))
    columns = ("case_id", "period", "surgery_date", "verdict", "newest", "oldest", *requirements)
    write_rows(folder / "intervals.csv", columns, (
        (p.case_id, p.period, p.surgery_date.isoformat(), p.verdict, p.newest, p.oldest,
         *(dict(p.days).get(id) for id in requirements))
        for p in study.points
    ))  # fmt: skip
    write_rows(folder / "rejects.csv", REJECT_COLUMNS, study.rejects)
    if study.plan_change is not None:
        lines = [("flow", *line) for line in study.plan_change.flow]
        lines += [("kind", *line) for line in study.plan_change.kinds]
        write_rows(folder / "plan_change.csv", ("part", "what", "before", "after"), lines)
        write_rows(folder / "benchmarks.csv", ("citation", "count", "rate", "low", "high", "imaging"),
               (tuple(asdict(b).values()) for b in BENCHMARKS))  # fmt: skip
    if study.published is not None:
        write_rows(folder / "published.csv", ("title", "figure", "printed", "way", "recomputed", "agrees"),
               ((r.title, r.figure, r.printed, name, value, _word(r, name))
                for r in study.published.rows for name, value in r.candidates or (("", None),)))  # fmt: skip


def _word(row: Printed, way: str) -> str:
    return "" if row.agrees is None else "yes" if way in row.by else "no"


_SHARE = ("part", "whole", "rate", "low", "high", "undetermined")
_RATE_COLUMNS = (
    "key", "title", *(f"before_{c}" for c in _SHARE), *(f"after_{c}" for c in _SHARE),
    "difference", "difference_low", "difference_high", "fisher_p", "n_minus_1", "n_minus_1_p",
)  # fmt: skip


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
    return (rate.key, rate.title, *sides, *(rate.difference or (None,) * 3), rate.fisher,
            *_test(rate.n_minus_1))  # fmt: skip


_DAYS_COLUMNS = (
    "key", "title", *(f"before_{c}" for c in _SUMMARY), *(f"after_{c}" for c in _SUMMARY),
    "limit", "before_within", "after_within", "welch_t", "welch_p", "mann_whitney_u",
    "mann_whitney_p", "mann_whitney_how", "shift", "shift_low", "shift_high",
)  # fmt: skip


def _days(interval: Interval) -> Sequence[Cell]:
    def numbers(summary: Summary) -> Sequence[Cell]:
        return [getattr(summary, name) for name in _SUMMARY]

    how = interval.mann_whitney.how if interval.mann_whitney else None
    return (interval.key, interval.title, *numbers(interval.before), *numbers(interval.after),
            interval.limit, *interval.within, *_test(interval.welch),
            *_test(interval.mann_whitney), how, *(interval.shift or (None,) * 3))  # fmt: skip


def _test(outcome: Outcome | None) -> tuple[Cell, Cell]:
    return (outcome.statistic, outcome.p) if outcome else (None, None)
