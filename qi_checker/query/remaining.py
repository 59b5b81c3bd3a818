"""Events that may still count although something came between the chosen event and the anchor.

docs/evaluation.md, section 7, `none_between`: an event without a recorded region, or without a
clock time on the day of a therapy, may have been after it.
"""

from __future__ import annotations

from sqlglot import exp

from qi_checker.query.anchors import Moment, by_the_clocks, earlier
from qi_checker.query.ranking import MET, UNKNOWN, class_of, exact, left_over, unpack_fields
from qi_checker.query.sql import (
    Expr,
    all_of,
    any_of,
    case,
    coalesce,
    col,
    join,
    known,
    lit,
    named,
    not_,
    select,
    table,
    union_all,
)
from qi_checker.query.stages import Stage

_Steps = list[tuple[str, exp.Query]]


def remaining(stage: Stage) -> _Steps:
    """Return the step with the nearest such event per case and requirement; nothing if none can be."""
    parts = [_of(stage, n) for n in stage.invalidated]
    return [(stage.part.named("remaining"), union_all(parts))] if parts else []


def _of(stage: Stage, n: int) -> exp.Select:
    """Select the nearest event of a requirement that certainly nothing invalidates."""
    probes = [k for k in stage.scope.between_of(n) if stage.fails(k)]
    back = stage.scope.leaves[n].window.after is None
    chosen = col(f"chosen_{n}_event_id", "c")
    possible = any_of(
        class_of(col("key", "e")).eq(MET),
        class_of(col("key", "e")).eq(UNKNOWN),
    )
    where = [
        col("requirement", "e").eq(n),
        col("done", "e"),
        possible,
        known(chosen),
        not_(col("event_id", "e").eq(chosen.copy())),
        *(not_(_beyond(k, back)) for k in probes),
    ]
    joins = [
        join(table(stage.between.cases, "c"), col("case_key", "c").eq(col("case_key", "e"))),
        *(stage.probe(stage.between, k, "e") for k in probes),
    ]
    columns = [
        col("case_key", "e"),
        col("requirement", "e"),
        named(exp.Min(this=left_over(stage.part)), "rest"),
    ]
    group = [col("case_key", "e"), col("requirement", "e")]
    return select(columns, table(stage.part.named("candidates"), "e"), joins, where, group)


def _beyond(probe: int, back: bool) -> Expr:
    """Whether what came in between certainly lies between the event and the anchor too."""
    between = col("found", f"p{probe}")
    of = unpack_fields(between)
    at = Moment(of["lo"], *(exact(between)[name] for name in ("hi", "clock", "utc")))
    event = Moment(*(col(name, "e") for name in ("lo", "hi", "clock", "utc")))
    first, second = (event, at) if back else (at, event)
    in_order = not_(earlier(second, first)) if back else earlier(first, second)
    outside = case((by_the_clocks(first, second), in_order), default=first.hi < second.lo)
    whole = all_of(
        col("class", f"p{probe}").eq(MET),
        not_(of["event_id"].eq(col("event_id", "e"))),
        outside,
    )
    return coalesce(whole, lit(False))
