"""What somebody must do about an upcoming operation: which action, whose, from when until when.

One pure function makes the actions of a case from its trace (`actions_of`), and one counts them
(`count_actions`): the audit, the checklist, the digest, the status file, the desk and the web
application all show what these two say. Texts are English; days in them read as people plan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from qi_checker.judging import CaseTrace, RequirementTrace, moved
from qi_checker.judging.findings import NO_LEAD_TIME, closed
from qi_checker.judging.records import Event
from qi_checker.judging.values import SATURDAY, Unreadable, earlier, read_when
from qi_checker.protocol.durations import Duration
from qi_checker.protocol.models import Protocol
from qi_checker.protocol.site import Site
from qi_checker.protocol.vocabulary import ACTION_FOR, ActionKind, Reason, Status, Verdict
from qi_checker.protocol.windows import anchor_words

OVERDUE, TODAY, SOON, LATER = "overdue", "today", "soon", "later"
URGENCIES = (OVERDUE, TODAY, SOON, LATER)
NOW = (OVERDUE, TODAY, SOON)  # what needs somebody now
FARTHEST = 180  # days after the planned one in which another day of surgery is looked for
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
Where = Callable[[str, int], str]  # table and row number -> "events.csv, row 14"


@dataclass(frozen=True)
class Action:
    """One thing to do about one requirement of one case.

    first, until: the days on which the event would count; None without a limit.
    act_by: the last day to do it. when: overdue, today, soon or later, seen from `as_of`.
    event_id: the event that it is about, "" where there is none.
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

    @property
    def row(self) -> dict[str, Any]:
        """The action with the columns of actions.csv."""
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


# ---- one count -----------------------------------------------------------------------------------


def urgency(act_by: date, today: date, site: Site) -> str:
    """Say how near the last day of an action is: overdue, today, soon (within the horizon) or later."""
    if act_by <= today:
        return OVERDUE if act_by < today else TODAY
    return SOON if act_by <= today + timedelta(days=site.horizon.amount) else LATER


@dataclass(frozen=True)
class ActionCount:
    """How many actions there are by urgency, and how many operations need somebody now."""

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
        """`4 actions for 3 operations need somebody now.`"""
        if not self.now:
            return "No action needs somebody now."
        actions, verb = (
            ("1 action", "needs") if self.now == 1 else (f"{self.now:,} actions", "need")
        )
        cases = "1 operation" if self.operations == 1 else f"{self.operations:,} operations"
        return f"{actions} for {cases} {verb} somebody now."

    @property
    def later_words(self) -> str:
        """`44 more are due later.`, or nothing."""
        if not self.later:
            return ""
        return f"{self.later:,} more {'is' if self.later == 1 else 'are'} due later."

    @property
    def facts(self) -> dict[str, int]:
        """The numbers as the status file and the manifest hold them."""
        return {
            "now": self.now,
            "operations": self.operations,
            **{name: getattr(self, name) for name in URGENCIES},
        }


NO_ACTIONS = ActionCount()


def count_actions(actions: Iterable[Action]) -> ActionCount:
    """Count actions: the one place that says how many need somebody now."""
    listed = tuple(actions)
    by = {name: sum(1 for a in listed if a.when == name) for name in URGENCIES}
    return ActionCount(**by, operations=len({a.case_id for a in listed if a.when in NOW}))


def most_urgent_first(actions: Iterable[Action]) -> tuple[Action, ...]:
    """Sort actions by their last day, then by case; those of one case and day stay as they are."""
    return tuple(sorted(actions, key=lambda a: (a.act_by, a.case_id)))


# ---- the actions of a case -----------------------------------------------------------------------

# The verdicts of cases that may need an action.
OPEN = (Verdict.ACTION_NEEDED, Verdict.UNDETERMINED, Verdict.NOT_COMPLIANT)


def row_in_words(table: str, number: int) -> str:
    """Name a row where nobody knows the file that it came from."""
    return f"row {number} of {table}"


def actions_of(
    trace: CaseTrace, protocol: Protocol | None, where: Where = row_in_words
) -> tuple[Action, ...]:
    """Give the actions of a case, the most urgent first.

    A case that needs nothing more, or for which nothing can be arranged any more, has none. Of a group
    of which one member is enough, every member that may still become that one has its action.
    protocol: the one that the case was judged by, for other days of surgery; without it none is named.
    """
    found = (_action(one, trace, protocol, where) for one in trace.open)
    return tuple(sorted((a for a in found if a is not None), key=lambda action: action.act_by))


def _action(
    one: RequirementTrace, trace: CaseTrace, protocol: Protocol | None, where: Where
) -> Action | None:
    kind = _kind(one)
    act_by = _act_by(one, kind) if kind else None
    if kind is None or act_by is None:
        return None
    setting, found = trace.setting, one.finding
    when = urgency(act_by, setting.as_of.date, setting.site)
    words = _Words(one, kind, act_by, where)
    text = words.text()
    if kind is ActionKind.DECIDE:
        text = words.decide(first_surgery_date(trace, protocol))
    elif when == OVERDUE and kind in (ActionKind.ORDER, ActionKind.BOOK):
        day = first_surgery_date(trace, protocol)
        if day is not None:
            text += f". If there is no slot: {words.day(day)} is the first surgery date with time"
            text += " to arrange everything"
    return Action(
        case_id=trace.case.id,
        requirement=one.id,
        action=kind,
        text=text,
        first=found["window_opens"],
        until=found["window_closes"],
        act_by=act_by,
        when=when,
        owner=one.requirement.owner_of(kind.owner),
        event_id=found["event_id"] or "",
    )


def _kind(one: RequirementTrace) -> ActionKind | None:
    """What is to be done; None where nothing is, or nothing can be any more."""
    case = one.chart.case
    if not case.upcoming and one.finding["act_by"] is None:
        return None
    if one.status is Status.DUE and one.reason is Reason.ANCHOR_UNKNOWN:
        return None  # the time that it hangs on is only known later
    done_already = one.status is Status.MISSING and one.reason is Reason.FORBIDDEN_EVENT
    if one.requirement.forbidden and one.status is Status.DUE and not one.finding["event_id"]:
        return None  # nothing must happen, and nothing of the kind is booked
    if closed(one.decision, one.chart) or (done_already and case.upcoming):
        return ActionKind.DECIDE
    return ACTION_FOR.get(one.reason, ActionKind.ORDER)


def _act_by(one: RequirementTrace, kind: ActionKind) -> date | None:
    """The last day to do it: that of the finding, or the working day before a booking is wasted.

    Where the window has no end, or its anchor is not known, it is counted back from surgery.
    """
    chart, site = one.chart, one.chart.setting.site
    day: date | None = one.finding["act_by"]
    if day is None:
        lead = one.requirement.lead_time or site.lead_time or NO_LEAD_TIME
        day = earlier(chart.case.day, lead, site.holidays)
    if kind is ActionKind.MOVE_BOOKING and one.event and one.event.at:
        before = earlier(one.event.at.lo, Duration(1, "working day"), site.holidays)
        day = before if one.requirement.forbidden else min(day, before)
    return day


@dataclass(frozen=True, eq=False, repr=False)
class JudgedCase(CaseTrace):
    """A trace that knows its actions: what `qi_checker.judge` returns."""

    protocol: Protocol

    @classmethod
    def from_trace(cls, trace: CaseTrace, protocol: Protocol) -> JudgedCase:
        return cls(trace.case, trace.requirements, trace.exceptions, trace.chart, protocol)

    @cached_property
    def actions(self) -> tuple[Action, ...]:
        """What somebody must do, the most urgent first."""
        return actions_of(self, self.protocol)


# ---- another day of surgery ----------------------------------------------------------------------


def first_surgery_date(
    trace: CaseTrace, protocol: Protocol | None, days: int = FARTHEST
) -> date | None:
    """Find the first later working day of surgery with everything in place or time to arrange it.

    None where there is none within `days` of the planned day. The case is judged anew for each day, as
    a what-if does: what lasts until then, and what a move would make too old, counts.
    """
    if protocol is None:
        return None
    holidays = trace.setting.site.holidays
    start = max(trace.case.day, trace.setting.as_of.date)
    for number in range(1, days + 1):
        day = start + timedelta(days=number)
        if day.weekday() >= SATURDAY or day in holidays:
            continue
        if _works(moved(trace, protocol, day)):
            return day
    return None


def _works(trace: CaseTrace) -> bool:
    """Whether everything is there, or can be arranged with its lead time."""
    if trace.case.ruled_out:
        return False
    today = trace.setting.as_of.date
    for one in trace.open:
        kind = _kind(one)
        if kind is ActionKind.DECIDE:
            return False
        if kind is not None and (_act_by(one, ActionKind.ORDER) or date.max) < today:
            return False
    return True


# ---- in words ------------------------------------------------------------------------------------

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ORDERED = (
    "imaging",
    "lab",
    "therapy",
    "medication",
)  # kinds that are ordered; others are arranged
_NOT_COUNTED = {
    Reason.TOO_EARLY: "is too early",
    Reason.TOO_LATE: "is too late",
    Reason.AFTER_SURGERY: "is not before the operation",
    Reason.WRONG_REGION: "shows another region",
    Reason.WRONG_MODALITY: "is of another modality",
    Reason.EXCLUDED_CODE: "has a code that does not count",
    Reason.WRONG_PROVENANCE: "was made in another place than counts",
    Reason.WRONG_VALUE: "has a value that does not count",
    Reason.TOO_FEW: "is not enough",
    Reason.TOO_CLOSE: "is too close to the others",
    Reason.EVENT_BETWEEN: "no longer counts because of what was done since",
}
_OLD = (Reason.TOO_OLD, Reason.EXPIRED_BY_RESCHEDULE)
_AS_ONE = (ActionKind.COMPLETE_RECORD, ActionKind.CORRECT_DATA)


@dataclass(frozen=True)
class _Words:
    """The sentence of one action."""

    one: RequirementTrace
    kind: ActionKind
    act_by: date
    where: Where

    def text(self) -> str:
        if self.kind in _AS_ONE:
            return self._record() + self._or_another()
        if self.kind is ActionKind.MOVE_BOOKING:
            return self._move()
        if self.kind is ActionKind.CONFIRM:
            return f"Find out whether the {self._title} booked for {self._date} was done"
        if self.kind is ActionKind.BOOK:
            return self._book()
        verb = "Order" if self.one.requirement.event.kind in _ORDERED else "Arrange"
        return f"{verb} the {self._title}{self._when}{self._why_not()}"

    def decide(self, first: date | None) -> str:
        """Give the choice that is left; `first`: the first day of surgery that would work."""
        move = f"move surgery to {self.day(first)} or later, or request" if first else "request"
        if self.one.requirement.forbidden:
            at = f" of {self._date}" if self.one.finding["event_date"] else ""
            return f"The {self._title}{at} is where there must be none: {move} an exception"
        other = f"{_lower(self._record())}, or " if self.one.status is Status.UNKNOWN else ""
        return f"Too late to arrange the {self._title}: {other}{move} an exception"

    @property
    def _title(self) -> str:
        return self.one.requirement.title

    @property
    def _today(self) -> date:
        return self.one.chart.setting.as_of.date

    def day(self, value: date) -> str:
        """`4 Mar`; with the year where it is not this one."""
        year = f" {value.year}" if value.year != self._today.year else ""
        return f"{value.day} {_MONTHS[value.month - 1]}{year}"

    @property
    def _date(self) -> str:
        at: date | None = self.one.finding["event_date"]
        return self.day(at) if at else "an unknown day"

    @property
    def _range(self) -> str:
        """`13 Apr–13 May` for a window that opens later; empty for one that is open."""
        opens, closes = self.one.finding["window_opens"], self.one.finding["window_closes"]
        if opens is None or opens <= self._today:
            return ""
        if closes is None:
            return f"{self.day(opens)} or later"
        if opens == closes:
            return self.day(closes)
        if (opens.year, opens.month) == (closes.year, closes.month):
            return f"{opens.day}–{self.day(closes)}"
        return f"{self.day(opens)}–{self.day(closes)}"

    @property
    def _when(self) -> str:
        """` for 13 Apr–13 May`, ` to be done by 13 May`: the same every day until one has passed."""
        if self._range:
            return f" for {self._range}"
        closes = self.one.finding["window_closes"]
        return f" to be done by {self.day(closes)}" if closes else ""

    def _why_not(self) -> str:
        """Why what is there does not count, in brackets."""
        if self.one.finding["event_date"] is None:
            return ""
        if self.one.reason in _OLD:
            return f" (that of {self._date} {self._age('will be')})"
        why = _NOT_COUNTED.get(self.one.reason)
        return f" (that of {self._date} {why})" if why else ""

    def _age(self, will: str) -> str:
        """`will be 70 days old at surgery`."""
        before = self.one.finding["days_before"]
        if self.one.requirement.window.anchor != "surgery" or before is None:
            return "is too old"
        return f"{will} {before:,} day{'' if before == 1 else 's'} old at surgery"

    def _book(self) -> str:
        if self.one.reason is Reason.CANCELLED:
            return f"Book the {self._title} again{self._when} (that of {self._date} was cancelled)"
        ordered = _ordered_on(self.one.event, self.one.chart.setting.site)
        on = f" ordered on {self.day(ordered)}" if ordered else " that is ordered"
        return f"Book the {self._title}{on}{self._when}"

    def _move(self) -> str:
        opens, closes = self.one.finding["window_opens"], self.one.finding["window_closes"]
        if self.one.requirement.forbidden:
            first = self.day(opens) if opens else "any day"
            until = self.day(closes) if closes else "any day"
            return (
                f"Cancel or move the {self._title} booked for {self._date}: "
                f"there must be none from {first} to {until}"
            )
        to = self._range or (f"{self.day(closes)} or earlier" if closes else "an earlier day")
        said = f"Move the {self._title} booked for {self._date} to {to}"
        at: date | None = self.one.finding["event_date"]
        if at and opens and at < opens:
            return f"{said}: on {self._date} it {self._age('would be')}"
        return said

    def _record(self) -> str:
        """What is to be found out or corrected."""
        title, event, reason = self._title, self.one.event, self.one.reason
        recorded = (event.texts.get("at", "") if event else "") or "an unknown day"
        match reason:
            case Reason.PARTIAL_DATE:
                return f"Obtain the exact date of the {title} recorded for {recorded}"
            case Reason.SAME_DAY_UNTIMED | Reason.UNTIMED:
                return f"Obtain the clock time of the {title} on {self._date}"
            case Reason.EXTERNAL_UNDATED:
                return f"Obtain the acquisition date of the outside {title}"
            case Reason.UNMAPPED:
                what = "Record modality and region of the study of"
                return f"{what} {self._date}, which may be the {title}"
            case Reason.BETWEEN_UNKNOWN:
                return f"Find out what was done since the {title} of {self._date}, and when"
            case Reason.REJECTED_RECORD:
                row = self.where("events", event.row) if event else "the rejected row"
                fault = f": {event.reject}" if event and event.reject else ""
                return f"Correct {row}{fault}; it may be the {title}"
            case Reason.FEED_STALE:
                kind = self.one.requirement.event.kind
                return f"Have the feed of {kind} records repaired, then look for the {title} again"
            case Reason.NO_SUCH_RECORDS:
                kind = self.one.requirement.event.kind
                return f"Have {kind} records delivered: there are none of anybody"
            case Reason.CONDITION_UNKNOWN:
                return f"Find out whether this operation needs the {title}"
            case Reason.ANCHOR_UNKNOWN:
                titles = {leaf.id: leaf.title for leaf in self.one.chart.case.version.leaves}
                anchor = anchor_words(self.one.requirement.window.anchor, titles)
                return f"Record the date that the {title} is counted from: {anchor}"
        return f"Obtain the date of the {title}"

    def _or_another(self) -> str:
        """The way round a record that nobody can complete."""
        needed = self.one.reason in (
            Reason.CONDITION_UNKNOWN,
            Reason.ANCHOR_UNKNOWN,
            Reason.FEED_STALE,
            Reason.NO_SUCH_RECORDS,
        )
        if self.one.requirement.forbidden or needed or not self.one.live:
            return ""
        return f", or order another{self._when}"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _ordered_on(event: Event | None, site: Site) -> date | None:
    """The day on which an event was ordered, as the records say."""
    text = event.texts.get("ordered_at", "") if event else ""
    try:
        return read_when(text, site).lo if text else None
    except Unreadable:
        return None
