"""What a requirement asks, in words."""

from __future__ import annotations

from qi_checker.protocol.models import Group, Requirement, Version
from qi_checker.protocol.vocabulary import Reason


def asks(leaf: Requirement) -> str:
    """`imaging; modality CT; region liver or abdomen; within 30 days before surgery`."""
    event = leaf.event
    parts = [event.kind]
    if event.modality:
        parts.append("modality " + " or ".join(event.modality))
    if event.region:
        parts.append("region " + " or ".join(event.region))
    if event.codes:
        parts.append(f"a code of {event.codes.in_}")
    if event.not_codes:
        parts.append(f"no code of {event.not_codes.in_}")
    parts.append(leaf.window.words())
    return "; ".join(parts)


def group_words(version: Version, leaf: Requirement) -> str:
    """Words about the innermost any_of that a requirement stands in, empty without one."""
    return _group(version.requirements, leaf, "") or ""


def _group(members: list[Requirement | Group], leaf: Requirement, words: str) -> str | None:
    for member in members:
        if member is leaf:
            return words
        if isinstance(member, Group):
            inner = words
            if member.any_of is not None:
                inner = member.title or "one of these is enough"
            found = _group(member.members, leaf, inner)
            if found is not None:
                return found
    return None


WHY: dict[Reason, str] = {
    Reason.EXCLUDED_CODE: "a code that does not count",
    Reason.UNMAPPED: "not recorded",
    Reason.WRONG_MODALITY: "another modality",
    Reason.WRONG_REGION: "another region",
    Reason.ORDERED_NOT_BOOKED: "ordered, no appointment",
    Reason.CANCELLED: "cancelled",
    Reason.BOOKING_PASSED: "appointment passed, not completed",
    Reason.TOO_OLD: "too old",
    Reason.AFTER_SURGERY: "not before the operation",
    Reason.BOOKED_OUTSIDE_WINDOW: "booked outside the window",
    Reason.SAME_DAY_UNTIMED: "day of surgery, clock time not usable",
    Reason.PARTIAL_DATE: "only part of the date is known",
    Reason.REJECTED_RECORD: "the record could not be read",
    Reason.EXTERNAL_UNDATED: "external, no acquisition date",
    Reason.WRONG_PROVENANCE: "made elsewhere than where it counts",
    Reason.WRONG_VALUE: "another value",
    Reason.TOO_EARLY: "too early",
    Reason.TOO_LATE: "too late",
    Reason.UNTIMED: "a clock time is needed",
    Reason.UNDATED: "no date",
}
