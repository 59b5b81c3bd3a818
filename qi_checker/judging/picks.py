"""Which events are counted, where several are needed, perhaps some time apart: section 7."""

from __future__ import annotations

from collections.abc import Iterable

from qi_checker.judging.days import earlier
from qi_checker.judging.judged import latest
from qi_checker.judging.records import Event
from qi_checker.protocol.models import Requirement


def pick(events: Iterable[Event], requirement: Requirement) -> list[Event]:
    """As many as are needed, or as there are: the latest, and the latest far enough before it."""
    left, picks = list(events), list[Event]()
    while left and len(picks) < needed(requirement):
        best = latest(left)
        assert best is not None, "something is left"
        picks.append(best)
        left = [e for e in left if e is not best and _far_enough(e, best, requirement)]
    return picks


def needed(requirement: Requirement) -> int:
    """How many events the requirement asks for."""
    return requirement.count or 1


def _far_enough(event: Event, last: Event, requirement: Requirement) -> bool:
    if requirement.apart is None:
        return True
    assert event.at and last.at, "an event without a date does not pass"
    return event.at.hi <= earlier(last.at.lo, requirement.apart.at_least)
