"""Export, pseudonymise and purge of what the desk holds of one case."""

from __future__ import annotations

from typing import Any

from qi_checker.store.desk.models import CaseFile, DeskAction, WorkItem


def export_desk(alias: str, case_id: str) -> dict[str, Any]:
    """What the desk holds of a case; nothing where it is not there."""
    files = CaseFile.objects.using(alias).filter(case_id=case_id).order_by("protocol")
    items = WorkItem.objects.using(alias).filter(case_id=case_id).order_by("protocol")
    todo = DeskAction.objects.using(alias).filter(item__case_id=case_id).order_by("id")
    found = {
        "desk_rows": list(files.values("protocol", "rows")),
        "desk_items": list(items.values()),
        "desk_actions": list(todo.values()),
    }
    return {name: rows for name, rows in found.items() if rows}


def clear_desk(alias: str, case_id: str) -> int:
    """Take a case off the desk; gives how many rows there were.

    Its rows are the hospital's records as they are: with other ids they would be nobody's. The next
    night puts the case back, as long as the records have it.
    """
    files, _ = CaseFile.objects.using(alias).filter(case_id=case_id).delete()
    items, _ = WorkItem.objects.using(alias).filter(case_id=case_id).delete()
    return int(files) + int(items)
