"""A window as expressions: dates that certainly or possibly count; docs/evaluation.md, section 5.

Each span gives first and last dates; minutes and hours give separate clock limits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from qi_checker.protocol.durations import Duration
from qi_checker.protocol.models import Requirement
from qi_checker.protocol.windows import Span, Window
from qi_checker.query.anchors import Moment, anchor, by_the_clocks, earlier, end_of_day
from qi_checker.query.scope import Scope, single
from qi_checker.query.sql import (
    FAR_FUTURE,
    FAR_PAST,
    Expr,
    after,
    all_of,
    any_of,
    before,
    case,
    cast,
    greatest,
    is_null,
    known,
    last_day_still_within,
    least,
    lit,
    minus,
    moved,
    not_,
    plus,
)

SameDay = Literal["unknown", "allow", "refuse"]
PASS, UNDECIDED, TOO_EARLY, TOO_LATE = range(4)  # of clock limits
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class Event:
    """An event as tested by a window. `planned`: a booking, which may be on the anchor's day."""

    at: Moment
    planned: Expr


@dataclass
class Edges:
    """First and last dates of a window, one expression per span that has one."""

    first_sure: list[Expr] = field(default_factory=list)
    first_possible: list[Expr] = field(default_factory=list)
    last_sure: list[Expr] = field(default_factory=list)
    last_possible: list[Expr] = field(default_factory=list)
    clocks: list[Expr] = field(default_factory=list)  # PASS, UNDECIDED, TOO_EARLY or TOO_LATE
    in_order: list[Expr] = field(default_factory=list)  # certainly on the right side of the anchor
    after_surgery: Expr | None = None  # not before the operation


Days = tuple[Expr, Expr]  # the first and the last one


def placed(event: Days, sure: Days, possible: Days) -> tuple[Expr, Expr]:
    """Whether the dates of an event are certainly inside, and whether they are certainly outside.

    `sure` and `possible` are the dates of a window at its narrowest and at its widest.
    """
    (lo, hi), (first, last) = event, possible
    inside = all_of(lo >= sure[0], hi <= sure[1])
    return inside, any_of(hi < first, lo > last, first.copy() > last.copy())


def latest(days: Sequence[Expr]) -> Expr:
    """Return the latest of several days; the far past if there are none."""
    return greatest(days) if days else lit(FAR_PAST)


def earliest(days: Sequence[Expr]) -> Expr:
    """Return the earliest of several days; the far future if there are none."""
    return least(days) if days else lit(FAR_FUTURE)


def edges(window: Window, same_day: SameDay, scope: Scope, event: Event) -> Edges:
    """Return everything that the window tests on an event."""
    result = Edges()
    for span in window.spans:
        at = anchor(span, scope)
        _far(span, at, event, result)
        _near(span, at, event, result)
        if span.or_after is None:
            _order(span, at, event, same_day, result)
        else:
            _reach(span, at, event, result)
        if ends_at_surgery(span):
            late = all_of(by_the_clocks(event.at, at), not_(earlier(event.at, at)))
            result.after_surgery = any_of(event.at.lo > at.lo, late)
    return result


def ends_at_surgery(span: Span) -> bool:
    """Whether nothing counts after the operation has begun."""
    return span.before == "surgery" and span.or_after is None


def by_the_clock(window: Window) -> bool:
    """Whether a limit is in minutes or hours."""
    return any(limit.clock is not None for span in window.spans for limit in span.limits)


def opens_by_the_clock(scope: Scope, leaves: Sequence[int]) -> bool:
    """Whether a window may open at a moment that `as_of` can be compared with."""
    timed = (by_the_clock(scope.leaves[i].window) for i in leaves)
    return scope.as_of.clock is not None and any(timed)


def _strictly(day: Expr, strict: bool, way: int) -> Expr:
    if not strict:
        return day
    return plus(day, lit(1)) if way > 0 else minus(day, lit(1))


def _far(span: Span, at: Moment, event: Event, edges: Edges) -> None:
    """Add the limits of `at_most` and `less_than`."""
    limit, strict = span.far, span.less_than is not None
    if limit is None:
        return
    back = span.before is not None
    if limit.clock is not None:
        edges.clocks.append(_clock_limit(event.at, at, limit.clock, strict, back))
    elif back:
        day = _strictly(before(at.lo, limit), strict, 1)
        edges.first_sure.append(day)
        edges.first_possible.append(day)
    else:
        day = _strictly(after(at.lo, limit), strict, -1)
        edges.last_sure.append(day)
        edges.last_possible.append(day)


def _near(span: Span, at: Moment, event: Event, edges: Edges) -> None:
    """Add the limits of `at_least` and `more_than`."""
    limit, strict = span.near, span.more_than is not None
    if limit is None:
        return
    back = span.before is not None
    if limit.clock is not None:
        edges.clocks.append(_clock_distance(event.at, at, limit.clock, strict, back))
    elif back:
        day = _strictly(before(at.lo, limit), strict, -1)
        edges.last_sure.append(day)
        edges.last_possible.append(day)
    else:
        day = _strictly(after(at.lo, limit), strict, 1)
        edges.first_sure.append(day)
        edges.first_possible.append(day)


def _reach(span: Span, at: Moment, event: Event, edges: Edges) -> None:
    """Add the limit of `or_after`: how far past its anchor the span reaches."""
    assert span.or_after is not None
    limit, strict = span.or_after.limit, span.or_after.less_than is not None
    if limit.clock is not None:
        edges.clocks.append(_clock_limit(event.at, at, limit.clock, strict, back=False))
    else:
        day = _strictly(after(at.lo, limit), strict, -1)
        edges.last_sure.append(day)
        edges.last_possible.append(day)


def _order(span: Span, at: Moment, event: Event, same_day: SameDay, edges: Edges) -> None:
    """Add the side of the anchor: on its day the clock times decide, if both are known."""
    back = span.before is not None
    sooner = earlier(event.at, at)
    right = sooner if back else not_(sooner)
    timed = by_the_clocks(event.at, at)

    def day(taken: int) -> Expr:
        return _strictly(at.lo, True, -1 if back else 1) if taken else at.lo

    def edge(taken: int) -> Expr:
        by_clock = case((right.copy(), day(0)), default=day(1))
        branches = [(timed.copy(), by_clock)]
        if taken:
            branches.append((event.planned, day(0)))
        return case(*branches, default=day(taken))

    sure, possible = edge(int(same_day != "allow")), edge(int(same_day == "refuse"))
    if back:
        edges.last_sure.append(sure)
        edges.last_possible.append(possible)
        edges.in_order.append(event.at.hi <= sure)
    else:
        edges.first_sure.append(sure)
        edges.first_possible.append(possible)
        edges.in_order.append(event.at.lo >= sure)


def _ends(event: Moment, anchor: Moment) -> tuple[tuple[Expr, Expr], tuple[Expr, Expr]]:
    """Return first and last possible moments of both: in UTC if both have it, else local."""
    exact = all_of(known(event.utc), known(anchor.utc))

    def ends(value: Moment) -> tuple[Expr, Expr]:
        return (
            case((exact.copy(), value.utc), default=value.first),
            case((exact.copy(), value.utc), default=value.last),
        )

    return ends(event), ends(anchor)


def _clock_limit(event: Moment, at: Moment, length: timedelta, strict: bool, back: bool) -> Expr:
    """Test for at most `length` before (`back`) or after the anchor."""
    (soonest, last), (first_anchor, last_anchor) = _ends(event, at)
    if back:
        sure, never = moved(last_anchor, -length), moved(first_anchor, -length)
        holds: Expr = soonest > sure if strict else soonest >= sure
        fails: Expr = last <= never if strict else last < never
        return case((holds, lit(PASS)), (fails, lit(TOO_EARLY)), default=lit(UNDECIDED))
    sure, never = moved(first_anchor, length), moved(last_anchor, length)
    holds = last < sure if strict else last <= sure
    fails = soonest >= never if strict else soonest > never
    return case((holds, lit(PASS)), (fails, lit(TOO_LATE)), default=lit(UNDECIDED))


def _clock_distance(event: Moment, at: Moment, length: timedelta, strict: bool, back: bool) -> Expr:
    """Test for at least `length` before (`back`) or after the anchor."""
    (soonest, last), (first_anchor, last_anchor) = _ends(event, at)
    if back:
        sure, never = moved(first_anchor, -length), moved(last_anchor, -length)
        holds: Expr = last < sure if strict else last <= sure
        fails: Expr = soonest >= never if strict else soonest > never
        return case((holds, lit(PASS)), (fails, lit(TOO_LATE)), default=lit(UNDECIDED))
    sure, never = moved(last_anchor, length), moved(first_anchor, length)
    holds = soonest > sure if strict else soonest >= sure
    fails = last <= never if strict else last < never
    return case((holds, lit(PASS)), (fails, lit(TOO_EARLY)), default=lit(UNDECIDED))


@dataclass(frozen=True)
class End:
    """The first or last day and moment that a span counts, in local time."""

    day: Expr
    moment: Expr
    by_clock: bool = False  # a limit in minutes or hours


def opens(window: Window, scope: Scope, alias: str = "c") -> Expr:
    """Return `window_opens`, or NULL if there is no limit or an anchor is unknown."""
    days = [end.day for end in _openings(window, scope, alias)]
    return _unless_unknown(days, greatest, "DATE", window, scope, alias)


def first_moment(window: Window, scope: Scope, alias: str = "c") -> Expr:
    """Return the earliest moment that counts, or NULL as for `opens`."""
    moments = [end.moment for end in _openings(window, scope, alias)]
    return _unless_unknown(moments, greatest, "TIMESTAMP", window, scope, alias)


def closes(window: Window, scope: Scope, alias: str = "c") -> Expr:
    """Return `window_closes`, or NULL if there is no limit or an anchor is unknown."""
    days = [end.day for end in _closings(window, scope, alias)]
    return _unless_unknown(days, least, "DATE", window, scope, alias)


def last_moment(window: Window, scope: Scope, alias: str = "c") -> Expr:
    """Return the latest moment that counts, or NULL as for `closes`."""
    moments = [end.moment for end in _closings(window, scope, alias)]
    return _unless_unknown(moments, least, "TIMESTAMP", window, scope, alias)


def shuts(window: Window, scope: Scope, alias: str = "c") -> Expr | None:
    """Return when the first limit in minutes or hours is over; None without one."""
    moments = [end.moment for end in _closings(window, scope, alias) if end.by_clock]
    if not moments:
        return None
    return _unless_unknown(moments, least, "TIMESTAMP", window, scope, alias)


def _openings(window: Window, scope: Scope, alias: str) -> Iterator[End]:
    for span in window.spans:
        at = anchor(span, scope, alias)
        back = span.before is not None
        if not back:
            yield End(at.lo, at.first)
        limit, strict = (span.far, span.less_than) if back else (span.near, span.more_than)
        if limit is not None and limit.clock is not None:
            start = moved(at.first, -limit.clock if back else limit.clock)
            yield _by_clock(moved(start, _TICK) if strict else start)
        elif limit is not None:
            day = before(at.lo, limit) if back else after(at.lo, limit)
            day = _strictly(day, strict is not None, 1)
            yield End(day, cast(day.copy(), "TIMESTAMP"))


def _closings(window: Window, scope: Scope, alias: str) -> Iterator[End]:
    for span in window.spans:
        at = anchor(span, scope, alias)
        back = span.before is not None
        limit: Duration | None = span.near if back else span.far
        strict = (span.more_than if back else span.less_than) is not None
        forward = not back
        if span.or_after is not None:
            limit, strict, forward = span.or_after.limit, span.or_after.less_than is not None, True
        elif back:
            yield End(at.lo, at.last)
        if limit is not None and limit.clock is not None:
            end = moved(at.last, limit.clock if forward else -limit.clock)
            yield _by_clock(moved(end, -_TICK) if strict else end)
        elif limit is not None:
            day = after(at.lo, limit) if forward else before(at.lo, limit)
            day = _strictly(day, strict, -1)
            yield End(day, end_of_day(day.copy()))


def _by_clock(moment: Expr) -> End:
    return End(cast(moment, "DATE"), moment.copy(), by_clock=True)


def _unless_unknown(
    values: list[Expr],
    of_several: Callable[[Sequence[Expr]], Expr],
    kind: str,
    window: Window,
    scope: Scope,
    alias: str,
) -> Expr:
    """Return the maximum or minimum of values; NULL if there are none or an anchor is unknown."""
    nothing = cast(lit(None), kind)
    if not values:
        return nothing
    others = [anchor(s, scope, alias).lo for s in window.spans if s.anchor != "surgery"]
    if not others:
        return of_several(values)
    unknown = any_of(*(is_null(o) for o in others))
    return case((unknown, nothing), default=of_several(values))


def valid_through(leaf: Requirement, at: Moment) -> Expr | None:
    """Return the last anchor date for which an event would still count; None without a limit."""
    days: list[Expr] = []
    for span in leaf.window.spans:
        if span.before != "surgery" or span.far is None:
            continue
        if span.far.clock is not None:
            days.append(cast(moved(at.last, span.far.clock), "DATE"))
        else:
            first = at.lo if span.at_most is not None else minus(at.lo, lit(1))
            days.append(last_day_still_within(first, span.far))
    return least(days) if days else None


def most_working_days(scopes: Sequence[Scope]) -> int:
    """Return the maximum working days in a window of any version, back or forward; 0 if none."""
    windows = [leaf.window for scope in scopes for leaf in scope.questions]
    windows += [
        n.chosen.window
        for scope in scopes
        for leaf in scope.leaves
        if leaf.applies_if
        for n in single(leaf.applies_if)
        if n.chosen
    ]
    limits = (limit for w in windows for span in w.spans for limit in span.limits)
    return max((limit.amount for limit in limits if limit.unit == "working day"), default=0)
