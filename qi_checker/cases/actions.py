"""The actions for an upcoming operation: what to do, who does it, from when until when.

One pure function makes the actions of a case from its trace (`actions_of`), and one counts them
(`count_actions`). The audit, the checklist, the digest, the status file, the desk and the web
application all show what these two say. Days in their texts read as people plan.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from qi_checker.cases.phrases import Phrase, PhraseWriter, Ref, Where, phrase
from qi_checker.judging import CaseTrace, RequirementTrace, moved
from qi_checker.judging.findings import NO_LEAD_TIME, closed
from qi_checker.judging.records import Event
from qi_checker.judging.values import SATURDAY, Unreadable, earlier, read_when
from qi_checker.protocol.durations import Duration
from qi_checker.protocol.language import ENGLISH
from qi_checker.protocol.models import Protocol
from qi_checker.protocol.site import Site
from qi_checker.protocol.vocabulary import ACTION_FOR, ActionKind, Reason, Status, Verdict
from qi_checker.protocol.windows import AnchorRef

OVERDUE, TODAY, SOON, LATER = "overdue", "today", "soon", "later"
URGENCIES = (OVERDUE, TODAY, SOON, LATER)
NOW = (OVERDUE, TODAY, SOON)  # actions that need somebody now
NOTHING = phrase("nothing")
FARTHEST = 180  # how many days after the planned day to search for another day of surgery
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


# ---- one count -----------------------------------------------------------------------------------


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


# ---- the actions of a case -----------------------------------------------------------------------

# The verdicts of cases that may need an action.
OPEN = (Verdict.ACTION_NEEDED, Verdict.UNDETERMINED, Verdict.NOT_COMPLIANT)


def row_in_words(table: str, number: int) -> str:
    """Name a row whose file is unknown."""
    return f"row {number} of {table}"


def actions_of(
    trace: CaseTrace, protocol: Protocol | None, where: Where = row_in_words
) -> tuple[Action, ...]:
    """Return the actions of a case, the most urgent first.

    A case that needs nothing more, or for which nothing can be arranged any more, has none. In a
    group where one member is enough, every member that may still be met has its action.
    protocol: that of the case, to search for other days of surgery; without it none is named.
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
    decides = kind is ActionKind.DECIDE
    late = when == OVERDUE and kind in (ActionKind.ORDER, ActionKind.BOOK)
    first = first_surgery_date(trace, protocol) if decides or late else None
    text = _Words(one, kind).decide(first) if decides else _Words(one, kind).phrase()
    if late and first is not None:
        text = phrase("no_slot", text=text, first=first)
    writer = PhraseWriter(setting.words, trace.case.version.titles, setting.as_of.date, where)
    return Action(
        case_id=trace.case.id,
        requirement=one.id,
        action=kind,
        text=writer.text(text),
        first=found["window_opens"],
        until=found["window_closes"],
        act_by=act_by,
        when=when,
        owner=one.requirement.owner_of(kind.owner),
        event_id=found["event_id"] or "",
        phrase=text,
    )


def _kind(one: RequirementTrace) -> ActionKind | None:
    """Return what must be done; None if nothing must, or nothing can be done any more."""
    case = one.chart.case
    if not case.upcoming and one.finding["act_by"] is None:
        return None
    if one.status is Status.DUE and one.reason is Reason.ANCHOR_UNKNOWN:
        return None  # the time that it depends on is known only later
    done_already = one.status is Status.MISSING and one.reason is Reason.FORBIDDEN_EVENT
    if one.requirement.forbidden and one.status is Status.DUE and not one.finding["event_id"]:
        return None  # nothing must happen, and nothing of the kind is booked
    if closed(one.decision, one.chart) or (done_already and case.upcoming):
        return ActionKind.DECIDE
    return ACTION_FOR.get(one.reason, ActionKind.ORDER)


def _act_by(one: RequirementTrace, kind: ActionKind) -> date | None:
    """Return the last day: that of the finding, or the working day before a booking is wasted.

    If the window has no end or its anchor is unknown, it is counted back from surgery.
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
    """A trace with its actions: the result of `qi_checker.judge`."""

    protocol: Protocol

    @classmethod
    def from_trace(cls, trace: CaseTrace, protocol: Protocol) -> JudgedCase:
        return cls(trace.case, trace.requirements, trace.exceptions, trace.chart, protocol)

    @cached_property
    def actions(self) -> tuple[Action, ...]:
        """Return the actions, the most urgent first."""
        return actions_of(self, self.protocol)


# ---- another day of surgery ----------------------------------------------------------------------


def first_surgery_date(
    trace: CaseTrace, protocol: Protocol | None, days: int = FARTHEST
) -> date | None:
    """Find the first later working day of surgery with everything in place or time to arrange it.

    Returns None without such a day within `days` of the planned day. The case is judged again for
    each day, as by what-if: events that last until then count, and events that a move makes too old
    do not.
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
    """Whether everything exists or can be arranged with its lead time."""
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

# Kinds that are ordered; others are arranged.
_ORDERED = ("imaging", "lab", "therapy", "medication")
_OLD = (Reason.TOO_OLD, Reason.EXPIRED_BY_RESCHEDULE)
_AS_ONE = (ActionKind.COMPLETE_RECORD, ActionKind.CORRECT_DATA)


@dataclass(frozen=True)
class _Words:
    """The text of one action, by its key in the table of words."""

    one: RequirementTrace
    kind: ActionKind

    def phrase(self) -> Phrase:
        if self.kind in _AS_ONE:
            return self._or_another(self._record())
        if self.kind is ActionKind.MOVE_BOOKING:
            return self._move()
        if self.kind is ActionKind.CONFIRM:
            return phrase("confirm", title=self._title, day=self._date)
        if self.kind is ActionKind.BOOK:
            return self._book()
        key = "order" if self.one.requirement.event.kind in _ORDERED else "arrange"
        return phrase(key, title=self._title, when=self._when, why_not=self._why_not())

    def decide(self, first: date | None) -> Phrase:
        """Describe the remaining choice; `first`: the first day of surgery that would work."""
        choice = phrase("move_surgery", first=first) if first else phrase("exception")
        if self.one.requirement.forbidden:
            at: date | None = self.one.finding["event_date"]
            of_day = phrase("of_day", day=at) if at else NOTHING
            return phrase("forbidden", title=self._title, of_day=of_day, choice=choice)
        unknown = self.one.status is Status.UNKNOWN
        other = phrase("or_first", text=self._record()) if unknown else NOTHING
        return phrase("too_late", title=self._title, other=other, choice=choice)

    @property
    def _title(self) -> Ref:
        return Ref("title", self.one.id)

    @property
    def _kind(self) -> Ref:
        return Ref("kind", self.one.requirement.event.kind)

    @property
    def _date(self) -> date | Phrase:
        at: date | None = self.one.finding["event_date"]
        return at or phrase("unknown_day")

    @property
    def _range(self) -> Phrase | None:
        """`13 Apr–13 May` for a window that opens later; None for one that is open."""
        opens, closes = self.one.finding["window_opens"], self.one.finding["window_closes"]
        if opens is None or opens <= self.one.chart.setting.as_of.date:
            return None
        if closes is None:
            return phrase("range_from", first=opens)
        if opens == closes:
            return phrase("range_day", until=closes)
        month = (opens.year, opens.month) == (closes.year, closes.month)
        return phrase("range_month" if month else "range", first=opens, until=closes)

    @property
    def _when(self) -> Phrase:
        """Format ` for 13 Apr–13 May` or ` to be done by 13 May`: unchanged until one of the days
        has passed."""
        if self._range:
            return phrase("when", range=self._range)
        closes = self.one.finding["window_closes"]
        return phrase("when_until", day=closes) if closes else NOTHING

    def _why_not(self) -> Phrase:
        """Explain in brackets why the existing event does not count."""
        at: date | None = self.one.finding["event_date"]
        if at is None:
            return NOTHING
        if self.one.reason in _OLD:
            return phrase("why_old", day=at, age=self._age("will_be_old"))
        if self.one.reason in ENGLISH.NOT_COUNTED:
            return phrase(str(self.one.reason), day=at)
        return NOTHING

    def _age(self, key: str) -> Phrase:
        """Format `will be 70 days old at surgery`."""
        before = self.one.finding["days_before"]
        if self.one.requirement.window.anchor != "surgery" or before is None:
            return phrase("is_old")
        return phrase(key, days=Ref("days", before))

    def _book(self) -> Phrase:
        title, when = self._title, self._when
        if self.one.reason is Reason.CANCELLED:
            return phrase("book_again", title=title, when=when, day=self._date)
        ordered = _ordered_on(self.one.event, self.one.chart.setting.site)
        if ordered:
            return phrase("book_ordered_on", title=title, day=ordered, when=when)
        return phrase("book_ordered", title=title, when=when)

    def _move(self) -> Phrase:
        opens, closes = self.one.finding["window_opens"], self.one.finding["window_closes"]
        title, day = self._title, self._date
        if self.one.requirement.forbidden:
            first, until = opens or phrase("any_day"), closes or phrase("any_day")
            return phrase("call_off", title=title, day=day, first=first, until=until)
        to = self._range or (phrase("until", day=closes) if closes else phrase("earlier"))
        text = phrase("move", title=title, day=day, to=to)
        at: date | None = self.one.finding["event_date"]
        if at and opens and at < opens:
            return phrase("move_why", text=text, day=at, age=self._age("would_be_old"))
        return text

    def _record(self) -> Phrase:
        """Describe what must be found out or corrected."""
        title, event, reason = self._title, self.one.event, self.one.reason
        match reason:
            case Reason.PARTIAL_DATE:
                recorded = (event.texts.get("at", "") if event else "") or phrase("unknown_day")
                return phrase("exact_date", title=title, recorded=recorded)
            case Reason.SAME_DAY_UNTIMED | Reason.UNTIMED:
                return phrase("clock_time", title=title, day=self._date)
            case Reason.EXTERNAL_UNDATED:
                return phrase("acquisition_date", title=title)
            case Reason.UNMAPPED:
                return phrase("unrecorded", title=title, day=self._date)
            case Reason.BETWEEN_UNKNOWN:
                return phrase("since", title=title, day=self._date)
            case Reason.REJECTED_RECORD:
                row = Ref("row", event.row) if event else phrase("a_row")
                known = event is not None and bool(event.reject)
                fault = (
                    phrase("fault", fault=Ref("fault", event.reject)) if event and known else None
                )
                return phrase("correct", row=row, fault=fault or NOTHING, title=title)
            case Reason.FEED_STALE:
                return phrase("feed", kind=self._kind, title=title)
            case Reason.NO_SUCH_RECORDS:
                return phrase("delivered", kind=self._kind)
            case Reason.CONDITION_UNKNOWN:
                return phrase("condition", title=title)
            case Reason.ANCHOR_UNKNOWN:
                return phrase("anchor", title=title, anchor=self._anchor)
        return phrase("date", title=title)

    @property
    def _anchor(self) -> Ref:
        anchor = self.one.requirement.window.anchor
        if not isinstance(anchor, AnchorRef):
            return Ref("anchor", anchor)
        if anchor.column is not None:
            return Ref("column", anchor.column)
        return Ref("title", anchor.requirement or "")

    def _or_another(self, text: Phrase) -> Phrase:
        """Describe the alternative to a record that nobody can complete."""
        needed = self.one.reason in (
            Reason.CONDITION_UNKNOWN,
            Reason.ANCHOR_UNKNOWN,
            Reason.FEED_STALE,
            Reason.NO_SUCH_RECORDS,
        )
        if self.one.requirement.forbidden or needed or not self.one.live:
            return text
        return phrase("or_another", text=text, when=self._when)


def _ordered_on(event: Event | None, site: Site) -> date | None:
    """Return the day on which an event was ordered, according to the records."""
    text = event.texts.get("ordered_at", "") if event else ""
    try:
        return read_when(text, site).lo if text else None
    except Unreadable:
        return None
