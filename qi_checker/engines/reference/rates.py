"""The numbers of a report: docs/evaluation.md, section 11."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta

from qi_checker.engines.reference.cases import Case
from qi_checker.engines.reference.groups import fulfilled
from qi_checker.engines.reference.records import History, Setting
from qi_checker.engines.reference.status import judge_all
from qi_checker.protocol.durations import Duration
from qi_checker.protocol.models import Protocol, Requirement
from qi_checker.protocol.vocabulary import Status, Verdict


@dataclass
class Numbers:
    """Counts over eligible cases: applicable, past and without an error."""

    eligible: int = 0
    compliant: int = 0
    with_exception: int = 0
    undetermined: int = 0
    present: Counter[str] = field(default_factory=Counter)
    in_window: Counter[str] = field(default_factory=Counter)
    sensitivity: Counter[str] = field(default_factory=Counter)


def empty_numbers(protocol: Protocol) -> Numbers:
    """Every requirement and every sensitivity window with a count of none."""
    numbers = Numbers()
    for version in protocol.versions:
        for requirement in version.leaves:
            numbers.present[requirement.id] += 0
            numbers.in_window[requirement.id] += 0
        for window in version.sensitivity:
            numbers.sensitivity[str(window)] += 0
    return numbers


def count_case(
    numbers: Numbers,
    case: Case,
    verdict: str,
    statuses: dict[str, str],
    history: History,
    setting: Setting,
) -> None:
    """Add a case, if it is eligible."""
    if case.ruled_out or case.upcoming:
        return
    numbers.eligible += 1
    numbers.compliant += verdict == Verdict.COMPLIANT
    numbers.with_exception += verdict == Verdict.COMPLIANT_WITH_EXCEPTION
    numbers.undetermined += verdict == Verdict.UNDETERMINED
    days = {r.id: _days_present(r, case, history, setting) for r in case.version.leaves}
    for requirement in case.version.leaves:
        numbers.present[requirement.id] += bool(days[requirement.id])
        numbers.in_window[requirement.id] += statuses[requirement.id] == Status.MET
    for limit in case.version.sensitivity:
        inside = {
            r.id: any(day >= _opens(r, limit, case.day) for day in days[r.id])
            for r in case.version.leaves
        }
        numbers.sensitivity[str(limit)] += all(
            fulfilled(m, inside) for m in case.version.requirements
        )


def _days_present(
    requirement: Requirement, case: Case, history: History, setting: Setting
) -> list[date]:
    """First possible days of the completed studies that are right but for their date."""
    judged = judge_all(history.events.get(case.patient, []), requirement, case, setting)
    return [
        j.event.at.lo
        for j in judged
        if j.event.status == "completed" and j.event.at and j.right_study and j.before_operation
    ]


def _opens(requirement: Requirement, limit: Duration, anchor: date) -> date:
    """The window opens by another limit; a strict one (`less_than`) stays strict."""
    opens = limit.before(anchor)
    return opens + timedelta(days=1) if requirement.window.less_than else opens
