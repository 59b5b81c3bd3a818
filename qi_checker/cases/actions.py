"""An action for an upcoming operation, its urgency, and how many need somebody now.

One pure function makes the actions of a case from its trace (`case_actions.py`), and one counts them
(`count_actions`). The audit, the checklist, the digest, the status file, the desk and the web
application all show what these two say.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from qi_checker.cases.phrases import NOTHING, Phrase
from qi_checker.protocol.site import Site
from qi_checker.protocol.vocabulary import ActionKind

OVERDUE, TODAY, SOON, LATER = "overdue", "today", "soon", "later"
URGENCIES = (OVERDUE, TODAY, SOON, LATER)
NOW = (OVERDUE, TODAY, SOON)  # actions that need somebody now
ACTION_COLUMNS = (
    "case_id",
    "requirement",
    "action",
    "text",
    "from",
    "until",
    "act_by",
    "when",
    "owner",
    "event_id",
)


@dataclass(frozen=True)
class Action:
    """One thing to do about one requirement of one case.

    first, until: the days on which the event would count; None without a limit.
    act_by: the last day to do it. when: overdue, today, soon or later, relative to `as_of`.
    event_id: the event that it is about, or "".
    phrase: the text by its key, for other languages.
    """

    case_id: str
    requirement: str
    action: ActionKind
    text: str
    first: date | None
    until: date | None
    act_by: date
    when: str
    owner: str
    event_id: str = ""
    phrase: Phrase = field(default=NOTHING, compare=False, repr=False)

    @property
    def row(self) -> dict[str, Any]:
        """Return the action with the columns of actions.csv."""
        values = (
            self.case_id,
            self.requirement,
            str(self.action),
            self.text,
            self.first,
            self.until,
            self.act_by,
            self.when,
            self.owner,
            self.event_id or None,
        )
        return dict(zip(ACTION_COLUMNS, values, strict=True))


def urgency(act_by: date, today: date, site: Site) -> str:
    """Classify the last day of an action: overdue, today, soon (within the horizon) or later."""
    if act_by <= today:
        return OVERDUE if act_by < today else TODAY
    return SOON if act_by <= today + timedelta(days=site.horizon.amount) else LATER


@dataclass(frozen=True)
class ActionCount:
    """The number of actions by urgency, and of operations that need somebody now."""

    overdue: int = 0
    today: int = 0
    soon: int = 0
    later: int = 0
    operations: int = 0  # with an action that is overdue, due today or due soon

    @property
    def now(self) -> int:
        return self.overdue + self.today + self.soon

    @property
    def words(self) -> str:
        """Return `4 actions for 3 operations need somebody now.`"""
        if not self.now:
            return "No action needs somebody now."
        actions, verb = (
            ("1 action", "needs") if self.now == 1 else (f"{self.now:,} actions", "need")
        )
        cases = "1 operation" if self.operations == 1 else f"{self.operations:,} operations"
        return f"{actions} for {cases} {verb} somebody now."

    @property
    def later_words(self) -> str:
        """Return `44 more are due later.`, or ""."""
        if not self.later:
            return ""
        return f"{self.later:,} more {'is' if self.later == 1 else 'are'} due later."

    @property
    def facts(self) -> dict[str, int]:
        """Return the numbers as in the status file and the manifest."""
        return {
            "now": self.now,
            "operations": self.operations,
            **{name: getattr(self, name) for name in URGENCIES},
        }


NO_ACTIONS = ActionCount()


def count_actions(actions: Iterable[Action]) -> ActionCount:
    """Count actions; no other code decides how many need somebody now."""
    listed = tuple(actions)
    by = {name: sum(1 for a in listed if a.when == name) for name in URGENCIES}
    return ActionCount(**by, operations=len({a.case_id for a in listed if a.when in NOW}))


def most_urgent_first(actions: Iterable[Action]) -> tuple[Action, ...]:
    """Sort actions by last day, then by case; actions of the same case and day keep their order."""
    return tuple(sorted(actions, key=lambda a: (a.act_by, a.case_id)))
