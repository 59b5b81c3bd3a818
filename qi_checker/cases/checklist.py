"""The coordinator's morning: upcoming cases, the most urgent action first."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from qi_checker.audit.problems import problems, rejected_rows
from qi_checker.audit.provenance import provenance
from qi_checker.cases.actions import Action, count_actions
from qi_checker.cases.evaluated import actions_in
from qi_checker.cases.twice import judge_twice, shown_traces
from qi_checker.cases.views import Checklist, ChecklistAction, ChecklistItem
from qi_checker.cases.words import procedure_words
from qi_checker.errors import Problem, UserError
from qi_checker.judging import CaseTrace
from qi_checker.protocol.site import Site
from qi_checker.protocol.vocabulary import Verdict
from qi_checker.query.tables import CASES

if TYPE_CHECKING:
    from qi_checker.engines.duckdb import Evaluation

Key = tuple[str, str, str]  # case, requirement and kind of an action


def listed(evaluation: Evaluation, last: date) -> list[int]:
    """Return the keys of the operations of a checklist until `last`, in the order of their ids.

    These have surgery by then, or an action whose last day is by then.
    """
    query = f"""SELECT case_key FROM {CASES} WHERE verdict <> 'not_applicable'
                AND ((upcoming AND anchor <= ?) OR act_by <= ?) ORDER BY case_id"""
    actions_in(evaluation)
    return [int(r[0]) for r in evaluation.con.execute(query, [last, last]).fetchall()]


def checklist(
    evaluation: Evaluation,
    days: int = 60,
    desk: str = "",
    surgeon: str = "",
    group_by: str = "urgency",
    earlier: Collection[Key] | None = None,
) -> Checklist:
    """List the operations of the next `days` days, the most urgent action first.

    desk: only actions of this owner, and their operations. surgeon: only this surgeon's.
    group_by: one of `grouping.GROUPINGS`. earlier: the actions of an earlier audit; others are new.
    """
    today = evaluation.compiled.as_of.date
    last = today + timedelta(days=days)
    judge_twice(evaluation)
    keys, every = listed(evaluation, last), actions_in(evaluation)
    by_case: dict[str, list[Action]] = {}
    for action in every:
        if desk in ("", action.owner):
            by_case.setdefault(action.case_id, []).append(action)
    reader = _Reader(evaluation.compiled.site, today, by_case, earlier)
    items = [reader.item(trace) for trace in shown_traces(evaluation, keys)]
    if desk:
        items = [item for item in items if item.actions]
    if surgeon:
        items = [item for item in items if item.surgeon == surgeon]
    counted = [action for found in by_case.values() for action in found]
    if surgeon:
        ids = {item.case_id for item in items}
        counted = [action for action in counted if action.case_id in ids]
    rejected = tuple(rejected_rows(evaluation))
    return Checklist(
        items=tuple(sorted(items, key=_urgency)),
        days=days,
        last_day=last,
        provenance=provenance(evaluation),
        problems=(*rejected, *problems(evaluation)),
        count=count_actions(counted),
        desk=desk,
        surgeon=surgeon,
        group_by=group_by,
        rejected=len(rejected),
    )


@dataclass(frozen=True)
class _Reader:
    """Makes the items of a list from judged cases."""

    site: Site
    today: date
    actions: Mapping[str, Sequence[Action]]
    earlier: Collection[Key] | None

    def item(self, trace: CaseTrace) -> ChecklistItem:
        row, clock = trace.case.row, trace.case.anchor.clock
        error = trace.verdict == Verdict.ERROR
        reasons = {one.id: str(one.reason) for one in trace.requirements}
        actions = tuple(
            self._action(action, reasons.get(action.requirement, ""))
            for action in (() if error else self.actions.get(trace.case.id, ()))
        )
        first = actions[0] if actions else None
        return ChecklistItem(
            case_id=trace.case.id,
            surgery_date=trace.case.day,
            verdict=str(trace.verdict),
            next_action=first.text if first else "",
            act_by=first.act_by if first else None,
            owner=first.owner if first else "",
            days_left=first.days_left if first else None,
            latest_surgery_date=trace.latest_surgery_date,
            statuses=tuple(
                (one.requirement.title, str(one.status), str(one.reason))
                for one in trace.requirements
            ),
            when=first.when if first else "",
            actions=actions,
            requirement=first.requirement if first else "",
            reason=first.reason if first else "",
            new=bool(first and first.new),
            surgery_time=f"{clock:%H:%M}" if clock else "",
            procedure=procedure_words(row.text("procedures"), self.site),
            surgeon=row.text("surgeon"),
            theatre=row.text("theatre") or row.text("room"),
            shown=tuple((name, row.text(name)) for name in self.site.show if row.text(name)),
        )

    def _action(self, action: Action, reason: str) -> ChecklistAction:
        key = action.case_id, action.requirement, str(action.action)
        return ChecklistAction(
            requirement=action.requirement,
            action=str(action.action),
            text=action.text,
            act_by=action.act_by,
            days_left=(action.act_by - self.today).days,
            when=action.when,
            owner=action.owner,
            new=self.earlier is not None and key not in self.earlier,
            reason=reason,
        )


def earlier_actions(folder: Path) -> frozenset[Key]:
    """Read the actions of an earlier audit. Raise UserError if the folder has none."""
    file = folder / "findings.json"
    try:
        actions = json.loads(file.read_text(encoding="utf-8"))["actions"]
        return frozenset((a["case_id"], a["requirement"], a["action"]) for a in actions)
    except (OSError, ValueError, KeyError, TypeError):
        advice = "Give a folder that `qi-checker audit` of this version wrote"
        raise UserError(Problem(str(file), "holds no actions", "", advice)) from None


def _urgency(item: ChecklistItem) -> tuple[date, date, str]:
    return item.act_by or date.max, item.surgery_date, item.case_id
