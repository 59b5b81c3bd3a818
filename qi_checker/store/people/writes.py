"""Every write of people, each in one transaction with its entry in the trail.

The text of a note or a reason is written to its table only, never to the trail or a message. A form
carries a token: if the same form is sent a second time (two clicks, the back button) nothing is
written again, and the caller learns the target of the first submission.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from qi_checker.errors import Problem, UserError
from qi_checker.store.binding import bound
from qi_checker.store.exceptions import Person
from qi_checker.store.people.models import (
    CONTACTS,
    Acknowledged,
    Act,
    Contact,
    IousEntry,
    Look,
    Note,
    NotesRead,
    SavedView,
    Sent,
    Wait,
)
from qi_checker.store.trail import Trail
from qi_checker.store.transaction import writing

LONGEST_TEXT = 4_000  # characters of a note; a letter belongs in the record
_FORGOTTEN = timedelta(days=30)  # a form is not sent again after this time
_A = TypeVar("_A", bound=Act)


class SentBefore(Exception):
    """This form was already accepted; `result` is the target of that submission."""

    def __init__(self, result: str) -> None:
        self.result = result
        super().__init__("this form was already sent")


@dataclass(frozen=True)
class People:
    """The writes of one store. Times have a time zone; a case is named by its id."""

    alias: str

    @contextmanager
    def once(self, token: str, at: datetime, result: str = "") -> Iterator[None]:
        """Open a transaction for a new form. Raise SentBefore if the form was already accepted.

        Everything inside is written together with the token, or not at all.
        """
        with writing(self.alias):
            sent = Sent.objects.using(self.alias)
            first = sent.filter(token=token).first()
            if first is not None:
                raise SentBefore(first.result)
            sent.create(token=token, at=at, result=result)
            sent.filter(at__lt=at - _FORGOTTEN).delete()
            yield

    def read_case(self, case_id: str, by: Person, at: datetime, how: str) -> None:
        """Record in the trail that somebody read a case. `how`: page, sheet, api or feed."""
        payload = {"case": case_id, "role": by.role, "how": how}
        Trail(self.alias).append(at, by.login, "case_read", payload)

    def note(self, case_id: str, to_role: str, text: str, *, by: Person, at: datetime) -> int:
        """Add a note to the thread of a case; return its number."""
        return self._add(Note, case_id, by, at, "note", to_role=to_role, text=_text(text, "note"))

    def contact(
        self, case_id: str, outcome: str, whom: str, text: str, *, by: Person, at: datetime
    ) -> int:
        """Log an attempt to reach somebody. `outcome`: tried, reached or left_message."""
        if outcome not in CONTACTS:
            raise _refused("the outcome is not one of " + ", ".join(CONTACTS))
        said = {"outcome": outcome, "whom": _text(whom, "whom"), "text": _text(text, "text", True)}
        return self._add(Contact, case_id, by, at, "contact", **said)

    def look(self, case_id: str, protocol: str, evidence: str, *, by: Person, at: datetime) -> int:
        """Record that a case was reviewed with its current evidence."""
        return self._add(Look, case_id, by, at, "look", protocol=protocol, evidence=evidence)

    def wait(
        self,
        case_id: str,
        protocol: str,
        until: date,
        why: str,
        *,
        today: date,
        last: date | None,
        by: Person,
        at: datetime,
    ) -> int:
        """Take a case off the list until a day. `last` is its last day to act, or None.

        Raises UserError where the day is not after today, or after the last day.
        """
        if until <= today:
            raise _refused("the day is not after today", "Give a later day")
        if last is not None and until > last:
            raise _refused(f"the last day to act is {last}", f"Give {last} or an earlier day")
        text = _text(why, "why", empty=True)
        return self._add(Wait, case_id, by, at, "wait", protocol=protocol, until=until, why=text)

    def undo(self, kind: str, number: int, *, by: Person, at: datetime) -> str:
        """Undo one's own note, contact, look or wait; return its case.

        Raises UserError if it does not exist, or somebody else wrote it.
        """
        model = _UNDONE.get(kind)
        with writing(self.alias):
            found = model.objects.using(self.alias).filter(id=number).first() if model else None
            if found is None or found.by != by.login:
                raise _refused("there is nothing of yours to undo", "Look at the case again")
            if found.undone_at is None:
                was = bound(found)
                found.undone_at = at
                found.save(using=self.alias, update_fields=["undone_at"])
                self._tell(f"{kind}_undone", found, by, at, was)
        return str(found.case_id)

    def notes_read(self, login: str, case_id: str, last_note: int) -> None:
        """Record the last note that somebody has read in a thread; it never moves back."""
        with writing(self.alias):
            rows = NotesRead.objects.using(self.alias)
            row, made = rows.get_or_create(
                login=login, case_id=case_id, defaults={"last_note": last_note}
            )
            if not made and row.last_note < last_note:
                row.last_note = last_note
                row.save(using=self.alias, update_fields=["last_note"])

    def acknowledge(
        self, protocol: str, run_id: int, case_id: str = "", *, by: Person, at: datetime
    ) -> None:
        """Acknowledge the changes up to a run: of a case, or of all cases (empty)."""
        with writing(self.alias):
            rows = Acknowledged.objects.using(self.alias)
            key = {"login": by.login, "protocol": protocol, "case_id": case_id}
            rows.update_or_create(**key, defaults={"run_id": run_id})
            if not case_id:  # entries for single cases that this covers are obsolete
                covered = rows.filter(login=by.login, protocol=protocol, run_id__lte=run_id)
                covered.exclude(case_id="").delete()
            payload = {"protocol": protocol, "run": run_id, "role": by.role}
            payload |= {"case": case_id} if case_id else {}
            Trail(self.alias).append(at, by.login, "changes_acknowledged", payload)

    def save_view(self, name: str, query: str, team: str, *, by: Person, at: datetime) -> None:
        """Save the filters of a list under a name, for oneself or for a role."""
        text = _text(name, "name")
        with writing(self.alias):
            rows = SavedView.objects.using(self.alias)
            key = {"login": by.login, "role": team, "name": text}
            rows.update_or_create(**key, defaults={"query": query, "at": at})
            payload = {"role": by.role, "team": team}
            Trail(self.alias).append(at, by.login, "view_saved", payload)

    def remove_view(self, number: int, *, by: Person, at: datetime) -> None:
        """Remove one's own view. Raise UserError for somebody else's."""
        with writing(self.alias):
            gone, _ = SavedView.objects.using(self.alias).filter(id=number, login=by.login).delete()
            if not gone:
                raise _refused("there is no such view of yours", "Look at the list again")
            Trail(self.alias).append(at, by.login, "view_removed", {"role": by.role})

    def ious(
        self,
        case_id: str,
        values: Mapping[str, str],
        corrects: int | None,
        why: str = "",
        *,
        by: Person,
        at: datetime,
    ) -> int:
        """Enter the result of ultrasound, or correct the last entry of a case; return its number.

        Raises UserError if the entry to correct is no longer the last.
        """
        with writing(self.alias):
            last = IousEntry.objects.using(self.alias).filter(case_id=case_id, iousentry=None)
            now = last.order_by("-id").values_list("id", flat=True).first()
            if now != corrects:
                raise _refused("somebody has entered or corrected it since", "Look at it again")
            text = json.dumps(dict(values), sort_keys=True, ensure_ascii=False)
            said = {"corrects_id": corrects, "values": text, "why": _text(why, "why", empty=True)}
            return self._add(IousEntry, case_id, by, at, "ious", **said)

    def _add(
        self, model: type[_A], case_id: str, by: Person, at: datetime, action: str, **said: Any
    ) -> int:
        with writing(self.alias):
            row = model.objects.using(self.alias).create(
                case_id=case_id, by=by.login, role=by.role, at=at, **said
            )
            self._tell(action, row, by, at)
        return int(row.id)

    def _tell(
        self, action: str, row: Act, by: Person, at: datetime, was: Mapping[str, str] | None = None
    ) -> None:
        payload = {"case": row.case_id, "role": by.role, "number": row.pk}
        Trail(self.alias).append(at, by.login, action, payload, bound(row), was=was)


_UNDONE: dict[str, type[Any]] = {"note": Note, "contact": Contact, "look": Look, "wait": Wait}


def _text(text: str, what: str, empty: bool = False) -> str:
    """Normalise a text for storage. Raise UserError if it is empty or too long."""
    found = text.replace("\r\n", "\n").replace("\x00", "").strip()
    if not found and not empty:
        raise _refused(f"the {what} is empty", "Write something")
    if len(found) > LONGEST_TEXT:
        raise _refused(f"the {what} is too long", f"Keep to {LONGEST_TEXT:,} characters")
    return found


def _refused(what: str, advice: str = "") -> UserError:
    return UserError(Problem("", what, "", advice))
