"""The rows of the synthetic hospital as recorded, and its kinds of studies."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from qi_checker.demo.chance import Chance

AS_OF = date(2026, 3, 2)
HOME = ZoneInfo("America/Toronto")
Row = dict[str, str]


@dataclass(frozen=True)
class Study:
    """A kind of imaging study, as recorded by the scanner and the hospital's catalogue."""

    modality: str
    region: str
    codes: str
    description: str


CT = (
    Study("CT", "abdomen-pelvis", "LOINC:36813-4", "CT abdomen and pelvis with contrast"),
    Study("CT", "chest-abdomen-pelvis", "LOINC:72254-6", "CT chest, abdomen, pelvis with contrast"),
    Study("CT", "liver", "LOINC:30612-6", "CT liver, without and with contrast"),
    Study("CT", "abdomen-pelvis", "LOINC:36952-0", "CT abdomen and pelvis without contrast"),
)
MRI = (
    Study("MR", "liver", "LOINC:30670-4", "MRI liver with gadoxetate"),
    Study("MR", "liver", "LOINC:30670-4", "MRI liver, diffusion and gadoxetate"),
    Study("MR", "abdomen", "LOINC:24557-1", "MRI abdomen without and with contrast"),
    Study("MR", "abdomen", "CPT:74183", "MRI abdomen with MRCP"),
)
SCANS = {"ct": CT, "mri": MRI}
CHEST_CT = Study("CT", "chest", "LOINC:24628-0", "CT chest with contrast")
BIOPSY_CT = Study("CT", "liver", "LOINC:24812-0", "CT-guided biopsy of liver")
PET_CT = Study("PT;CT", "whole-body", "", "PET/CT, FDG")
RECTAL_MRI = Study("MR", "pelvis", "LOINC:30674-6", "MRI rectum, staging")
ULTRASOUND = Study("US", "liver", "", "Ultrasound of the liver")


@dataclass(frozen=True)
class Case:
    """An operation before it becomes a row. `day` is when it is, or was, actually done."""

    case_id: str
    patient_id: str
    day: date

    @property
    def lead(self) -> int:
        """Return the days from the evaluation to the operation; 0 or less for a past one."""
        return (self.day - AS_OF).days

    def back(self, days: int) -> date:
        return self.day - timedelta(days=days)


@dataclass
class Hospital:
    """Everything that will be written, in order of entry."""

    chance: Chance
    cases: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    exceptions: list[Row] = field(default_factory=list)
    ious: list[Row] = field(default_factory=list)

    def event(self, case: Case, kind: str, status: str, at: str = "", **columns: str) -> Row:
        """Add an event; further columns as keywords."""
        row = {
            "event_id": f"SYN-E-{len(self.events) + 1:05d}",
            "patient_id": case.patient_id,
            "kind": kind,
            "status": status,
            "at": at,
            "provenance": "internal",
            **columns,
        }
        self.events.append(row)
        return row

    def scan(self, case: Case, study: Study, day: date, **columns: str) -> Row:
        """Add an imaging study on a day: completed if the day has passed, else booked."""
        status = columns.pop("status", "completed" if day <= AS_OF else "booked")
        ordered = min(day - timedelta(days=self.chance.between(5, 20)), AS_OF)
        recorded = day if status == "completed" else ordered
        entry = {
            "at": self.clock(day),
            "modality": study.modality,
            "region": study.region,
            "codes": study.codes,
            "description": study.description,
            "ordered_at": ordered.isoformat(),
            "recorded_at": f"{recorded.isoformat()}T23:10",
        }
        return self.event(case, "imaging", status, **{**entry, **columns})

    def exception(self, case_id: str, requirement: str, start: date, **columns: str) -> Row:
        """Add a valid exception of 60 days; keywords change or invalidate it."""
        row = {
            "exception_id": f"SYN-X-{len(self.exceptions) + 1:03d}",
            "case_id": case_id,
            "requirement": requirement,
            "reason": "contraindication-mri"
            if requirement == "mri"
            else "contraindication-contrast",
            "note": "made up",
            "requested_by": "Synthetic surgeon A",
            "requested_at": (start - timedelta(days=2)).isoformat(),
            "approved_by": "Synthetic committee chair",
            "approved_at": start.isoformat(),
            "valid_from": start.isoformat(),
            "expires_on": (start + timedelta(days=60)).isoformat(),
            "recorded_at": start.isoformat(),
            **columns,
        }
        self.exceptions.append(row)
        return row

    def clock(self, day: date) -> str:
        """Return a time during working hours; a few scanners write universal time."""
        moment = datetime.combine(
            day, time(self.chance.between(7, 21), self.chance.pick((0, 15, 30, 45)))
        )
        if self.chance.one_in(0.06):
            return f"{moment.replace(tzinfo=HOME).astimezone(ZoneInfo('UTC')):%Y-%m-%dT%H:%M:00Z}"
        return moment.isoformat(timespec="minutes")
