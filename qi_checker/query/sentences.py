"""The sentence of a finding, from the same values as its columns.

A sentence is two parts: what was found (by reason) and what to do next (by status). Each template
is text with `{placeholders}`; `to_sql` makes the expression that fills it inside the query.
"""

from __future__ import annotations

import re

from sqlglot import exp

from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.vocabulary import Reason, Status
from qi_checker.query.sql import Expr, all_of, case, cast, coalesce, col, concat, known, lit

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
    Reason.FORBIDDEN_EVENT: "{title} on {event_date} is {distance}, where there must be none; {limit}.",
    Reason.NO_SUCH_RECORDS: "{title}: the records hold no event of this kind for anybody, so silence shows nothing.",
    Reason.UNTIMED: "{title} on {event_date}: a clock time is needed and not known; {limit}.",
    Reason.UNDATED: "{title} has no date; {limit}.",
    Reason.ANCHOR_UNKNOWN: "{title} cannot be judged: the date it is counted from ({counted_from}) is not known.",
    Reason.CONDITION_NOT_MET: "{title} is not asked of this case.",
    Reason.CONDITION_UNKNOWN: "It cannot be told whether {title} is asked of this case.",
    Reason.CANCELLED_CASE: "The operation was cancelled.",
    Reason.NOT_IN_POPULATION: "The operation is outside the population of the protocol.",
    Reason.EXCLUDED: "Excluded: {excluded_by}.",
    Reason.NOT_IN_FORCE: "No version of the protocol is in force on {anchor}.",
    Reason.EVALUATION_ERROR: "{title} could not be evaluated.",
    Reason.EXPIRED_BY_RESCHEDULE: "{title} on {event_date} was in time until surgery moved to {anchor}.",
}

_BOOK = "Book {title} {span}; {arrange}"
_OR_BOOK = "{first}, or book {title} {span}; {arrange}"
_VERIFY = {
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
_ONLY_VERIFY = "{first}; {arrange}"
_CLOSED = "It can no longer be done in time (until {window_closes}): move surgery or ask for an exception."
_REMOVE = "Move it, or surgery to a day after {valid_through}, or ask for an exception; {arrange}"

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def _days(number: Expr) -> Expr:
    return concat(cast(number, "VARCHAR"), case((number.eq(1), lit(" day")), default=lit(" days")))


def _values(as_of: AsOf) -> dict[str, Expr]:
    today = lit(as_of.date)
    start = exp.Greatest(this=today, expressions=[coalesce(col("window_opens"), today)])
    late = col("act_by") < today
    plain = col("asks").eq("at any time before surgery")
    limit = case(
        (known(col("limit")), concat(lit("the limit is "), col("limit"))),
        (plain, lit("there is no limit of age")),
        default=concat(lit("it counts "), col("asks")),
    )
    days = col("days_before")
    from_day = concat(col("counted_from"), lit(" on "), cast(col("from_day"), "VARCHAR"))
    distance = case(
        (days < 0, concat(_days(exp.Neg(this=days)), lit(" after "), from_day)),
        default=concat(_days(days), lit(" before "), from_day.copy()),
    )
    excess = case(
        (
            known(col("slack_days")),
            concat(_days(exp.Neg(this=col("slack_days"))), lit(" too old.")),
        ),
        default=lit("Too old."),
    )
    return {
        "distance": distance,
        "side": case(
            (col("counted_from").eq("surgery"), lit("may not have been before the operation")),
            default=concat(lit("may be on the wrong side of "), col("counted_from")),
        ),
        "excess": excess,
        "limit": limit,
        "lasts": case(
            (
                known(col("valid_through")),
                concat(
                    lit(" It counts for surgery until "),
                    cast(col("valid_through"), "VARCHAR"),
                    lit("."),
                ),
            )
        ),
        "window": concat(
            coalesce(cast(col("window_opens"), "VARCHAR"), lit("any day")),
            lit(" to "),
            cast(col("window_closes"), "VARCHAR"),
        ),
        "span": concat(
            lit("between "),
            cast(start, "VARCHAR"),
            lit(" and "),
            cast(col("window_closes"), "VARCHAR"),
        ),
        "arrange": case(
            (
                late,
                concat(
                    lit("the last day to arrange it was "),
                    cast(col("act_by"), "VARCHAR"),
                    lit(": do it today."),
                ),
            ),
            default=concat(lit("arrange it by "), cast(col("act_by"), "VARCHAR"), lit(".")),
        ),
    }


def to_sql(template: str, values: dict[str, Expr]) -> Expr:
    """An expression that fills a template from columns of the same names, or from `values`."""
    parts: list[Expr] = []
    end = 0
    for found in _PLACEHOLDER.finditer(template):
        if found.start() > end:
            parts.append(lit(template[end : found.start()]))
        name = found[1]
        value = values.get(name, col(name))
        plain = name in values or name in ("title", "excluded_by", "counted_from")
        parts.append(value if plain else coalesce(cast(value, "VARCHAR"), lit("an unknown day")))
        end = found.end()
    if end < len(template):
        parts.append(lit(template[end:]))
    return concat(*parts)


def found(as_of: AsOf) -> Expr:
    """What was found, in words, by `reason`."""
    values = _values(as_of)
    return case(*((col("reason").eq(r.value), to_sql(t, values)) for r, t in FOUND.items()))


def action(as_of: AsOf) -> Expr:
    """What to do next, in words; empty for past cases and where nothing is to be done."""
    values = _values(as_of)
    first = case(
        *((col("reason").eq(reason.value), lit(words)) for reason, words in _VERIFY.items())
    )
    actionable = col("status").isin(Status.DUE.value, Status.EXPIRED.value, Status.MISSING.value)
    unknown = col("status").eq(Status.UNKNOWN.value)
    closed = all_of(actionable.copy(), col("window_closes") < lit(as_of.date))
    return case(
        (exp.not_(known(col("act_by"))), lit("")),
        (all_of(unknown, col("forbidden")), to_sql(_ONLY_VERIFY, values | {"first": first})),
        (unknown.copy(), to_sql(_OR_BOOK, values | {"first": first.copy()})),
        (col("reason").eq(Reason.FORBIDDEN_EVENT.value), to_sql(_REMOVE, values)),
        (closed, to_sql(_CLOSED, values)),
        (actionable, to_sql(_BOOK, values)),
        default=lit(""),
    )
