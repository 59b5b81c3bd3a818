"""Decide which exceptions are active, and why the others are ignored."""

from __future__ import annotations

from sqlglot import exp

from qi_checker.query.scope import Scope
from qi_checker.query.sql import (
    Expr,
    after,
    all_of,
    any_of,
    case,
    coalesce,
    col,
    is_null,
    join,
    known,
    least,
    lit,
    named,
    not_,
    select,
    table,
)
from qi_checker.query.tables import POPULATION, READY_EXCEPTIONS


def _ignored(scope: Scope) -> Expr:
    policy = scope.version.exceptions
    reasons = policy.reasons if policy else []
    today = lit(scope.as_of.date)
    day = least([today, col("anchor", "c")])
    start, end = col("valid_from", "x"), col("expires_on", "x")
    requester, approver = col("requested_by", "x"), col("approved_by", "x")
    leaves = [leaf.id for leaf in scope.leaves]
    allowed = col("reason", "x").isin(*reasons) if reasons else exp.false()
    branches: list[tuple[Expr, str | Expr]] = [
        (not_(col("known", "x")), "not known yet"),
        (is_null(col("case_key", "c")), "unknown case"),
        (not_(col("requirement", "x").isin(*leaves)), "unknown requirement"),
        (any_of(is_null(approver), is_null(col("approved_on", "x"))), "not approved"),
        (not_(col("approved_known", "x")), "approved after as_of"),
        (is_null(requester), "no requester"),
        (known(col("people", "x")), col("people", "x")),
        (col("revoked_on", "x") <= today, "revoked"),
        (not_(allowed), "reason not allowed"),
        (any_of(is_null(start), is_null(end)), "no validity dates"),
    ]
    if policy is not None and policy.at_most is not None:
        branches.append((end > after(start, policy.at_most), "span longer than allowed"))
    branches.append((any_of(day < start, day > end), "not valid on the day"))
    return case(*((test, lit(why) if isinstance(why, str) else why) for test, why in branches))


def _asked_late() -> Expr:
    """Return 1 if it was requested after surgery, as far as both are known; else 0."""
    asked, anchor = col("requested_on", "x"), col("anchor", "c")
    same_day = all_of(
        asked.copy().eq(anchor.copy()), col("requested_clock", "x") > col("op_clock", "c")
    )
    return case((any_of(asked > anchor, same_day), lit(1)), default=lit(0))


def exceptions(scope: Scope) -> exp.Select:
    """Select exceptions of this version's cases with `ignored` (why), NULL if active."""
    columns = [
        col("exception_id", "x"),
        col("case_key", "c"),
        col("requirement", "x"),
        col("reason", "x"),
        col("approved_by", "x"),
        col("valid_from", "x"),
        col("expires_on", "x"),
        named(_asked_late(), "asked_late"),
        named(_ignored(scope), "ignored"),
    ]
    cases = join(table(POPULATION, "c"), col("case_id", "c").eq(col("case_id", "x")), left=True)
    version = coalesce(col("version", "c"), lit(0))
    return select(columns, table(READY_EXCEPTIONS, "x"), [cases], [version.eq(scope.index)])
