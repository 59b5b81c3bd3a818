"""The columns of a finding and of a case: docs/evaluation.md, sections 8 and 10."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from qi_checker.judging.chart import Chart
from qi_checker.judging.outcomes import Decision
from qi_checker.judging.sentences import sentence
from qi_checker.judging.values import earlier
from qi_checker.protocol.durations import Duration
from qi_checker.protocol.models import Requirement
from qi_checker.protocol.vocabulary import ACTION_FOR, ActionKind, Reason, Status

UNSETTLED = (Status.DUE, Status.UNKNOWN, Status.EXPIRED, Status.MISSING)
NO_OWNER = (Status.MET, Status.EXEMPT, Status.NOT_APPLICABLE)
NO_LEAD_TIME, ONE_WORKING_DAY = Duration(0, "working day"), Duration(1, "working day")
Finding = dict[str, Any]  # FINDING_COLUMNS; dates are `date`, an empty column is None


def finding(requirement: Requirement, decision: Decision, chart: Chart) -> Finding:
    """Return all columns of a finding."""
    question, event = decision.question, decision.event
    at = event.at if event else None
    through = _valid_through(decision)
    found: Finding = {
        "case_id": chart.case.id,
        "requirement": requirement.id,
        "status": str(decision.status),
        "reason": str(decision.reason),
        "event_id": (event.id or None) if event else None,
        "event_date": at.lo if at else None,
        "days_before": (question.stretches[0].day - at.lo).days if question and at else None,
        "window_opens": question.opens if question else None,
        "window_closes": question.closes if question else None,
        "valid_through": through,
        "slack_days": (through - chart.case.day).days if through else None,
        "act_by": _act_by(requirement, decision, chart),
        "owner": None if decision.status in NO_OWNER else _owner(requirement, decision, chart),
    }
    found["sentence"] = sentence(found, requirement, decision, chart)
    return found


def moved_away(decision: Decision, earlier_days: Collection[date]) -> bool:
    """Whether the event was in time until surgery moved: `expired_by_reschedule`.

    earlier_days: earlier planned dates of surgery, from the store of past nights.
    """
    if decision.status is not Status.EXPIRED or decision.reason is not Reason.TOO_OLD:
        return False
    at, through = decision.event.at if decision.event else None, _valid_through(decision)
    return any(at.lo <= day <= through for day in earlier_days) if at and through else False


def closed(decision: Decision, chart: Chart) -> bool:
    """Whether there is no time left in which an event of an upcoming case would count."""
    question = decision.question
    return chart.case.upcoming and question is not None and not chart.live(question)


def _owner(requirement: Requirement, decision: Decision, chart: Chart) -> str:
    """Return who acts, by the action for the reason."""
    action = ACTION_FOR.get(decision.reason, ActionKind.ORDER)
    if decision.status in UNSETTLED and closed(decision, chart):
        action = ActionKind.DECIDE
    return requirement.owner_of(action.owner)


def _valid_through(decision: Decision) -> date | None:
    """Return the last anchor date with the event in the window; of several the oldest counts."""
    is_dated = decision.status in (Status.MET, Status.BOOKED) or decision.reason in (
        Reason.TOO_OLD,
        Reason.EXPIRED_BY_RESCHEDULE,
        Reason.FORBIDDEN_EVENT,
    )
    event, question = decision.last or decision.event, decision.question
    if not is_dated or not event or not event.at or not question:
        return None
    surgery = [s for s in question.stretches if s.span.before == "surgery"]
    ends = [end for s in surgery if (end := s.last_anchor(event.at))]
    return min(ends, default=None)


def _act_by(requirement: Requirement, decision: Decision, chart: Chart) -> date | None:
    """Return the last day to arrange it; None if nothing is to be done or there is no last day."""
    question, site = decision.question, chart.setting.site
    if decision.status not in UNSETTLED or not question:
        return None
    waits = decision.status is Status.DUE and decision.reason is Reason.CONDITION_UNKNOWN
    if decision.reason is Reason.WINDOW_NOT_CLOSED or waits:
        return None
    if not chart.case.upcoming and not chart.live(question):
        return None
    lead = requirement.lead_time or site.lead_time or NO_LEAD_TIME
    until = question.closes
    if decision.status is Status.DUE and decision.reason is Reason.FORBIDDEN_EVENT:
        # A booking must be cancelled before its own day, not before the end of the window.
        assert decision.event and decision.event.at, "a booking has a date"
        until, lead = decision.event.at.lo, ONE_WORKING_DAY
    return earlier(until, lead, site.holidays) if until else None
