"""What a person is shown: plain typed values, ready to print. Every page and table starts here.

Dates are ISO text, empty where there is none; nothing here is computed from the clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date


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
class Provenance:
    """Where a page's numbers come from."""

    program_version: str
    protocol_id: str
    protocol_title: str
    protocol_version: str
    protocol_sha256: str
    data_sha256: str
    as_of: str
    timezone: str
    engine: str = "duckdb"
    organisation: str = ""  # as the site settings name it


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


@dataclass(frozen=True)
class Rate:
    """A rate with what it is made of. None where there is no denominator."""

    compliant: int
    eligible: int
    with_exception: int
    undetermined: int
    rate: float | None
    low: float | None  # Wilson 95 %
    high: float | None
    worst: float | None  # every undetermined case counted as not compliant
    best: float | None  # ... as compliant
    raw: float | None  # exceptions ignored: compliant / eligible


@dataclass(frozen=True)
class RequirementTotals:
    """Counts of one requirement over the eligible cases, and of all statuses over all cases."""

    id: str
    title: str
    eligible: int
    present: int
    in_window: int
    statuses: tuple[tuple[str, int], ...]
    reasons: tuple[tuple[str, str, int], ...]  # (status, reason, cases), past cases not met
    owner: str = ""
    group: str = ""  # as in RequirementSheet; with a group "both in time" would be wrong


@dataclass(frozen=True)
class CaseLine:
    """One case in the audit's table."""

    case_id: str
    surgery_date: date
    upcoming: bool
    verdict: str
    sentence: str  # the next action, or why not
    act_by: date | None
    owner: str
    page: str  # relative link, empty where no page was written


@dataclass(frozen=True)
class AuditPage:
    """The audit for a person: index.html."""

    provenance: Provenance
    rate: Rate
    requirements: tuple[RequirementTotals, ...]
    verdicts: tuple[tuple[str, int], ...]
    flow: tuple[tuple[str, int], ...]  # denominator flow, adds up: "– ..." is taken out
    sensitivity: tuple[tuple[str, int, int], ...]  # (window, compliant cases, eligible)
    action: tuple[CaseLine, ...]
    failed: tuple[CaseLine, ...]
    undetermined: tuple[CaseLine, ...]
    exempt: tuple[CaseLine, ...]
    others: tuple[CaseLine, ...]
    rejects: tuple[tuple[str, int, str], ...]  # (file and row as words, row, reason), first ones
    reconciliation: tuple[tuple[str, int, int, int], ...]  # (file, read, used, rejected)
    problems: tuple[str, ...]
    target: str = ""
    notes: tuple[str, ...] = field(default=())
    list_sizes: tuple[tuple[str, int], ...] = ()  # ("failed", 3120) where a list here is cut


@dataclass(frozen=True)
class RulebookLine:
    """One protocol of a rulebook, and where its audit is."""

    provenance: Provenance
    rate: Rate
    verdicts: tuple[tuple[str, int], ...]
    action: int  # upcoming cases that need action now
    page: str  # relative link


@dataclass(frozen=True)
class RulebookPage:
    """All protocols of a rulebook over the same records: its index.html."""

    as_of: str
    timezone: str
    data_sha256: str
    program_version: str
    lines: tuple[RulebookLine, ...]
    reconciliation: tuple[tuple[str, int, int, int], ...]  # as in AuditPage
