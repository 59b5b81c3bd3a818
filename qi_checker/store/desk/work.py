"""The work item of a judged case: what the list shows of it. The night and the web make it alike."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from typing import Any

from qi_checker.judging import CaseTrace
from qi_checker.store.desk.models import NO_DAY
from qi_checker.store.desk.rewriting import Todo

_ROOMS = ("room", "theatre")  # columns of the hospital that name where an operation is


def evidence_of(rows: str, rules: str) -> str:
    """What a look and a sign-off are about: the SHA-256 of a case's rows, and of the protocol."""
    return hashlib.sha256(f"{rows} {rules}".encode()).hexdigest()


def item_of(trace: CaseTrace, evidence: str) -> tuple[dict[str, Any], list[Todo]]:
    """The columns of WorkItem and the actions. `evidence`: what `evidence_of` gives."""
    case, row = trace.case, trace.case.row
    todo = [_todo(one.finding) for one in trace.open] if case.upcoming else []
    todo.sort(key=lambda one: (one.act_by or NO_DAY, one.requirement))
    actions = [
        {**_plain(one), "text": trace.of(one.requirement).finding["sentence"]} for one in todo
    ]
    requirements = [
        {"id": r.id, "title": r.requirement.title, "status": str(r.status), "reason": str(r.reason)}
        for r in trace.requirements
    ]
    return {
        "patient_id": case.patient,
        "site": row.text("site"),
        "surgeon": row.text("surgeon"),
        "room": next((row.text(name) for name in _ROOMS if row.text(name)), ""),
        "surgery_at": row.text("surgery_at"),
        "surgery_day": case.day,
        "status": row.word("status"),
        "upcoming": case.upcoming,
        "verdict": str(trace.verdict),
        "act_by": todo[0].act_by or NO_DAY if todo else NO_DAY,
        "latest": trace.latest_surgery_date,
        "requirements": json.dumps(requirements, ensure_ascii=False),
        "actions": json.dumps(actions, ensure_ascii=False),
        "evidence": evidence,
    }, todo


def _todo(finding: dict[str, Any]) -> Todo:
    return Todo(
        requirement=finding["requirement"],
        action="",
        owner=finding["owner"] or "",
        first=finding["window_opens"],
        last=finding["window_closes"],
        act_by=finding["act_by"],
    )


def _plain(todo: Todo) -> dict[str, Any]:
    def day(value: date | None) -> str:
        return value.isoformat() if value is not None else ""

    return {
        "requirement": todo.requirement,
        "action": todo.action,
        "owner": todo.owner,
        "from": day(todo.first),
        "until": day(todo.last),
        "act_by": day(todo.act_by),
    }
