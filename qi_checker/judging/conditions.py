"""Conditions on events: `applies_if`, `none_between`, and why they may be undecided: section 7."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from qi_checker.judging.cases import attribute_part
from qi_checker.judging.chart import Chart, known_to_the_day, stretches, waits_for
from qi_checker.judging.context import delivered_until
from qi_checker.judging.outcomes import Between, Judged, Keys, Part, Truth, earliest, latest
from qi_checker.judging.records import Event
from qi_checker.judging.rows import EXTERNAL_UNDATED
from qi_checker.judging.spans import Outcome, Stretch
from qi_checker.judging.values import When
from qi_checker.judging.windows import Criterion, Question, window
from qi_checker.protocol.models import Requirement
from qi_checker.protocol.selectors import ChosenWithin, EventWithin, RequirementCondition
from qi_checker.protocol.vocabulary import Reason, Status
from qi_checker.protocol.windows import Anchor, AnchorRef, Span

_OF_OUTCOME = {
    Outcome.PASS: Truth.TRUE,
    Outcome.UNDECIDED: Truth.UNDECIDED,
    Outcome.FAIL: Truth.FALSE,
}


# ---- whether there is such an event --------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Doubt:
    """Why it is unknown whether an event exists, and the event or row that leaves it open."""

    reason: Reason
    event: Event | None = None


def doubt(
    judged: Sequence[Judged],
    rejected: Sequence[Judged],
    question: Question,
    chart: Chart,
    needed: int = 1,
) -> Doubt | None:
    """Return why it is unknown whether `needed` more events exist; None if they do not."""
    undecided = [j for j in judged if j.done and j.undecided]
    if len(undecided) + len(rejected) >= needed:
        return _by_event(undecided) or _by_row(rejected)
    setting = chart.setting
    until = delivered_until(question.event, setting.context, setting.as_of, setting.site)
    if until is None or (question.closes and until >= question.closes):
        return None
    return Doubt(Reason.FEED_STALE)


def _by_event(undecided: Sequence[Judged]) -> Doubt | None:
    """Return the event that may fulfil the question and is nearest to it."""
    best = min(undecided, key=lambda j: j.rank, default=None)
    return Doubt(best.reason, best.event) if best and best.reason else None


def _by_row(rejected: Sequence[Judged]) -> Doubt | None:
    first = min((j.event for j in rejected), key=lambda e: (not e.id, e.id, e.row), default=None)
    if first is None:
        return None
    undated = first.reject == EXTERNAL_UNDATED
    return Doubt(Reason.EXTERNAL_UNDATED if undated else Reason.REJECTED_RECORD, first)


def _answer(judged: list[Judged], question: Question, chart: Chart) -> Truth:
    """Whether there is such an event."""
    if any(j.done and j.passes for j in judged):
        return Truth.TRUE
    unknown = doubt(judged, chart.rejected(question), question, chart)
    return Truth.UNDECIDED if unknown else Truth.FALSE


# ---- applies_if ----------------------------------------------------------------------------------


def condition_part(condition: RequirementCondition, chart: Chart, keys: Keys) -> Part:
    """Test a requirement's condition at these keys on a case."""
    for name, combine in (("all_of", min), ("any_of", max)):
        members: Sequence[RequirementCondition] | None = getattr(condition, name)
        if members:
            parts = tuple(
                condition_part(member, chart, (*keys, name, n)) for n, member in enumerate(members)
            )
            truth = combine(p.truth for p in parts)
            waits = all(p.waits for p in parts if p.truth is Truth.UNDECIDED)
            return Part((*keys, name), condition, truth, parts=parts, waits=waits)
    if condition.event:
        truth, events = _event(condition.event, chart)
        waits = waits_for(condition.event.window, chart)
        return Part((*keys, "event"), condition, truth, events=tuple(events), waits=waits)
    if condition.chosen:
        decision = chart.decided[condition.chosen.requirement]
        truth = _chosen(condition.chosen, chart)
        chosen = decision.status is not Status.UNKNOWN
        waits = chosen and waits_for(condition.chosen.window, chart)
        return Part((*keys, "chosen"), condition, truth, chosen=decision, waits=waits)
    return attribute_part(condition, chart.case.row, chart.setting.catalogue, keys)


def _event(wanted: EventWithin, chart: Chart) -> tuple[Truth, list[Judged]]:
    """Return whether there is such an event, and the events considered."""
    spans = stretches(wanted.window, chart)
    if not spans:
        return Truth.UNDECIDED, []
    question = Question(wanted, spans, silence_decides=True)
    judged = chart.judged(question)
    return _answer(judged, question, chart), judged


def _chosen(wanted: ChosenWithin, chart: Chart) -> Truth:
    """Whether the event that was chosen for another requirement is in a window."""
    decision = chart.decided[wanted.requirement]
    if decision.status is Status.UNKNOWN:
        return Truth.UNDECIDED
    if decision.status not in (Status.MET, Status.BOOKED) or not decision.event:
        return Truth.FALSE
    spans = stretches(wanted.window, chart)
    if not spans or not decision.question:
        return Truth.UNDECIDED
    return _OF_OUTCOME[window(decision.event, Question(decision.question.event, spans)).outcome]


# ---- none_between --------------------------------------------------------------------------------


def lies_between(
    requirement: Requirement, question: Question, chosen: Event, chart: Chart
) -> tuple[Between, ...]:
    """Judge what happened between the chosen event and the anchor, line by line."""
    if not requirement.none_between:
        return ()
    at = known_to_the_day(chosen.at)
    span = _between(requirement.id, at, question.stretches[0], chart) if at else None
    between = []
    for n, rule in enumerate(requirement.none_between):
        keys: Keys = ("none_between", n)
        if span is None:
            between.append(Between(keys, rule, Truth.UNDECIDED))
            continue
        probe = Question(rule.event, span, silence_decides=True)
        judged = [j for j in chart.judged(probe) if j.event is not chosen]
        between.append(Between(keys, rule, _answer(judged, probe, chart), tuple(judged)))
    return tuple(between)


def worst(between: Sequence[Between]) -> Truth:
    """Return the worst outcome of the lines that invalidate the event (`then: fail`)."""
    return max((b.truth for b in between if b.rule.then == "fail"), default=Truth.FALSE)


def may_still_count(
    judged: Sequence[Judged], chosen: Event, between: Sequence[Between], back: bool
) -> list[Judged]:
    """Return completed events that may lie on the other side of what invalidated the chosen one.

    They are undecided: a scan without a recorded region, or without a clock time on the day of a
    therapy, may have been made after it. `back`: whether the window counts back from its anchor.
    """
    worst_of = latest if back else earliest
    invalid = [
        worst_of(j.event for j in b.events if j.done and j.passes)
        for b in between
        if b.rule.then == "fail" and b.truth is Truth.TRUE
    ]
    undecided = []
    for j in judged:
        possible = j.done and j.possible and j.event is not chosen
        if possible and not any(x and _beyond(j.event, x, back) for x in invalid):
            undecided.append(j if j.undecided else _undecided(j))
    return undecided


_BETWEEN_UNKNOWN = Criterion(Outcome.UNDECIDED, Reason.BETWEEN_UNKNOWN)


def _undecided(judged: Judged) -> Judged:
    """Return an event that passes, as one of which it is unknown what came between."""
    criteria = (*judged.criteria[:-1], _BETWEEN_UNKNOWN)
    return Judged(judged.event, criteria, judged.done, judged.near_miss, judged.distance)


def _beyond(event: Event, other: Event, back: bool) -> bool:
    """Whether `other` certainly lies between an event and the anchor."""
    if event is other or event.at is None or other.at is None:
        return False
    first, second = (event.at, other.at) if back else (other.at, event.at)
    if first.lo == second.lo and first.clock and second.clock:
        return not second.before(first) if back else first.before(second)
    return first.hi < second.lo


def _between(id: str, at: When, first: Stretch, chart: Chart) -> tuple[Stretch, ...]:
    """Return the span from the chosen event to the anchor of the first span, or the reverse."""
    anchor, holidays = first.span.anchor, chart.setting.site.holidays
    if first.back:
        since, until = (_after_chosen(id), at), (_side(anchor, before=True), first.anchor)
    else:
        since, until = (_side(anchor, before=False), first.anchor), (_before_chosen(id), at)
    return Stretch(*since, holidays), Stretch(*until, holidays)


# Spans are protocol models, which are validated when they are made: that takes half as long as the
# rest of a case, so each is made once.
@cache
def _after_chosen(id: str) -> Span:
    return Span(after=AnchorRef(requirement=id))


@cache
def _before_chosen(id: str) -> Span:
    return Span(before=AnchorRef(requirement=id))


@cache
def _side(anchor: Anchor, before: bool) -> Span:
    return Span(before=anchor) if before else Span(after=anchor)
