"""Sums over the cases: the rate, present and in-window counts, and the sensitivity strip."""

from __future__ import annotations

from sqlglot import exp

from qi_checker.protocol.durations import Duration
from qi_checker.protocol.models import Requirement
from qi_checker.protocol.vocabulary import Status, Verdict
from qi_checker.query.scope import Scope, is_plain
from qi_checker.query.sql import (
    Expr,
    all_of,
    before,
    case,
    coalesce,
    col,
    derived,
    greatest,
    known,
    least,
    lit,
    named,
    not_,
    plus,
    select,
    table,
)
from qi_checker.query.tables import FACTS, VERDICTS
from qi_checker.query.verdict import fold


def eligible() -> Expr:
    """Whether a case is applicable, past, evaluated, and without due or booked requirements."""
    outside = col("verdict").isin(
        Verdict.NOT_APPLICABLE.value,
        Verdict.ERROR.value,
        Verdict.ACTION_NEEDED.value,
        Verdict.PENDING.value,
    )
    return all_of(not_(outside), not_(col("upcoming")))


def _count(condition: Expr, name: str) -> Expr:
    return named(coalesce(exp.CountIf(this=condition), lit(0)), name)


def rate() -> exp.Select:
    """Select the counts for the rate, over all cases."""

    def having(verdict: Verdict) -> Expr:
        return all_of(eligible(), col("verdict").eq(verdict.value))

    columns = [
        _count(eligible(), "eligible"),
        _count(having(Verdict.COMPLIANT), "compliant"),
        _count(having(Verdict.COMPLIANT_WITH_EXCEPTION), "with_exception"),
        _count(having(Verdict.UNDETERMINED), "undetermined"),
    ]
    return select(columns, VERDICTS)


def per_requirement() -> exp.Select:
    """Count eligible cases per requirement: with the event at all, and in time."""
    columns = [
        col("version"),
        col("number"),
        _count(_in_scope(), "eligible"),
        _count(all_of(_in_scope(), col("present")), "present"),
        _count(all_of(_in_scope(), col("status").eq(Status.MET.value)), "in_window"),
    ]
    return select(columns, FACTS, group=[col("version"), col("number")])


def _in_scope() -> Expr:
    """Whether a finding is of a past case, applicable, and neither due nor booked."""
    outside = col("status").isin(
        Status.ERROR.value, Status.NOT_APPLICABLE.value, Status.DUE.value, Status.BOOKED.value
    )
    return all_of(not_(outside), not_(col("upcoming")))


def _met_within(leaf: Requirement, duration: Duration) -> Expr:
    """Whether a matching event, at any time before surgery, is within another limit.

    A strict limit (`less_than`) stays strict.
    """
    start = before(col("anchor"), duration)
    if leaf.window.less_than is not None:
        start = plus(start, lit(1))
    return all_of(known(col("newest_present")), col("newest_present") >= start)


def _judged_anew(leaf: Requirement, duration: Duration) -> Expr:
    """Whether it is met under another limit, or unchanged if the limit does not apply."""
    return _met_within(leaf, duration) if is_plain(leaf) else col("status").eq(Status.MET.value)


def sensitivity(scope: Scope) -> exp.Select:
    """Count, per other window, the eligible cases that would be compliant (groups applied)."""
    flags = []
    for w, duration in enumerate(scope.version.sensitivity):
        for i, leaf in enumerate(scope.leaves):
            outcome = case((_judged_anew(leaf, duration), lit(1)), default=lit(0))
            applicable = all_of(col("number").eq(i), _applicable())
            flags.append(named(exp.Max(this=case((applicable, outcome))), f"w{w}_{i}"))
    verdicts = select([col("case_key", "v")], table(VERDICTS, "v"), where=[eligible()])
    judged = exp.In(this=col("case_key"), query=exp.Subquery(this=verdicts))
    where = [col("version").eq(scope.index), judged]
    wide = select([col("case_key"), *flags], FACTS, where=where, group=[col("case_key")])
    counts = []
    for w in range(len(scope.version.sensitivity)):

        def met_within(requirement: Requirement, w: int = w) -> Expr:
            return col(f"w{w}_{scope.numbers[requirement.id]}")

        holds = fold(scope.version.requirements, True, met_within, least, greatest)
        counts.append(_count(coalesce(holds.eq(1), exp.false()), f"w{w}"))
    return select(counts, derived(wide, "wide"))


def _applicable() -> Expr:
    return not_(col("status").isin(Status.ERROR.value, Status.NOT_APPLICABLE.value))
