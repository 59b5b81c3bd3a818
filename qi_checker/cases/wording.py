"""What a requirement asks and why an event does not count, in words."""

from __future__ import annotations

from qi_checker.protocol.models import Requirement, Version
from qi_checker.protocol.vocabulary import Reason
from qi_checker.query.words import group_words, requirement_sentence, titles_of

__all__ = ["WHY", "asks", "group_words"]


def asks(version: Version, leaf: Requirement) -> str:
    """The sentence of a requirement, as its page and its SQL print it."""
    return requirement_sentence(leaf, titles_of(version))


WHY: dict[Reason, str] = {
    Reason.EXCLUDED_CODE: "a code that does not count",
    Reason.UNMAPPED: "not recorded",
    Reason.WRONG_MODALITY: "another modality",
    Reason.WRONG_REGION: "another region",
    Reason.ORDERED_NOT_BOOKED: "ordered, no appointment",
    Reason.CANCELLED: "cancelled",
    Reason.BOOKING_PASSED: "appointment passed, not completed",
    Reason.TOO_OLD: "too old",
    Reason.TOO_EARLY: "too early",
    Reason.TOO_LATE: "too late",
    Reason.AFTER_SURGERY: "not before the operation",
    Reason.BOOKED_OUTSIDE_WINDOW: "booked outside the window",
    Reason.SAME_DAY_UNTIMED: "day of surgery, clock time not usable",
    Reason.PARTIAL_DATE: "only part of the date is known",
    Reason.UNTIMED: "a clock time is needed and not known",
    Reason.UNDATED: "no date",
    Reason.WRONG_PROVENANCE: "made elsewhere than asked",
    Reason.WRONG_VALUE: "another value than asked",
    Reason.EVENT_BETWEEN: "something happened since",
    Reason.BETWEEN_UNKNOWN: "something may have happened since",
    Reason.REJECTED_RECORD: "the record could not be read",
    Reason.EXTERNAL_UNDATED: "external, no acquisition date",
}
