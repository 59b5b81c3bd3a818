"""What makes a question undecided: events, rejected rows, a silent source: sections 6 and 7."""

from __future__ import annotations

from qi_checker.judging.charts import Chart, Decision
from qi_checker.judging.feeds import concerns
from qi_checker.judging.judged import Judged, judge, judge_all
from qi_checker.judging.outcomes import Outcome, Truth
from qi_checker.judging.questions import Question
from qi_checker.judging.records import Event
from qi_checker.judging.rows import EXTERNAL_UNDATED
from qi_checker.protocol.vocabulary import Reason, Status


def answer(question: Question, chart: Chart, but: Event | None = None) -> Truth:
    """Whether there is such an event; `but` is one that does not count here."""
    judged = [j for j in judge_all(question, chart) if j.event is not but]
    if any(j.done and j.passes for j in judged):
        return Truth.TRUE
    return Truth.UNDECIDED if doubt(judged, question, chart) else Truth.FALSE


def doubt(
    judged: list[Judged], question: Question, chart: Chart, needed: int = 1
) -> Decision | None:
    """Why it is unknown whether `needed` more events are there; None if they are not."""
    undecided = [j for j in judged if j.done and j.undecided]
    rejected = _rejected(question, chart)
    if len(undecided) + len(rejected) >= needed:
        return _by_event(undecided) or _by_row(rejected)
    return _stale(question, chart)


def _by_event(undecided: list[Judged]) -> Decision | None:
    """The event that may fulfil the question and comes nearest to it."""
    best = min(undecided, key=lambda j: (j.count(Outcome.UNDECIDED), *j.nearness), default=None)
    return Decision(Status.UNKNOWN, best.reason, best.event) if best and best.reason else None


def _rejected(question: Question, chart: Chart) -> list[Event]:
    """Rows that could not be used, and that nothing readable speaks against."""
    evidence = [e for e in chart.evidence if e.kind in ("", question.event.kind)]
    return [e for e in evidence if e.torn or judge(e, question, chart).possible]


def _by_row(rejected: list[Event]) -> Decision | None:
    first = min(rejected, key=lambda e: (not e.id, e.id, e.row), default=None)
    if first is None:
        return None
    undated = first.reject == EXTERNAL_UNDATED
    reason = Reason.EXTERNAL_UNDATED if undated else Reason.REJECTED_RECORD
    return Decision(Status.UNKNOWN, reason, first)


def _stale(question: Question, chart: Chart) -> Decision | None:
    """The source has been silent, or half empty, too long to say that an event is not there."""
    delivered = [
        day for feed, day in chart.history.full_until.items() if concerns(feed, question.event)
    ]
    allowed = chart.setting.site.feeds.get(question.event.kind)
    newest = chart.history.newest.get(question.event.kind)
    if allowed and newest and newest < allowed.before(chart.setting.as_of.date):
        delivered.append(newest)
    if not delivered or (question.closes and min(delivered) >= question.closes):
        return None
    return Decision(Status.UNKNOWN, Reason.FEED_STALE)
