"""One case: exporting everything about it, and replacing its ids by meaningless ones."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Set
from dataclasses import asdict
from datetime import datetime
from typing import Any

from qi_checker.errors import Problem, UserError
from qi_checker.protocol.site import Site
from qi_checker.store.binding import HISTORY, all_bound
from qi_checker.store.desk.privacy import clear_desk, export_desk
from qi_checker.store.exceptions import Exceptions
from qi_checker.store.manifests import digests, renamed_problems
from qi_checker.store.models import (
    CaseRow,
    ChangeRow,
    Document,
    ExceptionRequest,
    ExceptionStep,
    Run,
    SignOff,
    TrailEntry,
)
from qi_checker.store.naming import change_renamed
from qi_checker.store.people.privacy import export_people, pseudonymise_people
from qi_checker.store.retention import rebound
from qi_checker.store.rows import row_text, unmarked
from qi_checker.store.signoffs import sign_offs
from qi_checker.store.trail import Trail, Verified, canonical
from qi_checker.store.transaction import reading, writing
from qi_checker.store.verifying import refuse_harmed

_SHORTEST_KEY = 16  # bytes; a short key can be guessed, and with it every case id
_FETCHED = 2_000


def export_case(alias: str, case_id: str, site: Site) -> dict[str, Any]:
    """Return all data about a case, ready for JSON. Raise UserError if there is nothing."""
    with reading(alias):
        moments = dict(Run.objects.using(alias).values_list("id", "as_of"))
        history = {
            name: [_interval(row, moments) for row in _rows_of(alias, model, case_id)]
            for name, model in zip(
                ("findings", "cases", "schedules", "evidence", "actions"), HISTORY, strict=True
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
            "trail": [_mentioned(entry) for entry in _entries_of(alias, case_id)],
        }
    if not any(value for name, value in found.items() if name != "case_id"):
        raise UserError(_nothing_held())
    plain: dict[str, Any] = json.loads(json.dumps(found, default=str))
    return plain


def pseudonymise(alias: str, case_id: str, key: bytes, at: datetime, actor: str) -> str:
    """Replace the ids of a case and of its events everywhere; return the new id of the case.

    The same key gives the same new ids, and without it nobody can reverse them: entries of the
    trail that name the case, or contain a digest of its rows, lose their payloads, and hashes of
    its rows are hashed with the key. Notes are removed, as they may contain names. The chain stays
    intact.

    Values are replaced in their fields (`naming.py`), never as words in a text: an id may be `20`.
    """
    if len(key) < _SHORTEST_KEY:
        advice = f"Use at least {_SHORTEST_KEY} random bytes, and keep them away from the store"
        raise UserError(Problem("pseudonymise", "the key is too short", "", advice))
    new = _pseudonym(key, case_id)
    with writing(alias):
        found = refuse_harmed(alias, "pseudonymise")
        sequences = {entry.sequence for entry in _entries_of(alias, case_id)}
        number = sum(_history(alias, model, case_id, new, key) for model in HISTORY)
        number += (
            _changes(alias, case_id, new) + _decisions(alias, case_id, new, key) + len(sequences)
        )
        number += pseudonymise_people(alias, case_id, new) + clear_desk(alias, case_id, new)
        if not number:
            raise UserError(_nothing_held())
        _manifests(alias, case_id, new)
        _hide_digests(alias, found, key)
        names = {name for name, digest in rebound(alias, found)[0].items()}
        sequences.update(_binding(alias, names))
        trail = Trail(alias)
        payload = {"case": new, **_announced(alias, sequences)}
        trail.erase(sequences)
        anew = {
            n: d for n, d in all_bound(alias).items() if n in names or found.binds[n] in sequences
        }
        trail.append(at, actor, "pseudonymised", payload, anew)
    return new


def _hide_digests(alias: str, found: Verified, key: bytes) -> None:
    """Hash the digests of runs with the case: a night's digest could be tested with every id."""
    for name in rebound(alias, found)[0]:
        label, _, number = name.rpartition(" ")
        if label == "run":
            run = Run.objects.using(alias).get(id=number)
            Run.objects.using(alias).filter(id=run.id).update(digest=_keyed(key, run.digest))


def _announced(alias: str, sequences: Set[int]) -> dict[str, Any]:
    """What the entry must name as erased: these, and what those of them named that are erased now."""
    told, through = set(sequences), 0
    entries = TrailEntry.objects.using(alias).filter(sequence__in=sequences).exclude(payload=None)
    for payload in entries.values_list("payload", flat=True).iterator(_FETCHED):
        content = json.loads(payload)
        told.update(content.get("sequences", ()))
        through = max(through, content.get("through", 0))
    return {"sequences": sorted(told)} | ({"through": through} if through else {})


def _binding(alias: str, names: Set[str]) -> Iterator[int]:
    """Yield the entries that contain a digest of one of these, even an outdated one."""
    entries = TrailEntry.objects.using(alias).filter(payload__contains='"bound":')
    for sequence, payload in entries.values_list("sequence", "payload").iterator(_FETCHED):
        if not names.isdisjoint(json.loads(payload)["bound"]):
            yield sequence


def _nothing_held() -> Problem:
    return Problem("store", "the store has nothing about this case", "", "Check its id")


def _pseudonym(key: bytes, text: str) -> str:
    return "PSN-" + _keyed(key, text)[:24]


def _keyed(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def _rows_of(alias: str, model: type[Any], case_id: str) -> Any:
    return model.objects.using(alias).filter(case_id=case_id).order_by("from_run", "id")


def _interval(row: Any, moments: dict[int, str]) -> dict[str, Any]:
    """Return a row with the nights of its validity; a purged night has only a number."""
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
    """Return the entries of the trail whose payload names the case in its field."""
    named = canonical({"case": case_id})[1:-1]
    every = TrailEntry.objects.using(alias).filter(payload__contains=named).order_by("sequence")
    return [entry for entry in every if json.loads(entry.payload).get("case") == case_id]


def _mentioned(entry: TrailEntry) -> dict[str, Any]:
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
            if held.get("event_id"):
                held["event_id"] = _pseudonym(key, held["event_id"])
            row.row = row_text(held)
    model.objects.using(alias).bulk_update(rows, ["case_id", "row"], batch_size=200)
    if model is CaseRow:  # the rows behind its seal have changed
        model.objects.using(alias).filter(case_id=new).update(seal="")
    return len(rows)


def _changes(alias: str, case_id: str, new: str) -> int:
    rows = list(ChangeRow.objects.using(alias).filter(case_id=case_id))
    for row in rows:
        held = json.loads(row.row)
        held["words"] = change_renamed(held["words"], case_id, new)
        row.case_id, row.row = new, json.dumps(held | {"case_id": new})
    ChangeRow.objects.using(alias).bulk_update(rows, ["case_id", "row"], batch_size=200)
    return len(rows)


def _decisions(alias: str, case_id: str, new: str, key: bytes) -> int:
    steps = ExceptionStep.objects.using(alias).filter(exception__case_id=case_id)
    steps.update(why="")
    requests = ExceptionRequest.objects.using(alias).filter(case_id=case_id)
    signed = list(SignOff.objects.using(alias).filter(case_id=case_id))
    for one in signed:
        # Hashes of rows with the id in them: void from now on, since the rows have changed.
        hidden = {name: _keyed(key, digest) for name, digest in json.loads(one.parts).items()}
        one.case_id, one.note, one.parts = new, "", canonical(hidden)
        one.sha256 = hashlib.sha256(one.parts.encode()).hexdigest()
    SignOff.objects.using(alias).bulk_update(
        signed, ["case_id", "note", "parts", "sha256"], batch_size=200
    )
    return int(requests.update(case_id=new, note="")) + len(signed)


def _manifests(alias: str, case_id: str, new: str) -> None:
    """Rename the case in manifests, which name cases only in their list of data problems."""
    runs = Run.objects.using(alias)
    replaced: set[str] = set()
    for run_id, parts in list(runs.order_by("id").values_list("id", "parts")):
        renamed, old = renamed_problems(alias, parts, case_id, new)
        if renamed != parts:
            runs.filter(id=run_id).update(parts=renamed)
            replaced |= old
    used = {d for p in runs.values_list("parts", flat=True) for d in digests(json.loads(p))}
    Document.objects.using(alias).filter(digest__in=sorted(replaced - used)).delete()
