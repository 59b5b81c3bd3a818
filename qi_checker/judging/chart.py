"""Everything known about one case, and the decisions about its requirements so far."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from qi_checker.judging.cases import Case
from qi_checker.judging.context import Setting
from qi_checker.judging.criteria import judge, judge_all
from qi_checker.judging.exceptions import Excepted
from qi_checker.judging.outcomes import Decision, Judged
from qi_checker.judging.records import History
from qi_checker.judging.spans import Stretch
from qi_checker.judging.values import Unreadable, When, read_when
from qi_checker.judging.windows import Question
from qi_checker.protocol.models import Requirement, Version
from qi_checker.protocol.selectors import RequirementCondition
from qi_checker.protocol.vocabulary import Status
from qi_checker.protocol.windows import Anchor, AnchorRef, Window


@dataclass(eq=False)
class Chart:
    """A case with its patient's history; `excepted`: the waivers by requirement id."""

    case: Case
    history: History
    excepted: dict[str, Excepted]
    setting: Setting
    decided: dict[str, Decision] = field(default_factory=dict)

    def judged(self, question: Question) -> list[Judged]:
        """Judge every event of the question's kind."""
        return judge_all(self.history.events, question, self.case, self.setting)

    def rejected(self, question: Question) -> list[Judged]:
        """Find rejected rows with nothing readable that contradicts the question."""
        rejects = []
        for event in self.history.evidence:
            if event.torn:
                rejects.append(Judged(event, (), done=True, near_miss=True, distance=None))
            elif event.kind in ("", question.event.kind):
                judged = judge(event, question, self.case, self.setting)
                if judged.possible:
                    rejects.append(judged)
        return rejects

    def live(self, question: Question) -> bool:
        """Whether there is still time; by the clock if `as_of` and the window have clock times."""
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
    """Return the value of an anchor, None if unknown."""
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


def comes_later(anchor: Anchor, chart: Chart) -> bool:
    """Whether an unknown anchor is not known yet: a date of an upcoming case, or a `due` requirement.

    The end of an operation, a discharge or an admission is recorded only after it has happened.
    """
    if isinstance(anchor, AnchorRef) and anchor.requirement is not None:
        return chart.decided[anchor.requirement].status is Status.DUE
    return chart.case.upcoming


def waits_for(window: Window, chart: Chart) -> bool:
    """Whether every unknown anchor of a window becomes known later; False if all are known."""
    unknown = [s.anchor for s in window.spans if anchor_date(s.anchor, chart) is None]
    return bool(unknown) and all(comes_later(anchor, chart) for anchor in unknown)


def known_to_the_day(at: When | None) -> When | None:
    """Return the value, unless it may have been on several days."""
    return at if at and at.lo == at.hi else None


def _column(name: str, chart: Chart) -> When | None:
    """Return a date of the case; an own column that cannot be read counts as missing."""
    row = chart.case.row
    if name in row.dates or not row.text(name):
        return row.dates.get(name)
    try:
        return read_when(row.text(name), chart.setting.site)
    except Unreadable:
        return None


def stretches(window: Window, chart: Chart) -> tuple[Stretch, ...] | None:
    """Return the spans of a window, each with its anchor; None if an anchor is unknown."""
    result = []
    for span in window.spans:
        anchor = anchor_date(span.anchor, chart)
        if anchor is None:
            return None
        result.append(Stretch(span, anchor, chart.setting.site.holidays))
    return tuple(result)


def question_of(requirement: Requirement, chart: Chart) -> Question | None:
    """Return a requirement as a question; None if an anchor is unknown."""
    spans = stretches(requirement.window, chart)
    if spans is None:
        return None
    same_day, pet_ct = requirement.same_day, requirement.pet_ct
    return Question(requirement.event, spans, same_day, pet_ct, requirement.forbidden)


# ---- the order in which requirements are decided -------------------------------------------------


def in_order(version: Version) -> list[Requirement]:
    """List every requirement after those it refers to."""
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
    """List the requirements that anchor a window, in the order of its spans."""
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
