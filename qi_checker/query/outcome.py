"""The status of a requirement and its reason, from what was found; docs/evaluation.md, section 7.

`base` is the status before an undecided condition makes it unknown.
"""

from __future__ import annotations

from qi_checker.protocol.vocabulary import Reason, Status
from qi_checker.query.conditions import ANCHOR_DUE, ANCHOR_KNOWN, ANCHOR_NOT_APPLICABLE
from qi_checker.query.ranking import BOOKED, MET, UNKNOWN
from qi_checker.query.scope import NO_REASON, REASONS, Layer, Scope
from qi_checker.query.sql import (
    Expr,
    all_of,
    any_of,
    case,
    col,
    is_null,
    known,
    lit,
    not_,
)
from qi_checker.query.tables import Feeds
from qi_checker.query.windows import opens_by_the_clock

Branch = tuple[Expr, Expr]


def word(value: Status | Reason) -> Expr:
    return lit(value.value)


def _is(status: Status) -> Expr:
    return col("base").eq(status.value)


def _of_class(value: int) -> Expr:
    return col("class").eq(value)


def _excepted(otherwise: Status) -> Expr:
    return case((known(col("expires_on")), word(Status.EXEMPT)), default=word(otherwise))


def _forbidding(scope: Scope, layer: Layer) -> list[int]:
    return [i for i in layer.leaves if scope.leaves[i].forbidden]


def _silent(scope: Scope, numbers: list[int], feeds: Feeds) -> Expr:
    """Whether no patient has any event of the kind, so that absence proves nothing."""
    mute = [i for i in numbers if scope.leaves[i].event.kind in feeds.silent]
    return col("number").isin(*mute) if mute else _never()


def _never() -> Expr:
    return lit(False)


def base(scope: Scope, layer: Layer, feeds: Feeds) -> Expr:
    """Return the status, ignoring a condition that cannot be decided."""
    first: list[Branch] = [(known(col("not_applicable")), word(Status.NOT_APPLICABLE))]
    last: list[Branch] = []
    taken = _never()
    met, booked, unknown = _of_class(MET), _of_class(BOOKED), _of_class(UNKNOWN)
    too_old = known(col("newest_present"))
    if not scope.plain:
        first += _before_anything(scope, layer, feeds)
        taken = all_of(met.copy(), col("hurt").eq(2))
        met = all_of(met, col("hurt").eq(0))
        second = col("second_class")
        booked = any_of(booked, all_of(taken.copy(), second.eq(BOOKED)))
        unknown = any_of(unknown, all_of(taken.copy(), second.copy().eq(UNKNOWN)))
        last = [(taken.copy(), word(Status.MISSING))]
        too_old = known(col("too_old"))
    perhaps = _never() if scope.plain else all_of(_of_class(MET), col("hurt").eq(1))
    return case(
        *first,
        (met, word(Status.MET)),
        (known(col("expires_on")), word(Status.EXEMPT)),
        (perhaps, word(Status.UNKNOWN)),
        (booked, word(Status.BOOKED)),
        (any_of(unknown, col("stale")), word(Status.UNKNOWN)),
        (col("live"), word(Status.DUE)),
        *last,
        (too_old, word(Status.EXPIRED)),
        default=word(Status.MISSING),
    )


def _before_anything(scope: Scope, layer: Layer, feeds: Feeds) -> list[Branch]:
    """Return branches for conditions that do not hold, unknown anchors, and forbidden events."""
    state = col("anchor_state")
    not_applicable = any_of(col("applies").eq(0), state.eq(ANCHOR_NOT_APPLICABLE))
    pending = case((state.copy().eq(ANCHOR_DUE), word(Status.DUE)), default=word(Status.UNKNOWN))
    at_once = case((known(col("expires_on")), word(Status.EXEMPT)), default=pending)
    result: list[Branch] = [
        (not_applicable, word(Status.NOT_APPLICABLE)),
        (state.copy().neq(ANCHOR_KNOWN), at_once),
    ]
    numbers = _forbidding(scope, layer)
    if numbers:
        undecided = any_of(_of_class(UNKNOWN), col("stale"), _silent(scope, numbers, feeds))
        outcome = case(
            (_of_class(MET), _excepted(Status.MISSING)),
            (undecided, _excepted(Status.UNKNOWN)),
            (any_of(_of_class(BOOKED), col("live")), _excepted(Status.DUE)),
            default=word(Status.MET),
        )
        result.append((col("number").isin(*numbers), outcome))
    return result


def _open_condition() -> Expr:
    """Whether the condition is undecided, which changes every status but met and exempt."""
    closed = col("base").isin(Status.MET.value, Status.EXEMPT.value, Status.NOT_APPLICABLE.value)
    return all_of(col("applies").eq(1), col("anchor_state").eq(ANCHOR_KNOWN), not_(closed))


def status(scope: Scope) -> Expr:
    """Return the status, from `base`."""
    if scope.plain:
        return col("base")
    waits = all_of(_open_condition(), col("waits"))
    return case(
        (waits, word(Status.DUE)),
        (_open_condition(), word(Status.UNKNOWN)),
        default=col("base"),
    )


def reason(scope: Scope) -> Expr:
    """Return why the requirement has its status, from `base_reason`."""
    if scope.plain:
        return col("base_reason")
    return case((_open_condition(), word(Reason.CONDITION_UNKNOWN)), default=col("base_reason"))


def base_reason(scope: Scope, layer: Layer) -> Expr:
    """Return why the requirement has the status `base`."""
    found = col("found_reason")
    not_open = all_of(known(col("window_opens")), lit(scope.as_of.date) < col("window_opens"))
    if opens_by_the_clock(scope, layer.leaves):
        to_come = lit(scope.as_of.clock) < col("first_moment")
        not_open = any_of(not_open, all_of(known(col("first_moment")), to_come))
    by_feed = any_of(is_null(col("class")), col("class").neq(UNKNOWN))
    special = [] if scope.plain else _special_reasons(scope, layer)
    counting = [i for i in layer.leaves if scope.leaves[i].count is not None]
    few: list[Branch] = []
    nothing_wrong = word(Reason.BOOKING_PASSED)
    if counting:
        few = [
            (all_of(known(col("few")), col("few").eq(i)), word(r))
            for i, r in enumerate(REASONS)
            if r in (Reason.TOO_FEW, Reason.TOO_CLOSE)
        ]
        unknown = _is(Status.UNKNOWN)
        few = [(all_of(test, not_(unknown.copy())), value) for test, value in few]
        nothing_wrong = case(
            (col("number").isin(*counting), word(Reason.TOO_FEW)), default=nothing_wrong
        )
    return case(
        (known(col("not_applicable")), col("not_applicable")),
        *special,
        (_is(Status.MET), word(Reason.IN_WINDOW)),
        (_is(Status.EXEMPT), word(Reason.EXCEPTED)),
        (_is(Status.BOOKED), word(Reason.BOOKED_IN_WINDOW)),
        (all_of(col("stale"), by_feed), word(Reason.FEED_STALE)),
        *few,
        (all_of(is_null(col("class")), not_open), word(Reason.WINDOW_NOT_OPEN)),
        (is_null(col("class")), word(Reason.NEVER_ORDERED)),
        (found.eq(NO_REASON), nothing_wrong),
        *((found.copy().eq(i), word(r)) for i, r in enumerate(REASONS)),
    )


def _special_reasons(scope: Scope, layer: Layer) -> list[Branch]:
    """Return branches for conditions, anchors, forbidden events and events in between."""
    undecided = _of_class(UNKNOWN)
    numbers = _forbidding(scope, layer)
    found = case(*((col("found_reason").eq(i), word(r)) for i, r in enumerate(REASONS)))
    taken = all_of(_of_class(MET), col("hurt").eq(2))
    branches: list[Branch] = [
        (_is(Status.NOT_APPLICABLE), word(Reason.CONDITION_NOT_MET)),
        (_is(Status.EXEMPT), word(Reason.EXCEPTED)),
        (col("anchor_state").neq(ANCHOR_KNOWN), word(Reason.ANCHOR_UNKNOWN)),
    ]
    if numbers:
        nothing = any_of(is_null(col("class")), col("class").neq(BOOKED))
        forbidden = case(
            (_is(Status.MET), word(Reason.NONE_FOUND)),
            (all_of(_is(Status.DUE), nothing), word(Reason.WINDOW_NOT_CLOSED)),
            (not_(_is(Status.UNKNOWN)), word(Reason.FORBIDDEN_EVENT)),
            (undecided, found),
            (col("stale"), word(Reason.FEED_STALE)),
            default=word(Reason.NO_SUCH_RECORDS),
        )
        branches.append((col("number").isin(*numbers), forbidden))
    if any(scope.between_of(i) for i in layer.leaves):
        doubtful = col("second_class").eq(UNKNOWN)
        branches += [
            (
                all_of(_of_class(MET), col("hurt").eq(1), _is(Status.UNKNOWN)),
                word(Reason.BETWEEN_UNKNOWN),
            ),
            (all_of(taken.copy(), _is(Status.BOOKED)), word(Reason.BOOKED_IN_WINDOW)),
            (all_of(taken.copy(), _is(Status.UNKNOWN), doubtful), found.copy()),
            (all_of(taken.copy(), _is(Status.UNKNOWN)), word(Reason.FEED_STALE)),
            (taken.copy(), word(Reason.EVENT_BETWEEN)),
        ]
    return branches
