"""The case: its verdict from its requirements, what to do next, and until when it holds."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from qi_checker.protocol.models import Group, Requirement
from qi_checker.protocol.vocabulary import VERDICT_OF_RANK, Status, Verdict
from qi_checker.query.scope import Scope
from qi_checker.query.sql import (
    FAR_PAST,
    STAR,
    Expr,
    all_of,
    any_of,
    case,
    coalesce,
    col,
    derived,
    greatest,
    is_null,
    join,
    known,
    least,
    lit,
    named,
    select,
    steps,
    table,
)
from qi_checker.query.tables import FINDINGS, JUDGED, POPULATION, VERDICTS

_NEVER = exp.cast(exp.Literal.string("9999-12-31"), "DATE")  # no limit


def fold(
    members: list[Requirement | Group],
    every: bool,
    leaf: Callable[[Requirement], Expr],
    worst: Callable[[list[Expr]], Expr],
    best: Callable[[list[Expr]], Expr],
) -> Expr:
    """Fold the values of a group's members: the worst of all_of, the best of any_of."""
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
        """Whether it has rank 3 or more, and is on a best branch of every enclosing any_of."""
        conditions = [self.column("rank", wanted) >= 3, known(self.column("act_by", wanted))]
        path = _path(self.scope.version.requirements, wanted)
        for group, branch in path:
            if group.any_of is not None:
                conditions.append(self.rank(group).eq(self.rank(branch)))
        return all_of(*conditions)


def _path(
    members: list[Requirement | Group], wanted: Requirement
) -> list[tuple[Group, Requirement | Group]]:
    """Return the groups enclosing a requirement, each with the branch that leads to it."""
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
    """Select one row per case: rank, act_by and last day of every requirement side by side."""
    holds_until = case(
        (
            col("status").isin(Status.MET.value, Status.BOOKED.value),
            coalesce(col("valid_through"), _NEVER),
        ),
        (col("status").eq(Status.EXEMPT.value), col("expires_on")),
    )
    failed = case((col("status").eq(Status.ERROR.value), lit(1)), default=lit(0))
    columns: list[Expr] = []
    for i in range(len(scope.leaves)):
        this = col("number").eq(i)
        for name, value in (
            ("rank", col("rank")),
            ("act_by", col("act_by")),
            ("until", holds_until),
        ):
            columns.append(named(exp.Max(this=case((this, value))), f"{name}_{i}"))
    columns = [
        col("case_key"),
        named(exp.AnyValue(this=col("anchor")), "anchor"),
        named(exp.AnyValue(this=col("upcoming")), "upcoming"),
        named(exp.Max(this=failed), "failed"),
        *columns,
    ]
    where = [col("version").eq(scope.index)]
    return select(columns, JUDGED, where=where, group=[col("case_key")])


def _first_open(wide: _Wide) -> tuple[Expr, Expr]:
    """Return number and act_by of the open requirement with the earliest act_by, in order."""
    earliest = least(
        [
            case((wide.open(leaf), wide.column("act_by", leaf)), default=_NEVER)
            for leaf in wide.scope.leaves
        ]
    )
    first = case(
        *(
            (all_of(wide.open(leaf), wide.column("act_by", leaf).eq(col("earliest"))), lit(i))
            for i, leaf in enumerate(wide.scope.leaves)
        )
    )
    return earliest, first


def cases(scope: Scope) -> exp.Select:
    """Select one row per case: verdict, the next requirement, and until when it holds."""
    wide = _Wide(scope)
    rank = wide.whole(lambda leaf: wide.column("rank", leaf), greatest, least)
    # A requirement that does not apply limits nothing: neither a group nor the case.
    until = wide.whole(
        lambda leaf: case(
            (known(wide.column("rank", leaf)), coalesce(wide.column("until", leaf), lit(FAR_PAST)))
        ),
        least,
        greatest,
    )
    earliest, first = _first_open(wide)
    verdict = case(
        (col("failed").eq(1), lit(Verdict.ERROR.value)),
        (is_null(rank), lit(Verdict.NOT_APPLICABLE.value)),
        *((rank.eq(i), lit(v.value)) for i, v in enumerate(VERDICT_OF_RANK)),
    )
    judged = select(
        [
            STAR.copy(),
            named(verdict, "verdict"),
            named(earliest, "earliest"),
            named(until, "until"),
        ],
        "wide",
    )
    holds = col("verdict").isin(
        Verdict.COMPLIANT.value, Verdict.COMPLIANT_WITH_EXCEPTION.value, Verdict.PENDING.value
    )
    limited = all_of(holds, col("until").neq(_NEVER))
    columns = [
        *(col(n) for n in ("case_key", "anchor", "upcoming", "verdict")),
        col("next_number"),
        named(case((limited, col("until"))), "latest_surgery_date"),
    ]
    return steps(
        [
            ("wide", _pivot(scope)),
            ("judged", judged),
            ("chosen", select([STAR.copy(), named(first, "next_number")], "judged")),
            ("verdicts", select(columns, "chosen")),
        ]
    )


def case_lines() -> exp.Select:
    """Select verdicts with every column of a case; the next action is text from the finding."""
    # A window may reach past the operation.
    still_open = col("verdict", "v").isin(Verdict.ACTION_NEEDED.value, Verdict.PENDING.value)
    columns = [
        *(
            col(n, "v")
            for n in ("case_key", "anchor", "upcoming", "verdict", "latest_surgery_date")
        ),
        *(col(n, "c") for n in ("case_id", "not_applicable", "excluded_by")),
        named(col("action", "f"), "next_action"),
        col("act_by", "f"),
        col("owner", "f"),
        named(col("id", "f"), "next_requirement"),
        named(any_of(col("upcoming", "v"), still_open), "still_open"),
    ]
    # Text is only needed for what must still be arranged.
    wanted = select([STAR.copy()], FINDINGS, where=[known(col("act_by"))])
    same = (
        col("case_key", "f").eq(col("case_key", "v")),
        col("number", "f").eq(col("next_number", "v")),
    )
    joins = [
        join(table(POPULATION, "c"), col("case_key", "c").eq(col("case_key", "v"))),
        join(derived(wanted, "f"), *same, left=True),
    ]
    return select(columns, table(VERDICTS, "v"), joins)
