"""The contents of an audit and of a rulebook: plain typed values, ready to print."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from qi_checker.cases.actions import NO_ACTIONS, ActionCount
from qi_checker.protocol.plausible_findings import Finding
from qi_checker.render.views import Provenance, Rate


@dataclass(frozen=True)
class RequirementTotals:
    """Counts of one requirement for the eligible cases, and of all statuses for all cases."""

    id: str
    title: str
    eligible: int
    present: int
    in_window: int
    statuses: tuple[tuple[str, int], ...]
    reasons: tuple[tuple[str, str, int], ...]  # (status, reason, cases), past cases not met
    owner: str = ""
    group: str = ""  # as in RequirementSheet; with a group "both in time" would be wrong
    forbidden: bool = False  # met if there is no event


@dataclass(frozen=True)
class CaseLine:
    """One case in the audit's table."""

    case_id: str
    surgery_date: date
    upcoming: bool
    verdict: str
    sentence: str  # the next action, or the reason
    act_by: date | None
    owner: str
    page: str  # relative link, "" if no page was written


@dataclass(frozen=True)
class AuditPage:
    """The audit as a page: index.html."""

    provenance: Provenance
    rate: Rate
    requirements: tuple[RequirementTotals, ...]
    verdicts: tuple[tuple[str, int], ...]
    flow: tuple[tuple[str, int], ...]  # denominator flow, adds up: "– ..." is taken out
    sensitivity: tuple[tuple[str, int, int], ...]  # (window, compliant cases, eligible)
    action: tuple[CaseLine, ...]  # a line for each action, the most urgent first
    failed: tuple[CaseLine, ...]
    undetermined: tuple[CaseLine, ...]
    exempt: tuple[CaseLine, ...]
    others: tuple[CaseLine, ...]
    rejects: tuple[tuple[str, int, str], ...]  # (file and row as words, row, reason), first ones
    reconciliation: tuple[tuple[str, int, int, int], ...]  # (file, read, used, rejected)
    problems: tuple[str, ...]
    target: str = ""
    notes: tuple[str, ...] = field(default=())
    list_sizes: tuple[tuple[str, int], ...] = ()  # ("failed", 3120) if a list here is cut
    actions: ActionCount = field(default=NO_ACTIONS)


@dataclass(frozen=True)
class RulebookLine:
    """One protocol of a rulebook, and the link of its audit."""

    provenance: Provenance
    rate: Rate
    verdicts: tuple[tuple[str, int], ...]
    action: int  # actions that need somebody now
    page: str  # relative link


@dataclass(frozen=True)
class RulebookPage:
    """All protocols of a rulebook for the same records: its index.html."""

    as_of: str
    timezone: str
    data_sha256: str
    program_version: str
    lines: tuple[RulebookLine, ...]
    reconciliation: tuple[tuple[str, int, int, int], ...]  # as in AuditPage
    plausibility: tuple[Finding, ...] = ()  # of all protocols, without repeats
