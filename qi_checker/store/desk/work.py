"""Make the work item of a judged case, both after a night and in the web application."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from qi_checker.cases.actions import Action
from qi_checker.cases.case_actions import actions_of, row_in_words
from qi_checker.cases.phrases import Where
from qi_checker.judging import CaseTrace
from qi_checker.judging.rows import Row
from qi_checker.protocol.models import Protocol
from qi_checker.store.desk.models import NO_DAY
from qi_checker.store.desk.rewriting import Todo

_ROOMS = ("room", "theatre")  # columns of the hospital with the place of an operation


def evidence_of(rows: str, rules: str) -> str:
    """Return the SHA-256 of a case's rows and protocol, which reviews and sign-offs refer to."""
    return hashlib.sha256(f"{rows} {rules}".encode()).hexdigest()


def where_in(origin: Mapping[str, Any]) -> Where:
    """Return a function that names a row by its file; `origin` as in `Known`, parsed from JSON."""

    def named(table: str, row: int) -> str:
        places = origin.get(table) or [table]
        return f"{places[-1] if row < 0 and len(places) > 1 else places[0]}, row {abs(row)}"

    return named


def item_of(
    trace: CaseTrace, protocol: Protocol, evidence: str, where: Where = row_in_words
) -> tuple[dict[str, Any], list[Todo]]:
    """Return the columns of WorkItem, and the actions. `evidence`: the result of `evidence_of`."""
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
        "surgery_at": _planned(row),
        "surgery_day": case.day,
        "status": row.word("status"),
        "upcoming": case.upcoming,
        "verdict": str(trace.verdict),
        "act_by": todo[0].act_by or NO_DAY if todo else NO_DAY,
        "latest": trace.latest_surgery_date,
        "requirements": json.dumps(requirements, ensure_ascii=False),
        "actions": json.dumps(actions, ensure_ascii=False),
        "said": json.dumps([action.phrase.to_json() for action in found], ensure_ascii=False),
        "evidence": evidence,
    }, todo


def _planned(row: Row) -> str:
    """Return the planned time as in the records, or in the time of the site if it has an offset.

    Pages show it and move it to other days, and 2026-03-12T19:00Z is 08:00 on 13 March in Auckland.
    """
    at = row.dates["surgery_at"]
    return at.clock.isoformat() if at.instant and at.clock else row.text("surgery_at")


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
    """Return an action as JSON, with the reason of its finding; without `when`, which depends on the clock."""

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
