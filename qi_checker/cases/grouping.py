"""The coordinator's list under headings: by urgency, desk, surgeon or day of surgery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from qi_checker.cases.actions import LATER, OVERDUE, SOON, TODAY
from qi_checker.cases.views import Checklist, ChecklistItem
from qi_checker.render.words import planned

NOTHING = "nothing"
GROUPINGS = ("urgency", "desk", "surgeon", "day")
_HEADINGS = (
    (OVERDUE, "Overdue", "the last day to arrange it has passed: act at once"),
    (TODAY, "Today", "the last day to arrange it is today"),
    (SOON, "Soon", "the last day to arrange it is near"),
    (LATER, "Later", "there is still time"),
    (NOTHING, "Nothing to do", "everything is there, booked or excepted"),
)


@dataclass(frozen=True)
class LineGroup:
    """Lines under one heading. `meaning` is "" if the heading is enough."""

    key: str
    heading: str
    meaning: str
    items: tuple[ChecklistItem, ...]
    left_out: int = 0  # number of lines of this group that are not listed


def lines_of(item: ChecklistItem) -> tuple[ChecklistItem, ...]:
    """Return a line for each action of an operation; one line if it needs nothing."""
    return tuple(
        replace(
            item,
            next_action=action.text,
            act_by=action.act_by,
            owner=action.owner,
            days_left=action.days_left,
            when=action.when,
            requirement=action.requirement,
            reason=action.reason,
            new=action.new,
            actions=(),
        )
        for action in item.actions
    ) or (item,)


def grouped(checklist: Checklist) -> tuple[LineGroup, ...]:
    """Return the groups with lines, in order; within a group the most urgent line first."""
    lines = [line for item in checklist.items for line in lines_of(item)]
    lines.sort(key=lambda line: (line.act_by or date.max, line.surgery_date, line.case_id))
    groups: dict[str, list[ChecklistItem]] = {}
    for line in lines:
        groups.setdefault(_key(line, checklist.group_by), []).append(line)
    if checklist.group_by == "urgency":
        return tuple(
            LineGroup(key, heading, meaning, tuple(groups[key]))
            for key, heading, meaning in _HEADINGS
            if key in groups
        )
    return tuple(
        LineGroup(key, _heading(key, checklist, groups[key][0]), "", tuple(groups[key]))
        for key in sorted(groups)
    )


_LAST = "\uffff"  # sorts after every name


def _key(line: ChecklistItem, group_by: str) -> str:
    if group_by == "urgency":
        return line.when or NOTHING
    if group_by == "desk":
        return line.owner if line.when else _LAST
    if group_by == "surgeon":
        return line.surgeon or _LAST
    return str(line.surgery_date)


def _heading(key: str, checklist: Checklist, first: ChecklistItem) -> str:
    if key == _LAST:
        return "No surgeon named" if checklist.group_by == "surgeon" else "Nothing to do"
    if checklist.group_by == "day":
        return f"Surgery on {planned(first.surgery_date, checklist.today)}"
    return key


def cut(groups: Sequence[LineGroup], most: int) -> tuple[LineGroup, ...]:
    """Cut the groups to at most `most` lines in total, keeping the first."""
    groups_left = []
    for group in groups:
        items = group.items[:most]
        most -= len(items)
        groups_left.append(replace(group, items=items, left_out=len(group.items) - len(items)))
    return tuple(group for group in groups_left if group.items)
