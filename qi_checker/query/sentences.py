"""Build the sentence of a finding inside the query, from the same values as its columns.

The templates are in `protocol/english.py`; `to_sql` makes the expression that fills one.
"""

from __future__ import annotations

import re
from dataclasses import fields

from sqlglot import exp

from qi_checker.protocol import english as words
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.sentences import Phrases
from qi_checker.protocol.vocabulary import Reason, Status
from qi_checker.query.sql import (
    Expr,
    all_of,
    any_of,
    case,
    cast,
    coalesce,
    col,
    concat,
    known,
    lit,
    minus,
)

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
# The text columns; all others are days.
_TEXTS = ("title", "excluded_by", "limit", *(f.name for f in fields(Phrases)))
_MINUTE, _HOUR = 60_000_000, 3_600_000_000  # microseconds


def _many(number: Expr, unit: str) -> Expr:
    text = cast(number, "VARCHAR")
    return concat(text, case((number.copy().eq(1), lit(f" {unit}")), default=lit(f" {unit}s")))


def _whole(value: Expr, unit: int) -> Expr:
    return exp.IntDiv(this=value, expression=lit(unit))


def _time(microseconds: Expr) -> Expr:
    """Format a non-negative length of time: `150 minutes`, `2 hours 30 minutes`."""
    value = exp.paren(microseconds, copy=False)
    minutes, hours = _whole(value.copy(), _MINUTE), _whole(value.copy(), _HOUR)
    rest = exp.Mod(this=exp.paren(minutes.copy(), copy=False), expression=lit(60))
    in_minutes = any_of(col("unit").eq("minute"), hours.copy().eq(0))
    odd = case((rest.copy().eq(0), lit("")), default=concat(lit(" "), _many(rest, "minute")))
    return case(
        (all_of(minutes.copy().eq(0), value.copy() > 0), lit(words.LESS_THAN_A_MINUTE)),
        (in_minutes, _many(minutes, "minute")),
        default=concat(_many(hours, "hour"), odd),
    )


def _distance() -> Expr:
    """Return the distance before or after the anchor, in clock time if the limit is."""
    days, time = col("days_before"), col("time_before")
    return case(
        (time < 0, to_sql(words.AFTER, {"length": _time(exp.Neg(this=time.copy()))})),
        (known(time.copy()), to_sql(words.BEFORE, {"length": _time(time.copy())})),
        (days < 0, to_sql(words.AFTER, {"length": _many(exp.Neg(this=days.copy()), "day")})),
        default=to_sql(words.BEFORE, {"length": _many(days.copy(), "day")}),
    )


def _excess() -> Expr:
    """Return how much too old it is, in the unit of the limit."""
    slack, time = col("slack_days"), col("time_before")
    over = minus(time.copy(), col("longest"))
    by_days = to_sql(words.EXCESS, {"length": _many(exp.Neg(this=slack.copy()), "day")})
    return case(
        (over >= _MINUTE, to_sql(words.EXCESS, {"length": _time(over.copy())})),
        (known(time), lit(words.TOO_OLD)),
        (slack < 0, by_days),
        default=lit(words.TOO_OLD),
    )


def pieces(as_of: AsOf) -> dict[str, Expr]:
    """Return the columns that several templates share, by name; `found` and `action` read them.

    Repeated in each template, they made the query three times as long, and a database parses a view
    again whenever it is read. A piece is computed only for findings that use it.
    """
    distant = [r.value for r, text in words.FOUND.items() if "{distance}" in text]
    verify = ((col("reason").eq(r.value), to_sql(text)) for r, text in words.VERIFY.items())
    late = col("act_by") < lit(as_of.date)
    return {
        "distance": case((col("reason").isin(*distant), _distance())),
        "first": case((col("status").eq(Status.UNKNOWN.value), case(*verify))),
        "arrange": case(
            (late, to_sql(words.ARRANGE_LATE)), (known(col("act_by")), to_sql(words.ARRANGE))
        ),
    }


def _values(as_of: AsOf) -> dict[str, Expr]:
    today = lit(as_of.date)
    start = exp.Greatest(this=today, expressions=[coalesce(col("window_opens"), today)])
    return {
        **{name: col(name) for name in pieces(as_of)},
        "excess": _excess(),
        "limit": case(
            (known(col("limit")), to_sql(words.LIMIT, {"limit": col("limit")})),
            (col("asks").eq(words.ANY_TIME_BEFORE), lit(words.NO_LIMIT)),
            default=to_sql(words.COUNTS_WHEN),
        ),
        "lasts": case((known(col("valid_through")), to_sql(words.LASTS))),
        "until": case((known(col("window_closes")), to_sql(words.UNTIL))),
        "asked_late": case((col("asked_late") > 0, lit(words.ASKED_LATE))),
        "yet": case((col("status").eq(Status.DUE.value), lit(words.YET))),
        "window": to_sql(
            words.WINDOW,
            {"first": coalesce(cast(col("window_opens"), "VARCHAR"), lit(words.ANY_DAY))},
        ),
        "span": to_sql(words.SPAN, {"start": cast(start, "VARCHAR")}),
    }


def to_sql(template: str, values: dict[str, Expr] | None = None) -> Expr:
    """Make an expression that fills a template from columns of the same names, or from `values`."""
    parts: list[Expr] = []
    end = 0
    for found in _PLACEHOLDER.finditer(template):
        if found.start() > end:
            parts.append(lit(template[end : found.start()]))
        name = found[1]
        if values is not None and name in values:
            parts.append(values[name])
        elif name in _TEXTS:
            parts.append(col(name))
        else:
            parts.append(coalesce(cast(col(name), "VARCHAR"), lit(words.UNKNOWN_DAY)))
        end = found.end()
    if end < len(template):
        parts.append(lit(template[end:]))
    return concat(*parts)


def found(as_of: AsOf) -> Expr:
    """Return the sentence on what was found, by `reason`."""
    values = _values(as_of)
    branches = ((col("reason").eq(r.value), to_sql(t, values)) for r, t in words.FOUND.items())
    return case(*branches)


def action(as_of: AsOf) -> Expr:
    """Return the sentence on what to do next; empty for past cases and if nothing is to be done."""
    values = _values(as_of)
    actionable = col("status").isin(Status.DUE.value, Status.EXPIRED.value, Status.MISSING.value)
    unknown = col("status").eq(Status.UNKNOWN.value)
    closed = col("status").isin(Status.EXPIRED.value, Status.MISSING.value)
    return case(
        (exp.not_(known(col("act_by"))), lit("")),
        (all_of(unknown, col("forbidden")), to_sql(words.ONLY_VERIFY, values)),
        (unknown.copy(), to_sql(words.OR_BOOK, values)),
        (col("reason").eq(Reason.FORBIDDEN_EVENT.value), _undo(values)),
        (all_of(closed, col("moves")), to_sql(words.CLOSED, values)),
        (closed.copy(), to_sql(words.CLOSED_FOR_GOOD, values)),
        (actionable, to_sql(words.BOOK, values)),
        default=lit(""),
    )


def _undo(values: dict[str, Expr]) -> Expr:
    """Return what can be done about a forbidden event: a booking can be moved."""
    booked, movable = col("status").eq(Status.DUE.value), known(col("valid_through"))
    return case(
        (all_of(booked, movable), to_sql(words.CALL_OFF, values)),
        (booked.copy(), to_sql(words.CALL_OFF_ONLY, values)),
        (movable.copy(), to_sql(words.WAIT, values)),
        default=to_sql(words.WAIVE, values),
    )
