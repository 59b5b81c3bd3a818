"""Every candidate event of a case, each criterion passed, undecided or failed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qi_checker.cases.views import Candidate, Criterion
from qi_checker.cases.wording import WHY
from qi_checker.engines.duckdb import Evaluation
from qi_checker.engines.duckdb.database import sql
from qi_checker.protocol.vocabulary import Reason
from qi_checker.query.scope import REASONS, Scope
from qi_checker.query.tables import FINDINGS

_OUTCOME = ("pass", "undecided", "fail")
Row = dict[str, Any]
Key = tuple[int, int]  # case_key, number of the requirement


def candidates_by_requirement(
    evaluation: Evaluation, keys: Sequence[int]
) -> dict[Key, list[Candidate]]:
    """Candidates of these cases: nearest to the window first, rejected rows last."""
    found: dict[Key, list[Candidate]] = {}
    for scope in evaluation.compiled.scopes:
        for row in _near_misses(evaluation, scope, list(keys)):
            key = row["case_key"], row["requirement"]
            found.setdefault(key, []).append(_candidate(evaluation, scope, row))
        for row in _doubts(evaluation, scope, list(keys)):
            key = row["case_key"], row["requirement"]
            found.setdefault(key, []).append(_doubt(evaluation, row))
    return found


def _near_misses(evaluation: Evaluation, scope: Scope, keys: list[int]) -> list[Row]:
    return evaluation.rows(
        f"""SELECT c.*, e._row, f.from_day, f.event_id IS NOT DISTINCT FROM c.event_id AS chosen,
                   {_SHOWN}
            FROM ({sql(evaluation.compiled.candidates(scope, evaluation.prepared.feeds))}) c
            JOIN ready_events e ON e.event_id = c.event_id
            JOIN raw_events r ON r._row = e._row
            JOIN {FINDINGS} f ON f.case_key = c.case_key AND f.number = c.requirement
            WHERE c.case_key IN (SELECT unnest(?::INTEGER[]))
            ORDER BY c.case_key, c.requirement, chosen DESC,
                     c.open_criteria + sign(c.status_met) + sign(c.window), c.distance,
                     c.lo DESC NULLS LAST, c.event_id""",
        [keys],
    )


_SHOWN = ", ".join(
    f"coalesce(CAST(r.{column} AS VARCHAR), '') AS shown_{column}"
    for column in ("at", "modality", "region", "codes", "description", "provenance")
)


def _doubts(evaluation: Evaluation, scope: Scope, keys: list[int]) -> list[Row]:
    """Rejected rows that count as evidence for a finding of these cases."""
    return evaluation.rows(
        f"""SELECT d.*, {_SHOWN}, coalesce(x.reason, t.why) AS why
            FROM ({sql(evaluation.compiled.doubts(scope, evaluation.prepared.feeds))}) d
            LEFT JOIN raw_events r ON r._row = d.row
            LEFT JOIN rejected_events x ON x._row = d.row
            LEFT JOIN torn_events t ON t._row = d.row
            WHERE d.case_key IN (SELECT unnest(?::INTEGER[]))
            ORDER BY d.case_key, d.requirement, d.event_id, d.row""",
        [keys],
    )


def _source(evaluation: Evaluation, row: int) -> str:
    return evaluation.records.tables["events"].where(row)


def _candidate(evaluation: Evaluation, scope: Scope, row: Row) -> Candidate:
    leaf = scope.leaves[row["requirement"]]
    advice = tuple(a.title for bit, a in enumerate(leaf.warn) if row["advice"] & (1 << bit))
    first = row["lo"]
    return Candidate(
        event_id=row["event_id"],
        source=_source(evaluation, row["_row"]),
        status=row["status"],
        at=row["shown_at"],
        first=first,
        last=row["hi"],
        days_before=_days_before(row),
        modality=row["shown_modality"],
        region=row["shown_region"],
        codes=row["shown_codes"],
        description=row["shown_description"],
        provenance=row["shown_provenance"],
        chosen=bool(row["chosen"]),
        criteria=_criteria(row),
        advice=advice,
    )


def _days_before(row: Row) -> int | None:
    known = row["lo"] is not None and row["from_day"] is not None
    return (row["from_day"] - row["lo"]).days if known else None


def _criteria(row: Row) -> tuple[Criterion, ...]:
    status = {"ordered": Reason.ORDERED_NOT_BOOKED, "cancelled": Reason.CANCELLED}.get(
        row["status"], Reason.BOOKING_PASSED
    )
    window = Reason.TOO_OLD if row["window_reason"] is None else REASONS[row["window_reason"]]
    modality = Reason.UNMAPPED if row["modality"] == 1 else Reason.WRONG_MODALITY
    region = Reason.UNMAPPED if row["region"] == 1 else Reason.WRONG_REGION
    columns = Reason.UNMAPPED if row["columns"] == 1 else Reason.WRONG_VALUE
    more = (
        ("provenance", row["provenance"], Reason.WRONG_PROVENANCE),
        ("columns", row["columns"], columns),
    )
    outcomes = (
        ("code", row["code"], Reason.UNMAPPED if row["code"] == 1 else Reason.EXCLUDED_CODE),
        ("modality", row["modality"], modality),
        ("region", row["region"], region),
        *(criterion for criterion in more if criterion[1]),
        ("status", row["status_met"], status),
        ("window", row["window"], window),
    )
    if row["lo"] is None:  # it passes for the status, which fails for another reason; say so
        undated = Criterion("window", "undecided", "no date")
        return (*_in_words(outcomes[:-1]), undated)
    return _in_words(outcomes)


def _in_words(outcomes: Sequence[tuple[str, int, Reason]]) -> tuple[Criterion, ...]:
    return tuple(
        Criterion(name, _OUTCOME[value], WHY[reason] if value else "")
        for name, value, reason in outcomes
    )


def _doubt(evaluation: Evaluation, row: Row) -> Candidate:
    return Candidate(
        event_id=row["event_id"] or "",
        source=_source(evaluation, row["row"]),
        status="rejected",
        at=row["shown_at"],
        first=row["lo"],
        last=row["lo"],
        days_before=None,
        modality=row["shown_modality"],
        region=row["shown_region"],
        codes=row["shown_codes"],
        description=row["shown_description"],
        provenance=row["shown_provenance"],
        chosen=False,
        criteria=(Criterion("record", "undecided", row["why"] or WHY[Reason.REJECTED_RECORD]),),
    )
