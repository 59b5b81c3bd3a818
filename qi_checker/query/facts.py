"""Status, reason and evidence of every requirement of every case: the query behind an audit."""

from __future__ import annotations

from sqlglot import exp

from qi_checker.protocol.site import Site
from qi_checker.protocol.vocabulary import Reason, Status
from qi_checker.query.evidence import evidence, to_call_off, with_bookings, with_columns
from qi_checker.query.outcome import base, base_reason, reason, status
from qi_checker.query.profiles import profiles
from qi_checker.query.remaining import remaining
from qi_checker.query.requirements import requirements
from qi_checker.query.scope import Scope
from qi_checker.query.sql import (
    Expr,
    case,
    cast,
    col,
    is_null,
    is_working_day,
    join,
    lit,
    minus,
    named,
    select,
    steps,
    table,
    union_all,
)
from qi_checker.query.stages import ACTIVE, Stage, decide, joined, with_chosen, with_earlier
from qi_checker.query.tables import CALENDAR, EXCEPTIONS, POPULATION, ROWS, Feeds

_Steps = list[tuple[str, exp.Query]]


def facts(scope: Scope, site: Site, feeds: Feeds) -> exp.Select:
    """Select status, reason and evidence, one row per case and requirement; `worded` adds text."""
    every = _first(scope, site)
    for layer in scope.layers:
        every += _layer(Stage(scope, layer, feeds))
    whole = [evidence(Stage(scope, layer, feeds)) for layer in scope.layers]
    return steps([*every, ("facts", union_all(whole))])


def _first(scope: Scope, site: Site) -> _Steps:
    """Return the steps that every layer reads."""
    keys = [col("case_key"), col("requirement")]
    active = select(
        [
            *keys,
            named(exp.Max(this=col("expires_on")), "expires_on"),
            named(exp.Min(this=col("asked_late")), "asked_late"),
        ],
        EXCEPTIONS,
        where=[is_null(col("ignored"))],
        group=[k.copy() for k in keys],
    )
    return [("requirements", requirements(scope, site)), (ACTIVE, active), *profiles(scope)]


def _layer(stage: Stage) -> _Steps:
    """Return the steps from events to status and reason of a layer's requirements."""
    scope, layer, s = stage.scope, stage.layer, stage.suffix
    every = with_earlier(stage) + decide(stage.part, stage.feeds)
    if layer.between:
        every += with_chosen(stage) + decide(stage.between, stage.feeds) + remaining(stage)
    return [
        *every,
        (f"joined{s}", joined(stage)),
        (f"judged{s}", with_columns(f"joined{s}", base=base(scope, layer, stage.feeds))),
        (f"settled{s}", with_bookings(scope, f"judged{s}")),
        (f"grounded{s}", with_columns(f"settled{s}", base_reason=base_reason(scope, layer))),
        (f"reasoned{s}", with_columns(f"grounded{s}", status=status(scope), reason=reason(scope))),
    ]


def dated(forbidding: bool) -> exp.Select:
    """Select the facts with the last day to arrange what is required, by lead time in working days.

    forbidding: whether there are forbidden events, which are cancelled before their own day.
    """
    lead: Expr = col("act_lead", "f")
    closes: Expr = col("window_closes", "f")
    if forbidding:
        closes = case((to_call_off("f"), col("event_date", "f")), default=closes)
    act_by = case((lead.eq(0), closes), default=col("day", "w"))
    number = minus(col("next", "d"), lead.copy())
    joins = [
        join(table(CALENDAR, "d"), col("day", "d").eq(closes.copy()), left=True),
        join(table(CALENDAR, "w"), *is_working_day("w", number), left=True),
    ]
    columns = [exp.Column(this=exp.Star(), table=exp.to_identifier("f")), named(act_by, "act_by")]
    return select(columns, table(ROWS, "f"), joins)


def failed(scope: Scope, site: Site) -> exp.Select:
    """Select the same columns for a failed evaluation: every finding says so."""
    texts = {"status": Status.ERROR.value, "reason": Reason.EVALUATION_ERROR.value}
    days = (
        "newest_present",
        "event_date",
        "window_opens",
        "window_closes",
        "from_day",
        "valid_through",
        "expires_on",
    )
    columns = [
        named(lit(scope.index), "version"),
        col("case_key", "c"),
        col("number", "r"),
        col("anchor", "c"),
        col("upcoming", "c"),
        *(named(lit(value), name) for name, value in texts.items()),
        *(
            named(cast(exp.null(), kind), name)
            for name, kind in (
                ("rank", "INT"),
                ("event_id", "VARCHAR"),
                ("advice", "INT"),
                ("act_lead", "INT"),
                ("asked_late", "INT"),
                ("live", "BOOLEAN"),
                ("present", "BOOLEAN"),
                ("time_before", "BIGINT"),
            )
        ),
        *(named(cast(exp.null(), "DATE"), name) for name in days),
    ]
    every = join(table("requirements", "r"))
    rows = select(columns, table(POPULATION, "c"), [every], [col("version", "c").eq(scope.index)])
    return steps([("requirements", requirements(scope, site)), ("facts", rows)])
