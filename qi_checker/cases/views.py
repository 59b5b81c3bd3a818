"""What the pages of a case and the coordinator's list show: plain typed values, ready to print.

Nothing here is computed from the clock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from qi_checker.render.views import Provenance


@dataclass(frozen=True)
class Criterion:
    """One criterion of one candidate event. `outcome`: pass, undecided or fail."""

    name: str  # code, modality, region, status, window
    outcome: str
    why: str  # in words, empty for a pass


@dataclass(frozen=True)
class Candidate:
    """An event that was looked at for a requirement."""

    event_id: str
    source: str  # "events.csv, row 14"
    status: str
    at: str  # as recorded
    first: date | None  # first possible local date
    last: date | None
    days_before: int | None
    modality: str
    region: str
    codes: str
    description: str
    provenance: str
    chosen: bool
    criteria: tuple[Criterion, ...]
    advice: tuple[str, ...] = ()

    @property
    def fits(self) -> bool:
        return all(c.outcome == "pass" for c in self.criteria)


@dataclass(frozen=True)
class RequirementSheet:
    """One requirement of one case: asked, found, decided, and what to do."""

    id: str
    title: str
    group: str  # "" or the words of the group it belongs to: "one of these is enough"
    asks: str  # "CT; region liver, abdomen ...; within 30 days before surgery"
    status: str
    reason: str
    sentence: str
    event_id: str
    window_opens: date | None
    window_closes: date | None
    valid_through: date | None
    slack_days: int | None
    act_by: date | None
    owner: str
    exception: str  # words about the exception that covers it, else empty
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True)
class CaseSheet:
    """Everything about one case."""

    case_id: str
    patient_id: str
    source: str  # "cases.csv, row 7"
    surgery_date: date
    surgery_time: str  # "08:00" or empty
    case_status: str
    upcoming: bool
    verdict: str
    next_action: str
    act_by: date | None
    owner: str
    latest_surgery_date: date | None
    facts: tuple[tuple[str, str], ...]  # ("Procedures", "ICD-10-PCS:0FB00ZZ") ...
    requirements: tuple[RequirementSheet, ...]
    problems: tuple[str, ...]
    provenance: Provenance


@dataclass(frozen=True)
class ChecklistItem:
    """One line of the coordinator's list."""

    case_id: str
    surgery_date: date
    verdict: str
    next_action: str
    act_by: date | None
    owner: str
    days_left: int | None  # working time is in act_by; this is calendar days from as_of to act_by
    latest_surgery_date: date | None
    statuses: tuple[tuple[str, str, str], ...]  # (requirement title, status, reason)


@dataclass(frozen=True)
class Checklist:
    """The coordinator's morning: most urgent first."""

    items: tuple[ChecklistItem, ...]
    days: int
    last_day: date
    provenance: Provenance
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class SheetLine:
    """One case sheet of a folder of them."""

    case_id: str
    surgery_date: date
    verdict: str
    next_action: str
    act_by: date | None
    owner: str
    html: str  # relative links, empty where it was not written
    pdf: str


@dataclass(frozen=True)
class SheetsPage:
    """A folder of case sheets: its index.html."""

    asked: str  # "operations until Fri 2026-05-01 (60 days)"
    lines: tuple[SheetLine, ...]  # most urgent action first
    provenance: Provenance


def without_patient(sheet: CaseSheet) -> CaseSheet:
    """A sheet that names the operation and not the patient: paper is left on desks and in cars."""
    return replace(sheet, patient_id="")
