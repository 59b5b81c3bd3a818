"""Random records, dense where evaluations go wrong: at the edges of windows and of days.

They are drawn from a seed and not by hypothesis: some hundred rows belong to one example, since
compiling a protocol costs more than evaluating them. `shrink.py` makes a failure small again.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar

from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.models import Requirement, Version

Row = dict[str, Any]
Tables = dict[str, list[Row]]
T = TypeVar("T")
OPERATION = time(8)
CLOCKS = (time(0), time(7, 59), OPERATION, time(8, 0, 0, 500000), time(8, 1), time(23, 30))
OFFSETS = ("Z", "-04:00", "-05", "+0530", " +01:00", "+13:00", "-02:30")
CODES = ("LOCAL:CT-LIVER", "local:CT-TRI2", "LOCAL:MR-LIVER", "LOCAL:MR-HEAD", "LOCAL:CT-ANY",
         "LOCAL:PETCT", "LOCAL:CT-CHEST", "LOCAL:BIOPSY", "NONE", "X:Y")  # fmt: skip


class Generator:
    """Draws the rows of a hospital for a protocol, as seen from a moment."""

    def __init__(self, seed: int, bundle: Bundle, as_of: AsOf) -> None:
        self.random = random.Random(seed)
        self.protocol, self.as_of = bundle.protocol, as_of
        self.tables: Tables = {"cases": [], "events": [], "exceptions": [], "torn": []}
        self.silent_for = self.one(0, 0, 0, 4, 12)  # days since the source delivered anything

    def chance(self, share: float) -> bool:
        """True in this share of draws."""
        return self.random.random() < share

    def one(self, *choices: T) -> T:
        """One of the choices."""
        return self.random.choice(choices)

    def often(self, usual: T, *others: T, share: float = 0.8) -> T:
        """Mostly the usual one."""
        return usual if self.chance(share) else self.random.choice(others)

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
        for number, anchor in enumerate(anchors):
            self._case(f"C{patient[1:]}-{number}", patient, anchor)
        for number in range(self.random.choice((0, 1, 2, 3, 4, 6))):
            letter = self.often("E", "e", "É", "'E", "\U0001f9e0", share=0.7)
            self._event(f"{letter}{patient[1:]}-{number}", patient, self.random.choice(anchors))
        if self.chance(0.06):
            self._torn(patient)

    def _case(self, case_id: str, patient: str, anchor: date) -> None:
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
        }
        if self.chance(0.3):
            row["started_at"] = self._when(anchor + timedelta(days=self.one(0, 0, 1)))
        self.tables["cases"].append(row)
        version = self.protocol.in_force(anchor) or self.protocol.versions[0]
        for number in range(self.one(0, 0, 1, 2)):
            self._exception(f"X{case_id[1:]}-{number}", case_id, anchor, version)

    def _torn(self, patient: str) -> None:
        self.tables["torn"].append(
            {
                "_row": 5000 + len(self.tables["torn"]),
                "id": self.one(f"T{patient[1:]}", f"E{patient[1:]}-0", None),
                "patient_id": self.often(patient, None),
                "why": "too few cells",
            }
        )

    def _event(self, event_id: str, patient: str, anchor: date) -> None:
        version = self.protocol.in_force(anchor) or self.protocol.versions[-1]
        wanted = self.random.choice(version.leaves)
        status = self.often("completed", "booked", "booked", "ordered", "cancelled",
                            "entered-in-error", "final", share=0.65)  # fmt: skip
        at: str | None = self._when(self._day(wanted, anchor), partial=True)
        if status == "booked" and self.chance(0.5):
            at = self._when(self.as_of.date + timedelta(days=self.random.randint(-1, 30)), True)
        if self.chance(0.4 if status in ("ordered", "cancelled") else 0.06):
            at = None
        event = wanted.event
        self.tables["events"].append(
            {
                "event_id": event_id,
                "patient_id": patient,
                "kind": self.often(event.kind, "imaging", "lab", share=0.93),
                "status": status,
                "at": at,
                "modality": self._words(event.modality, ("CT", "MR", "PT;CT", "US", "XX", None)),
                "region": self._words(event.region, ("liver", "chest", "head", "lung", None)),
                "codes": self._codes(wanted),
                "description": self.one("MRCP", "CT without contrast", None),
                "provenance": self.often("internal", "external", None, share=0.4),
                "ordered_at": self._when(anchor) if self.chance(0.1) else None,
                "recorded_at": self._recorded(),
            }
        )

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
                "requested_by": self.often("Dr Adams", "dr baker", None, share=0.92),
                "approved_by": self.often("Dr Baker", None, share=0.95),
                "approved_at": self.often(self._when(start), known(), None, share=0.85),
                "valid_from": self.often(self._when(start), None, share=0.96),
                "expires_on": self.often(self._when(end), None, share=0.96),
                "revoked_at": self.often(None, known(), share=0.9),
                "recorded_at": self.often(None, known(), share=0.9),
            }
        )

    def _day(self, wanted: Requirement, anchor: date) -> date:
        """A day at an edge of the window, or anywhere near it."""
        opens = wanted.window.opens(anchor) or anchor - timedelta(days=400)
        inside = opens + timedelta(days=self.random.randint(0, (anchor - opens).days))
        edge = self.one(opens, opens, anchor, anchor, self.as_of.date, inside, inside, inside)
        return edge + timedelta(days=self.one(-1, 0, 0, 0, 1, -self.random.randint(0, 40)))

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
        if wanted and self.chance(0.7):
            word = self.random.choice(list(wanted))
            return "PT;CT" if word == "CT" and self.chance(0.2) else word
        return self.one(*others, ";".join(filter(None, (self.one(*others), self.one(*others)))))

    def _codes(self, wanted: Requirement) -> str | None:
        usual = self.often("LOCAL:CT-LIVER" if wanted.event.codes else None, "LOCAL:CT-TRI1")
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
