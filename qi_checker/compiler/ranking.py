"""Which candidate decides: class, open criteria, distance, latest, lowest id; as one number."""

from __future__ import annotations

from sqlglot import exp

from qi_checker.compiler.scope import REASONS
from qi_checker.compiler.sql import (
    Expr,
    all_of,
    case,
    cast,
    coalesce,
    col,
    derived,
    is_null,
    lit,
    minus,
    named,
    not_,
    plus,
    select,
    union_all,
)  # fmt: skip
from qi_checker.protocol.vocabulary import Reason

MET, BOOKED, UNKNOWN, OTHER = 0, 1, 2, 3  # classes of candidates, best first
_CLASS, _OPEN, _DISTANCE, _UNDATED = 1 << 50, 1 << 44, 1 << 22, (1 << 22) - 1
_REASONS = 64  # more than there are reasons
_RECENT = exp.cast(exp.Literal.string("2300-01-01"), "DATE")


def _key(klass: Expr, open_criteria: Expr, distance: Expr, recency: Expr) -> Expr:
    """One number that sorts candidates: class, open criteria, distance, latest first."""
    total = recency
    for value, weight in ((distance, _DISTANCE), (open_criteria, _OPEN), (klass, _CLASS)):
        total = plus(total, exp.Mul(this=cast(value, "BIGINT"), expression=lit(weight)))
    return total


def _candidate_keys() -> exp.Select:
    window, status = col("window"), col("status_met")
    everything = exp.EQ(this=plus(col("open_criteria"), plus(status, window)), expression=lit(0))
    completed = col("status").eq("completed")
    klass = case(
        (all_of(everything, completed), lit(MET)),
        (all_of(everything, col("upcoming")), lit(BOOKED)),
        (all_of(completed, col("worst") < 2, window < 2), lit(UNKNOWN)),
        default=lit(OTHER),
    )
    open_criteria = plus(
        col("open_criteria"),
        plus(
            case((status > 0, lit(1)), default=lit(0)), case((window > 0, lit(1)), default=lit(0))
        ),
    )
    recency = coalesce(minus(_RECENT, col("lo")), lit(_UNDATED))
    columns = [
        col("case_key"), col("requirement"),
        named(_key(klass, open_criteria, col("distance"), recency), "key"),
        col("event_id"), named(_pack(col("reason"), col("advice")), "words"), col("lo"),
        named(case((col("present"), col("lo"))), "newest_present"),
    ]  # fmt: skip
    return select(columns, "criteria")


def _pack(reason: Expr, above: Expr) -> Expr:
    """The reason (-1 for none) and above it the bits of the advice, or the row of a rejected row."""
    return plus(exp.Mul(this=above, expression=lit(_REASONS)), plus(reason, lit(1)))


def _doubt_keys() -> exp.Select:
    """Rejected rows come after real events, rows with an id before rows without."""
    reason = case(
        (
            col("doubt").eq(Reason.EXTERNAL_UNDATED.value),
            lit(REASONS.index(Reason.EXTERNAL_UNDATED)),
        ),
        default=lit(REASONS.index(Reason.REJECTED_RECORD)),
    )
    nameless = case((is_null(col("event_id")), lit(1)), default=lit(0))
    row = case((is_null(col("event_id")), col("row")), default=lit(0))
    columns = [
        col("case_key"), col("requirement"),
        named(_key(lit(UNKNOWN), lit(32), nameless, row), "key"),
        named(coalesce(col("event_id"), lit("")), "event_id"),
        named(_pack(reason, col("row")), "words"), col("lo"),
        named(cast(exp.null(), "DATE"), "newest_present"),
    ]  # fmt: skip
    return select(columns, "doubts")


def best() -> exp.Select:
    """Per case and requirement: the candidate that decides, and the newest present event."""
    fields = ("key", "event_id", "words", "lo")
    packed = exp.Struct(
        expressions=[exp.PropertyEQ(this=exp.to_identifier(f), expression=col(f)) for f in fields]
    )
    keys = [col("case_key"), col("requirement")]
    columns = [
        *keys, named(exp.Min(this=packed), "best"),
        named(exp.Max(this=col("newest_present")), "newest_present"),
    ]  # fmt: skip
    both = union_all([_candidate_keys(), _doubt_keys()])
    return select(columns, derived(both, "candidates"), group=[k.copy() for k in keys])


def decoded() -> list[Expr]:
    """What `best` packed: class, event_id, found_reason, advice and lo; its alias is b."""

    def field(name: str) -> Expr:
        return exp.Dot(this=col("best", "b"), expression=exp.to_identifier(name))

    doubt = [REASONS.index(r) + 1 for r in (Reason.EXTERNAL_UNDATED, Reason.REJECTED_RECORD)]
    number = exp.Mod(this=field("words"), expression=lit(_REASONS))
    of_event = not_(number.copy().isin(*doubt))
    advice = cast(exp.IntDiv(this=field("words"), expression=lit(_REASONS)), "INT")
    return [
        named(cast(exp.IntDiv(this=field("key"), expression=lit(_CLASS)), "INT"), "class"),
        named(field("event_id"), "event_id"),
        named(minus(number, lit(1)), "found_reason"),
        named(case((of_event, advice), default=lit(0)), "advice"),
        named(field("lo"), "lo"),
    ]
