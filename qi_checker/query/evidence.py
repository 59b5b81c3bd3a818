"""The evidence of a finding: the event, its dates, and until when it counts, else empty."""

from __future__ import annotations

from sqlglot import exp

from qi_checker.protocol.vocabulary import RANK, Reason, Status
from qi_checker.query import windows
from qi_checker.query.anchors import Moment
from qi_checker.query.ranking import MET, UNKNOWN, exact, unpack_fields
from qi_checker.query.scope import Scope, by_number, is_plain
from qi_checker.query.sql import (
    STAR,
    Expr,
    all_of,
    any_of,
    case,
    cast,
    col,
    known,
    lit,
    microseconds,
    named,
    not_,
    select,
)
from qi_checker.query.stages import Stage, said_in_time


def with_bookings(scope: Scope, source: str) -> exp.Select:
    """Use a booking instead of an event that something in between has invalidated."""
    if scope.plain:
        return select([STAR.copy()], source)
    doubtful = all_of(col("base").eq(Status.UNKNOWN.value), col("second_class").eq(UNKNOWN))
    taken = all_of(
        col("hurt").eq(2),
        col("class").eq(MET),
        any_of(col("base").eq(Status.BOOKED.value), doubtful),
    )
    values = (
        unpack_fields(col("second")) | exact(col("second")) | {"last_lo": col("second_last_lo")}
    )
    columns = {n: case((taken.copy(), v), default=col(n)) for n, v in values.items()}
    return select(
        [
            exp.Star(except_=[exp.to_identifier(n, quoted=True) for n in columns]),
            *(named(v, n) for n, v in columns.items()),
        ],
        source,
    )


def with_columns(source: str, **columns: Expr) -> exp.Select:
    """Select everything of a step plus further columns."""
    return select([STAR.copy(), *(named(v, n) for n, v in columns.items())], source)


def _valid_through(stage: Stage) -> Expr:
    scope = stage.scope
    reasons = [Reason.TOO_OLD.value, Reason.FORBIDDEN_EVENT.value]
    counts = any_of(
        all_of(
            col("status").isin(Status.MET.value, Status.BOOKED.value),
            col("reason").neq(Reason.NONE_FOUND.value),
        ),
        col("reason").isin(*reasons),
    )
    values: dict[int, Expr] = {}
    for i in stage.layer.leaves:
        leaf = scope.leaves[i]
        names = ("lo", "hi", "clock", "utc")
        at = Moment(*(col(n) if n == "lo" or not scope.plain else lit(None) for n in names))
        value = windows.valid_through(leaf, at) or cast(lit(None), "DATE")
        if leaf.count is not None:
            last = Moment(col("last_lo"), col("last_lo"), cast(lit(None), "TIMESTAMP"), lit(None))
            by_pick = windows.valid_through(leaf, last) or cast(lit(None), "DATE")
            value = case((known(col("last_lo")), by_pick), default=value)
        values[i] = value
    return case((counts, by_number(values, col("number"))))


def _among(column: str, *words: Status | Reason) -> Expr:
    return col(column).isin(*(w.value for w in words))


_NO_EVENT = (
    Reason.FEED_STALE,
    Reason.NEVER_ORDERED,
    Reason.WINDOW_NOT_OPEN,
    Reason.NONE_FOUND,
    Reason.WINDOW_NOT_CLOSED,
    Reason.NO_SUCH_RECORDS,
    Reason.ANCHOR_UNKNOWN,
)


def evidence(stage: Stage) -> exp.Select:
    """Select the evidence, empty if not applicable."""
    scope = stage.scope
    nothing = any_of(
        _among("status", Status.EXEMPT, Status.NOT_APPLICABLE), _among("base_reason", *_NO_EVENT)
    )
    wanted = all_of(
        _among("status", Status.DUE, Status.UNKNOWN, Status.EXPIRED, Status.MISSING),
        any_of(col("upcoming"), col("live")),
    )
    outside = _among("status", Status.NOT_APPLICABLE)
    exempt = col("status").eq(Status.EXEMPT.value)
    event_id = exp.Nullif(this=col("event_id"), expression=lit(""))
    carried = ("case_key", "number", "anchor", "upcoming", "live", "status", "reason")
    special = {i for i in stage.layer.leaves if not is_plain(scope.leaves[i])}
    forbidden = [i for i in special if scope.leaves[i].forbidden]
    conditional = any(scope.leaves[i].applies_if is not None for i in stage.layer.leaves)
    met = col("status").eq(Status.MET.value)
    present = known(col("newest_present"))
    if forbidden:
        present = case((col("number").isin(*forbidden), met), default=present)
    advice: Expr = col("advice")
    if any(scope.between_of(i) for i in stage.layer.leaves):
        fulfilled = _among("status", Status.MET, Status.BOOKED)
        since = case((fulfilled, col("since")), default=lit(0))
        advice = exp.paren(exp.Add(this=advice, expression=since), copy=False)
    columns = [
        named(lit(scope.index), "version"),
        *(col(n) for n in carried),
        col("newest_present"),
        named(present, "present"),
        named(_rank(), "rank"),
        named(case((not_(nothing), event_id)), "event_id"),
        named(case((not_(nothing), col("lo"))), "event_date"),
        named(case((not_(nothing), advice)), "advice"),
        *(
            named(case((not_(outside), col(n))), n)
            for n in ("window_opens", "window_closes", "from_day")
        ),
        named(_valid_through(stage), "valid_through"),
        named(case((wanted, _lead(bool(forbidden), conditional))), "act_lead"),
        named(case((exempt, col("expires_on"))), "expires_on"),
        named(case((exempt.copy(), col("asked_late"))), "asked_late"),
        named(case((not_(nothing), _time_before(stage))), "time_before"),
    ]
    return select(columns, f"reasoned{stage.suffix}")


def _time_before(stage: Stage) -> Expr:
    """Return microseconds from event to anchor for requirements with limits in minutes or hours."""
    nothing = cast(exp.null(), "BIGINT")
    timed = said_in_time(stage.scope, stage.layer.leaves)
    if not timed:
        return nothing
    exact_both = all_of(known(col("utc")), known(col("from_utc")))
    clocks = all_of(known(col("clock")), known(col("from_clock")))
    length = case(
        (exact_both, microseconds(col("utc"), col("from_utc"))),
        (clocks, microseconds(col("clock"), col("from_clock"))),
        default=nothing.copy(),
    )
    return case((col("number").isin(*timed), length), default=nothing)


def _lead(forbidden: bool, conditional: bool) -> Expr:
    """Return the working days needed; a forbidden event is cancelled at least one day before."""
    # It is not known yet whether it applies: nothing is to be done.
    waits = all_of(_among("status", Status.DUE), _among("reason", Reason.CONDITION_UNKNOWN))
    lead: Expr = col("lead")
    if conditional:
        lead = case((waits, cast(exp.null(), "INT")), default=lead)
    if not forbidden:
        return lead
    return case(
        (_among("reason", Reason.WINDOW_NOT_CLOSED), cast(exp.null(), "INT")),
        (to_call_off(), lit(1)),
        default=lead.copy(),
    )


def to_call_off(alias: str | None = None) -> Expr:
    """Whether a finding is about an appointment for something forbidden."""
    return all_of(
        col("status", alias).eq(Status.DUE.value),
        col("reason", alias).eq(Reason.FORBIDDEN_EVENT.value),
    )


def _rank() -> Expr:
    return case(*((col("status").eq(s.value), lit(r)) for s, r in RANK.items()))
