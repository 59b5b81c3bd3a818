"""`none_between`: what happened between the chosen event and the anchor: section 7."""

from __future__ import annotations

from qi_checker.judging.anchors import known_to_the_day
from qi_checker.judging.charts import Chart
from qi_checker.judging.doubts import answer
from qi_checker.judging.outcomes import Truth
from qi_checker.judging.questions import Question
from qi_checker.judging.records import Event
from qi_checker.judging.stretches import Stretch
from qi_checker.judging.values import When
from qi_checker.protocol.models import Requirement
from qi_checker.protocol.windows import AnchorRef, Span


def lies_between(
    requirement: Requirement, question: Question, chosen: Event, chart: Chart
) -> Truth:
    """Whether something is there that takes the chosen event away (`then: fail`)."""
    wanted = [line.event for line in requirement.none_between if line.then == "fail"]
    at = known_to_the_day(chosen.at)
    if not wanted or at is None:
        return Truth.UNDECIDED if wanted else Truth.FALSE
    between = _between(requirement.id, at, question.stretches[0], chart)
    return max(
        answer(Question(event, between, silence_decides=True), chart, but=chosen)
        for event in wanted
    )


def _between(id: str, at: When, first: Stretch, chart: Chart) -> tuple[Stretch, ...]:
    """From the chosen event to the anchor of the first span, or the other way round."""
    chosen, anchor = AnchorRef(requirement=id), first.span.anchor
    holidays = chart.setting.site.holidays
    if first.back:
        since, until = (Span(after=chosen), at), (Span(before=anchor), first.anchor)
    else:
        since, until = (Span(after=anchor), first.anchor), (Span(before=chosen), at)
    return Stretch(*since, holidays), Stretch(*until, holidays)
