"""Rows as the things they stand for, and what of them is known: sections 3, 4 and 6."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from qi_checker.judging.rows import SAME_CONTENT, Rejected, Row
from qi_checker.judging.values import When, items, trimmed
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.codes import Catalogue, ImagingCode, split_codes
from qi_checker.protocol.site import Site
from qi_checker.protocol.vocabulary import EVENT_STATUSES


@dataclass(frozen=True)
class Setting:
    """What every part of an evaluation is given: the moment, the hospital and the code lists."""

    as_of: AsOf
    site: Site
    catalogue: Catalogue

    @cached_property
    def imaging(self) -> dict[tuple[str, str], list[ImagingCode]]:
        """The lines of imaging.csv by code."""
        lines: dict[tuple[str, str], list[ImagingCode]] = {}
        for line in self.catalogue.imaging:
            lines.setdefault((line.system, line.code), []).append(line)
        return lines


@dataclass(frozen=True)
class Event:
    """A study, therapy, visit ...: a usable row, or a rejected one that may be evidence.

    Of a rejected row anything may be missing, `kind` and `id` included.
    """

    row: int
    id: str
    patient: str
    kind: str
    status: str
    at: When | None = None
    modality: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    codes: tuple[tuple[str, str], ...] = ()
    provenance: str = "internal"
    texts: Mapping[str, str] = field(default_factory=dict)  # every column, as it stands
    reject: str = ""
    torn: bool = False  # nothing but the ids can be read


@dataclass
class History:
    """The events of every patient that are known, and the rejected rows beside them."""

    events: dict[str, list[Event]] = field(default_factory=dict)
    evidence: dict[str, list[Event]] = field(default_factory=dict)
    newest: dict[str, date] = field(default_factory=dict)  # recorded_at, per kind of event
    full_until: dict[str, date] = field(default_factory=dict)  # feeds that are half empty since
    delivered: set[str] = field(default_factory=set)  # kinds that any used, known row has
    left_out: Counter[str] = field(default_factory=Counter)


def read_history(
    used: list[Row], rejected: list[Rejected], torn: list[dict[str, Any]], setting: Setting
) -> History:
    """Sort the events by patient; leave out what was not known or had not happened yet."""
    history = History()
    for row in used:
        _note_delivery(history, row, setting.as_of)
        why = _left_out(row, setting.as_of)
        if why:
            history.left_out[why] += 1
            continue
        event = _event(row, setting.as_of)
        history.events.setdefault(event.patient, []).append(event)
    for event in [*_evidence(rejected, setting.as_of), *(_torn(t) for t in torn)]:
        if event.patient:
            history.evidence.setdefault(event.patient, []).append(event)
    return history


def _left_out(row: Row, as_of: AsOf) -> str:
    recorded, at = row.dates.get("recorded_at"), row.dates.get("at")
    if row.word("status") == "entered-in-error":
        return "events_entered_in_error"
    if recorded and recorded.after(as_of):
        return "events_recorded_later"
    if row.word("status") == "completed" and at and at.after(as_of):
        return "events_after_as_of"
    return ""


def _event(row: Row, as_of: AsOf, reject: str = "") -> Event:
    at, status = row.dates.get("at"), row.word("status")
    if at and (reject or status == "completed"):
        at = at.known_by(as_of.date)
    return Event(
        row=row.number,
        id=row.text("event_id"),
        patient=row.text("patient_id"),
        kind=row.word("kind"),
        status="completed" if reject else status,
        at=at,
        modality=tuple(word.upper() for word in items(row.text("modality"))),
        region=tuple(word.lower() for word in items(row.text("region"))),
        codes=tuple(split_codes(row.text("codes"))),
        provenance=row.word("provenance") or "internal",
        texts=row.texts,
        reject=reject,
    )


def _note_delivery(history: History, row: Row, as_of: AsOf) -> None:
    """Whatever came shows that the source delivers, even what was entered in error."""
    kind, recorded = row.word("kind"), row.dates.get("recorded_at")
    if recorded and recorded.after(as_of):
        return
    history.delivered.add(kind)
    if recorded:
        history.newest[kind] = max(recorded.lo, history.newest.get(kind, recorded.lo))


def _evidence(rejected: list[Rejected], as_of: AsOf) -> list[Event]:
    """Rejected rows that may stand for a completed study that is known at `as_of`."""
    found = []
    for reject in rejected:
        row = reject.row
        readable_status = row.word("status") in EVENT_STATUSES
        later = any(
            row.dates[name].after(as_of) for name in ("recorded_at", "at") if name in row.dates
        )
        if reject.reason == SAME_CONTENT or later:
            continue
        if not readable_status or row.word("status") == "completed":
            found.append(_event(row, as_of, reject.reason))
    return found


def _torn(row: dict[str, Any]) -> Event:
    """Of a row with too few or too many cells only the ids can be trusted."""
    id, patient = trimmed(row.get("id")), trimmed(row.get("patient_id"))
    return Event(int(row["_row"]), id, patient, "", "completed", reject=row["why"], torn=True)
