"""Make the actions of a case from its trace: what to do, who does it, from when until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from qi_checker.cases.action_words import ActionWords
from qi_checker.cases.actions import OVERDUE, Action, urgency
from qi_checker.cases.phrases import PhraseWriter, Where, phrase
from qi_checker.judging import CaseTrace, RequirementTrace, moved
from qi_checker.judging.findings import NO_LEAD_TIME, closed
from qi_checker.judging.values import SATURDAY, earlier
from qi_checker.protocol.durations import Duration
from qi_checker.protocol.models import Protocol
from qi_checker.protocol.vocabulary import ACTION_FOR, ActionKind, Reason, Status, Verdict

FARTHEST = 180  # how many days after the planned day to search for another day of surgery
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
    actions = (_action(judged, trace, protocol, where) for judged in trace.open)
    return tuple(sorted((a for a in actions if a is not None), key=lambda action: action.act_by))


def _action(
    judged: RequirementTrace, trace: CaseTrace, protocol: Protocol | None, where: Where
) -> Action | None:
    kind = _kind(judged)
    act_by = _act_by(judged, kind) if kind else None
    if kind is None or act_by is None:
        return None
    setting, finding = trace.setting, judged.finding
    when = urgency(act_by, setting.as_of.date, setting.site)
    decides = kind is ActionKind.DECIDE
    late = when == OVERDUE and kind in (ActionKind.ORDER, ActionKind.BOOK)
    first = first_surgery_date(trace, protocol) if decides or late else None
    text = (
        ActionWords(judged, kind).decide(first) if decides else ActionWords(judged, kind).phrase()
    )
    if late and first is not None:
        text = phrase("no_slot", text=text, first=first)
    writer = PhraseWriter(setting.words, trace.case.version.titles, setting.as_of.date, where)
    return Action(
        case_id=trace.case.id,
        requirement=judged.id,
        action=kind,
        text=writer.text(text),
        first=finding["window_opens"],
        until=finding["window_closes"],
        act_by=act_by,
        when=when,
        owner=judged.requirement.owner_of(kind.owner),
        event_id=finding["event_id"] or "",
        phrase=text,
    )


def _kind(judged: RequirementTrace) -> ActionKind | None:
    """Return what must be done; None if nothing must, or nothing can be done any more."""
    case = judged.chart.case
    if not case.upcoming and judged.finding["act_by"] is None:
        return None
    later = (Reason.ANCHOR_UNKNOWN, Reason.CONDITION_UNKNOWN)
    if judged.status is Status.DUE and judged.reason in later:
        return None  # the time that it depends on is known only later
    done_already = judged.status is Status.MISSING and judged.reason is Reason.FORBIDDEN_EVENT
    if (
        judged.requirement.forbidden
        and judged.status is Status.DUE
        and not judged.finding["event_id"]
    ):
        return None  # nothing must happen, and nothing of the kind is booked
    if closed(judged.decision, judged.chart) or (done_already and case.upcoming):
        return ActionKind.DECIDE
    return ACTION_FOR.get(judged.reason, ActionKind.ORDER)


def _act_by(judged: RequirementTrace, kind: ActionKind) -> date | None:
    """Return the last day: that of the finding, or the working day before a booking is wasted.

    If the window has no end or its anchor is unknown, it is counted back from surgery.
    """
    chart, site = judged.chart, judged.chart.setting.site
    day: date | None = judged.finding["act_by"]
    if day is None:
        lead = judged.requirement.lead_time or site.lead_time or NO_LEAD_TIME
        day = earlier(chart.case.day, lead, site.holidays)
    if kind is ActionKind.MOVE_BOOKING and judged.event and judged.event.at:
        before = earlier(judged.event.at.lo, Duration(1, "working day"), site.holidays)
        day = before if judged.requirement.forbidden else min(day, before)
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


def first_surgery_date(trace: CaseTrace, protocol: Protocol | None) -> date | None:
    """Find the first later working day of surgery with everything in place or time to arrange it.

    Returns None without such a day within FARTHEST days of the planned day. The case is judged again for
    each day, as by what-if: events that last until then count, and events that a move makes too old
    do not.
    """
    if protocol is None:
        return None
    holidays = trace.setting.site.holidays
    start = max(trace.case.day, trace.setting.as_of.date)
    for number in range(1, FARTHEST + 1):
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
    for judged in trace.open:
        kind = _kind(judged)
        if kind is ActionKind.DECIDE:
            return False
        if kind is not None and (_act_by(judged, ActionKind.ORDER) or date.max) < today:
            return False
    return True
