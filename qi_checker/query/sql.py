"""Helpers for building expression trees, so that a rule is readable."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import cache
from typing import TypeVar

from sqlglot import exp

from qi_checker.protocol.durations import Duration
from qi_checker.query.tables import CALENDAR

Expr = exp.Expr
Node = TypeVar("Node", bound=exp.Expr)
FAR_PAST = date(1, 1, 1)  # for a window without an earliest day
FAR_FUTURE = date(9999, 12, 31)  # ... or without a latest day


def col(name: str, table: str | None = None) -> exp.Column:
    return exp.Column(this=_quoted(name), table=_quoted(table) if table else None)


def _quoted(name: str) -> exp.Identifier:
    return exp.Identifier(this=name, quoted=True)


def lit(value: str | int | bool | date | datetime | None) -> Expr:
    """Make a literal; dates and date-times are typed."""
    if value is None:
        return exp.null()
    if isinstance(value, bool):
        return exp.true() if value else exp.false()
    if isinstance(value, int):
        return exp.Literal.number(value)
    if isinstance(value, datetime):
        return cast(exp.Literal.string(value.isoformat(sep=" ")), "TIMESTAMP")
    if isinstance(value, date):
        return cast(exp.Literal.string(value.isoformat()), "DATE")
    return exp.Literal.string(value)


def case(*branches: tuple[Expr, Expr], default: Expr | None = None) -> Expr:
    """Return the value of the first branch whose condition holds."""
    built = exp.Case()
    for condition, value in branches:
        built = built.when(condition, value, copy=False)
    return built.else_(default if default is not None else exp.null(), copy=False)


def all_of(*conditions: Expr) -> Expr:
    return exp.and_(*conditions, copy=False) if conditions else exp.true()


def any_of(*conditions: Expr) -> Expr:
    return exp.or_(*conditions, copy=False) if conditions else exp.false()


def not_(condition: Expr) -> Expr:
    return exp.not_(condition, copy=False)


def is_null(value: Expr) -> Expr:
    return exp.Is(this=value, expression=exp.null())


def known(value: Expr) -> Expr:
    return not_(is_null(value))


def coalesce(*values: Expr) -> Expr:
    return exp.Coalesce(this=values[0], expressions=list(values[1:]))


def cast(value: Expr, kind: str) -> Expr:
    return exp.cast(value, _type(kind))


@cache
def _type(kind: str) -> exp.DataType:
    """Parse a type, cached: a protocol has thousands of casts."""
    return exp.DataType.build(kind)


def plus(a: Expr, b: Expr) -> Expr:
    return exp.paren(exp.Add(this=a, expression=b), copy=False)


def minus(a: Expr, b: Expr) -> Expr:
    """Subtract numbers, dates (in days), or a number of days from a date."""
    return exp.paren(exp.Sub(this=a, expression=b), copy=False)


def count_true(*conditions: Expr) -> Expr:
    """Count the conditions that hold."""
    total = flag(conditions[0])
    for condition in conditions[1:]:
        total = plus(total, flag(condition))
    return total


def count_if(condition: Expr) -> Expr:
    """Count the rows of a group that fulfil a condition."""
    return coalesce(exp.CountIf(this=condition), lit(0))


def flag(condition: Expr) -> Expr:
    return case((condition, lit(1)), default=lit(0))


def concat(*parts: Expr) -> Expr:
    """Concatenate texts; NULL counts as empty."""
    return exp.Concat(expressions=list(parts), safe=True, coalesce=True)


def greatest(values: Sequence[Expr]) -> Expr:
    return (
        values[0]
        if len(values) == 1
        else exp.Greatest(this=values[0], expressions=values[1:], ignore_nulls=True)
    )


def least(values: Sequence[Expr]) -> Expr:
    return (
        values[0]
        if len(values) == 1
        else exp.Least(this=values[0], expressions=values[1:], ignore_nulls=True)
    )


def overlaps(column: Expr, words: Sequence[str]) -> Expr:
    """Whether a column of words contains one of `words`."""
    array = exp.Array(expressions=[lit(w) for w in words])
    return exp.ArrayOverlaps(this=column, expression=array)


def _months(duration: Duration) -> int:
    return duration.amount * (12 if duration.unit == "year" else 1)


def _days(duration: Duration) -> int | None:
    """Return the length in days, None for months and years, whose length varies."""
    per_unit = {"day": 1, "week": 7}.get(duration.unit)
    return None if per_unit is None else duration.amount * per_unit


def _shift_months(day: Expr, months: int) -> Expr:
    step = exp.Interval(this=exp.Literal.string(str(abs(months))), unit=exp.var("MONTH"))
    operation = exp.Add if months >= 0 else exp.Sub
    return cast(operation(this=day, expression=step), "DATE")


def before(day: Expr, duration: Duration) -> Expr:
    """Return the date `duration` before `day`; months and years clamp (Duration.before in SQL)."""
    return _shifted(day, duration, -1)


def after(day: Expr, duration: Duration) -> Expr:
    """Return the date `duration` after `day`; months and years clamp."""
    return _shifted(day, duration, 1)


def _shifted(day: Expr, duration: Duration, way: int) -> Expr:
    days = _days(duration)
    if days is not None:
        return plus(day, lit(days)) if way > 0 else minus(day, lit(days))
    if duration.unit == "working day":
        return _working_days_from(day, way * duration.amount)
    return _shift_months(day, way * _months(duration))


def _working_days_from(day: Expr, count: int) -> Expr:
    """Return the count-th working day after a day, or before it if negative, from the calendar."""
    if count == 0:
        return day
    number = (
        plus(col("number", "d"), lit(count)) if count > 0 else minus(col("next", "d"), lit(-count))
    )
    working_day = select(
        [exp.Max(this=col("day", "w"))],
        table(CALENDAR, "d"),
        [join(table(CALENDAR, "w"), *is_working_day("w", number))],
        [col("day", "d").eq(day)],
    )
    return exp.Subquery(this=working_day)


def is_working_day(alias: str, number: Expr) -> list[Expr]:
    """Return conditions that a row of the calendar is the working day with this number."""
    return [col("number", alias).eq(number), col("number", alias).eq(col("next", alias))]


def moved(moment: Expr, length: timedelta) -> Expr:
    """Shift a moment by a length, which may be negative."""
    microseconds = abs(length) // timedelta(microseconds=1)
    minutes, rest = divmod(microseconds, 60_000_000)
    for amount, unit in ((minutes, "MINUTE"), (rest, "MICROSECOND")):
        if amount:
            step = exp.Interval(this=exp.Literal.string(str(amount)), unit=exp.var(unit))
            operation = exp.Add if length > timedelta() else exp.Sub
            moment = exp.paren(operation(this=moment, expression=step), copy=False)
    return moment


def microseconds(start: Expr, end: Expr) -> Expr:
    """Return the microseconds from one moment to another."""
    return exp.TimestampDiff(this=end, expression=start, unit=exp.var("MICROSECOND"))


def last_day_still_within(day: Expr, duration: Duration) -> Expr:
    """Return the latest date from which `duration` back still reaches `day`.

    Clamping makes this more than `day` + months: from 31 March, one month back is 28 February.
    """
    if duration.unit not in ("month", "year"):
        return after(day, duration)
    months = _months(duration)
    following = plus(day, lit(1))
    reached = _shift_months(following, months)
    falls_short = exp.LT(this=_shift_months(reached, -months), expression=following)
    return case((falls_short, reached), default=minus(reached, lit(1)))


def nodes(tree: Expr, *kinds: type[Node], but: type[Expr] | None = None) -> list[Node]:
    """Return every node of these classes, innermost last; none below a node of the class `but`.

    The same as `find_all`, without two generators per node: this is most of translating a query.
    """
    every: list[Expr] = [tree]
    for node in every:
        if but is not None and isinstance(node, but):
            continue
        for value in node.args.values():
            if isinstance(value, list):
                every += [part for part in value if isinstance(part, exp.Expr)]
            elif isinstance(value, exp.Expr):
                every.append(value)
    return [node for node in every if isinstance(node, kinds)]


# ---- queries: built at once, since chaining copies the whole tree at every call ---------------

STAR = exp.Star()


def named(value: Expr, name: str) -> exp.Alias:
    return exp.Alias(this=value, alias=_quoted(name))


def table(name: str, alias: str | None = None) -> exp.Table:
    given = exp.TableAlias(this=exp.to_identifier(alias)) if alias else None
    return exp.Table(this=exp.to_identifier(name), alias=given)


def derived(query: exp.Query, alias: str) -> exp.Subquery:
    return exp.Subquery(this=query, alias=exp.TableAlias(this=exp.to_identifier(alias)))


def join(source: exp.Table | exp.Subquery, *on: Expr, left: bool = False) -> exp.Join:
    """Make an inner or left join; a cross join if no condition is given."""
    if not on:
        return exp.Join(this=source, kind="CROSS")
    return exp.Join(this=source, on=all_of(*on), side="LEFT" if left else None)


def select(
    columns: Sequence[Expr],
    source: str | exp.Table | exp.Subquery | None,
    joins: Sequence[exp.Join] = (),
    where: Sequence[Expr] = (),
    group: Sequence[Expr] = (),
) -> exp.Select:
    """Build SELECT columns FROM source JOIN ... WHERE every condition GROUP BY ..."""
    start = table(source) if isinstance(source, str) else source
    return exp.Select(
        expressions=list(columns),
        from_=exp.From(this=start) if start is not None else None,
        joins=list(joins) or None,
        where=exp.Where(this=all_of(*where)) if where else None,
        group=exp.Group(expressions=list(group)) if group else None,
    )


def union_all(queries: Sequence[exp.Query]) -> exp.Query:
    whole = queries[0]
    for query in queries[1:]:
        whole = exp.Union(this=whole, expression=query, distinct=False)
    return whole


def steps(parts: Sequence[tuple[str, exp.Query]]) -> exp.Select:
    """Build WITH first AS (...), second AS (...) SELECT * FROM the last one."""
    named_parts = [
        exp.CTE(this=query, alias=exp.TableAlias(this=exp.to_identifier(name)))
        for name, query in parts
    ]
    whole = select([STAR.copy()], parts[-1][0])
    whole.set("with_", exp.With(expressions=named_parts))
    return whole
