"""Each candidate event against each requirement: status and window, per event and case.

Every criterion passes (0), is undecided (1) or fails (2); docs/evaluation.md, section 5.
"""

from __future__ import annotations

from sqlglot import exp

from qi_checker.compiler.population import applicable
from qi_checker.compiler.profiles import FAIL, PASS, UNDECIDED
from qi_checker.compiler.scope import NO_REASON, Scope, number
from qi_checker.compiler.sql import (
    FAR_PAST,
    Expr,
    all_of,
    any_of,
    before,
    case,
    cast,
    col,
    is_null,
    join,
    known,
    least,
    lit,
    minus,
    named,
    not_,
    plus,
    select,
    table,
    union_all,
)  # fmt: skip
from qi_checker.compiler.tables import (
    EVENT_DOUBTS,
    POPULATION,
    READY_EVENTS,
)
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.models import Requirement
from qi_checker.protocol.vocabulary import Reason

FAR = 4_000_000  # days: further than any two dates of the contract are apart


def opens(leaf: Requirement, anchor: Expr) -> Expr:
    """First day of the window, or NULL where it reaches back without limit."""
    window = leaf.window
    if window.at_most is not None:
        return before(anchor, window.at_most)
    if window.less_than is not None:
        return plus(before(anchor, window.less_than), lit(1))
    return cast(exp.null(), "DATE")


def _opens_or_ever(leaf: Requirement) -> Expr:
    unlimited = leaf.window.at_most is None and leaf.window.less_than is None
    return lit(FAR_PAST) if unlimited else opens(leaf, col("anchor", "c"))


_LO, _HI, _CLOCK, _UTC = (col(n, "e") for n in ("lo", "hi", "clock", "utc"))


_ANCHOR, _OP_CLOCK, _OP_UTC = (col(n, "c") for n in ("anchor", "op_clock", "op_utc"))


_TIMED = all_of(_LO.eq(_ANCHOR), _HI.eq(_ANCHOR), known(_CLOCK), known(_OP_CLOCK))


_EARLIER = case((all_of(known(_UTC), known(_OP_UTC)), _UTC < _OP_UTC), default=_CLOCK < _OP_CLOCK)


def _edges(scope: Scope) -> list[Expr]:
    """`opens`, `sure` and `possible` of docs/evaluation.md, section 5, as columns."""
    sure = [lit(0 if leaf.same_day == "allow" else 1) for leaf in scope.leaves]
    possible = [lit(1 if leaf.same_day == "refuse" else 0) for leaf in scope.leaves]
    booked = col("status", "p").eq("booked")
    first = scope.by_requirement([_opens_or_ever(leaf) for leaf in scope.leaves])

    def back(days: list[Expr]) -> Expr:
        taken = case((booked.copy(), lit(0)), default=scope.by_requirement(days))
        return minus(_ANCHOR.copy(), taken)

    return [named(first, "opens"), named(back(sure), "sure"), named(back(possible), "possible")]


def _booking_passed(as_of: AsOf) -> Expr:
    today = lit(as_of.date)
    gone: Expr = exp.LT(this=_HI.copy(), expression=today)
    if as_of.clock is not None:
        same_day = all_of(_HI.eq(today), known(_CLOCK), lit(as_of.clock) > _CLOCK)
        gone = any_of(gone, same_day)
    return any_of(gone, all_of(not_(col("upcoming", "c")), _LO <= _ANCHOR))


def _description_advice(scope: Scope) -> Expr:
    text = exp.Lower(this=col("description", "e"))
    per_leaf = []
    for leaf in scope.leaves:
        total: Expr = lit(0)
        for bit, advice in enumerate(leaf.warn):
            if advice.when.description is not None:
                found = [
                    exp.StrPosition(this=text, substr=lit(word.lower())) > 0
                    for word in advice.when.description
                ]
                total = plus(total, case((any_of(*found), lit(1 << bit)), default=lit(0)))
        per_leaf.append(total)
    return scope.by_requirement(per_leaf)


def _pairs(scope: Scope, events: str, extra: list[Expr]) -> exp.Select:
    """Every applicable case with every event of its patient that is near a requirement."""
    from_profile = ("requirement", "status", "code", "modality", "region", "open_criteria", "worst",
                    "first_reason")  # fmt: skip
    advice = plus(col("advice", "p"), _description_advice(scope))
    columns = [
        col("case_key", "c"), col("anchor", "c"), col("upcoming", "c"), col("event_id", "e"),
        col("lo", "e"), col("hi", "e"), *(col(n, "p") for n in from_profile),
        named(_TIMED.copy(), "timed"), named(_EARLIER.copy(), "earlier"), named(advice, "advice"),
        *_edges(scope), *extra,
    ]  # fmt: skip
    joins = [
        join(table(events, "e"), col("patient_id", "e").eq(col("patient_id", "c"))),
        join(table("profiles", "p"), col("profile", "p").eq(col("profile", "e"))),
    ]
    where = [applicable("c"), col("version", "c").eq(scope.index)]
    return select(columns, table(POPULATION, "c"), joins, where)


def _window() -> Expr:
    lo, hi, at, start = col("lo"), col("hi"), col("anchor"), col("opens")
    inside = all_of(lo >= start, hi <= col("sure"))
    outside = any_of(hi < start, lo > at, lo > col("possible"), start > col("possible"))
    return case(
        (is_null(lo), PASS),
        (col("timed"), case((col("earlier"), PASS), default=FAIL)),
        (inside, PASS),
        (outside, FAIL),
        default=UNDECIDED,
    )


def _window_reason() -> Expr:
    lo, hi, window = col("lo"), col("hi"), col("window")
    return case(
        (all_of(col("status").eq("booked"), window.eq(2)), number(Reason.BOOKED_OUTSIDE_WINDOW)),
        (col("timed"), number(Reason.AFTER_SURGERY)),
        (hi < col("opens"), number(Reason.TOO_OLD)),
        (lo > col("anchor"), number(Reason.AFTER_SURGERY)),
        (any_of(window.eq(2), lo.eq(hi)), number(Reason.SAME_DAY_UNTIMED)),
        default=number(Reason.PARTIAL_DATE),
    )


_KEPT = ("case_key", "requirement", "event_id", "lo", "status", "upcoming", "code", "modality",
         "region", "open_criteria", "worst", "first_reason", "advice")  # fmt: skip


def _decided() -> exp.Select:
    """Status and window of every pair, and how far it is from the window."""
    lo = col("lo")
    distance = case(
        (is_null(lo), lit(FAR)),
        (lo < col("opens"), minus(col("opens"), lo)),
        (lo > col("anchor"), minus(lo, col("anchor"))),
        default=lit(0),
    )
    status = case(
        (col("status").eq("completed"), PASS),
        (all_of(col("status").eq("booked"), not_(col("booking_passed"))), PASS),
        default=FAIL,
    )
    before_operation = case((col("timed"), col("earlier")), default=col("hi") <= col("sure"))
    columns = [
        *(col(k) for k in (*_KEPT, "anchor", "hi", "opens", "timed")),
        named(status, "status_met"), named(_window(), "window"),
        named(least([distance, lit(FAR)]), "distance"),
        named(before_operation, "before_operation"),
    ]  # fmt: skip
    return select(columns, "pairs")


def criteria(scope: Scope) -> list[tuple[str, exp.Query]]:
    """Every near miss of every case with its criteria, `present`, `distance` and `reason`."""
    present = all_of(
        col("status").eq("completed"), col("worst").eq(0), known(col("lo")), col("before_operation")
    )
    columns = [
        *(col(k) for k in (*_KEPT, "status_met", "window", "distance")),
        named(_reason(), "reason"), named(present, "present"),
        named(case((col("window") > 0, _window_reason())), "window_reason"),
    ]  # fmt: skip
    passed = named(_booking_passed(scope.as_of), "booking_passed")
    return [
        ("pairs", _pairs(scope, READY_EVENTS, [passed])),
        ("decided", _decided()),
        ("criteria", select(columns, "decided")),
    ]


def _reason() -> Expr:
    """Of the first criterion that does not pass, in the order of the contract."""
    return case(
        (known(col("first_reason")), col("first_reason")),
        (col("status_met").eq(0), case((col("window") > 0, _window_reason()),
                                       default=lit(NO_REASON))),
        (col("status").eq("ordered"), number(Reason.ORDERED_NOT_BOOKED)),
        (col("status").eq("cancelled"), number(Reason.CANCELLED)),
        default=number(Reason.BOOKING_PASSED),
    )  # fmt: skip


def doubts(scope: Scope) -> list[tuple[str, exp.Query]]:
    """Rejected rows that could be a completed event which fulfils a requirement."""
    readable = _pairs(scope, EVENT_DOUBTS, [col("doubt", "e"), col("row", "e")])
    fails = any_of(col("worst").eq(2), all_of(known(col("lo")), _window().eq(2)))
    columns = ("case_key", "requirement", "event_id", "lo", "doubt", "row")
    read = select([col(c) for c in columns], "readable_doubts", where=[not_(fails)])
    unread = select(
        [col("case_key", "c"), named(col("number", "r"), "requirement"),
         *(col(c, "e") for c in ("event_id", "lo", "doubt", "row"))],
        table(POPULATION, "c"),
        [join(table(EVENT_DOUBTS, "e"), col("patient_id", "e").eq(col("patient_id", "c"))),
         join(table("requirements", "r"))],
        [applicable("c"), col("version", "c").eq(scope.index), is_null(col("profile", "e"))],
    )  # fmt: skip
    return [("readable_doubts", readable), ("doubts", union_all([read, unread]))]
