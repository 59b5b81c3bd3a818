"""The case: what its requirements add up to, what to do next, and until when it holds."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from qi_checker.compiler.criteria import Scope
from qi_checker.compiler.sql import (
    FAR_PAST, Expr, all_of, any_of, case, cast, coalesce, col, greatest, is_null, known, least, lit, not_,
)  # fmt: skip
from qi_checker.compiler.tables import CASES, FINDINGS
from qi_checker.protocol.models import Group, Requirement
from qi_checker.protocol.vocabulary import VERDICT_OF_RANK, Status, Verdict

_NEVER = exp.cast(exp.Literal.string("9999-12-31"), "DATE")  # no limit


def fold(
    members: list[Requirement | Group],
    every: bool,
    leaf: Callable[[Requirement], Expr],
    worst: Callable[[list[Expr]], Expr],
    best: Callable[[list[Expr]], Expr],
) -> Expr:
    """A value of a group from those of its members: the worst of all_of, the best of any_of."""
    values = [_fold_member(m, leaf, worst, best) for m in members]
    return worst(values) if every else best(values)


def _fold_member(
    member: Requirement | Group,
    leaf: Callable[[Requirement], Expr],
    worst: Callable[[list[Expr]], Expr],
    best: Callable[[list[Expr]], Expr],
) -> Expr:
    if isinstance(member, Requirement):
        return leaf(member)
    return fold(member.members, member.all_of is not None, leaf, worst, best)


class _Wide:
    """Columns of the requirements side by side, one row per case."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.number = {leaf.id: i for i, leaf in enumerate(scope.leaves)}

    def column(self, prefix: str, leaf: Requirement) -> Expr:
        return col(f"{prefix}_{self.number[leaf.id]}")

    def rank(self, member: Requirement | Group) -> Expr:
        return _fold_member(member, lambda leaf: self.column("rank", leaf), greatest, least)

    def whole(
        self,
        leaf: Callable[[Requirement], Expr],
        worst: Callable[[list[Expr]], Expr],
        best: Callable[[list[Expr]], Expr],
    ) -> Expr:
        return fold(self.scope.version.requirements, True, leaf, worst, best)

    def open(self, wanted: Requirement) -> Expr:
        """Rank 3 or more, and on a best branch of every any_of above."""
        conditions = [self.column("rank", wanted) >= 3, known(self.column("act_by", wanted))]
        path = _path(self.scope.version.requirements, wanted)
        for group, branch in path:
            if group.any_of is not None:
                conditions.append(self.rank(group).eq(self.rank(branch)))
        return all_of(*conditions)


def _path(
    members: list[Requirement | Group], wanted: Requirement
) -> list[tuple[Group, Requirement | Group]]:
    """The groups above a requirement, each with the branch that leads to it."""
    for member in members:
        if member is wanted:
            return []
        if isinstance(member, Group) and any(_holds(m, wanted) for m in member.members):
            branch = next(m for m in member.members if _holds(m, wanted))
            return [(member, branch), *_path(member.members, wanted)]
    return []


def _holds(member: Requirement | Group, wanted: Requirement) -> bool:
    if isinstance(member, Requirement):
        return member is wanted
    return any(_holds(m, wanted) for m in member.members)


def _pivot(scope: Scope) -> exp.Select:
    """One row per case: rank, act_by and last day of every requirement side by side."""
    holds_until = case(
        (col("status").isin(Status.MET.value, Status.BOOKED.value),
         coalesce(col("valid_through"), _NEVER)),
        (col("status").eq(Status.EXEMPT.value), col("expires_on")),
    )  # fmt: skip
    columns: list[Expr] = []
    for i in range(len(scope.leaves)):
        this = col("number").eq(i)
        for name, value in (("rank", col("rank")), ("act_by", col("act_by")),
                            ("until", holds_until)):  # fmt: skip
            columns.append(exp.alias_(exp.Max(this=case((this, value))), f"{name}_{i}"))
    same = ("case_id", "anchor", "upcoming", "not_applicable", "excluded_by")
    return (
        exp.select(
            col("case_key"), *(exp.alias_(exp.AnyValue(this=col(n)), n) for n in same),
            exp.alias_(exp.Max(this=flag_error()), "failed"), *columns,
        )
        .from_(FINDINGS)
        .where(col("version").eq(scope.index))
        .group_by("case_key")
    )  # fmt: skip


def flag_error() -> Expr:
    return case((col("status").eq(Status.ERROR.value), lit(1)), default=lit(0))


def _first_open(wide: _Wide) -> tuple[Expr, Expr]:
    """Number and act_by of the open requirement with the earliest act_by, in the order written."""
    earliest = least(
        [case((wide.open(leaf), wide.column("act_by", leaf)), default=_NEVER)
         for leaf in wide.scope.leaves]
    )  # fmt: skip
    first = case(
        *((all_of(wide.open(leaf), wide.column("act_by", leaf).eq(col("earliest"))), lit(i))
          for i, leaf in enumerate(wide.scope.leaves))
    )  # fmt: skip
    return earliest, first


def cases(scope: Scope) -> exp.Select:
    """One row per case: verdict, next action (with the requirement it is for), last day."""
    wide = _Wide(scope)
    rank = wide.whole(lambda leaf: wide.column("rank", leaf), greatest, least)
    until = wide.whole(lambda leaf: coalesce(wide.column("until", leaf), lit(FAR_PAST)),
                       least, greatest)  # fmt: skip
    earliest, first = _first_open(wide)
    verdict = case(
        (col("failed").eq(1), lit(Verdict.ERROR.value)),
        (known(col("not_applicable")), lit(Verdict.NOT_APPLICABLE.value)),
        *((rank.eq(i), lit(v.value)) for i, v in enumerate(VERDICT_OF_RANK)),
    )
    judged = exp.select(
        "*", exp.alias_(verdict, "verdict"), exp.alias_(earliest, "earliest"),
        exp.alias_(until, "until"),
    ).from_(_pivot(scope).subquery("wide"))  # fmt: skip
    chosen = exp.select("*", exp.alias_(first, "next_number")).from_(judged.subquery("judged"))
    holds = col("verdict", "k").isin(
        Verdict.COMPLIANT.value, Verdict.COMPLIANT_WITH_EXCEPTION.value, Verdict.PENDING.value
    )
    limited = all_of(holds, col("until", "k").neq(_NEVER))
    finding = exp.alias_(exp.to_table(FINDINGS), "f", table=True)
    action = case(
        (known(col("title", "f")),
         exp.Concat(expressions=[col("title", "f"), lit(": "), col("action", "f")], safe=True,
                    coalesce=True)),
    )  # fmt: skip
    return (
        exp.select(
            col("case_key", "k"), col("case_id", "k"), col("anchor", "k"), col("upcoming", "k"),
            col("verdict", "k"), col("not_applicable", "k"), col("excluded_by", "k"),
            exp.alias_(action, "next_action"), exp.alias_(col("act_by", "f"), "act_by"),
            exp.alias_(col("owner", "f"), "owner"), exp.alias_(col("id", "f"), "next_requirement"),
            exp.alias_(case((limited, col("until", "k"))), "latest_surgery_date"),
        )
        .from_(chosen.subquery("k"))
        .join(finding, join_type="LEFT",
              on=all_of(col("case_key", "f").eq(col("case_key", "k")), col("upcoming", "k"),
                        col("number", "f").eq(col("next_number", "k"))))
    )  # fmt: skip

