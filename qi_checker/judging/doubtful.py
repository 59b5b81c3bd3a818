"""Events that cannot be trusted: docs/evaluation.md, section 2."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from qi_checker.judging.rows import HEADER_AND_FIRST, RawRow
from qi_checker.judging.values import trimmed
from qi_checker.protocol.doubtful import MISSPELT, NAMELESS, SHIFTED, STATUSES, misspelt, rare
from qi_checker.protocol.records import CASES, EVENTS

Torn = Mapping[str, Any]


def set_apart(
    tables: Mapping[str, Sequence[RawRow]], torn: Mapping[str, Sequence[Torn]]
) -> tuple[Mapping[str, Sequence[RawRow]], Mapping[str, Sequence[Torn]]]:
    """Return the tables without the doubtful events, and the torn rows including them."""
    cases = tables.get(CASES.name, ())
    known = {id for case in cases if (id := trimmed(case.get("patient_id")))}
    events = tables.get(EVENTS.name, ())
    few = rare(Counter(kind for row in events if (kind := _kind(row))))
    strange = few & (STATUSES | {id.lower() for id in known})
    left: list[RawRow] = []
    apart = list(torn.get(EVENTS.name, ()))
    for number, cells in enumerate(events, start=HEADER_AND_FIRST):
        row: RawRow = {**cells, "_row": cells.get("_row") or str(number)}
        patient = trimmed(cells.get("patient_id"))
        lost = not patient or (_kind(row) in strange and patient not in known)
        owner = _owner(cells, known) if lost else None
        if owner is None:
            left.append(row)
        else:
            if trimmed(row.get("event_id")) == owner:
                row = {**row, "event_id": None}  # a patient's id does not name an event
            apart.append(_apart(row, owner, SHIFTED if patient else NAMELESS))
    meant = misspelt(Counter(kind for row in left if (kind := _kind(row))))
    wrong = [row for row in left if _kind(row) in meant]
    apart += (_apart(r, r.get("patient_id"), MISSPELT.format(meant[_kind(r)])) for r in wrong)
    trusted = [row for row in left if _kind(row) not in meant]
    return {**tables, EVENTS.name: trusted}, {**torn, EVENTS.name: apart}


def _kind(row: RawRow) -> str:
    return trimmed(row.get("kind")).lower()


def _owner(cells: RawRow, known: set[str]) -> str | None:
    """Return the one patient with an operation whose id is in another column, if exactly one."""
    found = {trimmed(value) for name, value in cells.items() if name not in ("_row", "patient_id")}
    owners = found & known
    return owners.pop() if len(owners) == 1 else None


def _apart(row: RawRow, patient: str | None, why: str) -> Torn:
    return {"_row": row["_row"], "id": row.get("event_id"), "patient_id": patient, "why": why}
