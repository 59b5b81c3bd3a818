"""The columns of a finding: docs/evaluation.md, section 8."""

from __future__ import annotations

from datetime import date
from typing import Any

from qi_checker.judging.charts import Chart, Decision
from qi_checker.judging.days import earlier
from qi_checker.protocol.durations import Duration
from qi_checker.protocol.models import Requirement
from qi_checker.protocol.vocabulary import Reason, Status

UNSETTLED = (Status.DUE, Status.UNKNOWN, Status.EXPIRED, Status.MISSING)
NO_OWNER = (Status.MET, Status.EXEMPT, Status.NOT_APPLICABLE)
NO_LEAD_TIME = Duration(0, "working day")


def finding(requirement: Requirement, decision: Decision, chart: Chart) -> dict[str, Any]:
    """All columns of a finding but its sentence."""
    question, event = decision.question, decision.event
    at = event.at if event else None
    through = _valid_through(decision)
    return {
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
        "owner": None if decision.status in NO_OWNER else requirement.owner,
    }


def _valid_through(decision: Decision) -> date | None:
    """The last anchor date for which the event would be inside; of several the oldest counts."""
    told = decision.status in (Status.MET, Status.BOOKED) or decision.reason in (
        Reason.TOO_OLD,
        Reason.FORBIDDEN_EVENT,
    )
    event, question = decision.last or decision.event, decision.question
    if not told or not event or not event.at or not question:
        return None
    surgery = [s for s in question.stretches if s.span.before == "surgery"]
    ends = [end for s in surgery if (end := s.last_anchor(event.at))]
    return min(ends, default=None)


def _act_by(requirement: Requirement, decision: Decision, chart: Chart) -> date | None:
    question, site = decision.question, chart.setting.site
    if decision.status not in UNSETTLED or not question or not question.closes:
        return None
    if not chart.case.upcoming and not chart.live(question):
        return None
    lead = requirement.lead_time or site.lead_time or NO_LEAD_TIME
    return earlier(question.closes, lead, site.holidays)
