"""`applies_if`: whether a requirement is asked of a case at all: section 7."""

from __future__ import annotations

from qi_checker.judging.anchors import stretches
from qi_checker.judging.cases import attribute_holds
from qi_checker.judging.charts import Chart
from qi_checker.judging.doubts import answer
from qi_checker.judging.outcomes import Outcome, Truth
from qi_checker.judging.questions import Question
from qi_checker.judging.window import window
from qi_checker.protocol.models import Requirement
from qi_checker.protocol.selectors import ChosenWithin, EventWithin, RequirementCondition
from qi_checker.protocol.vocabulary import Status

OF_OUTCOME = {
    Outcome.PASS: Truth.TRUE,
    Outcome.UNDECIDED: Truth.UNDECIDED,
    Outcome.FAIL: Truth.FALSE,
}


def applies(requirement: Requirement, chart: Chart) -> Truth:
    """Whether the requirement is asked; always, without a condition."""
    return truth_of(requirement.applies_if, chart) if requirement.applies_if else Truth.TRUE


def truth_of(condition: RequirementCondition, chart: Chart) -> Truth:
    if condition.all_of:
        return min(truth_of(inner, chart) for inner in condition.all_of)
    if condition.any_of:
        return max(truth_of(inner, chart) for inner in condition.any_of)
    if condition.event:
        return _event(condition.event, chart)
    if condition.chosen:
        return _chosen(condition.chosen, chart)
    held = attribute_holds(condition, chart.case.row, chart.setting.catalogue)
    return Truth.TRUE if held else Truth.FALSE


def _event(wanted: EventWithin, chart: Chart) -> Truth:
    """There is such an event."""
    found = stretches(wanted.window, chart)
    question = Question(wanted, found, silence_decides=True) if found else None
    return answer(question, chart) if question else Truth.UNDECIDED


def _chosen(wanted: ChosenWithin, chart: Chart) -> Truth:
    """The event that was chosen for another requirement lies in a window."""
    decision = chart.decided[wanted.requirement]
    if decision.status is Status.UNKNOWN:
        return Truth.UNDECIDED
    if decision.status not in (Status.MET, Status.BOOKED) or not decision.event:
        return Truth.FALSE
    found = stretches(wanted.window, chart)
    if not found or not decision.question:
        return Truth.UNDECIDED
    return OF_OUTCOME[window(decision.event, Question(decision.question.event, found)).outcome]
