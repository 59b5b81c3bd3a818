"""Find the clause that decided: from a reason to the protocol key behind it.

A clause is identified by its path, `("window", "at_most")`, relative to its requirement or version.
If no rule decided, the source is named instead: a row of the records, the site, the program.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from qi_checker.judging.chart import Chart, anchor_date
from qi_checker.judging.criteria import CRITERIA, modalities_of
from qi_checker.judging.outcomes import Decision, Judged, Keys, Part, Truth
from qi_checker.judging.records import Event
from qi_checker.judging.spans import Outcome
from qi_checker.judging.values import When
from qi_checker.judging.windows import Question
from qi_checker.protocol.codes import Catalogue
from qi_checker.protocol.models import Requirement
from qi_checker.protocol.records import ROWS_OF_A_PLACE
from qi_checker.protocol.vocabulary import Reason, Status
from qi_checker.protocol.windows import Span

VERSION, REQUIREMENT, ELSEWHERE = "version", "requirement", ""


class ClausePath(NamedTuple):
    """A clause: `of` is the version or requirement that contains the keys.

    If no rule decided, `of` is empty and `keys` contains one text that says what did.
    """

    of: str
    keys: Keys

    @property
    def path(self) -> str:
        """Format `window.and[0].before`."""
        path = ""
        for key in self.keys:
            path += f"[{key}]" if isinstance(key, int) else f".{key}" if path else key
        return path


def deciding(leaf: Requirement, decision: Decision, chart: Chart) -> ClausePath:
    """Return the clause that decided about a requirement."""
    reason = decision.reason
    if reason in _OUTSIDE:
        return ClausePath(ELSEWHERE, (_OUTSIDE[reason](decision, leaf),))
    if reason is Reason.NOT_IN_FORCE:
        return ClausePath(VERSION, ("in_force",))
    if reason is Reason.NOT_IN_POPULATION:
        return ClausePath(VERSION, chart.case.population.applies_to.decisive().keys)
    if reason is Reason.EXCLUDED:
        found = (p for p in chart.case.population.exclusions if p.truth is Truth.TRUE)
        return ClausePath(VERSION, next(found).decisive().keys)
    if reason is Reason.EXCEPTED:
        return ClausePath(VERSION, ("exceptions",))
    return ClausePath(REQUIREMENT, _keys(leaf, decision, chart))


def _row(decision: Decision, leaf: Requirement) -> str:
    row = decision.event.row % ROWS_OF_A_PLACE if decision.event else "?"
    return f"the records: row {row} of events"


# Decided by the delivery of a source, not by the protocol.
_OUTSIDE: dict[Reason, Callable[[Decision, Requirement], str]] = {
    Reason.CANCELLED_CASE: lambda decision, leaf: "the records: status of the case",
    Reason.REJECTED_RECORD: _row,
    Reason.EXTERNAL_UNDATED: _row,
    Reason.FEED_STALE: lambda decision, leaf: f"the site: feeds.{leaf.event.kind}, or completeness",
    Reason.EVALUATION_ERROR: lambda decision, leaf: "the program",
}
_PLAIN: dict[Reason, Keys] = {
    Reason.NEVER_ORDERED: ("event",),
    Reason.NO_SUCH_RECORDS: ("event", "kind"),
    Reason.TOO_FEW: ("count",),
    Reason.TOO_CLOSE: ("apart", "at_least"),
    Reason.NONE_FOUND: ("forbidden",),
    Reason.WINDOW_NOT_CLOSED: ("forbidden",),
    Reason.FORBIDDEN_EVENT: ("forbidden",),
    Reason.SAME_DAY_UNTIMED: ("same_day",),
    Reason.WRONG_REGION: ("event", "region"),
    Reason.WRONG_PROVENANCE: ("event", "provenance"),
    Reason.ORDERED_NOT_BOOKED: ("event", "status"),
    Reason.CANCELLED: ("event", "status"),
    Reason.BOOKING_PASSED: ("event", "status"),
    Reason.UNDATED: ("window",),
}
_OF_EVENT = (
    Reason.UNMAPPED,
    Reason.EXCLUDED_CODE,
    Reason.WRONG_MODALITY,
    Reason.WRONG_VALUE,
    Reason.BOOKED_OUTSIDE_WINDOW,
    Reason.AFTER_SURGERY,
    Reason.TOO_OLD,
    Reason.EXPIRED_BY_RESCHEDULE,
    Reason.TOO_EARLY,
    Reason.TOO_LATE,
    Reason.PARTIAL_DATE,
    Reason.UNTIMED,
)


def _keys(leaf: Requirement, decision: Decision, chart: Chart) -> Keys:
    reason, question = decision.reason, decision.question
    if reason in _PLAIN:
        return _PLAIN[reason]
    if reason in (Reason.CONDITION_NOT_MET, Reason.CONDITION_UNKNOWN):
        return _condition(leaf, decision.applies_if, chart)
    if reason in (Reason.EVENT_BETWEEN, Reason.BETWEEN_UNKNOWN):
        wanted = Truth.TRUE if reason is Reason.EVENT_BETWEEN else Truth.UNDECIDED
        lines = (b for b in decision.between if b.rule.then == "fail" and b.truth is wanted)
        return next((b.keys for b in lines), ("none_between",))
    if question is None:
        return _unknown_anchor(leaf, chart)
    judged = next((j for j in decision.events if j.event is decision.event), None)
    if judged is not None and reason in _OF_EVENT:
        return criterion_keys(leaf, judged, first_open(judged), question, chart.setting.catalogue)
    return opening(question)


def _condition(leaf: Requirement, condition: Part | None, chart: Chart) -> Keys:
    """Return the deciding key below `applies_if`, or that of an anchor that does not apply."""
    if condition is not None and condition.truth is not Truth.TRUE:
        return condition.decisive().keys
    for number, span in enumerate(leaf.window.spans):
        inner = getattr(span.anchor, "requirement", None)
        if inner is not None and chart.decided[inner].status is Status.NOT_APPLICABLE:
            return _side(number, span)
    return ("applies_if",)


# ---- one criterion of one event ------------------------------------------------------------------


def first_open(judged: Judged) -> str:
    """Return the first criterion that does not pass; the window if all do."""
    pairs = zip(CRITERIA, judged.criteria, strict=True)
    return next((name for name, c in pairs if c.outcome is not Outcome.PASS), "window")


def criterion_keys(
    leaf: Requirement, judged: Judged, name: str, question: Question, catalogue: Catalogue
) -> Keys:
    """Return the key of an event's criterion."""
    if name == "code":
        return "event", _code_key(leaf, judged.event, catalogue)
    if name == "modality":
        words = modalities_of(judged.event, catalogue)
        refused = "PT" in words and "CT" in words and "CT" in (leaf.event.modality or ())
        return ("pet_ct",) if refused and leaf.pet_ct == "refuse" else ("event", "modality")
    if name == "window":
        return _window_keys(leaf, judged, question)
    return "event", name


def _code_key(leaf: Requirement, event: Event, catalogue: Catalogue) -> str:
    """Return `not_codes` if the event has one of its codes, else `codes`, which it lacks.

    A code with role never in imaging.csv is excluded by neither, but because `allow_codes` does not
    name it.
    """
    lists = catalogue.lists
    wanted = leaf.event
    if wanted.not_codes and any(lists[wanted.not_codes.in_].holds(*c) for c in event.codes):
        return "not_codes"
    if wanted.codes and not any(lists[wanted.codes.in_].holds(*c) for c in event.codes):
        return "codes"
    return "allow_codes"


def _window_keys(leaf: Requirement, judged: Judged, question: Question) -> Keys:
    """Return the limit that excludes an event, or that includes it."""
    reason, at = judged.window.reason, judged.event.at
    if reason is Reason.AFTER_SURGERY:
        return _before_surgery(leaf)
    if reason is Reason.SAME_DAY_UNTIMED:
        return ("same_day",)
    if at is None:
        return opening(question)
    early = question.opens is not None and at.lo < question.opens
    late = question.closes is not None and at.hi > question.closes
    by_clock = _clock_key(question, at, judged.window.outcome)
    if by_clock is not None and not (early or late):
        return by_clock
    if reason is Reason.TOO_LATE or (late and not early):
        return closing(question)
    return opening(question)


# ---- the keys of a window ------------------------------------------------------------------------


def span_keys(number: int) -> Keys:
    """Return the keys of a span: the window itself, or one of its `and`."""
    return ("window", "and", number - 1) if number else ("window",)


def _side(number: int, span: Span) -> Keys:
    return (*span_keys(number), "before" if span.before is not None else "after")


def opening(question: Question) -> Keys:
    """Return the key that decides when the window opens."""
    stretches = question.stretches
    number = max(range(len(stretches)), key=lambda n: stretches[n].first)
    span = stretches[number].span
    if span.before is not None:
        key = _given(span, "at_most", "less_than") or "before"
    else:
        key = _given(span, "at_least", "more_than") or "after"
    return (*span_keys(number), key)


def closing(question: Question) -> Keys:
    """Return the key that decides when the window closes."""
    stretches = question.stretches
    number = min(range(len(stretches)), key=lambda n: stretches[n].last)
    span = stretches[number].span
    if span.or_after is not None:
        key = "at_most" if span.or_after.at_most is not None else "less_than"
        return (*span_keys(number), "or_after", key)
    if span.before is not None:
        return (*span_keys(number), _given(span, "at_least", "more_than") or "before")
    return (*span_keys(number), _given(span, "at_most", "less_than") or "after")


def _clock_key(question: Question, at: When, outcome: Outcome) -> Keys | None:
    """Return the first limit in minutes or hours with this outcome; None if there is none."""
    for number, stretch in enumerate(question.stretches):
        for limit in stretch.clock_limits:
            if limit.outcome(at) is outcome:
                key = _CLOCK_KEYS[limit.farthest, limit.strict]
                holder = span_keys(number)
                return (*holder, key) if limit.back == stretch.back else (*holder, "or_after", key)
    return None


_CLOCK_KEYS = {
    (True, False): "at_most",
    (True, True): "less_than",
    (False, False): "at_least",
    (False, True): "more_than",
}


def _given(span: Span, *names: str) -> str:
    return next((name for name in names if getattr(span, name) is not None), "")


def _before_surgery(leaf: Requirement) -> Keys:
    """Return the key of the span that requires it to be before the operation."""
    number = next((n for n, span in enumerate(leaf.window.spans) if span.before == "surgery"), 0)
    return (*span_keys(number), "before")


def _unknown_anchor(leaf: Requirement, chart: Chart) -> Keys:
    """Return the key of the first unknown anchor."""
    for number, span in enumerate(leaf.window.spans):
        if anchor_date(span.anchor, chart) is None:
            return _side(number, span)
    return ("window",)
