"""Which clause decided: from the reason of a finding to the key of the file that it comes from."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from qi_checker.authoring import explain_windows as windows
from qi_checker.authoring.explain_trees import Part, Place, tree
from qi_checker.authoring.places import Clause, Places
from qi_checker.judging.between import lies_between
from qi_checker.judging.charts import Chart, Decision
from qi_checker.judging.criteria import modalities_of
from qi_checker.judging.judged import Judged, judge
from qi_checker.judging.outcomes import Outcome, Truth
from qi_checker.judging.questions import Question
from qi_checker.judging.records import Event
from qi_checker.protocol.models import Requirement
from qi_checker.protocol.vocabulary import Reason, Status

Keys = tuple[str | int, ...]
CRITERIA = ("code", "modality", "region", "provenance", "columns", "status", "window")

# What each status says, as section 7 of docs/evaluation.md puts it.
STEPS = {
    Status.ERROR: "it could not be evaluated",
    Status.NOT_APPLICABLE: "it is not asked of this case",
    Status.MET: "an event that is done passes every criterion",
    Status.EXEMPT: "not met, and an approved exception is valid",
    Status.BOOKED: "not met; there is still time, and an appointment passes every criterion",
    Status.UNKNOWN: "not met, and the records do not say enough to deny it",
    Status.DUE: "none of the above, and there is still time",
    Status.EXPIRED: "no time is left, and an event is right but for its age",
    Status.MISSING: "none of the above, and no time is left",
}
_OTHERWISE = {
    Reason.NONE_FOUND: "nothing forbidden is there, and the source would have told of it",
    Reason.FORBIDDEN_EVENT: "an event that must not be there passes every criterion",
}


def step_words(decision: Decision) -> str:
    """The step that decided, in words."""
    return _OTHERWISE.get(decision.reason, STEPS[decision.status])


def deciding_clause(leaf: Requirement, decision: Decision, chart: Chart, places: Places) -> Clause:
    """The clause that decided; one of the records or of the site where no rule did."""
    version = chart.case.version.version
    of_version: Place = partial(places.version, version)
    of_leaf: Place = partial(places.requirement, version, leaf.id)
    reason = decision.reason
    outside = _OUTSIDE.get(reason)
    if outside is not None:
        return Clause(outside(decision, leaf), "", "")
    if reason in _OF_VERSION:
        return _OF_VERSION[reason](chart, of_version)
    return of_leaf(*_keys(leaf, decision, chart, of_leaf))


def _row(decision: Decision, leaf: Requirement) -> str:
    return f"the records: row {decision.event.row if decision.event else '?'} of events"


# Decided by what a source delivers, not by what the protocol says.
_OUTSIDE: dict[Reason, Callable[[Decision, Requirement], str]] = {
    Reason.CANCELLED_CASE: lambda decision, leaf: "the records: status of the case",
    Reason.REJECTED_RECORD: _row,
    Reason.EXTERNAL_UNDATED: _row,
    Reason.FEED_STALE: lambda decision, leaf: f"the site: feeds.{leaf.event.kind}, or completeness",
    Reason.EVALUATION_ERROR: lambda decision, leaf: "the program",
}


def population(chart: Chart, place: Place) -> Part:
    """`applies_to`, held against the case."""
    return tree(chart.case.version.applies_to, chart, place, "applies_to")


def _population(chart: Chart, place: Place) -> Clause:
    return population(chart, place).decisive().clause


def _exclusion(chart: Chart, place: Place) -> Clause:
    for number, exclusion in enumerate(chart.case.version.exclude):
        part = tree(exclusion.when, chart, place, "exclude", number, "when")
        if part.outcome == "true":
            return part.decisive().clause
    return place("exclude")


_OF_VERSION: dict[Reason, Callable[[Chart, Place], Clause]] = {
    Reason.NOT_IN_FORCE: lambda chart, place: place("in_force"),
    Reason.NOT_IN_POPULATION: _population,
    Reason.EXCLUDED: _exclusion,
    Reason.EXCEPTED: lambda chart, place: place("exceptions"),
}
_PLAIN: dict[Reason, Keys] = {
    Reason.NEVER_ORDERED: ("event",),
    Reason.NO_SUCH_RECORDS: ("event", "kind"),
    Reason.TOO_FEW: ("count",),
    Reason.TOO_CLOSE: ("apart", "at_least"),
    Reason.NONE_FOUND: ("forbidden",),
    Reason.FORBIDDEN_EVENT: ("forbidden",),
    Reason.SAME_DAY_UNTIMED: ("same_day",),
    Reason.WRONG_REGION: ("event", "region"),
    Reason.WRONG_PROVENANCE: ("event", "provenance"),
    Reason.ORDERED_NOT_BOOKED: ("event", "status"),
    Reason.CANCELLED: ("event", "status"),
    Reason.BOOKING_PASSED: ("event", "status"),
    Reason.UNDATED: ("window",),
}


def _keys(leaf: Requirement, decision: Decision, chart: Chart, place: Place) -> Keys:
    reason, question = decision.reason, decision.question
    if reason in _PLAIN:
        return _PLAIN[reason]
    if reason in (Reason.CONDITION_NOT_MET, Reason.CONDITION_UNKNOWN):
        return _condition(leaf, chart, place)
    if reason in (Reason.EVENT_BETWEEN, Reason.BETWEEN_UNKNOWN):
        return _between(leaf, decision, chart)
    if question is None:
        return windows.unknown_anchor(leaf, chart)
    judged = _judged(decision, chart)
    if judged is not None and reason in _OF_EVENT:
        return criterion_keys(leaf, judged, first_open(judged), chart, question)
    return windows.opening(question)


_OF_EVENT = (
    Reason.UNMAPPED,
    Reason.EXCLUDED_CODE,
    Reason.WRONG_MODALITY,
    Reason.WRONG_VALUE,
    Reason.BOOKED_OUTSIDE_WINDOW,
    Reason.AFTER_SURGERY,
    Reason.TOO_OLD,
    Reason.TOO_EARLY,
    Reason.TOO_LATE,
    Reason.PARTIAL_DATE,
    Reason.UNTIMED,
)


def _judged(decision: Decision, chart: Chart) -> Judged | None:
    if decision.event is None or decision.question is None:
        return None
    return judge(decision.event, decision.question, chart)


def _window_keys(leaf: Requirement, judged: Judged, question: Question) -> Keys:
    """The limit that keeps an event out, or that lets it in."""
    reason, at = judged.window.reason, judged.event.at
    if reason is Reason.AFTER_SURGERY:
        return windows.before_surgery(leaf)
    if reason is Reason.SAME_DAY_UNTIMED:
        return ("same_day",)
    if at is None:
        return windows.opening(question)
    early = question.opens is not None and at.lo < question.opens
    late = question.closes is not None and at.hi > question.closes
    by_clock = windows.clock_key(question, at, judged.window.outcome)
    if by_clock is not None and not (early or late):
        return by_clock
    if reason is Reason.TOO_LATE or (late and not early):
        return windows.closing(question)
    return windows.opening(question)


def first_open(judged: Judged) -> str:
    """The first criterion that does not pass."""
    pairs = zip(CRITERIA, judged.criteria, strict=True)
    return next((name for name, c in pairs if c.outcome is not Outcome.PASS), "window")


def criterion_keys(
    leaf: Requirement, judged: Judged, name: str, chart: Chart, question: Question
) -> Keys:
    """The key that a criterion stands under."""
    if name == "code":
        return "event", _code_key(leaf, judged.event, chart)
    if name == "modality":
        words = modalities_of(judged.event, chart.setting)
        refused = "PT" in words and "CT" in words and "CT" in (leaf.event.modality or ())
        return ("pet_ct",) if refused and leaf.pet_ct == "refuse" else ("event", "modality")
    if name == "window":
        return _window_keys(leaf, judged, question)
    return "event", name


def _code_key(leaf: Requirement, event: Event, chart: Chart) -> str:
    """`not_codes` where one of its codes is there, else `codes`, which no code is in.

    A code that imaging.csv says never counts is kept out by none of them, but by `allow_codes`
    not naming it.
    """
    lists = chart.setting.catalogue.lists
    wanted = leaf.event
    if wanted.not_codes and any(lists[wanted.not_codes.in_].holds(*c) for c in event.codes):
        return "not_codes"
    if wanted.codes and not any(lists[wanted.codes.in_].holds(*c) for c in event.codes):
        return "codes"
    return "allow_codes"


def _condition(leaf: Requirement, chart: Chart, place: Place) -> Keys:
    """The key below `applies_if` that decided; an anchor that is not asked for itself."""
    if leaf.applies_if is not None:
        found = tree(leaf.applies_if, chart, place, "applies_if")
        if found.outcome != Truth.TRUE.name.lower():
            return _steps(found)
    for number, span in enumerate(leaf.window.spans):
        inner = getattr(span.anchor, "requirement", None)
        if inner is not None and chart.decided[inner].status is Status.NOT_APPLICABLE:
            key = "before" if span.before is not None else "after"
            return (*windows.span_keys(number), key)
    return ("applies_if",)


def _steps(part: Part) -> Keys:
    """The keys of the innermost part that decided."""
    keys: Keys = ("applies_if",)
    while True:
        name = part.clause.path.rpartition(".")[2]
        keys = (*keys, name)
        deeper = next(((n, p) for n, p in enumerate(part.parts) if p.outcome == part.outcome), None)
        if deeper is None:
            return keys
        keys, part = (*keys, deeper[0]), deeper[1]


def _between(leaf: Requirement, decision: Decision, chart: Chart) -> Keys:
    """The first line of `none_between` that comes out as the reason says."""
    wanted = Truth.TRUE if decision.reason is Reason.EVENT_BETWEEN else Truth.UNDECIDED
    question, event = decision.question, decision.event
    for number, line in enumerate(leaf.none_between):
        alone = leaf.model_copy(update={"none_between": [line]})
        if question is None or event is None or line.then != "fail":
            continue
        if lies_between(alone, question, event, chart) is wanted:
            return "none_between", number
    return ("none_between",)
