"""Made-up patients twice over: as FHIR R4 bundles for the referee, and as records for us.

What each patient is made to be is kept beside both, so that the totals are known before either
side has counted anything. Everything stays where the two can mean the same: whole days or times
with one offset, full precision, one operation a patient.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

ZONE = "America/Panama"  # UTC-5 all the year round
_OFFSET = "-05:00"
_SYSTEMS = {
    "ICD-10-PCS": "http://www.cms.gov/Medicare/Coding/ICD10",
    "ICD-10-CM": "http://hl7.org/fhir/sid/icd-10-cm",
}
_SITES = {"liver": "10200004", "abdomen": "818983003", "chest": "51185008"}
_DAYS = (0, 1, 7, 29, 30, 31, 32, 45, 98, 126, -1, -10)
LIMIT = 30


@dataclass(frozen=True)
class Study:
    """One imaging study: days before surgery, negative after it."""

    days: int
    modalities: tuple[str, ...]
    region: str
    done: bool


@dataclass(frozen=True)
class Patient:
    """What a patient is made to be."""

    id: str
    day: date
    timed: bool
    procedure: str
    performed: bool
    diagnosis: str
    emergency: bool
    studies: tuple[Study, ...] = field(default=())

    def _when(self, study: Study | None) -> str:
        """The moment of the operation, or of a study; on one day the study is two hours earlier."""
        day = self.day - timedelta(days=study.days if study else 0)
        clock = "08:00:00" if study is None else "06:00:00"
        return f"{day}T{clock}{_OFFSET}" if self.timed else str(day)

    def bundle(self) -> dict[str, Any]:
        """The patient as a FHIR R4 collection."""
        made = [
            {"resourceType": "Patient", "id": self.id},
            {
                "resourceType": "Encounter",
                "id": f"{self.id}-e",
                "status": "finished",
                "class": {
                    "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
                    "code": "EMER" if self.emergency else "IMP",
                },
            },
            {
                "resourceType": "Condition",
                "id": f"{self.id}-c",
                "code": _coded("ICD-10-CM", self.diagnosis),
            },
            {
                "resourceType": "Procedure",
                "id": f"{self.id}-o",
                "status": "completed" if self.performed else "not-done",
                "performedDateTime": self._when(None),
                "code": _coded("ICD-10-PCS", self.procedure),
            },
            *(self._imaging(n, study) for n, study in enumerate(self.studies)),
        ]
        return {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [{"resource": r} for r in made],
        }

    def _imaging(self, number: int, study: Study) -> dict[str, Any]:
        dicom = "http://dicom.nema.org/resources/ontology/DCM"
        return {
            "resourceType": "ImagingStudy",
            "id": f"{self.id}-{number}",
            "status": "available" if study.done else "cancelled",
            "started": self._when(study),
            "modality": [{"system": dicom, "code": m} for m in study.modalities],
            "series": [
                {
                    "uid": f"{number}",
                    "modality": {"system": dicom, "code": study.modalities[0]},
                    "bodySite": {"system": "http://snomed.info/sct", "code": _SITES[study.region]},
                }
            ],
        }

    def case(self) -> dict[str, str]:
        """The same patient as a row of the cases."""
        return {
            "case_id": self.id,
            "patient_id": self.id,
            "surgery_at": self._when(None),
            "started_at": self._when(None) if self.performed else "",
            "status": "performed" if self.performed else "cancelled",
            "procedures": f"ICD-10-PCS:{self.procedure}",
            "diagnoses": f"ICD-10-CM:{self.diagnosis}",
            "urgency": "emergency" if self.emergency else "elective",
        }

    def events(self) -> list[dict[str, str]]:
        """The same studies as rows of the events."""
        return [
            {
                "event_id": f"{self.id}-{number}",
                "patient_id": self.id,
                "kind": "imaging",
                "status": "completed" if study.done else "cancelled",
                "at": self._when(study),
                "modality": ";".join(study.modalities),
                "region": study.region,
            }
            for number, study in enumerate(self.studies)
        ]

    def belongs_to(self) -> set[str]:
        """The populations that this patient was made for."""
        found = set()
        if self.performed and self.procedure != "0DTJ4ZZ" and self.diagnosis == "C78.7":
            found.add("Initial Population")
            found.add("Denominator Exclusion" if self.emergency else "Denominator")
        for name, modality in (("CT", "CT"), ("MRI", "MR")):
            days = [
                s.days
                for s in self.studies
                if modality in s.modalities and s.region != "chest" and s.done and s.days >= 0
            ]
            if "Denominator" in found and days:
                found.add(f"{name} Present")
                if min(days) <= LIMIT:
                    found.add(f"{name} In Window")
        if {"Denominator", "CT In Window", "MRI In Window"} <= found:
            found.add("Numerator")
        return found


def _coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": _SYSTEMS[system], "code": code}]}


def patients(number: int, seed: int = 30) -> list[Patient]:
    """So many patients, the same ones for the same seed."""
    chance = Random(seed)
    return [_patient(f"P{n:05}", chance) for n in range(number)]


def _patient(id: str, chance: Random) -> Patient:
    timed = chance.random() < 0.5
    days = _DAYS if timed else _DAYS[1:]  # day 0 without a clock time is where the two differ
    studies = tuple(
        Study(
            days=chance.choice(days),
            modalities=chance.choice((("CT",), ("MR",), ("CT", "US"), ("US",))),
            region=chance.choices(("liver", "abdomen", "chest"), (5, 3, 1))[0],
            done=chance.random() < 0.9,
        )
        for _ in range(chance.randint(0, 6))
    )
    return Patient(
        id=id,
        day=date(2026, 2, 23) + timedelta(days=chance.randrange(60)),
        timed=timed,
        procedure=chance.choices(("0FB00ZZ", "0FT10ZZ", "0DTJ4ZZ"), (5, 4, 1))[0],
        performed=chance.random() < 0.95,
        diagnosis=chance.choices(("C78.7", "C22.0"), (9, 1))[0],
        emergency=chance.random() < 0.08,
        studies=studies,
    )
