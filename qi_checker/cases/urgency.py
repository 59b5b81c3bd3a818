"""The coordinator's list in the order of the day: what is overdue, due today, this week, later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from qi_checker.cases.views import Checklist, ChecklistItem

_HEADINGS = (
    ("overdue", "Overdue", "the last day to arrange it has passed: act at once"),
    ("today", "Today", "the last day to arrange it is today"),
    ("week", "In the next 7 days", "the last day to arrange it is near"),
    ("later", "Later", "there is still time"),
    ("undated", "Without a last day", "no last day is known"),
    ("nothing", "Nothing to do", "everything is there, booked or excepted"),
)


@dataclass(frozen=True)
class UrgencyGroup:
    """Cases that are equally pressing."""

    key: str
    heading: str
    meaning: str
    items: tuple[ChecklistItem, ...]
    left_out: int = 0  # more items of this group than are listed


def _key(item: ChecklistItem) -> str:
    if not item.next_action:
        return "nothing"
    if item.days_left is None:
        return "undated"
    if item.days_left < 0:
        return "overdue"
    if item.days_left == 0:
        return "today"
    return "week" if item.days_left <= 7 else "later"


def by_urgency(checklist: Checklist) -> tuple[UrgencyGroup, ...]:
    """The groups that have cases; within a group the checklist's own order."""
    groups: dict[str, list[ChecklistItem]] = {}
    for item in checklist.items:
        groups.setdefault(_key(item), []).append(item)
    return tuple(
        UrgencyGroup(key, heading, meaning, tuple(groups[key]))
        for key, heading, meaning in _HEADINGS
        if key in groups
    )


def cut(groups: Sequence[UrgencyGroup], most: int) -> tuple[UrgencyGroup, ...]:
    """The groups with no more than so many items in all, the most pressing first."""
    kept = []
    for group in groups:
        items = group.items[:most]
        most -= len(items)
        kept.append(replace(group, items=items, left_out=len(group.items) - len(items)))
    return tuple(group for group in kept if group.items)
