"""The status of one requirement of one case, and why: docs/evaluation.md, section 7."""

from __future__ import annotations

from dataclasses import replace

from qi_checker.judging.anchors import anchor_date, question_of, required_anchors
from qi_checker.judging.between import lies_between
from qi_checker.judging.charts import Chart, Decision
from qi_checker.judging.conditions import applies
from qi_checker.judging.doubts import doubt
from qi_checker.judging.judged import Judged, judge_all, latest
from qi_checker.judging.outcomes import Outcome, Truth
from qi_checker.judging.picks import needed, pick
from qi_checker.judging.questions import Question
from qi_checker.judging.records import Event
from qi_checker.protocol.models import Requirement
from qi_checker.protocol.vocabulary import Reason, Status
from qi_checker.protocol.windows import AnchorRef

EXCEPTED = Decision(Status.EXEMPT, Reason.EXCEPTED)


def decide(requirement: Requirement, chart: Chart) -> Decision:
    """The first status that holds."""
    if chart.case.ruled_out:
        return Decision(Status.NOT_APPLICABLE, chart.case.ruled_out)
    asked = applies(requirement, chart)
    anchors = [chart.decided[id] for id in required_anchors(requirement.window)]
    if asked is Truth.FALSE or any(a.status is Status.NOT_APPLICABLE for a in anchors):
        return Decision(Status.NOT_APPLICABLE, Reason.CONDITION_NOT_MET)
    question = question_of(requirement, chart)
    if question is None:
        return _anchor_unknown(requirement, chart)
    if requirement.forbidden:
        decision = _forbidden(requirement, question, chart)
    else:
        decision = _needed(requirement, question, chart)
    if asked is Truth.UNDECIDED and decision.status not in (Status.MET, Status.EXEMPT):
        decision = replace(decision, status=Status.UNKNOWN, reason=Reason.CONDITION_UNKNOWN)
    return replace(decision, question=question)


def _anchor_unknown(requirement: Requirement, chart: Chart) -> Decision:
    """Nothing can be counted; if the anchor is still to come, so is this."""
    if requirement.id in chart.excepted:
        return EXCEPTED
    spans = requirement.window.spans
    first = next(span.anchor for span in spans if anchor_date(span.anchor, chart) is None)
    is_due = (
        isinstance(first, AnchorRef)
        and first.requirement is not None
        and chart.decided[first.requirement].status is Status.DUE
    )
    return Decision(Status.DUE if is_due else Status.UNKNOWN, Reason.ANCHOR_UNKNOWN)


def _forbidden(requirement: Requirement, question: Question, chart: Chart) -> Decision:
    """Turned round: met where no such event is there, and the source would have told of one."""
    judged = judge_all(question, chart)
    there, booking = _passing(judged, done=True), _passing(judged, done=False)
    found: Decision | None
    if there:
        found = Decision(Status.MISSING, Reason.FORBIDDEN_EVENT, latest(there))
    elif unknown := doubt(judged, question, chart):
        found = unknown
    elif question.event.kind not in chart.history.delivered:
        found = Decision(Status.UNKNOWN, Reason.NO_SUCH_RECORDS)
    elif booking and chart.live(question):
        found = Decision(Status.DUE, Reason.FORBIDDEN_EVENT, latest(booking))
    else:
        return Decision(Status.MET, Reason.NONE_FOUND)
    return EXCEPTED if requirement.id in chart.excepted else found


def _passing(judged: list[Judged], done: bool) -> list[Event]:
    """Events that pass every criterion: those that are done, or the bookings."""
    return [j.event for j in judged if j.passes and j.done is done]


def _needed(requirement: Requirement, question: Question, chart: Chart) -> Decision:
    """Met if enough events are there, and nothing has happened since that takes them away."""
    judged = judge_all(question, chart)
    picks = pick(_passing(judged, done=True), requirement)
    if len(picks) < needed(requirement):
        return _not_met(requirement, question, judged, chart)
    between = lies_between(requirement, question, picks[0], chart)
    if between is Truth.FALSE:
        return Decision(Status.MET, Reason.IN_WINDOW, picks[0], picks[-1])
    if between is Truth.UNDECIDED:
        unknown = Decision(Status.UNKNOWN, Reason.BETWEEN_UNKNOWN, picks[0])
        return EXCEPTED if requirement.id in chart.excepted else unknown
    left = [j for j in judged if not j.done]
    decision = _not_met(requirement, question, left, chart)
    if decision.status in (Status.DUE, Status.MISSING):
        return Decision(decision.status, Reason.EVENT_BETWEEN, picks[0])
    return decision


def _not_met(
    requirement: Requirement, question: Question, judged: list[Judged], chart: Chart
) -> Decision:
    """What it is instead: exempt, booked, unknown, due, expired or missing."""
    if requirement.id in chart.excepted:
        return EXCEPTED
    passing, bookings = _passing(judged, done=True), _passing(judged, done=False)
    planned = pick([*passing, *bookings], requirement)
    if chart.live(question) and len(planned) == needed(requirement):
        appointment = latest(e for e in planned if e in bookings)
        return Decision(Status.BOOKED, Reason.BOOKED_IN_WINDOW, appointment, planned[-1])
    picks = pick(passing, requirement)
    still_needed = needed(requirement) - len(picks)
    return doubt(judged, question, chart, still_needed) or _unfulfilled(
        requirement, question, judged, chart
    )


def _unfulfilled(
    requirement: Requirement, question: Question, judged: list[Judged], chart: Chart
) -> Decision:
    """Due, expired or missing, with the nearest miss."""
    status = Status.MISSING
    if chart.live(question):
        status = Status.DUE
    elif any(_only_too_old(j) for j in judged):
        status = Status.EXPIRED
    passing = _passing(judged, done=True)
    if passing:
        enough = len(passing) >= needed(requirement)
        return Decision(status, Reason.TOO_CLOSE if enough else Reason.TOO_FEW, latest(passing))
    nearest = min(
        (j for j in judged if j.near_miss),
        key=lambda j: (len(j.criteria) - j.count(Outcome.PASS), *j.nearness),
        default=None,
    )
    if nearest:
        return Decision(status, nearest.reason or Reason.TOO_FEW, nearest.event)
    too_early = question.opens is not None and chart.setting.as_of.date < question.opens
    return Decision(status, Reason.WINDOW_NOT_OPEN if too_early else Reason.NEVER_ORDERED)


def _only_too_old(judged: Judged) -> bool:
    """Whether an event that is done has passed but for its age."""
    return judged.done and judged.right_study and judged.window.reason is Reason.TOO_OLD
