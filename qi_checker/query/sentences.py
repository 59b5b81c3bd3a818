"""The sentence of a finding inside the query, from the same values as its columns.

The templates are those of `protocol/sentences.py`; `to_sql` makes the expression that fills one.
"""

from __future__ import annotations

import re

from sqlglot import exp

from qi_checker.protocol import sentences as words
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.vocabulary import Reason, Status
from qi_checker.query.sql import Expr, all_of, case, cast, coalesce, col, concat, known, lit

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_TEXTS = ("title", "excluded_by", "counted_from", "asks", "limit")  # the other columns are days


def _days(number: Expr) -> Expr:
    return concat(cast(number, "VARCHAR"), case((number.eq(1), lit(" day")), default=lit(" days")))


def _values(as_of: AsOf) -> dict[str, Expr]:
    today = lit(as_of.date)
    start = exp.Greatest(this=today, expressions=[coalesce(col("window_opens"), today)])
    days, slack = col("days_before"), col("slack_days")
    return {
        "distance": case(
            (days < 0, to_sql(words.AFTER, {"days": _days(exp.Neg(this=days))})),
            default=to_sql(words.BEFORE, {"days": _days(days.copy())}),
        ),
        "side": case(
            (col("counted_from").eq("surgery"), lit(words.SIDE_OF_SURGERY)),
            default=to_sql(words.SIDE),
        ),
        "excess": case(
            (known(slack), to_sql(words.DAYS_TOO_OLD, {"days": _days(exp.Neg(this=slack))})),
            default=lit(words.TOO_OLD),
        ),
        "limit": case(
            (known(col("limit")), to_sql(words.LIMIT, {"limit": col("limit")})),
            (col("asks").eq(words.ANY_TIME_BEFORE), lit(words.NO_LIMIT)),
            default=to_sql(words.COUNTS_WHEN),
        ),
        "until": case((known(col("window_closes")), to_sql(words.UNTIL))),
        "yet": case((col("status").eq(Status.DUE.value), lit(words.YET))),
        "lasts": case((known(col("valid_through")), to_sql(words.LASTS))),
        "window": to_sql(
            words.WINDOW,
            {"first": coalesce(cast(col("window_opens"), "VARCHAR"), lit(words.ANY_DAY))},
        ),
        "span": to_sql(words.SPAN, {"start": cast(start, "VARCHAR")}),
        "arrange": case(
            (col("act_by") < today, to_sql(words.ARRANGE_LATE)), default=to_sql(words.ARRANGE)
        ),
    }


def to_sql(template: str, values: dict[str, Expr] | None = None) -> Expr:
    """An expression that fills a template from columns of the same names, or from `values`."""
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
    """What was found, in words, by `reason`."""
    values = _values(as_of)
    branches = ((col("reason").eq(r.value), to_sql(t, values)) for r, t in words.FOUND.items())
    return case(*branches)


def action(as_of: AsOf) -> Expr:
    """What to do next, in words; empty for past cases and where nothing is to be done."""
    values = _values(as_of)
    first = case(
        *((col("reason").eq(reason.value), lit(text)) for reason, text in words.VERIFY.items())
    )
    actionable = col("status").isin(Status.DUE.value, Status.EXPIRED.value, Status.MISSING.value)
    unknown = col("status").eq(Status.UNKNOWN.value)
    closed = col("status").isin(Status.EXPIRED.value, Status.MISSING.value)
    return case(
        (exp.not_(known(col("act_by"))), lit("")),
        (all_of(unknown, col("forbidden")), to_sql(words.ONLY_VERIFY, values | {"first": first})),
        (unknown.copy(), to_sql(words.OR_BOOK, values | {"first": first.copy()})),
        (col("reason").eq(Reason.FORBIDDEN_EVENT.value), to_sql(words.REMOVE, values)),
        (closed, to_sql(words.CLOSED, values)),
        (actionable, to_sql(words.BOOK, values)),
        default=lit(""),
    )
