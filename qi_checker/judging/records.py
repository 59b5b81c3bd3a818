"""Convert rows to events, and select those known at the time: docs/evaluation.md, sections 3 and 6.

Reading is separate from judging: a patient's `History` is made once, and then judged for any number
of cases, dates of surgery and protocols.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from qi_checker.judging.rows import SAME_CONTENT, Rejected, Row
from qi_checker.judging.values import When, items
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.codes import split_codes
from qi_checker.protocol.vocabulary import EVENT_STATUSES

_NO_TEXTS: Mapping[str, str] = {}


class Event(NamedTuple):
    """A study, therapy, visit …: a usable row, or a rejected one that may be evidence.

    In a rejected row anything may be missing, including `kind` and `id`.
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
    texts: Mapping[str, str] = _NO_TEXTS  # every column, as written
    reject: str = ""
    torn: bool = False  # only the ids can be read


@dataclass(frozen=True)
class TornRow:
    """A row of events with too few or too many cells: only the ids can be trusted."""

    row: int
    id: str
    patient: str
    why: str

    @property
    def event(self) -> Event:
        """Treat it as a completed event with unknown properties."""
        return Event(self.row, self.id, self.patient, "", "completed", reject=self.why, torn=True)


@dataclass
class History:
    """What is known about one patient at one moment: events, and rejected rows."""

    events: list[Event] = field(default_factory=list)
    evidence: list[Event] = field(default_factory=list)


Histories = dict[str, History]  # by patient


def read_histories(
    used: Iterable[Row], rejected: Iterable[Rejected], torn: Iterable[TornRow], as_of: AsOf
) -> tuple[Histories, Counter[str]]:
    """Group events by patient; count those that were not known or had not happened at `as_of`."""
    histories: Histories = {}
    left_out: Counter[str] = Counter()

    def of(patient: str) -> History:
        history = histories.get(patient)
        if history is None:
            history = histories[patient] = History()
        return history

    for row in used:
        why = _left_out(row, as_of)
        if why:
            left_out[why] += 1
        else:
            event = _event(row, as_of)
            of(event.patient).events.append(event)
    for event in [*_evidence(rejected, as_of), *(t.event for t in torn)]:
        if event.patient:
            of(event.patient).evidence.append(event)
    return histories, left_out


def _left_out(row: Row, as_of: AsOf) -> str:
    status = row.word("status")
    if status == "entered-in-error":
        return "events_entered_in_error"
    recorded = row.dates.get("recorded_at")
    if recorded is not None and recorded.after(as_of):
        return "events_recorded_later"
    if status == "completed":
        at = row.dates.get("at")
        if at is not None and at.after(as_of):
            return "events_after_as_of"
    return ""


def _event(row: Row, as_of: AsOf, reject: str = "") -> Event:
    at, status, texts = row.dates.get("at"), row.word("status"), row.texts
    if at is not None and (reject or status == "completed"):
        at = at.known_by(as_of.date)
    return Event(
        row=row.number,
        id=texts.get("event_id", ""),
        patient=texts.get("patient_id", ""),
        kind=row.word("kind"),
        status="completed" if reject else status,
        at=at,
        modality=items(texts["modality"].upper()) if "modality" in texts else (),
        region=items(texts["region"].lower()) if "region" in texts else (),
        codes=tuple(split_codes(texts["codes"])) if "codes" in texts else (),
        provenance=row.word("provenance") or "internal",
        texts=texts,
        reject=reject,
    )


def _evidence(rejected: Iterable[Rejected], as_of: AsOf) -> list[Event]:
    """Find rejected rows that may be a completed study known at `as_of`."""
    events = []
    for reject in rejected:
        row = reject.row
        readable_status = row.word("status") in EVENT_STATUSES
        later = any(
            row.dates[name].after(as_of) for name in ("recorded_at", "at") if name in row.dates
        )
        if reject.reason == SAME_CONTENT or later:
            continue
        if not readable_status or row.word("status") == "completed":
            events.append(_event(row, as_of, reject.reason))
    return events
