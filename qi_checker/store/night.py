"""What a night hands to the store, and what it gets back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from qi_checker.audit.changes import Change
from qi_checker.audit.provenance import manifest
from qi_checker.compiler.tables import CASES, FINDINGS
from qi_checker.engines.duckdb import Evaluation
from qi_checker.engines.duckdb.evaluation import CASES_SQL, FINDINGS_SQL

Row = Mapping[str, Any]
_FETCHED = 2_000


@dataclass(frozen=True)
class Night:
    """One evaluation of one protocol. `started_at` is a clock time with its time zone.

    `findings` and `cases` are the rows of findings.json, in its order; they are read once.
    `schedules` has `case_id` and `surgery_at`, as the records say it that night.
    """

    as_of: str
    started_at: datetime
    manifest: Mapping[str, Any]
    findings: Iterable[Row]
    cases: Iterable[Row]
    schedules: Iterable[Row] = ()
    feeds: Sequence[Row] = ()
    inputs: Sequence[Row] = ()
    actor: str = "nightly"

    @property
    def protocol(self) -> str:
        return str(self.manifest["protocol"]["id"])


@dataclass(frozen=True)
class Kept:
    """What became of a night. `repeated`: it was there already, and nothing was written.

    `correction`: this moment was kept so often before, with other data or rules. `changes` are
    those since the run in force before it; `counts`, rows that the history got.
    """

    run_id: int
    repeated: bool
    correction: int
    changes: tuple[Change, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)


def night_of(
    evaluation: Evaluation,
    started_at: datetime,
    feeds: Sequence[Row] = (),
    actor: str = "nightly",
) -> Night:
    """The night of an evaluation; its rows are fetched while they are kept, in batches."""
    document = manifest(evaluation)
    return Night(
        as_of=document["as_of"],
        started_at=started_at,
        manifest=document,
        findings=_rows(
            evaluation, f"SELECT {FINDINGS_SQL} FROM {FINDINGS} ORDER BY case_id, requirement"
        ),
        cases=_rows(evaluation, f"SELECT {CASES_SQL} FROM {CASES} ORDER BY case_id"),
        schedules=_rows(
            evaluation,
            "SELECT c.case_id, any_value(CAST(r.surgery_at AS VARCHAR)) AS surgery_at "
            "FROM ready_cases c JOIN raw_cases r ON r._row = c._row GROUP BY 1 ORDER BY 1",
        ),
        feeds=feeds,
        inputs=document["data"]["files"],
        actor=actor,
    )


def _rows(evaluation: Evaluation, query: str) -> Iterator[Row]:
    """Rows of a query, which runs when the first is asked for: read one list after the other."""
    found = evaluation.con.execute(query)
    names = [column[0] for column in found.description or ()]
    while batch := found.fetchmany(_FETCHED):
        for row in batch:
            yield dict(zip(names, row, strict=True))
