"""The coordinator's morning: upcoming cases, the most urgent action first."""

from __future__ import annotations

from datetime import timedelta

from qi_checker.audit.problems import problems, rejected_rows
from qi_checker.audit.provenance import provenance
from qi_checker.cases.views import Checklist, ChecklistItem
from qi_checker.engines.duckdb import Evaluation
from qi_checker.query.tables import CASES, FINDINGS

LISTED = "((upcoming AND anchor <= ?) OR (NOT upcoming AND still_open AND act_by <= ?))"


def checklist(evaluation: Evaluation, days: int = 60) -> Checklist:
    """Upcoming cases of the next `days` days, by act_by; cases with nothing to do come last.

    Past cases are there while something can still be arranged for them in these days.
    """
    today = evaluation.compiled.as_of.date
    last = today + timedelta(days=days)
    rows = evaluation.rows(
        f"""SELECT k.* FROM {CASES} k
            WHERE {LISTED} AND verdict <> 'not_applicable'
            ORDER BY act_by NULLS LAST, anchor, case_id""",
        [last, last],
    )
    statuses: dict[int, list[tuple[str, str, str]]] = {}
    for key, title, status, reason in evaluation.con.execute(
        f"SELECT case_key, title, status, reason FROM {FINDINGS} WHERE case_key IN "
        f"(SELECT case_key FROM {CASES} WHERE {LISTED}) ORDER BY case_key, number",
        [last, last],
    ).fetchall():
        statuses.setdefault(key, []).append((title, status, reason))
    items = tuple(
        ChecklistItem(
            case_id=row["case_id"],
            surgery_date=row["anchor"],
            verdict=row["verdict"],
            next_action=row["next_action"] or "",
            act_by=row["act_by"],
            owner=row["owner"] or "",
            days_left=(row["act_by"] - today).days if row["act_by"] else None,
            latest_surgery_date=row["latest_surgery_date"],
            statuses=tuple(statuses.get(row["case_key"], ())),
        )
        for row in rows
    )
    return Checklist(items, days, last, provenance(evaluation), _problems(evaluation))


def _problems(evaluation: Evaluation) -> tuple[str, ...]:
    return (*rejected_rows(evaluation), *problems(evaluation))
