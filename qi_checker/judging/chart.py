"""All that is known of one case, and what has been decided about its requirements so far."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qi_checker.judging.cases import Case, Part
from qi_checker.judging.context import Setting
from qi_checker.judging.criteria import Judged, judge, judge_all
from qi_checker.judging.exceptions import Excepted
from qi_checker.judging.records import Event, History
from qi_checker.judging.spans import Stretch
from qi_checker.judging.values import Unreadable, When, read_when
from qi_checker.judging.windows import Question
from qi_checker.protocol.models import Requirement, Version
from qi_checker.protocol.selectors import RequirementCondition
from qi_checker.protocol.vocabulary import Reason, Status
from qi_checker.protocol.windows import Anchor, AnchorRef, Window

if TYPE_CHECKING:
    from qi_checker.judging.conditions import Between


@dataclass(frozen=True, eq=False)
class Decision:
    """A status, its reason, the event that it was decided by, and what was looked at on the way.

    last: the event that makes it hold no longer: of several that are counted the oldest.
    question: what was asked, None where nothing was asked or an anchor is not known.
    events: every event of the kind; rejected: rows that could not be used, and may be evidence.
    applies_if, between: how the conditions of the requirement came out.
    """

    status: Status
    reason: Reason
    event: Event | None = None
    last: Event | None = None
    question: Question | None = None
    events: tuple[Judged, ...] = ()
    rejected: tuple[Judged, ...] = ()
    applies_if: Part | None = None
    between: tuple[Between, ...] = ()


@dataclass(eq=False)
class Chart:
    """A case with its patient's history; `excepted`: what waives a requirement, by its id."""

    case: Case
    history: History
    excepted: dict[str, Excepted]
    setting: Setting
    decided: dict[str, Decision] = field(default_factory=dict)

    def judged(self, question: Question) -> list[Judged]:
        """Hold every event of the question's kind against it."""
        return judge_all(self.history.events, question, self.case, self.setting)

    def rejected(self, question: Question) -> list[Judged]:
        """Find rows that could not be used, and that nothing readable speaks against."""
        found = []
        for event in self.history.evidence:
            if event.torn:
                found.append(Judged(event, (), done=True, near_miss=True, distance=None))
            elif event.kind in ("", question.event.kind):
                judged = judge(event, question, self.case, self.setting)
                if judged.possible:
                    found.append(judged)
        return found

    def live(self, question: Question) -> bool:
        """Whether there is still time; by the clock where `as_of` and the window have one."""
        closes, case, as_of = question.closes, self.case, self.setting.as_of
        if closes and as_of.date > closes:
            return False
        shuts = question.shuts if as_of.clock else None
        if shuts and as_of.clock and as_of.clock > shuts:
            return False
        if case.upcoming or closes is None or closes > case.day:
            return True
        # It closes on the day of surgery: by the clock, unless the operation itself has closed it.
        last = question.last_moment
        if as_of.clock is None or last is None or as_of.clock > last:
            return False
        return not any(s.ends_at_surgery for s in question.stretches)


# ---- the dates that windows are counted from -----------------------------------------------------


def anchor_date(anchor: Anchor, chart: Chart) -> When | None:
    """Give the value of an anchor, None where it is not known."""
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
    """Give the value, unless it may have been on several days."""
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
    """Give the spans of a window, each with its anchor; None where an anchor is not known."""
    found = []
    for span in window.spans:
        anchor = anchor_date(span.anchor, chart)
        if anchor is None:
            return None
        found.append(Stretch(span, anchor, chart.setting.site.holidays))
    return tuple(found)


def question_of(requirement: Requirement, chart: Chart) -> Question | None:
    """Say what a requirement asks; None where an anchor is not known."""
    found = stretches(requirement.window, chart)
    if found is None:
        return None
    same_day, pet_ct = requirement.same_day, requirement.pet_ct
    return Question(requirement.event, found, same_day, pet_ct, requirement.forbidden)


# ---- the order in which requirements are decided -------------------------------------------------


def in_order(version: Version) -> list[Requirement]:
    """List every requirement after those that it refers to."""
    leaves = version.leaves
    by_id = {requirement.id: requirement for requirement in leaves}
    found: dict[str, Requirement] = {}

    def add(requirement: Requirement) -> None:
        if requirement.id not in found:
            for other in _refers_to(requirement):
                add(by_id[other])
            found[requirement.id] = requirement

    for requirement in leaves:
        add(requirement)
    return list(found.values())


def _refers_to(requirement: Requirement) -> Iterator[str]:
    yield from required_anchors(requirement.window)
    if requirement.applies_if:
        yield from _named_by(requirement.applies_if)


def required_anchors(window: Window) -> Iterator[str]:
    """List the requirements whose event a window is counted from, in the order of its spans."""
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
