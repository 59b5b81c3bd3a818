"""What the events of a generated patient are aimed at: everything that a version asks about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qi_checker.protocol.models import Requirement, Version
from qi_checker.protocol.selectors import EventSelector, RequirementCondition
from qi_checker.protocol.windows import AnchorRef, Span


@dataclass(frozen=True)
class Target:
    """An event that is meant, and the spans that it may lie in."""

    event: EventSelector
    spans: Sequence[Span]


def targets(version: Version) -> list[Target]:
    """The events of requirements, of their conditions, and what must not lie between."""
    found = [
        Target(leaf.event, leaf.window.spans)
        for leaf in version.leaves
        for _ in range(2 * (leaf.count or 1))
    ]
    events = {leaf.id: leaf.event for leaf in version.leaves}
    for leaf in version.leaves:
        found += _between(leaf)
        if leaf.applies_if:
            found += _conditions(leaf.applies_if, events)
    return found


def _between(leaf: Requirement) -> Iterator[Target]:
    """Just after the requirement's own event, or just before its anchor."""
    ends = [Span(after=AnchorRef(requirement=leaf.id)), Span(before=leaf.window.anchor)]
    for line in leaf.none_between:
        yield Target(line.event, ends)
        yield Target(line.event, ends)


def _conditions(
    condition: RequirementCondition, events: dict[str, EventSelector]
) -> Iterator[Target]:
    for inner in (*(condition.all_of or []), *(condition.any_of or [])):
        yield from _conditions(inner, events)
    if condition.event:
        yield Target(condition.event, condition.event.window.spans)
    if condition.chosen:
        wanted = condition.chosen
        yield Target(events[wanted.requirement], wanted.window.spans)
