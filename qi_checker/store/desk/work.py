"""The work item of a judged case: what the list shows of it. The night and the web make it alike."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from qi_checker.cases.actions import Action, actions_of, row_in_words
from qi_checker.cases.said import Where
from qi_checker.judging import CaseTrace
from qi_checker.protocol.models import Protocol
from qi_checker.store.desk.models import NO_DAY
from qi_checker.store.desk.rewriting import Todo

_ROOMS = ("room", "theatre")  # columns of the hospital that name where an operation is


def evidence_of(rows: str, rules: str) -> str:
    """What a look and a sign-off are about: the SHA-256 of a case's rows, and of the protocol."""
    return hashlib.sha256(f"{rows} {rules}".encode()).hexdigest()


def where_in(origin: Mapping[str, Any]) -> Where:
    """Name a row by the file that it came from; `origin` is that of `Known`, as read from JSON."""

    def named(table: str, row: int) -> str:
        places = origin.get(table) or [table]
        return f"{places[-1] if row < 0 and len(places) > 1 else places[0]}, row {abs(row)}"

    return named


def item_of(
    trace: CaseTrace, protocol: Protocol, evidence: str, where: Where = row_in_words
) -> tuple[dict[str, Any], list[Todo]]:
    """The columns of WorkItem and the actions. `evidence`: what `evidence_of` gives."""
    case, row = trace.case, trace.case.row
    found = actions_of(trace, protocol, where)
    todo = [_todo(action) for action in found]
    actions = [_plain(action, trace) for action in found]
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
        "said": json.dumps([action.said.to_json() for action in found], ensure_ascii=False),
        "evidence": evidence,
    }, todo


def _todo(action: Action) -> Todo:
    return Todo(
        requirement=action.requirement,
        action=str(action.action),
        owner=action.owner,
        first=action.first,
        last=action.until,
        act_by=action.act_by,
    )


def _plain(action: Action, trace: CaseTrace) -> dict[str, Any]:
    """An action as JSON; without `when`, which the clock changes, and with the reason of the finding."""

    def day(value: date | None) -> str:
        return value.isoformat() if value is not None else ""

    return {
        "requirement": action.requirement,
        "action": str(action.action),
        "owner": action.owner,
        "from": day(action.first),
        "until": day(action.until),
        "act_by": day(action.act_by),
        "text": action.text,
        "reason": str(trace.of(action.requirement).reason),
    }
