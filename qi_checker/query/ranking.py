"""Rank candidates by class, open criteria, distance, latest, lowest id; as one number."""

from __future__ import annotations

from sqlglot import exp

from qi_checker.protocol.vocabulary import Reason
from qi_checker.query.criteria import Part
from qi_checker.query.scope import REASONS
from qi_checker.query.sql import (
    Expr,
    all_of,
    any_of,
    case,
    cast,
    coalesce,
    col,
    count_if,
    derived,
    is_null,
    lit,
    microseconds,
    minus,
    named,
    not_,
    plus,
    select,
    union_all,
)

MET, BOOKED, UNKNOWN, OTHER = 0, 1, 2, 3  # classes of candidates, best first
# The order of candidates (contract, section 3) is one BIGINT, and the best candidate has the
# smallest: bits 61 and 62 contain the class, bits 55 to 60 the number of failed criteria, the lower
# bits the distance to the window in microseconds (2^55 are 1,141 years; FAR in criteria.py is the
# largest). One number, because the minimum of a group is one aggregate in one pass on every engine;
# a window function would sort the candidates of each case and requirement. What does not fit into
# one number (latest, lowest id) follows in a struct, which sorts field by field (`packed`).
_CLASS, _OPEN = 1 << 61, 1 << 55
_REASONS = 64  # more than the number of reasons
_RECENT = exp.cast(exp.Literal.string("2300-01-01"), "DATE")
_DAY = 86_400_000_001  # one more than the microseconds of a day: for an event without a clock time
_UNDATED = _DAY * 1_000_000
_MOMENT = ("hi", "clock", "utc")


def _key(klass: Expr, open_criteria: Expr, distance: Expr) -> Expr:
    """Return one number that sorts candidates: class, open criteria, distance."""
    total: Expr = cast(distance, "BIGINT")
    for value, weight in ((open_criteria, _OPEN), (klass, _CLASS)):
        total = plus(total, exp.Mul(this=cast(value, "BIGINT"), expression=lit(weight)))
    return total


def klass(of: Expr) -> Expr:
    """Return the class of a packed candidate."""
    return class_of(exp.Dot(this=of, expression=exp.to_identifier("key")))


def class_of(key: Expr) -> Expr:
    """Return the class in a key."""
    return cast(exp.IntDiv(this=key, expression=lit(_CLASS)), "INT")


def fields(part: Part) -> tuple[str, ...]:
    """Return the packed fields of a candidate; its exact time only if needed."""
    return ("key", "late", "event_id", "words", "lo", *(() if part.scope.plain else _MOMENT))


def packed(part: Part, key: Expr | None = None, also: tuple[str, ...] = ()) -> Expr:
    """Return the columns of a candidate as one value: it sorts by key, then latest, then lowest id.

    It contains only fields that are read: packing unused ones, even an empty struct, cost a third
    of the grouping of twelve million candidates.
    """
    values: dict[str, Expr] = {f: col(f) for f in (*fields(part), *also)}
    values |= {"key": key} if key is not None else {}
    return _struct(values)


def _struct(values: dict[str, Expr]) -> Expr:
    return exp.Struct(
        expressions=[
            exp.PropertyEQ(this=exp.to_identifier(f), expression=v) for f, v in values.items()
        ]
    )


def _candidate_keys(part: Part) -> exp.Select:
    window, status = col("window"), col("status_met")
    everything = exp.EQ(this=plus(col("open_criteria"), plus(status, window)), expression=lit(0))
    done = col("done")
    of_class = case(
        (all_of(everything, done), lit(MET)),
        (all_of(everything, col("live")), lit(BOOKED)),
        (all_of(done, col("worst") < 2, window < 2), lit(UNKNOWN)),
        default=lit(OTHER),
    )
    open_criteria = plus(
        col("open_criteria"),
        plus(
            case((status > 0, lit(1)), default=lit(0)), case((window > 0, lit(1)), default=lit(0))
        ),
    )
    too_old = all_of(
        col("worst").eq(0),
        col("done"),
        col("window_reason").eq(REASONS.index(Reason.TOO_OLD)),
        window.eq(2),
    )
    columns = [
        col("case_key"),
        col("requirement"),
        named(_key(of_class, open_criteria, col("distance")), "key"),
        named(_late(part, all_of(everything.copy(), done.copy())), "late"),
        col("event_id"),
        named(_pack(col("reason"), col("advice")), "words"),
        col("lo"),
        named(case((col("present"), col("lo"))), "newest_present"),
    ]
    if not part.scope.plain:
        columns += [*(col(c) for c in _MOMENT), col("done"), named(too_old, "too_old")]
    return select(columns, part.named("criteria"))


def _late(part: Part, met: Expr) -> Expr:
    """Return a key that sorts the latest first, or the earliest where the earliest event counts."""
    reverse = _is_one_of([n for n in part.numbers if part.scope.earliest_first(n)])
    if reverse is None:
        return _recency()
    return case((all_of(reverse, met), exp.Neg(this=exp.paren(_recency()))), default=_recency())


def _recency(alias: str | None = None) -> Expr:
    """Return a key that sorts the latest day first, then the latest clock; missing ones last."""
    lo, clock = col("lo", alias), col("clock", alias)
    days = exp.Mul(this=cast(minus(_RECENT, lo), "BIGINT"), expression=lit(_DAY))
    since_midnight = microseconds(cast(lo.copy(), "TIMESTAMP"), clock)
    return case(
        (is_null(lo.copy()), lit(_UNDATED)),
        (is_null(clock.copy()), plus(days, lit(1))),
        default=minus(days.copy(), since_midnight),
    )


def _pack(reason: Expr, above: Expr) -> Expr:
    """Pack the reason (-1 for none), and above it the advice bits or a rejected row's number."""
    return plus(exp.Mul(this=above, expression=lit(_REASONS)), plus(reason, lit(1)))


def _doubt_keys(part: Part) -> exp.Select:
    """Select keys of rejected rows, which sort after real events; rows with an id come first."""
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
        col("case_key"),
        col("requirement"),
        named(_key(lit(UNKNOWN), lit(32), nameless), "key"),
        named(cast(row, "BIGINT"), "late"),
        named(coalesce(col("event_id"), lit("")), "event_id"),
        named(_pack(reason, col("row")), "words"),
        col("lo"),
        named(cast(exp.null(), "DATE"), "newest_present"),
    ]
    if not part.scope.plain:
        columns += [
            *(col(c) for c in _MOMENT),
            named(exp.false(), "done"),
            named(exp.false(), "too_old"),
        ]
    return select(columns, part.named("doubts"))


def best(part: Part, doubts: bool) -> list[tuple[str, exp.Query]]:
    """Select, per case and requirement, the deciding candidate and the newest present event.

    doubts: whether rejected rows are also candidates.

    Only if counts, probes or `none_between` need more: `second`, the best that is not completed;
    `unsure`, the best undecided one; `nearest`, the one with the fewest open criteria; and their
    number.
    """
    keys = [col("case_key"), col("requirement")]
    columns = [
        *keys,
        named(exp.Min(this=packed(part)), "best"),
        named(exp.Max(this=col("newest_present")), "newest_present"),
    ]
    whole = union_all([_candidate_keys(part), *([_doubt_keys(part)] if doubts else [])])
    if part.scope.plain:
        source = derived(whole, "candidates")
        return [(part.named("best"), select(columns, source, group=[k.copy() for k in keys]))]
    of_class = class_of(col("key"))
    open_first = exp.Mod(this=col("key"), expression=lit(_CLASS))
    undecided = of_class.eq(UNKNOWN)
    doubtful = exp.IntDiv(this=open_first.copy(), expression=lit(_OPEN)) >= 32
    # Packing costs most of the query, so only what is read is packed.
    silent, counts = is_silent(part), is_counted(part)
    if taken := is_taken(part):
        columns.append(named(_least(taken, not_(col("done")), of=packed(part)), "second"))
    if silent or counts:
        either = any_of(*(c for c in (counts, silent) if c))
        columns.append(named(_least(either, undecided, of=packed(part)), "unsure"))
    if counts:
        certain = not_(doubtful.copy())
        columns += [
            named(_least(counts, doubtful, of=packed(part)), "row_doubt"),
            named(_least(counts, certain, of=packed(part, open_first)), "nearest"),
            named(count_if(doubtful.copy()), "row_doubts"),
            named(count_if(of_class.copy().eq(MET)), "passing"),
            named(count_if(undecided.copy()), "undecided"),
        ]
    columns.append(named(exp.Max(this=case((col("too_old"), lit(1)))), "too_old"))
    return [
        (part.named("candidates"), whole),
        (
            part.named("best"),
            select(columns, part.named("candidates"), group=[k.copy() for k in keys]),
        ),
    ]


def left_over(part: Part) -> Expr:
    """Return a completed candidate as one value, undecided where it passes every criterion."""
    met = class_of(col("key", "e")).eq(MET)
    of_rest = exp.Mod(this=col("key", "e"), expression=lit(_CLASS))
    one_open = case((met, lit(_OPEN)), default=lit(0))
    advice = exp.IntDiv(this=col("words", "e"), expression=lit(_REASONS))
    unknown = _pack(lit(REASONS.index(Reason.BETWEEN_UNKNOWN)), exp.paren(advice))
    values: dict[str, Expr] = {f: col(f, "e") for f in fields(part)}
    values["key"] = plus(of_rest, one_open)
    values["late"] = case((met.copy(), _recency("e")), default=col("late", "e"))
    values["words"] = case((met.copy(), unknown), default=col("words", "e"))
    return _struct(values)


def _least(*conditions: Expr, of: Expr) -> Expr:
    return exp.Min(this=case((all_of(*(c.copy() for c in conditions)), of)))


def is_taken(part: Part) -> Expr | None:
    """Whether an event in between may invalidate the result; None if nothing ever does."""
    requirements = {n: part.scope.questions[n] for n in part.numbers}
    return _is_one_of(
        [n for n, a in requirements.items() if any(b.then == "fail" for b in a.none_between)]
    )


def is_counted(part: Part) -> Expr | None:
    """Whether several events are required; None if no requirement needs several."""
    return _is_one_of([n for n in part.numbers if part.scope.questions[n].count is not None])


def is_silent(part: Part) -> Expr | None:
    """Whether possible events outrank planned ones: for forbidden events and probes."""
    scope = part.scope
    return _is_one_of(
        [n for n in part.numbers if n >= len(scope.leaves) or scope.questions[n].forbidden]
    )


def _is_one_of(numbers: list[int]) -> Expr | None:
    return col("requirement").isin(*numbers) if numbers else None


def unpack_fields(of: Expr) -> dict[str, Expr]:
    """Return the fields of a packed candidate: event_id, found_reason, advice and lo."""

    def field(name: str) -> Expr:
        return exp.Dot(this=of.copy(), expression=exp.to_identifier(name))

    doubt = [REASONS.index(r) + 1 for r in (Reason.EXTERNAL_UNDATED, Reason.REJECTED_RECORD)]
    number = exp.Mod(this=field("words"), expression=lit(_REASONS))
    of_event = not_(number.copy().isin(*doubt))
    advice = cast(exp.IntDiv(this=field("words"), expression=lit(_REASONS)), "INT")
    return {
        "event_id": field("event_id"),
        "found_reason": minus(number, lit(1)),
        "advice": case((of_event, advice), default=lit(0)),
        "lo": field("lo"),
    }


def exact(of: Expr) -> dict[str, Expr]:
    """Return the exact time of a packed candidate: hi, clock and utc."""
    return {n: exp.Dot(this=of.copy(), expression=exp.to_identifier(n)) for n in _MOMENT}
