"""Decide the status of one requirement of one case, and why: docs/evaluation.md, section 7."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from qi_checker.judging.chart import (
    Chart,
    anchor_date,
    comes_later,
    question_of,
    required_anchors,
)
from qi_checker.judging.conditions import (
    condition_part,
    doubt,
    lies_between,
    may_still_count,
    worst,
)
from qi_checker.judging.outcomes import Between, Decision, Judged, Part, Truth, earliest, latest
from qi_checker.judging.records import Event
from qi_checker.judging.values import earlier
from qi_checker.judging.windows import Question
from qi_checker.protocol.models import Requirement
from qi_checker.protocol.vocabulary import Reason, Status

EXCEPTED = Decision(Status.EXEMPT, Reason.EXCEPTED)


def decide(requirement: Requirement, chart: Chart) -> Decision:
    """Find the first status that holds."""
    if chart.case.ruled_out:
        return Decision(Status.NOT_APPLICABLE, chart.case.ruled_out)
    condition: Part | None = None
    if requirement.applies_if:
        condition = condition_part(requirement.applies_if, chart, ("applies_if",))
    applies = condition.truth if condition else Truth.TRUE
    anchors = [chart.decided[id] for id in required_anchors(requirement.window)]
    if applies is Truth.FALSE or any(a.status is Status.NOT_APPLICABLE for a in anchors):
        reason = Reason.CONDITION_NOT_MET
        return Decision(Status.NOT_APPLICABLE, reason, applies_if=condition)
    question = question_of(requirement, chart)
    if question is None:
        return replace(_anchor_unknown(requirement, chart), applies_if=condition)
    judged, rejected = chart.judged(question), chart.rejected(question)
    evidence = _Evidence(requirement, question, judged, rejected, chart)
    decision = _forbidden(evidence) if requirement.forbidden else _needed(evidence)
    status, reason = decision.status, decision.reason
    if condition and applies is Truth.UNDECIDED and status not in (Status.MET, Status.EXEMPT):
        status = Status.DUE if condition.waits else Status.UNKNOWN
        reason = Reason.CONDITION_UNKNOWN
    return Decision(
        status,
        reason,
        decision.event,
        decision.last,
        question,
        tuple(judged),
        tuple(rejected),
        condition,
        decision.between,
    )


def _anchor_unknown(requirement: Requirement, chart: Chart) -> Decision:
    """Return the decision for an unknown anchor; due if the anchor is in the future."""
    if requirement.id in chart.excepted:
        return EXCEPTED
    spans = requirement.window.spans
    first = next(span.anchor for span in spans if anchor_date(span.anchor, chart) is None)
    is_due = comes_later(first, chart)
    return Decision(Status.DUE if is_due else Status.UNKNOWN, Reason.ANCHOR_UNKNOWN)


@dataclass(frozen=True, eq=False)
class _Evidence:
    """A requirement, its question, and everything judged by it."""

    requirement: Requirement
    question: Question
    judged: Sequence[Judged]
    rejected: Sequence[Judged]
    chart: Chart

    @property
    def live(self) -> bool:
        return self.chart.live(self.question)

    def passing(self, done: bool) -> list[Event]:
        """Return events that pass every criterion: completed ones, or the bookings."""
        return [j.event for j in self.judged if j.passes and j.done is done]

    def unknown(self, needed: int = 1) -> Decision | None:
        """Return unknown, if it cannot be decided whether `needed` more events exist."""
        doubtful = doubt(self.judged, self.rejected, self.question, self.chart, needed)
        return Decision(Status.UNKNOWN, doubtful.reason, doubtful.event) if doubtful else None

    def or_exempt(self, decision: Decision) -> Decision:
        """Return the decision, or exempt if an exception covers it."""
        return EXCEPTED if self.requirement.id in self.chart.excepted else decision


def _forbidden(evidence: _Evidence) -> Decision:
    """Decide a forbidden event: met if the window is over, none exists, and the source delivers."""
    there, booking = evidence.passing(done=True), evidence.passing(done=False)
    decision: Decision | None
    if there:
        decision = Decision(Status.MISSING, Reason.FORBIDDEN_EVENT, latest(there))
    elif unknown := evidence.unknown():
        decision = unknown
    elif evidence.question.event.kind not in evidence.chart.setting.context.delivered:
        decision = Decision(Status.UNKNOWN, Reason.NO_SUCH_RECORDS)
    elif booking and evidence.live:
        decision = Decision(Status.DUE, Reason.FORBIDDEN_EVENT, latest(booking))
    elif evidence.live:
        decision = Decision(Status.DUE, Reason.WINDOW_NOT_CLOSED)
    else:
        return Decision(Status.MET, Reason.NONE_FOUND)
    return evidence.or_exempt(decision)


def _needed(evidence: _Evidence) -> Decision:
    """Decide a required event: met if enough exist, and nothing since has invalidated them."""
    requirement, question, chart = evidence.requirement, evidence.question, evidence.chart
    picks = pick(evidence.passing(done=True), requirement)
    if len(picks) < count_of(requirement):
        return _not_met(evidence)
    between = lies_between(requirement, question, picks[0], chart)
    came_between = worst(between)
    if came_between is Truth.FALSE:
        return Decision(Status.MET, Reason.IN_WINDOW, picks[0], picks[-1], between=between)
    if came_between is Truth.UNDECIDED:
        unknown = Decision(Status.UNKNOWN, Reason.BETWEEN_UNKNOWN, picks[0], between=between)
        return evidence.or_exempt(unknown)
    left = [j for j in evidence.judged if not j.done]
    left += may_still_count(evidence.judged, picks[0], between, back=question.stretches[0].back)
    decision = _not_met(replace(evidence, judged=left), needed=1)
    if decision.status in (Status.DUE, Status.MISSING):
        decision = Decision(decision.status, Reason.EVENT_BETWEEN, picks[0])
    return replace(decision, between=between)


def _not_met(evidence: _Evidence, needed: int | None = None) -> Decision:
    """Return the decision if not met: exempt, booked, unknown, due, expired or missing.

    needed: the number of further events; by default those that the requirement still lacks.
    """
    requirement = evidence.requirement
    if requirement.id in evidence.chart.excepted:
        return EXCEPTED
    passing, bookings = evidence.passing(done=True), evidence.passing(done=False)
    planned = pick([*passing, *bookings], requirement)
    if evidence.live and len(planned) == count_of(requirement):
        appointment = latest(e for e in planned if e in bookings)
        between: tuple[Between, ...] = ()
        if appointment is not None:
            between = lies_between(requirement, evidence.question, appointment, evidence.chart)
        return Decision(
            Status.BOOKED, Reason.BOOKED_IN_WINDOW, appointment, planned[-1], between=between
        )
    if needed is None:
        needed = count_of(requirement) - len(pick(passing, requirement))
    return evidence.unknown(needed) or _unfulfilled(evidence)


def _unfulfilled(evidence: _Evidence) -> Decision:
    """Return due, expired or missing, with the nearest miss."""
    status = Status.MISSING
    if evidence.live:
        status = Status.DUE
    elif any(_only_too_old(j) for j in evidence.judged):
        status = Status.EXPIRED
    passing = evidence.passing(done=True)
    if passing:
        enough = len(passing) >= count_of(evidence.requirement)
        return Decision(status, Reason.TOO_CLOSE if enough else Reason.TOO_FEW, latest(passing))
    nearest = min((j for j in evidence.judged if j.near_miss), key=lambda j: j.rank, default=None)
    if nearest:
        otherwise = Reason.TOO_FEW if evidence.requirement.count else Reason.BOOKING_PASSED
        return Decision(status, nearest.reason or otherwise, nearest.event)
    too_early = evidence.question.not_open(evidence.chart.setting.as_of)
    return Decision(status, Reason.WINDOW_NOT_OPEN if too_early else Reason.NEVER_ORDERED)


def _only_too_old(judged: Judged) -> bool:
    """Whether a completed event passes everything except its age."""
    return judged.done and judged.right_study and judged.window.reason is Reason.TOO_OLD


# ---- several events: which are counted --------------------------------------------------------


def pick(events: Iterable[Event], requirement: Requirement) -> list[Event]:
    """Pick as many events as needed or available: the latest, then each far enough before."""
    left, picks = list(events), list[Event]()
    best_of = earliest if requirement.earliest_counts else latest
    while left and len(picks) < count_of(requirement):
        best = best_of(left)
        assert best is not None, "there are events to pick from"
        picks.append(best)
        left = [e for e in left if e is not best and _far_enough(e, best, requirement)]
    return picks


def count_of(requirement: Requirement) -> int:
    """Return how many events the requirement needs."""
    return requirement.count or 1


def _far_enough(event: Event, last: Event, requirement: Requirement) -> bool:
    if requirement.apart is None:
        return True
    assert event.at and last.at, "an event without a date does not pass"
    return event.at.hi <= earlier(last.at.lo, requirement.apart.at_least)
