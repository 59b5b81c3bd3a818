"""The English templates: sentences of findings and actions, and the wording of windows.

`judging/sentences.py` fills the templates for cases that a person reads, `query/sentences.py`
inside the query for millions of findings; a test checks that the results are identical.
`protocol/french.py` is the same table in French, and `protocol/language.py` defines its names. A
sentence says what was found (by reason) and what to do next (by status). `{name}` is a column of
the finding or of the requirement, or one of the pieces below.
"""

from __future__ import annotations

from datetime import date

from qi_checker.protocol.vocabulary import Reason

FOUND: dict[Reason, str] = {
    Reason.IN_WINDOW: "{title} on {event_date} is {distance}; {limit}.{lasts}",
    Reason.EXCEPTED: "{title} is waived by an approved exception until {expires_on}{asked_late}.",
    Reason.BOOKED_IN_WINDOW: "{title} is booked for {event_date}, {distance}; {limit}.{lasts}",
    Reason.PARTIAL_DATE: "Only part of the date of {title} is known (from {event_date}); {limit}.",
    Reason.SAME_DAY_UNTIMED: "{title} on {event_date} {side}: no usable clock time.",
    Reason.UNMAPPED: "An event on {event_date} may be the {title}, but its {unrecorded} is not recorded.",
    Reason.EXTERNAL_UNDATED: "An external study may be the {title}, but its acquisition date is not known.",
    Reason.REJECTED_RECORD: "A rejected row may be the {title}; see the rejected rows.",
    Reason.FEED_STALE: "The source of {title} has delivered too little lately, so this cannot be decided.",
    Reason.NEVER_ORDERED: "No {title} is recorded.",
    Reason.ORDERED_NOT_BOOKED: "{title} is ordered but has no appointment.",
    Reason.BOOKED_OUTSIDE_WINDOW: "{title} is booked for {event_date}, outside the window {window}.",
    Reason.BOOKING_PASSED: "{title} was booked for {event_date}, but no record shows that it took place.",
    Reason.WINDOW_NOT_OPEN: "No {title} is recorded; its window opens on {window_opens}.",
    Reason.TOO_OLD: "{title} on {event_date} is {distance}; {limit}. {excess}",
    Reason.AFTER_SURGERY: "{title} on {event_date} was not before the operation on {anchor}.",
    Reason.TOO_EARLY: "{title} on {event_date} is {distance}; {limit}. Too early.",
    Reason.TOO_LATE: "{title} on {event_date} is {distance}; {limit}. Too late.",
    Reason.CANCELLED: "{title} of {event_date} was cancelled.",
    Reason.WRONG_REGION: "The closest study, on {event_date}, does not show the region required for {title}.",
    Reason.WRONG_MODALITY: "The closest study, on {event_date}, has a modality that does not count as {title}.",
    Reason.EXCLUDED_CODE: "The closest study, on {event_date}, has a code that does not count as {title}.",
    Reason.WRONG_PROVENANCE: "The closest study, on {event_date}, was done at a place that does not count for {title}.",
    Reason.WRONG_VALUE: "The closest event, on {event_date}, has a value that does not count for {title}.",
    Reason.TOO_FEW: "{title}: too few are recorded; the latest is from {event_date}.",
    Reason.TOO_CLOSE: "{title}: enough are recorded, but too close together; the latest is from {event_date}.",
    Reason.EVENT_BETWEEN: "{title} on {event_date} no longer counts because of what was done since.",
    Reason.BETWEEN_UNKNOWN: "{title} on {event_date} may no longer count: something may have been done since.",
    Reason.NONE_FOUND: "{title}: none is recorded {asks}, as required.",
    Reason.WINDOW_NOT_CLOSED: "No {title} is recorded so far; there must be none {asks}{until}.",
    Reason.FORBIDDEN_EVENT: "{title} on {event_date} is {distance}; there must be none {asks}.",
    Reason.NO_SUCH_RECORDS: "{title}: the records have no such event for any patient, so its absence proves nothing.",
    Reason.UNTIMED: "{title} on {event_date}: a clock time is required but not known; {limit}.",
    Reason.UNDATED: "{title} has no date; {limit}.",
    Reason.ANCHOR_UNKNOWN: "{title} cannot be judged: the date it is counted from ({anchors}) is not known{yet}.",
    Reason.CONDITION_NOT_MET: "{title} does not apply to this case.",
    Reason.CONDITION_UNKNOWN: "It is not known{yet} whether {title} applies to this case.",
    Reason.CANCELLED_CASE: "The operation was cancelled.",
    Reason.NOT_IN_POPULATION: "The operation is outside the population of the protocol.",
    Reason.EXCLUDED: "Excluded: {excluded_by}.",
    Reason.NOT_IN_FORCE: "No version of the protocol is in force on {anchor}.",
    Reason.EVALUATION_ERROR: "{title} could not be evaluated.",
    Reason.EXPIRED_BY_RESCHEDULE: "{title} on {event_date} was in time until surgery moved to {anchor}.",
}

# ---- pieces: `{distance}`, `{limit}` and the like, each in one of a few forms --------------------

BEFORE = "{length} before {counted_from} on {from_day}"
AFTER = "{length} after {counted_from} on {from_day}"
LIMIT = "the limit is {limit}"
NO_LIMIT = "there is no age limit"
COUNTS_WHEN = "it counts {asks}"
ANY_TIME_BEFORE = "at any time before surgery"  # value of `asks` for a window without a limit
UNTIL = ", until {window_closes}"
YET = " yet"
ASKED_LATE = ", requested after surgery"  # about the exception; with several, only if all were
LASTS = " It counts for surgery until {valid_through}."
EXCESS, TOO_OLD = "{length} too old.", "Too old."
LESS_THAN_A_MINUTE = "less than a minute"
SIDE_OF_SURGERY = "may not have been before the operation"
SIDE = "may be on the wrong side of {anchors}"
WINDOW, ANY_DAY = "{first} to {window_closes}", "any day"
UNKNOWN_DAY = "an unknown day"
CHECK = " Check: {words}."
SINCE, PERHAPS_SINCE = "{title} since then", "perhaps {title} since then"

# ---- what to do; the store knows "between … and" and both forms of `{arrange}` by heart (store/rows.py)

SPAN = "between {start} and {window_closes}"
ARRANGE = "arrange it by {act_by}."
ARRANGE_LATE = "the last day to arrange it was {act_by}: do it today."
BOOK = "Book {title} {span}; {arrange}"
OR_BOOK = "{first}, or book {title} {span}; {arrange}"
ONLY_VERIFY = "{first}; {arrange}"
CLOSED = "It is too late to do this in time (until {window_closes}): move surgery or request an exception."
CLOSED_FOR_GOOD = "It is too late to do this in time (until {window_closes}): request an exception."
# For a forbidden event that is booked, or completed; moving surgery helps only if it is the anchor.
CALL_OFF = "Move it, or surgery to a day after {valid_through}, or request an exception; {arrange}"
CALL_OFF_ONLY = "Move it or request an exception; {arrange}"
WAIT = "Move surgery to a day after {valid_through} or request an exception; {arrange}"
WAIVE = "Request an exception; {arrange}"
VERIFY: dict[Reason, str] = {
    Reason.PARTIAL_DATE: "Find out the exact date",
    Reason.SAME_DAY_UNTIMED: "Find out the clock time",
    Reason.UNMAPPED: "Have {to_record} recorded",
    Reason.EXTERNAL_UNDATED: "Obtain the acquisition date",
    Reason.REJECTED_RECORD: "Have the record corrected",
    Reason.FEED_STALE: "Have the feed repaired before anything is booked",
    Reason.UNTIMED: "Find out the clock time",
    Reason.UNDATED: "Find out the date",
    Reason.BETWEEN_UNKNOWN: "Find out what was done when",
    Reason.NO_SUCH_RECORDS: "Find out whether such events are recorded at all",
    Reason.CONDITION_UNKNOWN: "Find out whether it applies",
}

# ---- windows: `within 30 days before surgery` ------------------------------------------------------

WITHIN, AT_MOST, LESS_THAN = "within {length}", "at most {length}", "less than {length}"
AT_LEAST, MORE_THAN = "at least {length}", "more than {length}"
AT_ANY_TIME = "at any time"
COUNTED_BACK, COUNTED_ON = "{limits} before {anchor}", "{limits} after {anchor}"
AROUND = "{far} before, or {reach} after, {anchor}"
ALSO = ", and "  # between the spans of a window
ANCHORS = {"surgery": "surgery", "admission": "admission"}
NAMED = "{title}"  # a requirement as the anchor
# Default titles of common columns; a protocol can set its own.
COLUMNS = {
    "admitted_at": "admission",
    "born_on": "date of birth",
    "discharged_at": "discharge",
    "ended_at": "the end of the operation",
    "started_at": "the start of the operation",
    "surgery_at": "the planned date of surgery",
}

# ---- words, lengths and days ----------------------------------------------------------------------

AND, OR = "and", "or"
CRITERIA = {"code": "code", "modality": "modality", "region": "region", "value": "value"}
# Of events and of the body, if they differ from the names in the records.
KINDS: dict[str, str] = {}
REGIONS: dict[str, str] = {}
UNITS = {
    "minute": ("minute", "minutes"),
    "hour": ("hour", "hours"),
    "day": ("day", "days"),
    "week": ("week", "weeks"),
    "month": ("month", "months"),
    "year": ("year", "years"),
    "working day": ("working day", "working days"),
}
ZERO_IS_ONE = False  # whether 0 takes the singular
THOUSANDS = ","
MONTHS: tuple[str, ...] = (
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
)


def day(value: date) -> str:
    """Format a day of a finding: `2026-03-04`; pages show it in a form for planning."""
    return value.isoformat()


def day_of_month(value: date) -> str:
    """Format the day of a month: `4`."""
    return str(value.day)


# ---- actions: templates of `cases/action_words.py`, by key
# -------------------------------------------------

ACTIONS = {
    "order": "Order the {title}{when}{why_not}",
    "arrange": "Arrange the {title}{when}{why_not}",
    "confirm": "Find out whether the {title} booked for {day} was done",
    "book_again": "Book the {title} again{when} (the one of {day} was cancelled)",
    "book_ordered_on": "Book the {title} ordered on {day}{when}",
    "book_ordered": "Book the {title} that is ordered{when}",
    "call_off": "Cancel or move the {title} booked for {day}: there must be none from {first} to {until}",
    "move": "Move the {title} booked for {day} to {to}",
    "move_why": "{text}: on {day} it {age}",
    "no_slot": "{text}. If there is no slot: {first} is the first surgery date with time to arrange everything",
    "forbidden": "The {title}{of_day} is where there must be none: {choice}",
    "too_late": "Too late to arrange the {title}: {other}{choice}",
    # Pieces of the above.
    "nothing": "",
    "any_day": "any day",
    "unknown_day": "an unknown day",
    "of_day": " of {day}",
    "or_first": "{text:lower}, or ",
    "move_surgery": "move surgery to {first} or later, or request an exception",
    "exception": "request an exception",
    "when": " for {range}",
    "when_until": " to be done by {day}",
    "range_from": "{first} or later",
    "range_day": "{until}",
    "range_month": "{first:day_of_month}–{until}",
    "range": "{first}–{until}",
    "until": "{day} or earlier",
    "earlier": "an earlier day",
    "why_old": " (the one of {day} {age})",
    "will_be_old": "will be {days} old at surgery",
    "would_be_old": "would be {days} old at surgery",
    "is_old": "is too old",
    # Records to be completed or corrected.
    "exact_date": "Obtain the exact date of the {title} recorded for {recorded}",
    "clock_time": "Obtain the clock time of the {title} on {day}",
    "acquisition_date": "Obtain the acquisition date of the outside {title}",
    "unrecorded": "Record modality and region of the study of {day}, which may be the {title}",
    "since": "Find out what was done since the {title} of {day}, and when",
    "correct": "Correct {row}{fault}; it may be the {title}",
    "a_row": "the rejected row",
    "fault": ": {fault}",
    "feed": "Have the feed of {kind} records repaired, then look for the {title} again",
    "delivered": "Have {kind} records delivered: there are none for any patient",
    "condition": "Find out whether this operation needs the {title}",
    "anchor": "Record the date that the {title} is counted from: {anchor}",
    "date": "Obtain the date of the {title}",
    "or_another": "{text}, or order another{when}",
}
# Why an existing event does not count, in brackets after the order for another one.
NOT_COUNTED: dict[Reason, str] = {
    Reason.TOO_EARLY: " (the one of {day} is too early)",
    Reason.TOO_LATE: " (the one of {day} is too late)",
    Reason.AFTER_SURGERY: " (the one of {day} is not before the operation)",
    Reason.WRONG_REGION: " (the one of {day} shows another region)",
    Reason.WRONG_MODALITY: " (the one of {day} is of another modality)",
    Reason.EXCLUDED_CODE: " (the one of {day} has a code that does not count)",
    Reason.WRONG_PROVENANCE: " (the one of {day} was made at a place that does not count)",
    Reason.WRONG_VALUE: " (the one of {day} has a value that does not count)",
    Reason.TOO_FEW: " (the one of {day} is not enough)",
    Reason.TOO_CLOSE: " (the one of {day} is too close to the others)",
    Reason.EVENT_BETWEEN: " (the one of {day} no longer counts because of what was done since)",
}
FAULTS: dict[str, str] = {}  # of rejected rows, if they differ from those of `judging/rows.py`
