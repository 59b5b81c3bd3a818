"""The numbers of a report: docs/evaluation.md, section 11."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

from qi_checker.judging.chart import Chart
from qi_checker.judging.groups import fulfilled
from qi_checker.judging.values import ONE_DAY, earlier
from qi_checker.judging.windows import in_order
from qi_checker.protocol.durations import Duration
from qi_checker.protocol.models import Protocol, Requirement
from qi_checker.protocol.vocabulary import Status, Verdict

# A window may reach past the operation: until it closes, the case cannot be decided.
STILL_OPEN = (Verdict.NOT_APPLICABLE, Verdict.ERROR, Verdict.ACTION_NEEDED, Verdict.PENDING)
NOT_COUNTED = (Status.NOT_APPLICABLE, Status.ERROR, Status.DUE, Status.BOOKED)


@dataclass
class Numbers:
    """Counts over eligible cases: applicable, past, decided and without an error."""

    eligible: int = 0
    compliant: int = 0
    with_exception: int = 0
    undetermined: int = 0
    present: Counter[str] = field(default_factory=Counter)
    in_window: Counter[str] = field(default_factory=Counter)
    sensitivity: Counter[str] = field(default_factory=Counter)


def empty_numbers(protocol: Protocol) -> Numbers:
    """Return zero counts for every requirement and every sensitivity window."""
    numbers = Numbers()
    for version in protocol.versions:
        for requirement in version.leaves:
            numbers.present[requirement.id] += 0
            numbers.in_window[requirement.id] += 0
        for window in version.sensitivity:
            numbers.sensitivity[str(window)] += 0
    return numbers


def count_case(numbers: Numbers, chart: Chart, verdict: str) -> None:
    """Add a case, if it is past: its requirements, and the case itself if it is eligible."""
    if chart.case.ruled_out or chart.case.upcoming:
        return
    days = {r.id: _days_present(r, chart) for r in chart.case.version.leaves}
    for requirement in chart.case.version.leaves:
        status = chart.decided[requirement.id].status
        if status not in NOT_COUNTED:
            met = status is Status.MET
            present = met if requirement.forbidden else bool(days[requirement.id])
            numbers.present[requirement.id] += present
            numbers.in_window[requirement.id] += met
    if verdict in STILL_OPEN:
        return
    numbers.eligible += 1
    numbers.compliant += verdict == Verdict.COMPLIANT
    numbers.with_exception += verdict == Verdict.COMPLIANT_WITH_EXCEPTION
    numbers.undetermined += verdict == Verdict.UNDETERMINED
    for limit in chart.case.version.sensitivity:
        numbers.sensitivity[str(limit)] += _compliant_within(limit, days, chart)


def _days_present(requirement: Requirement, chart: Chart) -> list[date]:
    """Return the first possible days of completed studies that meet all criteria but the date."""
    decision = chart.decided[requirement.id]
    question = decision.question
    if question is None:
        return []
    return [
        j.event.at.lo
        for j in decision.events
        if j.done and j.event.at and j.right_study and in_order(j.event, question)
    ]


def _compliant_within(limit: Duration, days: dict[str, list[date]], chart: Chart) -> bool:
    """Whether the case would be compliant under another limit, without exceptions."""
    met = {}
    for requirement in chart.case.version.leaves:
        status = chart.decided[requirement.id].status
        if status is Status.NOT_APPLICABLE:
            continue
        met[requirement.id] = status is Status.MET
        if _judged_anew(requirement):
            opens = _opens(requirement, limit, chart.case.day)
            met[requirement.id] = any(day >= opens for day in days[requirement.id])
    return all(fulfilled(m, met) is not False for m in chart.case.version.requirements)


def _judged_anew(requirement: Requirement) -> bool:
    """Whether its window is defined by one limit, which another one can replace."""
    taken = any(line.then == "fail" for line in requirement.none_between)
    other = requirement.count or requirement.forbidden or taken
    return requirement.window.only_days_before_surgery and not other


def _opens(requirement: Requirement, limit: Duration, anchor: date) -> date:
    """Return when the window opens with another limit; a strict one (`less_than`) stays strict."""
    opens = earlier(anchor, limit)
    return opens + ONE_DAY if requirement.window.less_than else opens
