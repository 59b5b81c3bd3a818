"""One case: everything that is held of it, and its ids replaced by others that tell nothing."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import asdict
from datetime import datetime
from typing import Any

from qi_checker.errors import Problem, UserError
from qi_checker.protocol.site import Site
from qi_checker.store.desk.privacy import clear_desk, export_desk
from qi_checker.store.exceptions import Exceptions
from qi_checker.store.models import (
    CaseRow,
    ChangeRow,
    Document,
    ExceptionRequest,
    ExceptionStep,
    FindingRow,
    Run,
    SignOff,
    TrailEntry,
)
from qi_checker.store.people.privacy import export_people, pseudonymise_people
from qi_checker.store.retention import HISTORY
from qi_checker.store.rows import row_text, unmarked
from qi_checker.store.signoffs import sign_offs
from qi_checker.store.trail import Trail
from qi_checker.store.transaction import reading, writing

_SHORTEST_KEY = 16  # bytes; a short one can be guessed, and every case id with it
_FETCHED = 2_000


def export_case(alias: str, case_id: str, site: Site) -> dict[str, Any]:
    """Everything that is held of a case, ready for JSON. Raises UserError where that is nothing."""
    with reading(alias):
        moments = dict(Run.objects.using(alias).values_list("id", "as_of"))
        history = {
            name: [_interval(row, moments) for row in _rows_of(alias, model, case_id)]
            for name, model in zip(
                ("findings", "cases", "schedules", "evidence"), HISTORY, strict=True
            )
        }
        changes = (
            ChangeRow.objects.using(alias).filter(case_id=case_id).order_by("run_id", "position")
        )
        found: dict[str, Any] = {
            "case_id": case_id,
            **history,
            "changes": [{"run": c.run_id, **json.loads(c.row)} for c in changes],
            "exceptions": [asdict(waiver) for waiver in Exceptions(alias, site).all(case_id)],
            "exception_steps": _steps(alias, case_id),
            "sign_offs": [asdict(signed) for signed in sign_offs(alias, case_id)],
            **export_people(alias, case_id),
            **export_desk(alias, case_id),
            "trail": [_told(entry) for entry in _entries_of(alias, case_id)],
        }
    if not any(value for name, value in found.items() if name != "case_id"):
        raise UserError(_nothing_held())
    plain: dict[str, Any] = json.loads(json.dumps(found, default=str))
    return plain


def pseudonymise(alias: str, case_id: str, key: bytes, at: datetime, actor: str) -> str:
    """Replace the ids of a case and of its events everywhere; gives the new id of the case.

    The same key gives the same new ids, and without it nobody gets back. Notes are removed, as they
    may hold names, and so are the payloads of the trail that name the case; the chain stays whole.
    """
    if len(key) < _SHORTEST_KEY:
        mend = f"Take at least {_SHORTEST_KEY} random bytes, and keep them where the store is not"
        raise UserError(Problem("pseudonymise", "the key is too short", "", mend))
    new = _pseudonym(key, case_id)
    with writing(alias):
        told = [entry.sequence for entry in _entries_of(alias, case_id)]
        number = sum(_history(alias, model, case_id, new, key) for model in HISTORY)
        number += _changes(alias, case_id, new) + _decisions(alias, case_id, new) + len(told)
        number += pseudonymise_people(alias, case_id, new) + clear_desk(alias, case_id)
        if not number:
            raise UserError(_nothing_held())
        _documents(alias, case_id, new)
        trail = Trail(alias)
        if told:
            trail.erase(told, at, actor, "pseudonymised")
        trail.append(at, actor, "pseudonymised", {"case": new})
    return new


def _nothing_held() -> Problem:
    return Problem("store", "nothing is held of this case", "", "Look whether its id is right")


def _pseudonym(key: bytes, text: str) -> str:
    return (
        "PSN-"
        + hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:24]
    )


def _rows_of(alias: str, model: type[Any], case_id: str) -> Any:
    return model.objects.using(alias).filter(case_id=case_id).order_by("from_run", "id")


def _interval(row: Any, moments: dict[int, str]) -> dict[str, Any]:
    """A row with the nights it held for; a night that was purged has a number only."""
    since = moments.get(row.from_run)
    held = unmarked(row.row, since or "the night  ")
    return {
        "protocol": row.protocol,
        "from_run": row.from_run,
        "from": since,
        "to_run": row.to_run,
        "to": moments.get(row.to_run),
        "row": json.loads(held) if held.startswith("{") else held,
    }


def _steps(alias: str, case_id: str) -> list[dict[str, Any]]:
    steps = ExceptionStep.objects.using(alias).filter(exception__case_id=case_id).order_by("id")
    return list(steps.values("exception_id", "action", "at", "by", "role", "surgery_day", "why"))


def _entries_of(alias: str, case_id: str) -> list[TrailEntry]:
    """Entries of the trail whose payload names the case."""
    named = json.dumps(case_id)
    every = TrailEntry.objects.using(alias).filter(payload__contains=named).order_by("sequence")
    return [entry for entry in every if case_id in json.loads(entry.payload).values()]


def _told(entry: TrailEntry) -> dict[str, Any]:
    return {
        "sequence": entry.sequence,
        "at": entry.at,
        "actor": entry.actor,
        "action": entry.action,
        "payload": json.loads(entry.payload or "null"),
    }


def _history(alias: str, model: type[Any], case_id: str, new: str, key: bytes) -> int:
    rows = list(_rows_of(alias, model, case_id))
    for row in rows:
        row.case_id = new
        if row.row.startswith("{"):
            held = json.loads(row.row) | {"case_id": new}
            if model is FindingRow and held.get("event_id"):
                held["event_id"] = _pseudonym(key, held["event_id"])
            row.row = row_text(held)
    model.objects.using(alias).bulk_update(rows, ["case_id", "row"], batch_size=200)
    if model is CaseRow:  # what its seal was made of is no longer so
        model.objects.using(alias).filter(case_id=new).update(seal="")
    return len(rows)


def _changes(alias: str, case_id: str, new: str) -> int:
    rows = list(ChangeRow.objects.using(alias).filter(case_id=case_id))
    for row in rows:
        held = json.loads(row.row)
        held["words"] = _named(held["words"], case_id, new)
        row.case_id, row.row = new, json.dumps(held | {"case_id": new})
    ChangeRow.objects.using(alias).bulk_update(rows, ["case_id", "row"], batch_size=200)
    return len(rows)


def _decisions(alias: str, case_id: str, new: str) -> int:
    steps = ExceptionStep.objects.using(alias).filter(exception__case_id=case_id)
    steps.update(why="")
    asked = ExceptionRequest.objects.using(alias).filter(case_id=case_id)
    signed = SignOff.objects.using(alias).filter(case_id=case_id)
    return int(asked.update(case_id=new, note="")) + int(signed.update(case_id=new, note=""))


def _documents(alias: str, case_id: str, new: str) -> None:
    """Manifests name the cases with a problem: in documents, and short ones in the run itself."""
    documents = Document.objects.using(alias)
    written = json.dumps(case_id)[1:-1]
    replaced = {}
    for document in documents.iterator(_FETCHED):
        text = _named(document.text, written, new)
        if text != document.text:
            digest = hashlib.sha256(text.encode()).hexdigest()
            replaced[document.digest] = digest
            documents.get_or_create(digest=digest, defaults={"text": text})
    for run in Run.objects.using(alias).iterator(_FETCHED):
        parts = _named(run.parts, written, new)
        for old, digest in replaced.items():
            parts = parts.replace(f'"{old}"', f'"{digest}"')
        if parts != run.parts:
            Run.objects.using(alias).filter(id=run.id).update(parts=parts)
    documents.filter(digest__in=list(replaced)).delete()


def _named(text: str, case_id: str, new: str) -> str:
    """The text with the id replaced where it stands as a word of its own."""
    return re.sub(rf"(?<![\w-]){re.escape(case_id)}(?![\w-])", lambda _: new, text)
