"""Sign-offs of cases in their state then, and whether that state still holds."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from qi_checker.errors import Problem, UserError
from qi_checker.store.binding import bound
from qi_checker.store.comparing import latest_run
from qi_checker.store.exceptions import CLOCK_SET_BACK, Person, dated_backward
from qi_checker.store.history import Place, valid
from qi_checker.store.manifests import load_parts
from qi_checker.store.models import CaseRow, EvidenceRow, FindingRow, Run, ScheduleRow, SignOff
from qi_checker.store.trail import Trail, canonical
from qi_checker.store.transaction import reading, writing


@dataclass(frozen=True)
class SignedOff:
    """A sign-off. `changed`: the parts that differ from then; any change makes it void."""

    sign_off_id: int
    case_id: str
    protocol: str
    by: str
    role: str
    at: datetime
    note: str
    sha256: str
    changed: tuple[str, ...]  # of case, schedule, findings, evidence and protocol
    marks: tuple[str, ...] = ()  # warnings for every reader; a list shows them

    @property
    def void(self) -> bool:
        return bool(self.changed)


def sign_off(
    alias: str, case_id: str, protocol: str, *, by: Person, at: datetime, note: str = ""
) -> SignedOff:
    """Sign off a case as the latest night evaluated it. Raise UserError if it lacks the case."""
    by.check()
    with writing(alias):
        parts = _parts(alias, case_id, protocol)
        if parts is None:
            advice = "Run the night first, or look for another protocol"
            raise UserError(Problem("sign-off", "the latest night has no such case", "", advice))
        text = canonical(parts)
        signed = SignOff.objects.using(alias).create(
            case_id=case_id,
            protocol=protocol,
            by=by.login,
            role=by.role,
            at=at,
            note=note,
            parts=text,
            sha256=_sha256(text),
        )
        payload = {
            "sign_off": signed.id,
            "case": case_id,
            "protocol": protocol,
            "role": by.role,
            "sha256": signed.sha256,
        }
        Trail(alias).append(at, by.login, "signed_off", payload, bound(signed))
    return _read(signed, parts)


def sign_offs(alias: str, case_id: str | None = None) -> list[SignedOff]:
    """Return every sign-off, or those of a case, each compared with the latest night."""
    every = SignOff.objects.using(alias).order_by("id")
    if case_id is not None:
        every = every.filter(case_id=case_id)
    with reading(alias):
        backward = dated_backward(SignOff.objects.using(alias))
        return [
            _read(one, _parts(alias, one.case_id, one.protocol), one.id in backward)
            for one in every
        ]


def _read(signed: SignOff, now: dict[str, str] | None, backward: bool = False) -> SignedOff:
    then = json.loads(signed.parts)
    intact = signed.sha256 == _sha256(signed.parts)
    changed = [name for name in then if now is None or now[name] != then[name]]
    return SignedOff(
        signed.id,
        signed.case_id,
        signed.protocol,
        signed.by,
        signed.role,
        signed.at,
        signed.note,
        signed.sha256,
        tuple(changed if intact else ["the sign-off itself"]),
        (CLOCK_SET_BACK,) if backward else (),
    )


def _parts(alias: str, case_id: str, protocol: str) -> dict[str, str] | None:
    """Return the hashes of the signed parts, without the day of the night, which always changes."""
    run = latest_run(alias, protocol)
    rows = {
        name: _valid(alias, run, model, case_id)
        for name, model in _MODELS.items()
        if run is not None
    }
    if run is None or not rows["case"]:
        return None
    rules = load_parts(alias, run.parts)["manifest"]["protocol"]
    hashes = {name: _sha256(canonical({"rows": texts})) for name, texts in rows.items()}
    return hashes | {"protocol": _sha256(canonical(rules))}


_MODELS = {
    "case": CaseRow,
    "schedule": ScheduleRow,
    "findings": FindingRow,
    "evidence": EvidenceRow,
}


def _valid(alias: str, run: Run, model: type[Any], case_id: str) -> list[str]:
    rows = valid(model, Place(alias, run.protocol, run.id)).filter(case_id=case_id)
    return sorted(rows.values_list("row", flat=True))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
