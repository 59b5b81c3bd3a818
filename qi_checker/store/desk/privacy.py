"""Export, pseudonymise and purge of one case on the desk."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from qi_checker.store.desk.models import CaseFile, DeskAction, Known, WorkItem
from qi_checker.store.naming import problem_renamed
from qi_checker.store.trail import canonical


def export_desk(alias: str, case_id: str) -> dict[str, Any]:
    """Return the rows of a case on the desk; {} if it is not there."""
    files = CaseFile.objects.using(alias).filter(case_id=case_id).order_by("protocol")
    items = WorkItem.objects.using(alias).filter(case_id=case_id).order_by("protocol")
    todo = DeskAction.objects.using(alias).filter(item__case_id=case_id).order_by("id")
    found = {
        "desk_rows": list(files.values("protocol", "rows")),
        "desk_items": list(items.values()),
        "desk_actions": list(todo.values()),
    }
    return {name: rows for name, rows in found.items() if rows}


def clear_desk(alias: str, case_id: str, new: str) -> int:
    """Take a case off the desk; return the number of its rows.

    Its rows are the hospital's unchanged records: with other ids they would belong to nobody. The
    next night puts the case back, as long as the records have it. The context of the night then
    names neither the case nor torn rows of its patient.
    """
    _forget_patient(alias, case_id, new)
    files, _ = CaseFile.objects.using(alias).filter(case_id=case_id).delete()
    items, _ = WorkItem.objects.using(alias).filter(case_id=case_id).delete()
    return int(files) + int(items)


def purge_desk(alias: str, before: date) -> None:
    """Remove cases operated before a day, and protocols that no night since has judged.

    A night removes its own cases in time; cases of a protocol that is no longer judged would stay.
    """
    old = WorkItem.objects.using(alias).filter(surgery_day__lt=before)
    for protocol, case_id in list(old.values_list("protocol", "case_id")):
        CaseFile.objects.using(alias).filter(protocol=protocol, case_id=case_id).delete()
    old.delete()
    Known.objects.using(alias).filter(as_of__lt=before.isoformat()).delete()


def _forget_patient(alias: str, case_id: str, new: str) -> None:
    rows = CaseFile.objects.using(alias).filter(case_id=case_id).values_list("rows", flat=True)
    patients = {
        str(json.loads(held).get("case", {}).get("patient_id", "")).strip() for held in rows
    }
    for known in Known.objects.using(alias).all():
        context = json.loads(known.context)
        context["torn"] = [row for row in context.get("torn", ()) if row[2] not in patients]
        said = [problem_renamed(words, case_id, new) for words in json.loads(known.problems)]
        known.context, known.problems = canonical(context), json.dumps(said, ensure_ascii=False)
        known.save(using=alias, update_fields=["context", "problems"])
