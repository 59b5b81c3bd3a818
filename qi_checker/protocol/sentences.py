"""The sentence of a finding: one table of templates, filled in Python and in SQL.

`judging/sentences.py` fills them for the cases that a person reads, `query/sentences.py` inside the
query for millions of findings; a test holds them to the same characters. A sentence is what was found
(by reason) and what to do next (by status). `{name}` is a column of the finding or of the requirement,
or one of the pieces below.
"""

from __future__ import annotations

from qi_checker.protocol.vocabulary import Reason

FOUND: dict[Reason, str] = {
    Reason.IN_WINDOW: "{title} on {event_date} is {distance}; {limit}.{lasts}",
    Reason.EXCEPTED: "{title} is waived by an approved exception until {expires_on}.",
    Reason.BOOKED_IN_WINDOW: "{title} is booked for {event_date}, {distance}; {limit}.{lasts}",
    Reason.PARTIAL_DATE: "Only part of the date of {title} is known (from {event_date}); {limit}.",
    Reason.SAME_DAY_UNTIMED: "{title} on {event_date} {side}: no usable clock time.",
    Reason.UNMAPPED: "An event on {event_date} may be the {title}, but its modality or region is not recorded.",
    Reason.EXTERNAL_UNDATED: "An external study may be the {title}, but its acquisition date is not known.",
    Reason.REJECTED_RECORD: "A record that could not be read may be the {title}; see the rejects.",
    Reason.FEED_STALE: "The source of {title} has delivered too little lately, so nothing can be said about it.",
    Reason.NEVER_ORDERED: "No {title} is recorded.",
    Reason.ORDERED_NOT_BOOKED: "{title} is ordered but has no appointment.",
    Reason.BOOKED_OUTSIDE_WINDOW: "{title} is booked for {event_date}, outside the window {window}.",
    Reason.BOOKING_PASSED: "{title} was booked for {event_date}, and nothing shows that it was done.",
    Reason.WINDOW_NOT_OPEN: "No {title} is recorded; its window opens on {window_opens}.",
    Reason.TOO_OLD: "{title} on {event_date} is {distance}; {limit}. {excess}",
    Reason.AFTER_SURGERY: "{title} on {event_date} was not before the operation on {anchor}.",
    Reason.TOO_EARLY: "{title} on {event_date} is {distance}; {limit}. Too early.",
    Reason.TOO_LATE: "{title} on {event_date} is {distance}; {limit}. Too late.",
    Reason.CANCELLED: "{title} of {event_date} was cancelled.",
    Reason.WRONG_REGION: "The nearest study, on {event_date}, shows another region than the {title} needs.",
    Reason.WRONG_MODALITY: "The nearest study, on {event_date}, is of a modality that does not count as {title}.",
    Reason.EXCLUDED_CODE: "The nearest study, on {event_date}, has a code that does not count as {title}.",
    Reason.WRONG_PROVENANCE: "The nearest study, on {event_date}, was made in another place than counts for {title}.",
    Reason.WRONG_VALUE: "The nearest event, on {event_date}, has a value that does not count for {title}.",
    Reason.TOO_FEW: "{title}: there are fewer than are needed; the latest is of {event_date}.",
    Reason.TOO_CLOSE: "{title}: there are enough, but too close together; the latest is of {event_date}.",
    Reason.EVENT_BETWEEN: "{title} on {event_date} no longer counts because of what was done since.",
    Reason.BETWEEN_UNKNOWN: "{title} on {event_date} may no longer count: something may have been done since.",
    Reason.NONE_FOUND: "{title}: nothing is recorded, as it should be; {limit}.",
    Reason.WINDOW_NOT_CLOSED: "No {title} is recorded so far; there must be none {asks}{until}.",
    Reason.FORBIDDEN_EVENT: "{title} on {event_date} is {distance}, where there must be none; {limit}.",
    Reason.NO_SUCH_RECORDS: "{title}: the records hold no event of this kind for anybody, so silence shows nothing.",
    Reason.UNTIMED: "{title} on {event_date}: a clock time is needed and not known; {limit}.",
    Reason.UNDATED: "{title} has no date; {limit}.",
    Reason.ANCHOR_UNKNOWN: "{title} cannot be judged: the date it is counted from ({counted_from}) is not known{yet}.",
    Reason.CONDITION_NOT_MET: "{title} is not asked of this case.",
    Reason.CONDITION_UNKNOWN: "It cannot be told whether {title} is asked of this case.",
    Reason.CANCELLED_CASE: "The operation was cancelled.",
    Reason.NOT_IN_POPULATION: "The operation is outside the population of the protocol.",
    Reason.EXCLUDED: "Excluded: {excluded_by}.",
    Reason.NOT_IN_FORCE: "No version of the protocol is in force on {anchor}.",
    Reason.EVALUATION_ERROR: "{title} could not be evaluated.",
    Reason.EXPIRED_BY_RESCHEDULE: "{title} on {event_date} was in time until surgery moved to {anchor}.",
}

# ---- pieces: `{distance}`, `{limit}` and the like, each in one of a few forms --------------------

BEFORE = "{days} before {counted_from} on {from_day}"
AFTER = "{days} after {counted_from} on {from_day}"
LIMIT = "the limit is {limit}"
NO_LIMIT = "there is no limit of age"
COUNTS_WHEN = "it counts {asks}"
ANY_TIME_BEFORE = "at any time before surgery"  # what `asks` says of a window without a limit
UNTIL = ", until {window_closes}"
YET = " yet"
LASTS = " It counts for surgery until {valid_through}."
DAYS_TOO_OLD, TOO_OLD = "{days} too old.", "Too old."
SIDE_OF_SURGERY = "may not have been before the operation"
SIDE = "may be on the wrong side of {counted_from}"
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
CLOSED = "It can no longer be done in time (until {window_closes}): move surgery or ask for an exception."
REMOVE = "Move it, or surgery to a day after {valid_through}, or ask for an exception; {arrange}"
VERIFY: dict[Reason, str] = {
    Reason.PARTIAL_DATE: "Find out the exact date",
    Reason.SAME_DAY_UNTIMED: "Find out the clock time",
    Reason.UNMAPPED: "Have modality and region recorded",
    Reason.EXTERNAL_UNDATED: "Obtain the acquisition date",
    Reason.REJECTED_RECORD: "Have the record corrected",
    Reason.FEED_STALE: "Have the feed repaired before anything is booked",
    Reason.UNTIMED: "Find out the clock time",
    Reason.UNDATED: "Find out the date",
    Reason.BETWEEN_UNKNOWN: "Find out what was done when",
    Reason.NO_SUCH_RECORDS: "Find out whether such events are recorded at all",
    Reason.CONDITION_UNKNOWN: "Find out whether it is asked",
}
