"""The closed vocabularies of the contract: every word a finding, a verdict or a record may use.

Each word has a one-line meaning, because a reader who sees `unknown` next to `missing` must be able
to tell them apart without the manual.
"""

from __future__ import annotations

from enum import StrEnum


class _Word(StrEnum):
    """A word with its meaning: `Status.MET.meaning`."""

    meaning: str

    def __new__(cls, word: str, meaning: str) -> _Word:
        member = str.__new__(cls, word)
        member._value_ = word
        member.meaning = meaning
        return member


class Status(_Word):
    """Status of one requirement of one case; the order is the order of precedence."""

    ERROR = "error", "could not be evaluated"
    NOT_APPLICABLE = "not_applicable", "does not apply to this case"
    MET = "met", "a completed event fulfils every criterion, window included"
    EXEMPT = "exempt", "not met, and an approved exception covers it"
    BOOKED = "booked", "a booked event inside the window fulfils every criterion"
    UNKNOWN = "unknown", "cannot be decided from the records"
    DUE = "due", "not done yet, and there is still time"
    EXPIRED = "expired", "the only event that fits is too old"
    MISSING = "missing", "no event fulfils it"


class Reason(_Word):
    """Why a requirement has its status; a closed list."""

    IN_WINDOW = "in_window", "inside the window"
    EXCEPTED = "excepted", "covered by an approved exception"
    BOOKED_IN_WINDOW = "booked_in_window", "booked inside the window"
    PARTIAL_DATE = "partial_date", "only the month or the year of the event is known"
    SAME_DAY_UNTIMED = "same_day_untimed", "on the day of surgery, without a clock time"
    UNMAPPED = "unmapped", "region or modality is not recorded"
    EXTERNAL_UNDATED = "external_undated", "external study without an acquisition date"
    REJECTED_RECORD = "rejected_record", "a rejected row might fulfil it"
    FEED_STALE = (
        "feed_stale",
        "the source has delivered nothing, or too little, for longer than the site allows",
    )
    NEVER_ORDERED = "never_ordered", "nothing was ordered"
    ORDERED_NOT_BOOKED = "ordered_not_booked", "ordered, but no appointment"
    BOOKED_OUTSIDE_WINDOW = "booked_outside_window", "booked, but outside the window"
    BOOKING_PASSED = "booking_passed", "the appointment has passed without a completed event"
    WINDOW_NOT_OPEN = "window_not_open", "the window has not opened yet"
    TOO_OLD = "too_old", "too old: before the window"
    TOO_EARLY = "too_early", "before the window opened"
    TOO_LATE = "too_late", "after the window closed"
    EXPIRED_BY_RESCHEDULE = "expired_by_reschedule", "was in time until surgery moved"
    AFTER_SURGERY = "after_surgery", "not before the operation"
    CANCELLED = "cancelled", "cancelled"
    WRONG_REGION = "wrong_region", "another part of the body"
    WRONG_MODALITY = "wrong_modality", "a modality that does not count"
    EXCLUDED_CODE = "excluded_code", "a code that does not count"
    WRONG_PROVENANCE = "wrong_provenance", "done at a place that does not count"
    WRONG_VALUE = "wrong_value", "a column has a value that does not count"
    TOO_FEW = "too_few", "fewer events than required"
    TOO_CLOSE = "too_close", "enough events, but too close together"
    EVENT_BETWEEN = "event_between", "something happened since, so that it no longer counts"
    BETWEEN_UNKNOWN = "between_unknown", "it is not known whether something happened since"
    NONE_FOUND = "none_found", "no such event in the window, as required"
    WINDOW_NOT_CLOSED = (
        "window_not_closed",
        "no such event so far; the window in which it must not happen is still open",
    )
    FORBIDDEN_EVENT = "forbidden_event", "an event that must not be in the window"
    NO_SUCH_RECORDS = "no_such_records", "no event of this kind is recorded for any patient"
    UNTIMED = "untimed", "a clock time is required but not known"
    UNDATED = "undated", "it has no date"
    ANCHOR_UNKNOWN = "anchor_unknown", "the date that the window is counted from is not known"
    CONDITION_NOT_MET = "condition_not_met", "applies only under a condition, which does not hold"
    CONDITION_UNKNOWN = "condition_unknown", "it is not known whether the condition holds"
    CANCELLED_CASE = "cancelled_case", "the operation was cancelled"
    NOT_IN_POPULATION = "not_in_population", "outside the population of the protocol"
    EXCLUDED = "excluded", "excluded by the protocol"
    NOT_IN_FORCE = "not_in_force", "no version of the protocol in force on the day of surgery"
    EVALUATION_ERROR = "evaluation_error", "the evaluation itself failed"


class Verdict(_Word):
    """The combined result of a case's requirements; the order is the order of precedence."""

    ERROR = "error", "could not be evaluated"
    NOT_APPLICABLE = "not_applicable", "the protocol does not apply"
    NOT_COMPLIANT = "not_compliant", "a requirement is expired or missing"
    UNDETERMINED = "undetermined", "a requirement cannot be decided"
    ACTION_NEEDED = "action_needed", "something must still be arranged"
    PENDING = "pending", "everything is done or booked"
    COMPLIANT_WITH_EXCEPTION = "compliant_with_exception", "met, except for an approved exception"
    COMPLIANT = "compliant", "every requirement is met"


# Rank of a status. `all_of` takes the highest rank of its members and `any_of` the lowest, which is
# Kleene logic with its three truth values spread over the contract's finer statuses.
RANK = {
    Status.MET: 0,
    Status.EXEMPT: 1,
    Status.BOOKED: 2,
    Status.DUE: 3,
    Status.UNKNOWN: 4,
    Status.EXPIRED: 5,
    Status.MISSING: 5,
}
VERDICT_OF_RANK = (
    Verdict.COMPLIANT,
    Verdict.COMPLIANT_WITH_EXCEPTION,
    Verdict.PENDING,
    Verdict.ACTION_NEEDED,
    Verdict.UNDETERMINED,
    Verdict.NOT_COMPLIANT,
)


class ActionKind(StrEnum):
    """What somebody must do about a requirement; `owner` is the key of the protocol's owner map."""

    owner: str

    def __new__(cls, word: str, owner: str) -> ActionKind:
        member = str.__new__(cls, word)
        member._value_ = word
        member.owner = owner
        return member

    ORDER = "order", "order"
    BOOK = "book", "book"
    MOVE_BOOKING = "move_booking", "book"
    CONFIRM = "confirm", "book"
    COMPLETE_RECORD = "complete_record", "records"
    CORRECT_DATA = "correct_data", "data"
    DECIDE = "decide", "decide"


# The action for a reason; for any other reason the event is ordered.
ACTION_FOR = {
    Reason.ORDERED_NOT_BOOKED: ActionKind.BOOK,
    Reason.CANCELLED: ActionKind.BOOK,
    Reason.BOOKED_IN_WINDOW: ActionKind.BOOK,
    Reason.BOOKED_OUTSIDE_WINDOW: ActionKind.MOVE_BOOKING,
    Reason.FORBIDDEN_EVENT: ActionKind.MOVE_BOOKING,
    Reason.BOOKING_PASSED: ActionKind.CONFIRM,
    **dict.fromkeys(
        (
            Reason.PARTIAL_DATE,
            Reason.SAME_DAY_UNTIMED,
            Reason.UNTIMED,
            Reason.UNDATED,
            Reason.EXTERNAL_UNDATED,
            Reason.UNMAPPED,
            Reason.BETWEEN_UNKNOWN,
        ),
        ActionKind.COMPLETE_RECORD,
    ),
    **dict.fromkeys(
        (
            Reason.REJECTED_RECORD,
            Reason.FEED_STALE,
            Reason.NO_SUCH_RECORDS,
            Reason.CONDITION_UNKNOWN,
            Reason.ANCHOR_UNKNOWN,
        ),
        ActionKind.CORRECT_DATA,
    ),
}

CASE_STATUSES = ("scheduled", "performed", "cancelled")
EVENT_STATUSES = ("ordered", "booked", "completed", "cancelled", "entered-in-error")
URGENCIES = ("elective", "urgent", "emergency")
# How intraoperative ultrasound changed the plan of an operation.
PLAN_CHANGES = (
    "no_change",
    "extended_resection",
    "additional_resection",
    "additional_ablation",
    "limited_resection",
    "changed_margin",
    "converted_to_ablation",
    "converted_to_two_stage",
    "abandoned",
)
YES, NO = ("yes", "true", "1"), ("no", "false", "0")
CODE_ROLES = ("qualifies", "warns", "never")
