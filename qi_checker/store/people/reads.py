"""People's entries as pages show them: a few statements per page, however many cases are on it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from qi_checker.store.people.models import (
    Acknowledged,
    Contact,
    IousEntry,
    Look,
    Note,
    NotesRead,
    SavedView,
    Wait,
)
from qi_checker.store.transaction import reading


@dataclass(frozen=True)
class Marks:
    """The marks beside a case in a list: the last look, contact and wait."""

    looks: Mapping[tuple[str, str], Look] = field(default_factory=dict)  # by case and protocol
    waits: Mapping[tuple[str, str], Wait] = field(default_factory=dict)
    contacts: Mapping[str, Contact] = field(default_factory=dict)


def marks(alias: str, cases: Collection[str], today: date) -> Marks:
    """Return the marks of some cases."""
    of = _standing(alias, cases)
    ordered = {m: of(m).order_by("id") for m in (Look, Wait, Contact)}
    return Marks(
        looks={(row.case_id, row.protocol): row for row in ordered[Look]},
        waits={(row.case_id, row.protocol): row for row in ordered[Wait].filter(until__gt=today)},
        contacts={row.case_id: row for row in ordered[Contact]},
    )


def _standing(alias: str, cases: Collection[str]) -> Any:
    def rows(model: type[Any]) -> QuerySet[Any]:
        return model.objects.using(alias).filter(case_id__in=list(cases), undone_at=None)

    return rows


def unread(
    alias: str, cases: Collection[str], login: str, roles: Collection[str]
) -> dict[str, int]:
    """Count the notes to these roles, or to everybody, that others wrote since the last reading.

    For some cases; cases without any are left out.
    """
    read = NotesRead.objects.using(alias).filter(login=login, case_id=OuterRef("case_id"))
    last = Coalesce(Subquery(read.values("last_note")[:1]), Value(0))
    mine = _standing(alias, cases)(Note).filter(to_role__in=["", *roles])
    since = mine.exclude(by=login).filter(id__gt=last)
    return dict(since.values_list("case_id").annotate(Count("id")))


def waiting(alias: str, today: date) -> Exists:
    """Return a condition on rows with `case_id` and `protocol`: taken off the list until later.

    The last wait counts, so a shorter one brings the case back.
    """
    of = Wait.objects.using(alias).filter(
        case_id=OuterRef("case_id"), protocol=OuterRef("protocol"), undone_at=None
    )
    last = Subquery(of.order_by("-id").values("id")[:1])
    return Exists(of.filter(id=last, until__gt=today))


def unseen(alias: str, login: str) -> Q:
    """Return a condition on rows with `case_id`, `protocol`, `changed_run`: not acknowledged."""
    mine = Acknowledged.objects.using(alias).filter(login=login, protocol=OuterRef("protocol"))
    known = mine.filter(Q(case_id="") | Q(case_id=OuterRef("case_id")))
    return Q(changed_run__gt=0) & ~Exists(known.filter(run_id__gte=OuterRef("changed_run")))


@dataclass(frozen=True)
class Thread:
    """People's entries about one case, the newest first; undone entries are left out."""

    notes: tuple[Note, ...]
    contacts: tuple[Contact, ...]
    looks: tuple[Look, ...]
    waits: tuple[Wait, ...]
    ious: tuple[IousEntry, ...]  # the whole chain of corrections

    @property
    def last_note(self) -> int:
        return self.notes[0].id if self.notes else 0

    def wait(self, protocol: str, today: date) -> Wait | None:
        """Return the wait that is in effect today."""
        last = next((wait for wait in self.waits if wait.protocol == protocol), None)
        return last if last is not None and last.until > today else None


def thread(alias: str, case_id: str) -> Thread:
    """Return all entries about a case that were not undone."""
    of = _standing(alias, [case_id])
    return Thread(*(tuple(of(m).order_by("-id")) for m in (Note, Contact, Look, Wait, IousEntry)))


def saved_views(alias: str, login: str, roles: Collection[str]) -> list[SavedView]:
    """Return the views of a person and of their teams, by name."""
    mine = Q(login=login, role="") | Q(role__in=list(roles))
    return list(SavedView.objects.using(alias).filter(mine).order_by(F("name"), F("id")))


def ious_rows(alias: str) -> list[tuple[int, dict[str, str]]]:
    """Return numbered rows of the table `ious` (docs/records.md): the last entry of each case."""
    last = IousEntry.objects.using(alias).filter(iousentry=None, undone_at=None).order_by("id")
    rows: dict[str, tuple[int, dict[str, str]]] = {}
    with reading(alias):
        for entry in last:
            rows[entry.case_id] = entry.id, {"case_id": entry.case_id, **json.loads(entry.values)}
    return [rows[case_id] for case_id in sorted(rows)]
