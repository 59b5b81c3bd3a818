"""The coordinator's morning: upcoming cases, the most urgent action first."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from qi_checker.audit.problems import problems, rejected_rows
from qi_checker.audit.provenance import provenance
from qi_checker.cases.twice import judge_twice, shown_traces
from qi_checker.cases.views import Checklist, ChecklistItem
from qi_checker.judging import CaseTrace
from qi_checker.query.tables import CASES

if TYPE_CHECKING:
    from qi_checker.engines.duckdb import Evaluation

LISTED = "((upcoming AND anchor <= ?) OR (NOT upcoming AND still_open AND act_by <= ?))"


def listed(evaluation: Evaluation, last: date) -> list[int]:
    """Keys of the cases that a checklist until `last` lists, in the order of their ids.

    Past cases are there while something can still be arranged for them until then.
    """
    query = f"""SELECT case_key FROM {CASES} WHERE {LISTED} AND verdict <> 'not_applicable'
                ORDER BY case_id"""
    return [int(r[0]) for r in evaluation.con.execute(query, [last, last]).fetchall()]


def checklist(evaluation: Evaluation, days: int = 60) -> Checklist:
    """List the cases of the next `days` days, by act_by; cases with nothing to do come last."""
    today = evaluation.compiled.as_of.date
    last = today + timedelta(days=days)
    judge_twice(evaluation)
    traces = shown_traces(evaluation, listed(evaluation, last))
    items = sorted((_item(trace, today) for trace in traces), key=_urgency)
    said = (*rejected_rows(evaluation), *problems(evaluation))
    return Checklist(tuple(items), days, last, provenance(evaluation), said)


def _item(trace: CaseTrace, today: date) -> ChecklistItem:
    first = trace.next
    act_by: date | None = first.finding["act_by"] if first else None
    return ChecklistItem(
        case_id=trace.case.id,
        surgery_date=trace.case.day,
        verdict=str(trace.verdict),
        next_action=first.to_do if first else "",
        act_by=act_by,
        owner=(first.finding["owner"] or "") if first else "",
        days_left=(act_by - today).days if act_by else None,
        latest_surgery_date=trace.latest_surgery_date,
        statuses=tuple(
            (one.requirement.title, str(one.status), str(one.reason)) for one in trace.requirements
        ),
    )


def _urgency(item: ChecklistItem) -> tuple[date, date, str]:
    return item.act_by or date.max, item.surgery_date, item.case_id
