"""Explain which clause of a protocol decided about a case, and why.

Everything is read from the trace of `judging`; this adds its place in the protocol's file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from qi_checker.authoring.places import Clause, Places
from qi_checker.cases.rows import Origin
from qi_checker.judging import CaseTrace, RequirementTrace
from qi_checker.judging.cases import column_of
from qi_checker.judging.clauses import REQUIREMENT, VERSION, ClausePath
from qi_checker.judging.outcomes import Decision, Judged, Part
from qi_checker.judging.spans import Outcome
from qi_checker.judging.trace import SpanTrace
from qi_checker.judging.values import When
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.vocabulary import Reason, Status
from qi_checker.protocol.windows import Span, anchor_words

Place = Callable[..., Clause]  # the clause at these keys


@dataclass(frozen=True)
class PartLine:
    """One part of a condition. `outcome`: true, undecided or false."""

    clause: Clause
    outcome: str
    found: str  # values in the records; empty for all_of and any_of
    parts: tuple[PartLine, ...] = ()


@dataclass(frozen=True)
class LimitLine:
    """A limit of a span: the first or last day or minute that counts."""

    clause: Clause
    side: str  # "from" for a first day, "until" for a last one
    day: str  # 2026-01-24, or 2026-02-23T06:00; empty if a clock time is missing


@dataclass(frozen=True)
class SpanLine:
    """One span of the window. `anchor` is empty if unknown."""

    words: str
    clause: Clause
    counted_from: str  # surgery, admission, a column, or the title of a requirement
    anchor: str
    limits: tuple[LimitLine, ...]


@dataclass(frozen=True)
class CriterionLine:
    """The result of one criterion for one event; `why` is empty if it passes."""

    name: str
    outcome: str
    why: str
    clause: Clause


@dataclass(frozen=True)
class EventLine:
    """An event that was considered."""

    event_id: str
    source: str
    status: str
    at: str
    chosen: bool
    criteria: tuple[CriterionLine, ...]


@dataclass(frozen=True)
class ExceptionLine:
    """An exception of the case for the requirement: active, or why it is ignored."""

    exception_id: str
    source: str
    ignored: str


@dataclass(frozen=True)
class RequirementLine:
    """One requirement: what decided, and everything that was considered."""

    id: str
    title: str
    status: str
    reason: str
    sentence: str
    step: int  # position among the nine statuses of the contract
    step_words: str
    decided_by: Clause
    applies_if: PartLine | None
    spans: tuple[SpanLine, ...]
    window_opens: date | None
    window_closes: date | None
    live: bool | None  # whether there is still time; None if an anchor is unknown
    events: tuple[EventLine, ...]
    others: int  # events of the same kind that are not near misses
    exceptions: tuple[ExceptionLine, ...]


@dataclass(frozen=True)
class ExclusionLine:
    """One exclusion of the version."""

    id: str
    title: str
    when: PartLine


@dataclass(frozen=True)
class Explanation:
    """Everything that decided about one case."""

    case_id: str
    verdict: str
    as_of: str
    surgery_date: date
    surgery_at: str
    upcoming: bool
    protocol: str
    version: str
    in_force: Clause
    ruled_out: str  # reason; empty if the protocol applies
    applies_to: PartLine
    exclusions: tuple[ExclusionLine, ...]
    requirements: tuple[RequirementLine, ...]


# Meaning of each status in section 7 of docs/evaluation.md.
STEPS = {
    Status.ERROR: "it could not be evaluated",
    Status.NOT_APPLICABLE: "it does not apply to this case",
    Status.MET: "an event that is done passes every criterion",
    Status.EXEMPT: "not met, and an approved exception is valid",
    Status.BOOKED: "not met; there is still time, and an appointment passes every criterion",
    Status.UNKNOWN: "not met, but the records do not rule it out",
    Status.DUE: "none of the above, and there is still time",
    Status.EXPIRED: "too late, and an event matches except for its age",
    Status.MISSING: "none of the above, and it is too late",
}
_OTHERWISE = {
    Reason.NONE_FOUND: "there is no forbidden event, and the source delivers such events",
    Reason.WINDOW_NOT_CLOSED: "there is no forbidden event so far, and the window is still open",
    Reason.FORBIDDEN_EVENT: "an event that must not be there passes every criterion",
}
_OUTCOMES = {Outcome.PASS: "pass", Outcome.UNDECIDED: "undecided", Outcome.FAIL: "fail"}


def explain(bundle: Bundle, trace: CaseTrace, origin: Origin) -> Explanation:
    """Explain one case; every clause is named with its place in the file."""
    case, places = trace.case, Places(bundle)
    version = case.version
    place = partial(places.version, version.version)
    exclusions = zip(version.exclude, case.population.exclusions, strict=True)
    return Explanation(
        case_id=case.id,
        verdict=str(trace.verdict),
        as_of=str(trace.setting.as_of),
        surgery_date=case.day,
        surgery_at=case.anchor.clock.isoformat() if case.anchor.clock else "",
        upcoming=case.upcoming,
        protocol=bundle.protocol.id,
        version=version.version,
        in_force=place("in_force"),
        ruled_out=str(case.ruled_out or ""),
        applies_to=_part(case.population.applies_to, trace, place),
        exclusions=tuple(
            ExclusionLine(x.id, x.title, _part(part, trace, place)) for x, part in exclusions
        ),
        requirements=tuple(_requirement(one, trace, places, origin) for one in trace.requirements),
    )


def _requirement(
    one: RequirementTrace, trace: CaseTrace, places: Places, origin: Origin
) -> RequirementLine:
    version, finding = trace.case.version.version, one.finding
    place: Place = partial(places.requirement, version, one.id)

    def clause(path: ClausePath) -> Clause:
        if path.of == REQUIREMENT:
            return place(*path.keys)
        return (
            places.version(version, *path.keys) if path.of == VERSION else Clause(path.path, "", "")
        )

    return RequirementLine(
        id=one.id,
        title=one.requirement.title,
        status=finding["status"],
        reason=finding["reason"],
        sentence=finding["sentence"],
        step=list(Status).index(one.status) + 1,
        step_words=step_words(one.decision),
        decided_by=clause(one.clause),
        applies_if=_part(one.applies_if, trace, place) if one.applies_if else None,
        spans=tuple(_span(span, trace, place) for span in one.spans),
        window_opens=finding["window_opens"],
        window_closes=finding["window_closes"],
        live=one.live,
        events=tuple(
            _event(judged, one, clause, origin) for judged in (*one.candidates, *one.rejected)
        ),
        others=one.others,
        exceptions=tuple(
            ExceptionLine(x.id, origin.row("exceptions", x.row.number), x.ignored)
            for x in one.exceptions
        ),
    )


def step_words(decision: Decision) -> str:
    """Say which of the nine steps decided."""
    return _OTHERWISE.get(decision.reason, STEPS[decision.status])


def _event(
    judged: Judged, one: RequirementTrace, clause: Callable[[ClausePath], Clause], origin: Origin
) -> EventLine:
    event = judged.event
    lines = [
        CriterionLine(
            name,
            _OUTCOMES[criterion.outcome],
            criterion.reason.meaning if criterion.reason else "",
            clause(one.clause_of(judged, name)),
        )
        for name, criterion in one.criteria(judged)
    ]
    if event.torn:
        lines = [CriterionLine("record", "undecided", event.reject, Clause("", "", ""))]
    return EventLine(
        event_id=event.id,
        source=origin.row("events", event.row),
        status="rejected" if event.reject else event.status,
        at=event.texts.get("at", ""),
        chosen=event is one.event,
        criteria=tuple(lines),
    )


def _part(part: Part, trace: CaseTrace, place: Place) -> PartLine:
    return PartLine(
        place(*part.keys),
        part.truth.name.lower(),
        "" if part.parts else _found(part, trace),
        tuple(_part(inner, trace, place) for inner in part.parts),
    )


def _found(part: Part, trace: CaseTrace) -> str:
    """Return the values in the records that a condition reads."""
    condition = part.condition
    if getattr(condition, "event", None) is not None:
        kind = condition.event.kind
        events = (e for e in trace.chart.history.events if e.kind == kind)
        listed = [_dated(e.id, e.at) for e in sorted(events, key=lambda e: e.id)]
        return ", ".join(listed) or f"no event of kind {kind}"
    if part.chosen is not None:
        event = f", {part.chosen.event.id}" if part.chosen.event else ""
        return f"{condition.chosen.requirement} is {part.chosen.status}{event}"
    column = column_of(condition)
    return part.found or (f"nothing in {column}" if column else "a case")


def _dated(id: str, at: When | None) -> str:
    return f"{id} of {at.lo}" if at else id


def _span(span: SpanTrace, trace: CaseTrace, place: Place) -> SpanLine:
    titles = trace.case.version.titles
    limits = (
        LimitLine(place(*x.keys), "from" if x.opens else "until", _iso(x.at)) for x in span.limits
    )
    return SpanLine(
        words=Span.words(span.span, titles),
        clause=place(*span.keys),
        counted_from=anchor_words(span.span.anchor, titles),
        anchor=_iso(span.anchor.clock or span.anchor.lo) if span.anchor else "",
        limits=tuple(limits),
    )


def _iso(at: date | datetime | None) -> str:
    if at is None:
        return ""
    return at.isoformat(timespec="minutes") if isinstance(at, datetime) else str(at)
