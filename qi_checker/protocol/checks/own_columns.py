"""Columns that a protocol names and the records contract does not know."""

from __future__ import annotations

from collections.abc import Iterator

from qi_checker.protocol.models import Protocol, Requirement
from qi_checker.protocol.records import CASES, EVENTS
from qi_checker.protocol.selectors import Condition, EventSelector, RequirementCondition
from qi_checker.protocol.windows import AnchorRef, Window

AnyCondition = Condition | RequirementCondition


def own_columns(protocol: Protocol) -> dict[str, set[str]]:
    """Per table the columns that conditions, windows and selections of events name."""
    cases: set[str] = set()
    events: set[str] = set()
    for version in protocol.versions:
        asked = [version.applies_to, *(exclusion.when for exclusion in version.exclude)]
        for condition in asked:
            cases |= {c.column.name for c in _inner(condition) if c.column}
        for requirement in version.leaves:
            conditions = list(_inner(requirement.applies_if))
            cases |= {c.column.name for c in conditions if c.column}
            cases |= set(_anchor_columns(requirement, conditions))
            events |= set(_event_columns(requirement, conditions))
    return {CASES.name: cases, EVENTS.name: events}


def _inner(condition: AnyCondition | None) -> Iterator[AnyCondition]:
    """A condition, and those inside its groups."""
    if condition is not None:
        yield condition
        for inner in (*(condition.all_of or ()), *(condition.any_of or ())):
            yield from _inner(inner)


def _anchor_columns(requirement: Requirement, conditions: list[AnyCondition]) -> Iterator[str]:
    windows: list[Window] = [requirement.window]
    for condition in conditions:
        if isinstance(condition, RequirementCondition):
            windows += [held.window for held in (condition.event, condition.chosen) if held]
    for window in windows:
        for span in window.spans:
            if isinstance(span.anchor, AnchorRef) and span.anchor.column is not None:
                yield span.anchor.column


def _event_columns(requirement: Requirement, conditions: list[AnyCondition]) -> Iterator[str]:
    selectors: list[EventSelector] = [requirement.event]
    selectors += [between.event for between in requirement.none_between]
    for condition in conditions:
        if isinstance(condition, RequirementCondition) and condition.event is not None:
            selectors.append(condition.event)
    for selector in selectors:
        yield from (column.name for column in selector.columns or ())
