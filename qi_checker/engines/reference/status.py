"""The status of one requirement of one case, and why: docs/evaluation.md, sections 6 to 8."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from qi_checker.engines.reference.cases import Case
from qi_checker.engines.reference.criteria import Outcome
from qi_checker.engines.reference.days import last_anchor, working_days_before
from qi_checker.engines.reference.judged import Judged, judge
from qi_checker.engines.reference.records import Event, History, Setting
from qi_checker.engines.reference.rows import EXTERNAL_UNDATED
from qi_checker.protocol.models import Requirement
from qi_checker.protocol.vocabulary import Reason, Status

UNSETTLED = (Status.DUE, Status.UNKNOWN, Status.EXPIRED, Status.MISSING)
NO_OWNER = (Status.MET, Status.EXEMPT, Status.NOT_APPLICABLE)


@dataclass(frozen=True)
class Decision:
    """A status, its reason, and the event that it was decided by."""

    status: Status
    reason: Reason
    event: Event | None = None


def judge_all(
    events: list[Event], requirement: Requirement, case: Case, setting: Setting
) -> list[Judged]:
    """Hold the events of the requirement's kind against it."""
    kind = requirement.event.kind
    return [judge(e, requirement, case, setting) for e in events if e.kind == kind]


def decide(
    case: Case, requirement: Requirement, history: History, excepted: bool, setting: Setting
) -> Decision:
    """The first status that holds."""
    if case.ruled_out:
        return Decision(Status.NOT_APPLICABLE, case.ruled_out)
    judged = judge_all(history.events.get(case.patient, []), requirement, case, setting)
    fulfilling = _latest([j.event for j in judged if j.passes and j.event.status == "completed"])
    if fulfilling:
        return Decision(Status.MET, Reason.IN_WINDOW, fulfilling)
    if excepted:
        return Decision(Status.EXEMPT, Reason.EXCEPTED)
    booking = _latest([j.event for j in judged if j.passes and j.event.status == "booked"])
    if case.upcoming and booking:
        return Decision(Status.BOOKED, Reason.BOOKED_IN_WINDOW, booking)
    return (
        _undecided(judged)
        or _rejected(history.evidence.get(case.patient, []), requirement, case, setting)
        or _stale(requirement, case, history, setting)
        or _unfulfilled(judged, requirement, case, setting)
    )


def _latest(events: list[Event]) -> Event | None:
    """The latest first possible day, then the lowest id."""
    return min(events, key=lambda e: (_days_back(e), e.id), default=None)


def _days_back(event: Event) -> int:
    """Sorts the latest first possible day first, and events without a date last."""
    return -event.at.lo.toordinal() if event.at else 0


def _nearness(judged: Judged) -> tuple[float, int, str]:
    distance = float("inf") if judged.distance is None else judged.distance
    return distance, _days_back(judged.event), judged.event.id


def _undecided(judged: list[Judged]) -> Decision | None:
    """A completed event that may fulfil the requirement."""
    open_ones = [
        j
        for j in judged
        if j.event.status == "completed" and _possible(j) and j.count(Outcome.UNDECIDED)
    ]
    best = min(open_ones, key=lambda j: (j.count(Outcome.UNDECIDED), *_nearness(j)), default=None)
    return Decision(Status.UNKNOWN, best.reason, best.event) if best and best.reason else None


def _rejected(
    evidence: list[Event], requirement: Requirement, case: Case, setting: Setting
) -> Decision | None:
    """A row that could not be used, and that nothing readable speaks against."""
    kind = requirement.event.kind
    evidence = [e for e in evidence if e.kind in ("", kind)]
    rows = [e for e in evidence if e.torn or _possible(judge(e, requirement, case, setting))]
    first = min(rows, key=lambda e: (not e.id, e.id, e.row), default=None)
    if first is None:
        return None
    undated = first.reject == EXTERNAL_UNDATED
    reason = Reason.EXTERNAL_UNDATED if undated else Reason.REJECTED_RECORD
    return Decision(Status.UNKNOWN, reason, first)


def _possible(judged: Judged) -> bool:
    return judged.near_miss and not judged.count(Outcome.FAIL)


def _stale(
    requirement: Requirement, case: Case, history: History, setting: Setting
) -> Decision | None:
    """The source has been silent for too long to say that a study is not there."""
    allowed = setting.site.feeds.get(requirement.event.kind)
    newest = history.newest.get(requirement.event.kind)
    if allowed and newest and newest < min(allowed.before(setting.as_of.date), case.day):
        return Decision(Status.UNKNOWN, Reason.FEED_STALE)
    return None


def _unfulfilled(
    judged: list[Judged], requirement: Requirement, case: Case, setting: Setting
) -> Decision:
    too_old = any(
        j.event.status == "completed" and j.right_study and j.window.reason is Reason.TOO_OLD
        for j in judged
    )
    status = Status.DUE if case.upcoming else Status.EXPIRED if too_old else Status.MISSING
    nearest = min(
        (j for j in judged if j.near_miss),
        key=lambda j: (len(j.criteria) - j.count(Outcome.PASS), *_nearness(j)),
        default=None,
    )
    if nearest and nearest.reason:
        return Decision(status, nearest.reason, nearest.event)
    opens = requirement.window.opens(case.day)
    too_early = opens is not None and setting.as_of.date < opens
    return Decision(status, Reason.WINDOW_NOT_OPEN if too_early else Reason.NEVER_ORDERED)


def finding(
    case: Case, requirement: Requirement, decision: Decision, setting: Setting
) -> dict[str, Any]:
    """All columns of a finding but its sentence."""
    applies = decision.status is not Status.NOT_APPLICABLE
    at = decision.event.at if decision.event else None
    through = _valid_through(requirement, decision)
    return {
        "case_id": case.id,
        "requirement": requirement.id,
        "status": str(decision.status),
        "reason": str(decision.reason),
        "event_id": (decision.event.id or None) if decision.event else None,
        "event_date": at.lo if at else None,
        "days_before": (case.day - at.lo).days if at else None,
        "window_opens": requirement.window.opens(case.day) if applies else None,
        "window_closes": case.day if applies else None,
        "valid_through": through,
        "slack_days": (through - case.day).days if through else None,
        "act_by": _act_by(case, requirement, decision, setting),
        "owner": None if decision.status in NO_OWNER else requirement.owner,
    }


def _valid_through(requirement: Requirement, decision: Decision) -> date | None:
    told = decision.status in (Status.MET, Status.BOOKED) or decision.reason is Reason.TOO_OLD
    if not told or decision.event is None or decision.event.at is None:
        return None
    return last_anchor(requirement.window, decision.event.at.lo)


def _act_by(
    case: Case, requirement: Requirement, decision: Decision, setting: Setting
) -> date | None:
    if not case.upcoming or decision.status not in UNSETTLED:
        return None
    lead = requirement.lead_time or setting.site.lead_time
    return working_days_before(case.day, lead.amount if lead else 0, setting.site.holidays)
