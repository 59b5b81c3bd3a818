"""Random records, dense where evaluations go wrong: at the edges of windows and of days.

They are drawn from a seed and not by hypothesis: some hundred rows belong to one example, since
compiling a protocol costs more than evaluating them. `compare.py` makes a failure small again.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar

from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.models import Version
from qi_checker.protocol.selectors import EventSelector
from qi_checker.protocol.windows import Anchor, AnchorRef
from tests.generative.edges import Moment, edge, moment, written
from tests.generative.selectors import OWN_COLUMNS
from tests.generative.targets import Target, targets

Row = dict[str, Any]
Tables = dict[str, list[Row]]
T = TypeVar("T")
OPERATION = time(8)
CLOCKS = (
    time(0),
    time(1, 30),
    time(7, 59),
    OPERATION,
    time(8, 0, 0, 500000),
    time(8, 1),
    time(23, 30),
    time.max,
)
OFFSETS = ("Z", "-04:00", "-05", "+0530", " +01:00", "+13:00", "-02:30")
CODES = (
    "LOCAL:CT-LIVER",
    "local:CT-TRI2",
    "LOCAL:MR-LIVER",
    "LOCAL:MR-HEAD",
    "LOCAL:CT-ANY",
    "LOCAL:PETCT",
    "LOCAL:CT-CHEST",
    "LOCAL:BIOPSY",
    "NONE",
    "X:Y",
)
OF_LIST = {"liver-ct-codes": "LOCAL:CT-LIVER", "biopsy-codes": "LOCAL:BIOPSY"}


class Generator:
    """Draws the rows of a hospital for a protocol, as seen from a moment."""

    def __init__(self, seed: int, bundle: Bundle, as_of: AsOf) -> None:
        self.random = random.Random(seed)
        self.protocol, self.as_of = bundle.protocol, as_of
        self.tables: Tables = {"cases": [], "events": [], "exceptions": [], "torn": []}
        self.silent_for = self.one(0, 0, 0, 4, 12)  # days since the source delivered anything
        self.careful = False
        self.absent = self.often("", "therapy", "imaging")  # a kind that it does not deliver

    def chance(self, share: float) -> bool:
        """True in this share of draws."""
        return self.random.random() < share

    def one(self, *choices: T) -> T:
        """One of the choices."""
        return self.random.choice(choices)

    def often(self, usual: T, *others: T, share: float = 0.8) -> T:
        """Mostly the usual one, and always while the generator is careful."""
        return usual if self.careful or self.chance(share) else self.random.choice(others)

    def records(self, patients: int) -> Tables:
        """Rows of so many patients, shuffled and numbered; `torn` are rows of events."""
        for patient in range(patients):
            self._patient(f"P{patient}")
        for name in ("cases", "events", "exceptions"):
            rows = self.tables[name]
            self.random.shuffle(rows)
            rows[:] = [self._decorated(row) for row in rows]
            for number, row in enumerate(rows, start=2):
                row["_row"] = number
            self._doubled(name, rows)
        return self.tables

    def _patient(self, patient: str) -> None:
        first = self.as_of.date + timedelta(days=self.random.randint(-60, 60))
        anchors = [self.one(first, first, self.as_of.date, self.as_of.date + timedelta(days=1))]
        if self.chance(0.25):
            anchors.append(anchors[0] + timedelta(days=self.random.randint(0, 45)))
        cases = [
            self._case(f"C{patient[1:]}-{number}", patient, anchor)
            for number, anchor in enumerate(anchors)
        ]
        done: list[str | None] = []
        for number in range(self.random.choice((0, 1, 2, 3, 4, 6))):
            letter = self.often("E", "e", "É", "'E", "\U0001f9e0", share=0.7)
            which = self.random.randrange(len(cases))
            at = self._event(f"{letter}{patient[1:]}-{number}", cases[which], anchors[which], done)
            done.append(at)
        if self.chance(0.06):
            self._torn(patient)

    def _case(self, case_id: str, patient: str, anchor: date) -> Row:
        past = anchor < self.as_of.date or (anchor == self.as_of.date and self.chance(0.5))
        usual = "performed" if past else "scheduled"
        row: Row = {
            "case_id": case_id,
            "patient_id": patient,
            "surgery_at": self._when(anchor),
            "started_at": None,
            "status": self.often(usual, "scheduled", "performed", "cancelled", "done", share=0.9),
            "procedures": self.often(
                "ICD-10-PCS:0FB00ZZ", "CCI:1.OA.87.LA;X:Y", "X:Y", None, share=0.9
            ),
            "diagnoses": self.often("ICD-10-CM:C78.7", "icd10cm:c787", "X:Y", None),
            "urgency": self.one("elective", "Urgent", "emergency", None),
            "site": self.one("North", "South", "north", None),
            "surgeon": self.one("S1", "S2", None),
            "ward": self.one("A", "B", None),
            "admitted_at": self._around(anchor, -3, 1),
            "discharged_at": self.often(self._around(anchor, 0, 9), "home", f"{anchor:%Y-%m}"),
        }
        if self.chance(0.3):
            row["started_at"] = self._when(anchor + timedelta(days=self.one(0, 0, 1)))
        self.tables["cases"].append(row)
        version = self.protocol.in_force(anchor) or self.protocol.versions[0]
        for number in range(self.one(0, 0, 1, 2)):
            self._exception(f"X{case_id[1:]}-{number}", case_id, anchor, version)
        return row

    def _torn(self, patient: str) -> None:
        self.tables["torn"].append(
            {
                "_row": 5000 + len(self.tables["torn"]),
                "id": self.one(f"T{patient[1:]}", f"E{patient[1:]}-0", None),
                "patient_id": self.often(patient, None),
                "why": "too few cells",
            }
        )

    def _around(self, anchor: date, first: int, last: int) -> str | None:
        day = anchor + timedelta(days=self.random.randint(first, last))
        return self.often(self._when(self.one(anchor, day)), None, share=0.85)

    def _event(
        self, event_id: str, case: Row, anchor: date, done: Sequence[str | None]
    ) -> str | None:
        """A row that is close to what some requirement asks of the case; its date."""
        # Else of many criteria one would nearly always stand against the event.
        self.careful = self.chance(0.4)
        version = self.protocol.in_force(anchor) or self.protocol.versions[-1]
        target = self.random.choice(targets(version))
        event, status = target.event, self._status(target.event)
        at: str | None = self._at(target, case, done)
        if status == "booked" and self.chance(0.4):
            at = self._when(self.as_of.date + timedelta(days=self.random.randint(-1, 30)), True)
        if self.chance(0.4 if status in ("ordered", "cancelled") else 0.06):
            at = None
        kind = self.often(event.kind, "imaging", "lab", share=0.93)
        self.tables["events"].append(
            {
                "event_id": event_id,
                "patient_id": case["patient_id"],
                "kind": "lab" if kind == self.absent else kind,
                "status": status,
                "at": at,
                "modality": self._words(event.modality, ("CT", "MR", "PT;CT", "US", "XX", None)),
                "region": self._words(event.region, ("liver", "chest", "head", "lung", None)),
                "codes": self._codes(event),
                "description": self.one("MRCP", "CT without contrast", None),
                "provenance": self._provenance(event),
                "ordered_at": self._when(anchor) if self.chance(0.1) else None,
                "recorded_at": self._recorded(),
                **self._own_columns(event),
            }
        )
        self.careful = False
        return at

    def _status(self, event: EventSelector) -> str:
        usual = self.one("completed", *event.status)
        return self.often(
            usual,
            "booked",
            "booked",
            "ordered",
            "cancelled",
            "completed",
            "entered-in-error",
            "final",
            share=0.65,
        )

    def _provenance(self, event: EventSelector) -> str | None:
        usual = self.random.choice(event.provenance) if event.provenance else None
        return self.often(usual, "internal", "external", "External", "elsewhere", share=0.6)

    def _own_columns(self, event: EventSelector) -> Row:
        wanted = {column.name: column.in_ for column in event.columns or []}
        return {
            name: self.often(self.random.choice(wanted.get(name, words)), *words, "a", None)
            for name, words in OWN_COLUMNS.items()
        }

    def _at(self, target: Target, case: Row, done: Sequence[str | None]) -> str:
        """A moment at an edge of a window, or near the moment of the evaluation."""
        span = self.random.choice(target.spans)
        anchor = self._anchor(span.anchor, case, done)
        if anchor is None or self.chance(0.1):
            return self._when(self.as_of.date, partial=True)
        found = edge(self.random, span, anchor)
        if isinstance(found, datetime):
            if not 2000 < found.year < 2100 or self.chance(0.2):
                return self._when(found.date(), partial=True)
            return written(self.random, found, OFFSETS)
        return self._when(found - timedelta(days=self.often(0, self.random.randint(0, 40))), True)

    def _anchor(self, anchor: Anchor, case: Row, done: Sequence[str | None]) -> Moment | None:
        """What the anchor of a span may be; for another requirement any of the events so far."""
        if isinstance(anchor, AnchorRef):
            if anchor.column is None:
                return moment(self.one(*done, case["surgery_at"]))
            return moment(case[anchor.column])
        if anchor == "admission":
            return moment(case["admitted_at"])
        return moment(case["started_at"] or case["surgery_at"])

    def _exception(self, exception_id: str, case_id: str, anchor: date, version: Version) -> None:
        first = min(anchor, self.as_of.date)
        start = first - timedelta(days=self.one(-1, 0, 0, 3, 20))
        end = first + timedelta(days=self.one(-1, 0, 0, 5, 30))
        policy, known = version.exceptions, self._near_now
        reasons = policy.reasons if policy else ["other"]
        self.tables["exceptions"].append(
            {
                "exception_id": exception_id,
                "case_id": self.often(case_id, "C?", share=0.97),
                "requirement": self.often(self.random.choice(version.leaves).id, "r9", share=0.95),
                "reason": self.often(self.random.choice(reasons), "no-time", share=0.95),
                "requested_by": self.often(
                    "Dr Adams", "dr  baker", "Dr B\u0430xter", None, share=0.92
                ),
                "requested_at": f"{anchor + timedelta(days=len(case_id) % 3 - 1)}T10:00",
                "approved_by": self.often("Dr Baker", None, share=0.95),
                "approved_at": self.often(self._when(start), known(), None, share=0.85),
                "valid_from": self.often(self._when(start), None, share=0.96),
                "expires_on": self.often(self._when(end), None, share=0.96),
                "revoked_at": self.often(None, known(), share=0.9),
                "recorded_at": self.often(None, known(), share=0.9),
            }
        )

    def _when(self, day: date, partial: bool = False) -> str:
        """A date as systems write it."""
        if self.chance(0.02):
            return self.one("soon", "2026-02-30", "31.05.2026", "2026-05-10T24:00", "1026-05-10")
        if partial and self.chance(0.12):
            return self.one(f"{day:%Y-%m}", f"{day:%Y-%m}", f"{day:%Y}")
        if self.chance(0.5):
            return str(day)
        moment = datetime.combine(day, self.random.choice(CLOCKS))
        text = moment.isoformat(self.one("T", " "), self.one("auto", "minutes", "seconds"))
        return text + (self.random.choice(OFFSETS) if self.chance(0.4) else "")

    def _near_now(self) -> str:
        return self._when(self.as_of.date + timedelta(days=self.one(-20, -1, 0, 0, 1)))

    def _recorded(self) -> str | None:
        if self.chance(0.6):
            return None
        days = max(self.one(-1, 0, 0, 1, 3, 8, 30), self.silent_for)
        return self._when(self.as_of.date - timedelta(days=days))

    def _words(self, wanted: Sequence[str] | None, others: tuple[str | None, ...]) -> str | None:
        if wanted and (self.careful or self.chance(0.7)):
            word = self.random.choice(list(wanted))
            return "PT;CT" if word == "CT" and self.chance(0.2) else word
        return self.one(*others, ";".join(filter(None, (self.one(*others), self.one(*others)))))

    def _codes(self, event: EventSelector) -> str | None:
        wanted = event.codes.in_ if event.codes else ""
        usual = self.often(OF_LIST.get(wanted), "LOCAL:CT-TRI1")
        if event.allow_codes and self.chance(0.5):
            usual = "LOCAL:CT-CHEST"
        return self.often(usual, self.one(*CODES), f"{self.one(*CODES)};{self.one(*CODES)}")

    def _decorated(self, row: Row) -> Row:
        """Blanks around a value, another case of a word, or no value where one is needed."""
        row = dict(row)
        for name, text in row.items():
            if text and self.chance(0.01):
                row[name] = self.one(f" {text}", f"{text}\u00a0", "  ", None)
            elif text and name in ("status", "kind", "modality", "region") and self.chance(0.02):
                row[name] = self.one(text.upper(), text.lower(), f"{text};")
        return row

    def _doubled(self, name: str, rows: list[Row]) -> None:
        """Some rows come twice, some of them with another content."""
        for row in list(rows):
            if self.chance(0.03):
                again = row | {"_row": len(rows) + 2}
                if self.chance(0.5) and name == "events":
                    again["at"] = self._near_now()
                rows.append(again)
