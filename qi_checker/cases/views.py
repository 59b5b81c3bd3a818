"""The contents of case pages and of the coordinator's list: plain typed values, ready to print.

Nothing here is computed from the clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

from qi_checker.cases.actions import NO_ACTIONS, ActionCount
from qi_checker.protocol.as_of import AsOf
from qi_checker.render import words
from qi_checker.render.views import Provenance


@dataclass(frozen=True)
class Criterion:
    """One criterion of one candidate event. `outcome`: pass, undecided or fail."""

    name: str  # code, modality, region, status, window
    outcome: str
    why: str  # as a sentence, "" for a pass


@dataclass(frozen=True)
class Candidate:
    """An event that was examined for a requirement."""

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
    """One requirement of one case: what it requires, its events, the decision, and the action."""

    id: str
    title: str
    group: str  # "" or the words of its group: "one of these is enough"
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
    exception: str  # description of the exception that covers it, or ""
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
    also: tuple[tuple[str, date, str], ...] = ()  # further actions: text, last day, owner
    why: tuple[tuple[str, str], ...] = ()  # open requirements: title and reason of each


@dataclass(frozen=True)
class ChecklistAction:
    """One action of an operation. `new`: not in the earlier audit."""

    requirement: str
    action: str
    text: str
    act_by: date
    days_left: int  # calendar days from as_of to act_by; working time is in act_by
    when: str  # overdue, today, soon, later
    owner: str
    new: bool = False
    reason: str = ""  # why it must be done: the reason of the requirement


@dataclass(frozen=True)
class ChecklistItem:
    """One operation of the coordinator's list, or one line of it with its action.

    next_action, act_by, owner, days_left, when: of the first action; empty if there is nothing to
    do.
    """

    case_id: str
    surgery_date: date
    verdict: str
    next_action: str
    act_by: date | None
    owner: str
    days_left: int | None
    latest_surgery_date: date | None
    statuses: tuple[tuple[str, str, str], ...]  # (requirement title, status, reason)
    when: str = ""
    actions: tuple[ChecklistAction, ...] = ()  # every one, the most urgent first
    requirement: str = ""  # of the action
    reason: str = ""  # of that requirement
    new: bool = False
    surgery_time: str = ""  # "08:00" or empty
    procedure: str = ""  # in words, if the site lists them
    surgeon: str = ""
    theatre: str = ""
    shown: tuple[tuple[str, str], ...] = ()  # ("name", "...") of the patient, if the site allows it

    @property
    def lacking(self) -> tuple[tuple[str, str, str], ...]:
        """Return the requirements that are neither met nor booked."""
        return tuple(one for one in self.statuses if one[1] not in ("met", "booked"))

    @property
    def place(self) -> str:
        """Return procedure, surgeon and theatre in one line."""
        return ", ".join(part for part in (self.procedure, self.surgeon, self.theatre) if part)


@dataclass(frozen=True)
class Checklist:
    """The coordinator's morning: most urgent first.

    count: of the actions of all open operations, or of a desk or surgeon, listed or not.
    rejected: how many of `problems`, the first ones, say of a file that rows of it were rejected.
    """

    items: tuple[ChecklistItem, ...]
    days: int
    last_day: date
    provenance: Provenance
    problems: tuple[str, ...] = ()
    count: ActionCount = field(default=NO_ACTIONS)
    desk: str = ""
    surgeon: str = ""
    group_by: str = "urgency"
    rejected: int = 0

    @property
    def data_words(self) -> str:
        """`17 data problems`, as many as the audit and the digest count."""
        number = len(self.problems) - self.rejected
        return words.count(number, "data problem") if number else "rejected rows"

    @property
    def today(self) -> date:
        """Return the day of the list."""
        return AsOf.parse(self.provenance.as_of).date

    @property
    def ready(self) -> int:
        """Return how many operations of the list need nothing."""
        return sum(1 for item in self.items if not item.next_action)


@dataclass(frozen=True)
class SheetLine:
    """One case sheet in a folder of case sheets."""

    case_id: str
    surgery_date: date
    verdict: str
    next_action: str
    act_by: date | None
    owner: str
    html: str  # relative links, "" if not written
    pdf: str
    why: tuple[tuple[str, str], ...] = ()  # as in CaseSheet


@dataclass(frozen=True)
class SheetsPage:
    """A folder of case sheets: its index.html."""

    selection: str  # "operations until Fri 1 May 2026 (60 days)"
    lines: tuple[SheetLine, ...]  # most urgent action first
    provenance: Provenance


def without_patient(sheet: CaseSheet) -> CaseSheet:
    """Remove the patient from a sheet: paper is left on desks and in cars."""
    return replace(sheet, patient_id="")
