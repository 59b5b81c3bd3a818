"""Hospitals without errors: a tiny one, and one with records as untidy as real ones."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from typing import Any

from tests.helpers.damages import Tables

Row = dict[str, Any]
_LIVER = {"procedures": "ICD-10-PCS:0FB00ZZ", "diagnoses": "ICD-10-CM:C78.7"}
_OTHERS = (
    {"procedures": "ICD-10-PCS:0FT40ZZ", "diagnoses": "ICD-10-CM:K80.2"},
    {"procedures": "ICD-10-PCS:0DTJ4ZZ", "diagnoses": "ICD-10-CM:K35.8"},
    {"procedures": "", "diagnoses": ""},
)


def tiny(seed: int, as_of: date, months: int = 18) -> Tables:
    """Make one liver operation a month, with its scans; sometimes none, sometimes two."""
    chance = random.Random(seed)
    made = _Hospital(chance, as_of)
    for month in range(-months, 2):
        for _ in range(chance.choice((0, 1, 1, 1, 2))):
            day = as_of + timedelta(days=30 * month + chance.randrange(28))
            made.operation(day, _LIVER, late=0.0)
    return made.tables()


def untidy(seed: int, as_of: date, weekly: int = 12) -> Tables:
    """Make a year of all operations and all imaging of a hospital, as untidy as real exports.

    Most patients of the imaging have no operation; scans at night, orders written afterwards,
    outside studies without a day, a report that came weeks later, bookings that nobody closed.
    """
    chance = random.Random(seed)
    made = _Hospital(chance, as_of)
    for week in range(-52, 8):
        fewer = 0.4 if (as_of + timedelta(weeks=week)).isocalendar().week in (1, 52) else 1
        for _ in range(round(weekly * fewer * chance.uniform(0.6, 1.4))):
            day = as_of + timedelta(days=7 * week + chance.choice((0, 1, 1, 2, 2, 3, 3, 4, 4, 5)))
            kind = _LIVER if chance.random() < 0.3 else chance.choice(_OTHERS)
            made.operation(day, kind, late=0.04)
        for _ in range(round(8 * weekly * fewer * chance.uniform(0.8, 1.2))):
            day = as_of + timedelta(days=7 * week + chance.randrange(7))
            made.stranger(day)
    return made.tables()


def everyday(seed: int, as_of: date, weekly: int = 12) -> Tables:
    """Make an untidy hospital with what only looks like an error.

    Inpatients, Saturday lists and emergencies; a second stage, and dressings without a start; scans
    that nobody reported, or before reports were delivered at all; scans in three parts; results
    of a panel in one minute; X-rays without an appointment; biopsies that are also procedures.
    """
    chance = random.Random(seed)
    made = untidy(seed, as_of, weekly)
    reported = str(as_of - timedelta(days=chance.randrange(90, 400)))
    for row in list(made.cases):
        if row["status"] == "performed":
            _admit(chance, made, row)
    for row in list(made.events):
        if row["status"] == "completed":
            _examine(chance, made, row, reported)
    return made


def _admit(chance: random.Random, made: Tables, row: Row) -> None:
    day = date.fromisoformat(row["surgery_at"][:10])
    if row["urgency"] != "elective":
        day += timedelta(days=chance.randrange(7))
        row["surgery_at"] = row["started_at"] = f"{min(day, made.as_of)}T{row['surgery_at'][11:]}"
    before = chance.choice((0, 0, 0, 0, 1, 1, 1, 2, 6, 9))
    row["admitted_at"] = (
        f"{day - timedelta(days=before)}T{chance.choice(('06:30', '15:10', '16:45'))}"
    )
    for share, started in ((0.05, True), (0.03, False)):
        for turn in range(1, 4):
            later = day + timedelta(days=(30 if started else 7) * turn)
            if chance.random() < share / turn and later <= made.as_of and later.weekday() < 5:
                start = f"{later}T09:{chance.randrange(60):02d}"
                again = {"surgery_at": start, "started_at": start if started else ""}
                dressing = {} if started else {"procedures": "CPT:97597", "diagnoses": ""}
                id = f"D{len(made.cases):05d}"
                made.cases.append(row | {"case_id": id, "admitted_at": ""} | again | dressing)


def _examine(chance: random.Random, made: Tables, row: Row, reported: str) -> None:
    def also(**columns: str) -> None:
        made.events.append(row | {"event_id": f"F{len(made.events):06d}"} | columns)

    legacy = row["recorded_at"] < reported
    recent = row["at"][:10] > str(made.as_of - timedelta(days=5))
    if legacy or chance.random() < (0.5 if recent else 0.02):
        row["recorded_at"] = ""
    row["ordered_at"] += "T09:40" if len(row["ordered_at"]) == 10 else ""
    if row["modality"] == "CR" and chance.random() < 0.5:
        row["ordered_at"] = row["at"]
    if row["modality"] == "CT" and chance.random() < 0.1:
        for region in ("chest", "abdomen-pelvis", "head"):
            also(region=region)
    if row["modality"] == "CT" and chance.random() < 0.02:
        row |= {"codes": "CPT:77012", "region": "liver"}
        also(kind="procedure", modality="", region="")
    if chance.random() < 0.4:
        for code in ("LOINC:2039-6", "LOINC:718-7", "LOINC:2160-0", "LOINC:1975-2"):
            also(kind="lab", codes=code, modality="", region="", ordered_at="")


class _Hospital:
    def __init__(self, chance: random.Random, as_of: date) -> None:
        self.chance, self.as_of = chance, as_of
        self.cases: list[Row] = []
        self.events: list[Row] = []

    def tables(self) -> Tables:
        return Tables(self.cases, self.events, [], self.as_of)

    def operation(self, day: date, codes: Row, late: float) -> None:
        chance, number = self.chance, len(self.cases) + 1
        patient = f"{chance.randrange(10**7):08d}"
        over = day <= self.as_of
        status = "performed" if over else "scheduled"
        if chance.random() < 0.06:
            status = "cancelled"
        elif over and chance.random() < late:
            status = "scheduled"
        start = f"{day}T{chance.choice((7, 8, 8, 8, 11, 13)):02d}:{chance.randrange(60):02d}"
        row = {
            "case_id": f"C{number:05d}",
            "patient_id": patient,
            "surgery_at": start,
            "started_at": start if status == "performed" and chance.random() < 0.9 else "",
            "status": status,
            "urgency": chance.choice(("elective",) * 8 + ("urgent", "emergency")),
            **codes,
        }
        self.cases.append(row)
        if chance.random() < 0.95:
            for modality in ("CT", "MR"):
                if chance.random() < 0.85:
                    back = timedelta(days=chance.randrange(1, 40))
                    self.scan(patient, day - back, modality, chance.choice(("liver", "abdomen")))
            for _ in range(chance.randrange(3)):
                self.scan(patient, day - timedelta(days=chance.randrange(30, 300)), "CT")

    def stranger(self, day: date) -> None:
        patient = f"{self.chance.randrange(10**7):08d}"
        self.scan(patient, day, self.chance.choice(("CT", "CT", "MR", "US", "CR", "CR", "PT;CT")))

    def scan(self, patient: str, day: date, modality: str, region: str = "") -> None:
        chance = self.chance
        if day > self.as_of and chance.random() < 0.4:
            return
        hour = chance.choice((8, 9, 10, 11, 13, 14, 15, 16, 18, 20, 23, 3))
        at = datetime(day.year, day.month, day.day, hour, chance.randrange(60))
        done = day <= self.as_of and chance.random() < 0.97
        status = "completed" if done else "booked"
        ordered = day - timedelta(days=chance.choice((0, 0, 1, 5, 12, 30)))
        recorded = at + timedelta(hours=chance.choice((1, 2, 20, 24 * 3, 24 * 20)))
        row = {
            "event_id": f"E{len(self.events) + 1:06d}",
            "patient_id": patient,
            "kind": "imaging",
            "status": status,
            "at": at.isoformat(timespec="minutes"),
            "modality": modality,
            "region": region or chance.choice(("abdomen", "abdomen-pelvis", "chest", "head", "")),
            "codes": "",
            "provenance": "internal",
            "ordered_at": str(min(ordered, self.as_of)),
            "recorded_at": recorded.isoformat(timespec="minutes") if done else str(ordered),
        }
        if chance.random() < 0.04:
            row |= {"provenance": "external", "at": f"{at:%Y-%m}" if chance.random() < 0.7 else ""}
        if chance.random() < 0.03:
            row |= {"ordered_at": str(day + timedelta(days=1))}  # written afterwards
        if row["recorded_at"][:10] > str(self.as_of):
            row["recorded_at"] = str(self.as_of)
        self.events.append(row)
