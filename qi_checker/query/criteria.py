"""Test each candidate event against each requirement: status and window, per event and case.

Every criterion passes (0), is undecided (1) or fails (2); docs/evaluation.md, section 5.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.models import Requirement
from qi_checker.protocol.vocabulary import Reason
from qi_checker.protocol.windows import Window
from qi_checker.query import windows
from qi_checker.query.anchors import Moment, all_known, by_the_clocks, earlier, moment
from qi_checker.query.population import applicable
from qi_checker.query.profiles import CRITERIA, FAIL, PASS, UNDECIDED
from qi_checker.query.scope import NO_REASON, Scope, by_number, is_plain, number
from qi_checker.query.sql import (
    Expr,
    all_of,
    any_of,
    case,
    cast,
    coalesce,
    col,
    greatest,
    is_null,
    join,
    known,
    least,
    lit,
    microseconds,
    minus,
    named,
    not_,
    plus,
    select,
    table,
    union_all,
)
from qi_checker.query.tables import EVENT_DOUBTS, POPULATION, READY_EVENTS
from qi_checker.query.windows import TOO_EARLY, TOO_LATE, Edges, by_the_clock

FAR = (1 << 55) - 1  # microseconds: more than the distance of any two dates of the contract
_AT = moment("lo", "hi", "", "e")
_PLANNED = all_of(col("status", "p").eq("booked"), not_(col("done", "p")))


@dataclass(frozen=True)
class Part:
    """The requirements and probes that are decided together, and for which cases."""

    scope: Scope
    numbers: tuple[int, ...]
    cases: str = POPULATION
    suffix: str = ""
    between: bool = False  # the chosen event itself is excluded

    def named(self, step: str) -> str:
        return step + self.suffix

    def each(self, value: Callable[[Requirement], Expr]) -> Expr:
        """Return a value per requirement, in a query of pairs."""
        return self.scope.by_requirement({n: value(self.scope.questions[n]) for n in self.numbers})


def live(leaf: Requirement, scope: Scope, alias: str = "c") -> Expr:
    """Whether there is still time; docs/evaluation.md, section 7."""
    upcoming, window, now = col("upcoming", alias), leaf.window, scope.as_of.clock
    if is_plain(leaf):
        return upcoming
    last = windows.closes(window, scope, alias)
    reaches = [upcoming, last > col("anchor", alias)]
    # It closes on the day of surgery: by the clock, unless the operation itself has closed it.
    if now is not None and not any(windows.ends_at_surgery(span) for span in window.spans):
        reaches.append(lit(now) <= windows.last_moment(window, scope, alias))
    in_time = all_of(lit(scope.as_of.date) <= last, any_of(*reaches))
    by_date = any_of(is_null(last), in_time)
    shuts = windows.shuts(window, scope, alias) if now is not None else None
    if shuts is None:
        return by_date
    return all_of(by_date, not_(coalesce(lit(now) > shuts, exp.false())))


def _edges(part: Part) -> list[Expr]:
    """Return first and last dates, and clock outcomes, as columns."""
    event = windows.Event(_AT, _PLANNED)
    edges = {
        n: windows.edges(leaf.window, leaf.same_day, part.scope, event)
        for n, leaf in ((n, part.scope.questions[n]) for n in part.numbers)
    }

    def each(value: Callable[[Edges], Expr]) -> Expr:
        return part.scope.by_requirement({n: value(e) for n, e in edges.items()})

    return [
        named(each(lambda e: windows.latest(e.first_sure)), "first_sure"),
        named(each(lambda e: windows.latest(e.first_possible)), "first_possible"),
        named(each(lambda e: windows.earliest(e.last_sure)), "last_sure"),
        named(each(lambda e: windows.earliest(e.last_possible)), "last_possible"),
        named(each(lambda e: _worst_clock(e.clocks)), "clock_limit"),
        named(part.each(lambda leaf: all_known(leaf.window, part.scope)), "anchored"),
        named(each(lambda e: all_of(*e.in_order)), "in_order"),
        named(each(lambda e: e.after_surgery or exp.false()), "after_surgery"),
        named(part.each(lambda leaf: windows.opens(leaf.window, part.scope)), "opens"),
        named(part.each(lambda leaf: windows.closes(leaf.window, part.scope)), "closes"),
        named(part.each(lambda leaf: live(leaf, part.scope)), "live"),
        *(_moments(part) if _timed(part) else []),
    ]


def _moments(part: Part) -> list[Expr]:
    """Return first and last moments of windows that have a limit in minutes or hours."""

    def each(end: Callable[[Window, Scope], Expr]) -> Expr:
        nothing = cast(lit(None), "TIMESTAMP")
        return part.each(
            lambda leaf: (
                end(leaf.window, part.scope) if by_the_clock(leaf.window) else nothing.copy()
            )
        )

    return [
        named(each(windows.first_moment), "first_moment"),
        named(each(windows.last_moment), "last_moment"),
    ]


def _worst_clock(clocks: Sequence[Expr]) -> Expr:
    """Return the worst clock outcome: too early, then too late, then undecided."""
    if not clocks:
        return PASS
    order = (TOO_EARLY, TOO_LATE, windows.UNDECIDED)
    return case(
        *((any_of(*(c.copy().eq(value) for c in clocks)), lit(value)) for value in order),
        default=PASS,
    )


def _booking_passed(as_of: AsOf) -> Expr:
    today = lit(as_of.date)
    gone: Expr = exp.LT(this=_AT.hi.copy(), expression=today)
    if as_of.clock is not None:
        same_day = all_of(_AT.hi.eq(today), known(_AT.clock), lit(as_of.clock) > _AT.clock)
        gone = any_of(gone, same_day)
    to_come: Expr = _AT.lo > col("anchor", "c")
    if as_of.clock is not None:
        operation = Moment(*(col(n, "c") for n in ("anchor", "anchor", "op_clock", "op_utc")))
        after_it = all_of(by_the_clocks(_AT, operation), not_(earlier(_AT, operation)))
        to_come = any_of(to_come, coalesce(after_it, exp.false()))
    return any_of(gone, all_of(not_(col("upcoming", "c")), not_(to_come)))


def _description_advice(leaf: Requirement) -> Expr:
    text = exp.Lower(this=col("description", "e"))
    total: Expr = lit(0)
    for bit, advice in enumerate(leaf.warn):
        if advice.when.description is not None:
            mentions = [
                exp.StrPosition(this=text.copy(), substr=lit(word.lower())) > 0
                for word in advice.when.description
            ]
            total = plus(total, case((any_of(*mentions), lit(1 << bit)), default=lit(0)))
    return total


def _pairs(part: Part, events: str, extra: list[Expr]) -> exp.Select:
    """Select every applicable case with every event of its patient that is near a requirement."""
    scope = part.scope
    from_profile = (
        "requirement",
        "status",
        "done",
        *CRITERIA,
        "open_criteria",
        "worst",
        "first_reason",
    )
    advice = plus(col("advice", "p"), part.each(_description_advice))
    columns = [
        col("case_key", "c"),
        col("anchor", "c"),
        col("upcoming", "c"),
        col("event_id", "e"),
        *(col(n, "e") for n in ("lo", "hi", "clock", "utc")),
        *(col(n, "p") for n in from_profile),
        named(advice, "advice"),
        *_edges(part),
        *extra,
    ]
    joins = [
        join(table(events, "e"), col("patient", "e").eq(col("patient", "c"))),
        join(table("profiles", "p"), col("profile", "p").eq(col("profile", "e"))),
    ]
    where = [applicable("c"), col("version", "c").eq(scope.index)]
    if part.between:
        owners = {n: scope.probes[n - len(scope.leaves)].owner for n in part.numbers}
        itself: dict[int, Expr] = {
            n: col("event_id", "e").eq(col(f"chosen_{i}_event_id", "c")) for n, i in owners.items()
        }
        where.append(not_(coalesce(scope.by_requirement(itself), exp.false())))
    if len(part.numbers) < len(scope.questions):
        where.append(col("requirement", "p").isin(*part.numbers))
    return select(columns, table(part.cases, "c"), joins, where)


def _dates() -> Expr:
    """Return the outcome of the window's dates: pass, undecided or fail."""
    sure = (col("first_sure"), col("last_sure"))
    possible = (col("first_possible"), col("last_possible"))
    inside, outside = windows.placed((col("lo"), col("hi")), sure, possible)
    return case((inside, PASS), (outside, FAIL), default=UNDECIDED)


def _window(timed: bool) -> Expr:
    """Return the outcome of dates and clocks; a completed event without a date is undecided."""
    undated = case((col("done"), UNDECIDED), default=PASS)
    whole: Expr = col("dates")
    if timed:
        whole = greatest([whole, least([col("clock_limit"), FAIL])])
    return case((is_null(col("lo")), undated), default=whole)


def _window_reason(part: Part) -> Expr:
    lo, hi = col("lo"), col("hi")
    planned = all_of(col("status").eq("booked"), not_(col("done")))
    early = {
        n: number(Reason.TOO_EARLY if part.scope.questions[n].window.after else Reason.TOO_OLD)
        for n in part.numbers
    }
    one_day = lo.eq(hi)
    fails = case(
        (planned, number(Reason.BOOKED_OUTSIDE_WINDOW)),
        (col("after_surgery"), number(Reason.AFTER_SURGERY)),
        (
            any_of(hi < col("first_possible"), col("clock_limit").eq(TOO_EARLY)),
            by_number(early, col("requirement")),
        ),
        (any_of(lo > col("closes"), col("clock_limit").eq(TOO_LATE)), number(Reason.TOO_LATE)),
        default=number(Reason.SAME_DAY_UNTIMED),
    )
    undecided = case(
        (is_null(lo), number(Reason.UNDATED)),
        (not_(one_day), number(Reason.PARTIAL_DATE)),
        (col("dates").eq(UNDECIDED), number(Reason.SAME_DAY_UNTIMED)),
        default=number(Reason.UNTIMED),
    )
    return case((col("window").eq(FAIL), fails), (col("window").eq(UNDECIDED), undecided))


_KEPT = (
    "case_key",
    "requirement",
    "event_id",
    "lo",
    "hi",
    "clock",
    "utc",
    "status",
    "done",
    "upcoming",
    "live",
    *CRITERIA,
    "open_criteria",
    "worst",
    "first_reason",
    "advice",
)


def _timed(part: Part) -> bool:
    """Whether any of them has a limit in minutes or hours."""
    return any(by_the_clock(part.scope.questions[n].window) for n in part.numbers)


def _decided(part: Part) -> list[tuple[str, exp.Query]]:
    """Decide status and window of every pair, and its distance from the window."""
    lo = col("lo")
    by_time = [n for n in part.numbers if by_the_clock(part.scope.questions[n].window)]
    distance = case(
        (is_null(lo), lit(FAR)),
        *([(col("requirement").isin(*by_time), _time_between())] if by_time else []),
        (lo < col("opens"), minus(col("opens"), lo)),
        (lo > col("closes"), minus(lo, col("closes"))),
        default=lit(0),
    )
    status = case(
        (col("done"), PASS),
        (all_of(col("status").eq("booked"), not_(col("booking_passed"))), PASS),
        default=FAIL,
    )
    carried = [
        col(k)
        for k in (
            *_KEPT,
            "anchor",
            "closes",
            "first_possible",
            "clock_limit",
            "after_surgery",
            "in_order",
            "anchored",
        )
    ]
    dated = [
        *carried,
        named(status, "status_met"),
        named(least([distance, lit(FAR)]), "distance"),
        named(_dates(), "dates"),
    ]
    passed = [c.copy() for c in (*carried, *(col(n) for n in ("status_met", "distance", "dates")))]
    return [
        (part.named("dated"), select(dated, part.named("pairs"))),
        (
            part.named("decided"),
            select([*passed, named(_window(_timed(part)), "window")], part.named("dated")),
        ),
    ]


def _time_between() -> Expr:
    """Return the time from an event's nearest possible moment to the nearest that counts."""
    at = Moment(col("lo"), col("hi"), col("clock"), col("utc"))
    first, last = col("first_moment"), col("last_moment")
    return case(
        (at.last < first, microseconds(at.last, first)),
        (at.first > last, microseconds(last, at.first)),
        default=lit(0),
    )


def criteria(part: Part) -> list[tuple[str, exp.Query]]:
    """Select every near miss of every case: criteria, `present`, `distance` and `reason`."""
    present = all_of(
        col("done"), col("worst").eq(0), known(col("lo")), col("in_order"), col("anchored")
    )
    window_reason = _window_reason(part)
    columns = [
        *(col(k) for k in (*_KEPT, "status_met", "window", "distance")),
        named(_reason(window_reason), "reason"),
        named(present, "present"),
        named(window_reason.copy(), "window_reason"),
    ]
    passed = named(_booking_passed(part.scope.as_of), "booking_passed")
    return [
        (part.named("pairs"), _pairs(part, READY_EVENTS, [passed])),
        *_decided(part),
        (part.named("criteria"), select(columns, part.named("decided"))),
    ]


def _reason(window_reason: Expr) -> Expr:
    """Return the reason of the first criterion that does not pass, in the contract's order."""
    return case(
        (known(col("first_reason")), col("first_reason")),
        (col("status_met").eq(0), case((col("window") > 0, window_reason), default=lit(NO_REASON))),
        (col("status").eq("ordered"), number(Reason.ORDERED_NOT_BOOKED)),
        (col("status").eq("cancelled"), number(Reason.CANCELLED)),
        (col("status").eq("completed"), number(Reason.WRONG_VALUE)),
        default=number(Reason.BOOKING_PASSED),
    )


_DOUBT = ("event_id", "lo", "hi", "clock", "utc", "doubt", "row")


def rejected_rows(part: Part) -> list[tuple[str, exp.Query]]:
    """Select rejected rows that could be an event that fulfils a requirement.

    Only the patient of a torn row is known, so it could fulfil every requirement.
    """
    numbers = union_all([select([named(lit(n), "number")], None) for n in part.numbers])
    torn = select(
        [
            col("case_key", "c"),
            named(col("number", "r"), "requirement"),
            *(col(name, "e") for name in _DOUBT),
        ],
        table(part.cases, "c"),
        [
            join(table(EVENT_DOUBTS, "e"), col("patient", "e").eq(col("patient", "c"))),
            join(table(part.named("numbers"), "r")),
        ],
        [applicable("c"), col("version", "c").eq(part.scope.index), is_null(col("profile", "e"))],
    )
    steps = _readable_rows(part)
    whole = union_all([steps[-1][1], torn]) if steps else torn
    return [(part.named("numbers"), numbers), *steps[:-1], (part.named("doubts"), whole)]


def _readable_rows(part: Part) -> list[tuple[str, exp.Query]]:
    """Select the same for partly readable rows; they are taken as completed events."""
    completed = tuple(
        n for n in part.numbers if "completed" in part.scope.questions[n].event.status
    )
    if not completed:
        return []
    part = replace(part, numbers=completed, between=False)  # a rejected row is never chosen
    readable = _pairs(part, EVENT_DOUBTS, [col("doubt", "e"), col("row", "e")])
    names = ("case_key", "requirement", *_DOUBT)
    decided = [col(n) for n in (*names, "worst", "done", "clock_limit")]
    dated = select([*decided, named(_dates(), "dates")], part.named("readable_doubts"))
    fails = any_of(col("worst").eq(2), all_of(known(col("lo")), _window(_timed(part)).eq(2)))
    read = select([col(n) for n in names], part.named("dated_doubts"), where=[not_(fails)])
    return [
        (part.named("readable_doubts"), readable),
        (part.named("dated_doubts"), dated),
        (part.named("doubts"), read),
    ]
