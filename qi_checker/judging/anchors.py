"""The dates that windows are counted from, and the order in which they become known."""

from __future__ import annotations

from collections.abc import Iterator

from qi_checker.judging.charts import Chart
from qi_checker.judging.questions import Question
from qi_checker.judging.stretches import Stretch
from qi_checker.judging.values import Unreadable, When, read_when
from qi_checker.protocol.models import Requirement
from qi_checker.protocol.selectors import RequirementCondition
from qi_checker.protocol.vocabulary import Status
from qi_checker.protocol.windows import Anchor, AnchorRef, Window


def anchor_date(anchor: Anchor, chart: Chart) -> When | None:
    """The value of an anchor, None where it is not known."""
    if anchor == "surgery":
        return chart.case.anchor
    if anchor == "admission":
        return _column("admitted_at", chart)
    assert isinstance(anchor, AnchorRef), "every other anchor is a reference"
    if anchor.column is not None:
        return _column(anchor.column, chart)
    assert anchor.requirement is not None, "a reference has one key"
    decision = chart.decided[anchor.requirement]
    if decision.status not in (Status.MET, Status.BOOKED) or decision.event is None:
        return None
    return known_to_the_day(decision.event.at)


def known_to_the_day(at: When | None) -> When | None:
    """The value, unless it may have been on several days."""
    return at if at and at.lo == at.hi else None


def _column(name: str, chart: Chart) -> When | None:
    """A date of the case; an own column that cannot be read is no date."""
    row = chart.case.row
    if name in row.dates or not row.text(name):
        return row.dates.get(name)
    try:
        return read_when(row.text(name), chart.setting.site)
    except Unreadable:
        return None


def stretches(window: Window, chart: Chart) -> tuple[Stretch, ...] | None:
    """The spans of a window, each with its anchor; None where an anchor is not known."""
    found = []
    for span in window.spans:
        anchor = anchor_date(span.anchor, chart)
        if anchor is None:
            return None
        found.append(Stretch(span, anchor, chart.setting.site.holidays))
    return tuple(found)


def question_of(requirement: Requirement, chart: Chart) -> Question | None:
    """What a requirement asks; None where an anchor is not known."""
    found = stretches(requirement.window, chart)
    if found is None:
        return None
    same_day, pet_ct = requirement.same_day, requirement.pet_ct
    return Question(requirement.event, found, same_day, pet_ct, requirement.forbidden)


def in_order(requirements: tuple[Requirement, ...]) -> list[Requirement]:
    """Every requirement after those that it refers to."""
    by_id = {requirement.id: requirement for requirement in requirements}
    found: dict[str, Requirement] = {}

    def add(requirement: Requirement) -> None:
        if requirement.id not in found:
            for other in _refers_to(requirement):
                add(by_id[other])
            found[requirement.id] = requirement

    for requirement in requirements:
        add(requirement)
    return list(found.values())


def _refers_to(requirement: Requirement) -> Iterator[str]:
    yield from required_anchors(requirement.window)
    if requirement.applies_if:
        yield from _named_by(requirement.applies_if)


def required_anchors(window: Window) -> Iterator[str]:
    """The requirements whose event a window is counted from, in the order of its spans."""
    for span in window.spans:
        if isinstance(span.anchor, AnchorRef) and span.anchor.requirement is not None:
            yield span.anchor.requirement


def _named_by(condition: RequirementCondition) -> Iterator[str]:
    for inner in (*(condition.all_of or []), *(condition.any_of or [])):
        yield from _named_by(inner)
    if condition.event:
        yield from required_anchors(condition.event.window)
    if condition.chosen:
        yield condition.chosen.requirement
        yield from required_anchors(condition.chosen.window)
