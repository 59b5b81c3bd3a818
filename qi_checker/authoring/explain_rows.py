"""The records of one case, out of all that were read, as the naive evaluator wants them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qi_checker.authoring.charts import Delivery
from qi_checker.engines.duckdb import Evaluation
from qi_checker.engines.duckdb.values import clean, quote
from qi_checker.protocol.records import CASES, EVENTS, EXCEPTIONS, TABLES

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class CaseRows:
    """The rows that have to do with one case, in file order."""

    tables: Mapping[str, Rows]
    torn: Sequence[Mapping[str, Any]]
    delivery: Delivery


def rows_of(evaluation: Evaluation, case_id: str) -> CaseRows:
    """Its row, the patient's events and its exceptions; and rows with the same ids as these."""
    cases = _rows(evaluation, CASES.name, f"{clean('case_id')} = ?", [case_id])
    patients = sorted({str(row["patient_id"]).strip() for row in cases if row["patient_id"]})
    events = _with_twins(evaluation, EVENTS.name, "event_id", "patient_id", patients)
    exceptions = _with_twins(evaluation, EXCEPTIONS.name, "exception_id", "case_id", [case_id])
    torn = evaluation.rows("SELECT _row, id, patient_id, why FROM torn_events ORDER BY _row")
    return CaseRows(
        {CASES.name: cases, EVENTS.name: events, EXCEPTIONS.name: exceptions},
        torn,
        _delivery(evaluation),
    )


def _with_twins(
    evaluation: Evaluation, table: str, key: str, owner: str, owners: Sequence[str]
) -> Rows:
    """A later row with the same id is rejected, whoever it belongs to."""
    mine = f"list_contains(?::VARCHAR[], {clean(owner)})"
    twins = f"{clean(key)} IN (SELECT {clean(key)} FROM raw_{table} WHERE {mine})"
    return _rows(evaluation, table, f"{mine} OR {twins}", [list(owners), list(owners)])


def _rows(evaluation: Evaluation, table: str, where: str, parameters: list[Any]) -> Rows:
    columns = ", ".join(
        f"CAST({quote(name)} AS VARCHAR) AS {quote(name)}"
        for name in dict.fromkeys((*TABLES[table].names, *evaluation.records.tables[table].columns))
    )
    return evaluation.rows(
        f"SELECT {columns}, CAST(_row AS VARCHAR) AS _row FROM raw_{table} WHERE {where} "
        f"ORDER BY raw_{table}._row",
        parameters,
    )


def _delivery(evaluation: Evaluation) -> Delivery:
    """A feed that is not stale was as new as the evaluation asks, which is all that counts."""
    feeds, compiled = evaluation.prepared.feeds, evaluation.compiled
    kinds = {leaf.event.kind for scope in compiled.scopes for leaf in scope.asked}
    return Delivery(
        frozenset(kinds - feeds.silent), dict(feeds.stale_since), dict(feeds.full_until)
    )
