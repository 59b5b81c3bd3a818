"""The sentence of a finding: one table of templates, filled in Python and in SQL.

`judging/sentences.py` fills them for the cases that a person reads, `query/sentences.py` inside the
query for millions of findings; a test holds them to the same characters. A sentence is what was found
(by reason) and what to do next (by status). `{name}` is a column of the finding or of the requirement,
or one of the pieces below.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from qi_checker.protocol.durations import Duration
from qi_checker.protocol.models import Requirement
from qi_checker.protocol.vocabulary import Reason
from qi_checker.protocol.windows import Anchor, Span, Window, anchor_words, column_words

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
    Reason.CONDITION_UNKNOWN: "It is not known whether {title} applies to this case.",
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
ANY_TIME_BEFORE = "at any time before surgery"  # what `asks` says of a window without a limit
UNTIL = ", until {window_closes}"
YET = " yet"
ASKED_LATE = ", asked for after surgery"  # of the exception; of several, where each was
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
# Of something forbidden that is booked, and that was done; surgery helps only where it is counted from it.
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


# ---- what a requirement gives to its sentences, whatever the case --------------------------------


@dataclass(frozen=True)
class Phrases:
    """Pieces that are the same for every case. Their names are placeholders above.

    limit: the one length that a plain window before its anchor is limited by; None for others.
    unit: `minute` or `hour` where distances are said in time, else empty.
    longest: that limit in microseconds, where it is in minutes or hours.
    moves: whether another day of surgery changes the window.
    """

    title: str
    limit: str | None
    counted_from: str
    anchors: str  # what may not be known yet
    asks: str
    side: str
    unrecorded: str
    to_record: str
    unit: str
    longest: int | None
    moves: bool


def phrases(requirement: Requirement, titles: Mapping[str, str]) -> Phrases:
    """Put the fixed pieces of a requirement's sentences into words."""
    window, spans = requirement.window, requirement.window.spans
    limit, far = _limit(window), window.far
    others: list[Anchor] = [s.anchor for s in spans if s.anchor != "surgery"]
    missing = list(_recorded(requirement, titles))
    return Phrases(
        title=requirement.title,
        limit=limit,
        counted_from=anchor_words(window.anchor, titles),
        anchors=_listed((anchor_words(a, titles) for a in others or ["surgery"]), "or"),
        asks=window.words(titles),
        side=_side(spans, titles),
        unrecorded=_listed(missing, "or"),
        to_record=_listed(missing, "and"),
        unit=_unit(window),
        longest=_microseconds(far) if limit and far is not None else None,
        moves=any(span.anchor == "surgery" for span in spans),
    )


def _limit(window: Window) -> str | None:
    if window.and_ or window.near or window.or_after or window.after:
        return None
    return f"less than {window.less_than}" if window.less_than else str(window.far or "") or None


def _unit(window: Window) -> str:
    units = [limit.unit for limit in window.limits if limit.clock is not None]
    return "minute" if "minute" in units else units[0] if units else ""


def _microseconds(length: Duration) -> int | None:
    return None if length.clock is None else int(length.clock.total_seconds()) * 1_000_000


def _side(spans: Iterable[Span], titles: Mapping[str, str]) -> str:
    """What is uncertain about an event on the day of an anchor."""
    one_way = [span for span in spans if span.or_after is None]
    if all(span.before == "surgery" for span in one_way):
        return SIDE_OF_SURGERY
    words = (anchor_words(span.anchor, titles) for span in one_way)
    return SIDE.replace("{anchors}", _listed(words, "or"))


def _recorded(requirement: Requirement, titles: Mapping[str, str]) -> Iterable[str]:
    """What must be recorded about an event to decide whether it counts."""
    event = requirement.event
    if requirement.forbidden and event.codes:
        yield "code"
    if event.modality:
        yield "modality"
    if event.region:
        yield "region"
    for column in event.columns or ():
        yield column_words(column.name, titles)


def _listed(words: Iterable[str], last: str) -> str:
    *most, end = dict.fromkeys(words) or ["value"]
    return f"{', '.join(most)} {last} {end}" if most else end
