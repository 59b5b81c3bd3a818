"""Definitions of the terms that a protocol uses; others are left out to keep its page short."""

from __future__ import annotations

from collections.abc import Iterator

from qi_checker.protocol.durations import Duration
from qi_checker.protocol.models import Protocol, Requirement
from qi_checker.protocol.selectors import RequirementCondition
from qi_checker.protocol.vocabulary import Status
from qi_checker.protocol.windows import AnchorRef, Span, Window

_ALWAYS = frozenset({"days", "ends", "partial"})
_TEXTS = {
    "days": "Days are dates on the calendar of the site. For a study the start of its acquisition"
    " counts, never the date of its order or report.",
    "ends": "Both ends of a window count: within 30 days means 0 to 30 days.",
    "strict": "Less than and more than exclude their limit: less than 4 weeks means 0 to 27 days.",
    "month": "A month ends on the same day of the month, or on its last: one month before 31 March"
    " is 28 or 29 February.",
    "working day": "Working days are Monday to Friday without the holidays of the site; the day"
    " itself is not counted.",
    "clock": "Minutes and hours need clock times; a result that depends on an unknown time is"
    " unknown.",
    "partial": "Where only the month or the year of an event is known, it counts if every day of it"
    " is inside the window, does not if none is, and is unknown otherwise.",
    "anchor": "Where the date that a window is counted from is not known, the requirement is"
    " unknown.",
    "chosen": "A window counted from another requirement is counted from the event found for it.",
    "count": "If several events are required, the latest one counts, then the latest that is"
    " far enough from it.",
    "forbidden": "Where there must be no event, missing records are not enough: if no event of the kind is"
    " recorded for any patient, the requirement is unknown.",
    "between": "An event that may have been between the event and surgery makes the"
    " requirement unknown, not failed.",
    "applies_if": "A requirement with a condition is not applicable if the"
    " condition does not hold, and unknown if that cannot be decided.",
}


def definitions(protocol: Protocol) -> tuple[str, ...]:
    """Return how days are counted, and other definitions needed to read the requirements."""
    leaves = [leaf for version in protocol.versions for leaf in version.leaves]
    used = set(_ALWAYS).union(*(_of_requirement(leaf) for leaf in leaves))
    return tuple(text for key, text in _TEXTS.items() if key in used)


def _of_requirement(leaf: Requirement) -> Iterator[str]:
    for window in windows_of(leaf):
        for span in window.spans:
            yield from _of_span(span)
    yield from ["count"] * (leaf.count is not None)
    yield from ["forbidden"] * leaf.forbidden
    yield from ["between"] * any(rule.then == "fail" for rule in leaf.none_between)
    yield from ["applies_if"] * (leaf.applies_if is not None)


def _of_span(span: Span) -> Iterator[str]:
    for limit in _limits(span):
        yield "clock" if limit.clock is not None else limit.unit.replace("year", "month")
    if span.less_than or span.more_than or (span.or_after and span.or_after.less_than):
        yield "strict"
    if span.anchor != "surgery":
        yield "anchor"
    if isinstance(span.anchor, AnchorRef) and span.anchor.requirement is not None:
        yield "chosen"


def windows_of(leaf: Requirement) -> Iterator[Window]:
    """Yield its own window and those of its condition."""
    yield leaf.window
    if leaf.applies_if is not None:
        yield from _windows_in(leaf.applies_if)


def _windows_in(rule: RequirementCondition) -> Iterator[Window]:
    for member in rule.all_of or rule.any_of or ():
        yield from _windows_in(member)
    for selector in (rule.event, rule.chosen):
        if selector is not None:
            yield selector.window


def _limits(span: Span) -> Iterator[Duration]:
    reach = span.or_after.limit if span.or_after is not None else None
    yield from (limit for limit in (span.near, span.far, reach) if limit is not None)


def statuses(protocol: Protocol) -> tuple[tuple[Status, str], ...]:
    """Return the statuses that a requirement of the protocol can have, each with its meaning."""
    leaves = [leaf for version in protocol.versions for leaf in version.leaves]
    wanted = [leaf for leaf in leaves if not leaf.forbidden]
    never = {Status.ERROR}
    if not any(version.exceptions for version in protocol.versions):
        never.add(Status.EXEMPT)
    if not any(leaf.window.before and leaf.window.far for leaf in wanted):
        never.add(Status.EXPIRED)
    if not wanted:
        never.add(Status.BOOKED)
    forbidden = _FORBIDDEN if not wanted else {}
    both = _FORBIDDEN if len(wanted) < len(leaves) else {}
    result = []
    for status in Status:
        meaning = forbidden.get(status, status.meaning)
        if wanted and status in both:
            meaning = f"{meaning}; where there must be no event: {both[status]}"
        if status not in never:
            result.append((status, meaning))
    return tuple(result)


_FORBIDDEN = {
    Status.MET: "no such event in the window",
    Status.DUE: "such an event is booked, and can still be moved",
    Status.MISSING: "there is such an event in the window",
}
