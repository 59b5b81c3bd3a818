"""Export, pseudonymise and purge of people's entries about one case."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from django.utils import timezone

from qi_checker.store.models import CaseRow
from qi_checker.store.people.models import (
    Acknowledged,
    Contact,
    IousEntry,
    Look,
    Note,
    NotesRead,
    SavedView,
    Sent,
    Wait,
)

# Everything that names a case, with its text columns that may name a person.
_TABLES: tuple[tuple[str, type[Any], tuple[str, ...]], ...] = (
    ("notes", Note, ("text",)),
    ("contacts", Contact, ("text", "whom")),
    ("looks", Look, ()),
    ("waits", Wait, ("why",)),
    ("ious", IousEntry, ("why",)),
    ("notes_read", NotesRead, ()),
    ("acknowledged", Acknowledged, ()),
)
_PURGED = (Note, Contact, Look, Wait)  # the ultrasound entries are the record of the study


def export_people(alias: str, case_id: str) -> dict[str, Any]:
    """Return people's entries about a case by table; empty tables are left out."""
    found = {
        name: list(model.objects.using(alias).filter(case_id=case_id).order_by("id").values())
        for name, model, _ in _TABLES
    }
    return {name: rows for name, rows in found.items() if rows}


def pseudonymise_people(alias: str, case_id: str, new: str) -> int:
    """Replace the id of a case and remove texts; return the number of rows."""
    number = 0
    for _, model, texts in _TABLES:
        rows = model.objects.using(alias).filter(case_id=case_id)
        number += rows.update(case_id=new, **dict.fromkeys(texts, ""))
    _clear_addresses(alias, case_id)
    return number


def _clear_addresses(alias: str, case_id: str) -> None:
    """Clear addresses of pages that name the case: targets of forms, and filters of lists."""
    for sent in Sent.objects.using(alias).exclude(result=""):
        if case_id in map(unquote, urlsplit(sent.result).path.split("/")):
            Sent.objects.using(alias).filter(token=sent.token).update(result="/")
    for view in SavedView.objects.using(alias).exclude(query=""):
        parameters = parse_qsl(view.query, keep_blank_values=True)
        remaining = [(name, text) for name, text in parameters if text.strip() != case_id]
        if remaining != parameters:
            SavedView.objects.using(alias).filter(id=view.id).update(query=urlencode(remaining))


def purge_people(alias: str, before: date) -> int:
    """Remove entries from before a day, except ultrasound entries; return their number."""
    start = timezone.make_aware(datetime.combine(before, time.min))
    number = 0
    for model in _PURGED:
        gone, _ = model.objects.using(alias).filter(at__lt=start).delete()
        number += gone
    # Marks of what somebody has read or acknowledged of a case are removed with its entries.
    threads = Note.objects.using(alias).values("case_id")
    NotesRead.objects.using(alias).exclude(case_id__in=threads).delete()
    known = CaseRow.objects.using(alias).values("case_id")
    Acknowledged.objects.using(alias).exclude(case_id="").exclude(case_id__in=known).delete()
    return number
