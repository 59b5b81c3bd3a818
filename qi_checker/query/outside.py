"""Cases to which a protocol does not apply: every requirement is not applicable, for one reason.

No events are searched, so that a rulebook of fifty protocols, each for a few operations, costs
little for all others. Their rows have the columns of `facts` and of `verdict`.
"""

from __future__ import annotations

from sqlglot import exp

from qi_checker.protocol.vocabulary import Status, Verdict
from qi_checker.query.population import applicable
from qi_checker.query.scope import Scope
from qi_checker.query.sql import (
    Expr,
    all_of,
    cast,
    col,
    derived,
    join,
    lit,
    named,
    not_,
    select,
    table,
    union_all,
)
from qi_checker.query.tables import POPULATION

_NOTHING = {
    "newest_present": "DATE",
    "rank": "INT",
    "event_id": "VARCHAR",
    "event_date": "DATE",
    "advice": "INT",
    "window_opens": "DATE",
    "window_closes": "DATE",
    "from_day": "DATE",
    "valid_through": "DATE",
    "act_lead": "INT",
    "expires_on": "DATE",
    "asked_late": "INT",
    "act_by": "DATE",
    "time_before": "BIGINT",
}


def facts(scope: Scope) -> exp.Select:
    """Select the facts of cases to which a version does not apply, per requirement."""
    numbers = union_all([select([named(lit(i), "number")], None) for i in range(len(scope.leaves))])
    columns = [
        named(lit(scope.index), "version"),
        col("case_key", "c"),
        col("number", "r"),
        col("anchor", "c"),
        col("upcoming", "c"),
        named(lit(False), "live"),
        named(lit(Status.NOT_APPLICABLE.value), "status"),
        named(col("not_applicable", "c"), "reason"),
        named(lit(False), "present"),
        *(named(cast(exp.null(), kind), name) for name, kind in _NOTHING.items()),
    ]
    every = join(derived(numbers, "r"))
    return select(columns, table(POPULATION, "c"), [every], [_outside(scope)])


def verdicts(scope: Scope) -> exp.Select:
    """Select the verdicts of the same cases."""
    columns = [
        *(col(n, "c") for n in ("case_key", "anchor", "upcoming")),
        named(lit(Verdict.NOT_APPLICABLE.value), "verdict"),
        named(cast(exp.null(), "INT"), "next_number"),
        named(cast(exp.null(), "DATE"), "latest_surgery_date"),
    ]
    return select(columns, table(POPULATION, "c"), [], [_outside(scope)])


def _outside(scope: Scope) -> Expr:
    return all_of(not_(applicable("c")), col("version", "c").eq(scope.index))
