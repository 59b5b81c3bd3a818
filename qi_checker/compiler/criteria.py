"""Each candidate event against each requirement: five criteria, 0 pass, 1 undecided, 2 fail.

Code, modality and region are decided once per *profile* (events that look alike), since a million
events share a few hundred profiles; status and window once per event and case.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from qi_checker.compiler.population import applicable, in_list
from qi_checker.compiler.sql import (
    FAR_PAST, Expr, all_of, any_of, before, case, cast, coalesce, col, count_true, greatest, is_null,
    known, least, lit, minus, not_, overlaps, plus,
)  # fmt: skip
from qi_checker.compiler.tables import EVENT_DOUBTS, EVENT_PROFILES, POPULATION, READY_EVENTS
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.models import Requirement, Version
from qi_checker.protocol.vocabulary import Reason

PASS, UNDECIDED, FAIL = lit(0), lit(1), lit(2)
REASONS = tuple(Reason)
NO_REASON = -1


def number(reason: Reason) -> Expr:
    return lit(REASONS.index(reason))


@dataclass(frozen=True)
class Scope:
    """What criteria are decided for: a version, its number, and the moment."""

    version: Version
    index: int
    as_of: AsOf

    def by_requirement(self, values: list[Expr]) -> Expr:
        """A value per requirement; one value where all are alike, which is the common case."""
        if all(v == values[0] for v in values):
            return values[0]
        pairs = [(col("requirement", "p").eq(i), v) for i, v in enumerate(values)]
        return case(*pairs)

    @property
    def leaves(self) -> tuple[Requirement, ...]:
        return self.version.leaves


# ---- profiles ---------------------------------------------------------------------------------


def _code(leaf: Requirement) -> Expr:
    refused = [col("never")] if leaf.event.kind == "imaging" else []
    codes = col("codes")
    if leaf.event.not_codes is not None:
        refused.append(in_list(codes, leaf.event.not_codes.in_))
    if leaf.event.codes is not None:
        refused.append(not_(in_list(codes.copy(), leaf.event.codes.in_)))
    return case((any_of(*refused), FAIL), default=PASS) if refused else PASS


def _modality(leaf: Requirement) -> Expr:
    asked = leaf.event.modality
    if asked is None:
        return PASS
    words = col("modalities")
    counts = overlaps(words, asked)
    if "CT" in asked and leaf.pet_ct == "refuse":
        others = [w for w in asked if w != "CT"]
        pet_ct = all_of(overlaps(words, ["PT"]), overlaps(words, ["CT"]))
        ct = all_of(overlaps(words, ["CT"]), not_(pet_ct))
        counts = any_of(ct, overlaps(words, others)) if others else ct
    return case((counts, PASS), (col("modality_unsure"), UNDECIDED), default=FAIL)


def _region(leaf: Requirement) -> Expr:
    if leaf.event.region is None:
        return PASS
    counts = overlaps(col("regions"), leaf.event.region)
    return case((counts, PASS), (col("region_unsure"), UNDECIDED), default=FAIL)


def _near(leaf: Requirement) -> Expr:
    """A near miss has a required modality, or one that cannot be told."""
    if leaf.event.modality is None:
        return exp.true()
    return any_of(overlaps(col("modalities"), leaf.event.modality), col("modality_unsure"))


def _advice(leaf: Requirement) -> Expr:
    """Advice that the profile calls for, one bit each in the order written."""
    total: Expr = lit(0)
    for bit, advice in enumerate(leaf.warn):
        when = advice.when
        if when.role is not None:
            total = plus(total, case((col("warns"), lit(1 << bit)), default=lit(0)))
        elif when.codes is not None:
            held = in_list(col("codes"), when.codes.in_)
            total = plus(total, case((held, lit(1 << bit)), default=lit(0)))
    return total


def _profiles_of(index: int, leaf: Requirement) -> exp.Select:
    kind = any_of(col("kind").eq(leaf.event.kind), is_null(col("kind")))
    return (
        exp.select(
            col("profile"), exp.alias_(lit(index), "requirement"), col("status"),
            exp.alias_(_code(leaf), "code"), exp.alias_(_modality(leaf), "modality"),
            exp.alias_(_region(leaf), "region"), exp.alias_(_advice(leaf), "advice"),
        )
        .from_(EVENT_PROFILES)
        .where(kind, _near(leaf))
    )  # fmt: skip


def profiles(scope: Scope) -> exp.Select:
    """One row per near-miss (profile, requirement), with everything that the profile decides."""
    parts: list[exp.Query] = [_profiles_of(i, leaf) for i, leaf in enumerate(scope.leaves)]
    union = parts[0]
    for part in parts[1:]:
        union = exp.union(union, part, distinct=False)
    code, modality, region = criteria = [col(n) for n in ("code", "modality", "region")]
    first = case(
        (code > 0, number(Reason.EXCLUDED_CODE)),
        (modality.eq(1), number(Reason.UNMAPPED)),
        (modality.eq(2), number(Reason.WRONG_MODALITY)),
        (region.eq(1), number(Reason.UNMAPPED)),
        (region.eq(2), number(Reason.WRONG_REGION)),
    )
    return exp.select(
        "*",
        exp.alias_(count_true(*(c > 0 for c in criteria)), "open_criteria"),
        exp.alias_(greatest(criteria), "worst"),
        exp.alias_(first, "first_reason"),
    ).from_(union.subquery("u"))


# ---- one event and one case -------------------------------------------------------------------


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
    return [
        exp.alias_(scope.by_requirement([_opens_or_ever(leaf) for leaf in scope.leaves]), "opens"),
        exp.alias_(
            minus(_ANCHOR, case((booked, lit(0)), default=scope.by_requirement(sure))), "sure"
        ),
        exp.alias_(
            minus(_ANCHOR, case((booked, lit(0)), default=scope.by_requirement(possible))),
            "possible",
        ),
    ]


def _booking_passed(as_of: AsOf) -> Expr:
    today = lit(as_of.date)
    gone = exp.LT(this=_HI, expression=today)
    if as_of.clock is not None:
        same_day = all_of(_HI.eq(today), known(_CLOCK), _CLOCK < lit(as_of.clock))
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


def _pairs(scope: Scope, events: str, profile_join: str, extra: list[Expr]) -> exp.Select:
    """Every applicable case with every event of its patient that is near a requirement."""
    return (
        exp.select(
            col("case_key", "c"), col("anchor", "c"), col("upcoming", "c"), col("event_id", "e"),
            col("lo", "e"), col("hi", "e"),
            *(col(n, "p") for n in ("requirement", "status", "code", "modality", "region",
                                    "open_criteria", "worst", "first_reason")),
            exp.alias_(_TIMED, "timed"), exp.alias_(_EARLIER, "earlier"),
            exp.alias_(plus(coalesce(col("advice", "p"), lit(0)), _description_advice(scope)),
                       "advice"),
            *_edges(scope), *extra,
        )
        .from_(exp.alias_(exp.to_table(POPULATION), "c", table=True))
        .join(exp.alias_(exp.to_table(events), "e", table=True),
              on=col("patient_id", "e").eq(col("patient_id", "c")))
        .join(exp.alias_(exp.to_table("profiles"), "p", table=True),
              on=col("profile", "p").eq(col("profile", "e")), join_type=profile_join)
        .where(applicable("c"), col("version", "c").eq(scope.index))
    )  # fmt: skip


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


def criteria(scope: Scope) -> exp.Select:
    """Every near miss of every case with its criteria, `present`, `distance` and `reason`."""
    passed = exp.alias_(_booking_passed(scope.as_of), "booking_passed")
    kept = ("case_key", "requirement", "event_id", "lo", "status", "upcoming", "code", "modality",
            "region", "open_criteria", "worst", "first_reason", "advice")  # fmt: skip
    lo = col("lo")
    distance = case(
        (is_null(lo), lit(FAR)),
        (lo < col("opens"), minus(col("opens"), lo)),
        (lo > col("anchor"), minus(lo, col("anchor"))),
        default=lit(0),
    )
    before_operation = case((col("timed"), col("earlier")), default=col("hi") <= col("sure"))
    status = case(
        (col("status").eq("completed"), PASS),
        (all_of(col("status").eq("booked"), not_(col("booking_passed"))), PASS),
        default=FAIL,
    )
    decided = exp.select(
        *(col(k) for k in kept), col("anchor"), col("hi"), col("opens"), col("timed"),
        exp.alias_(status, "status_met"), exp.alias_(_window(), "window"),
        exp.alias_(least([distance, lit(FAR)]), "distance"),
        exp.alias_(before_operation, "before_operation"),
    ).from_(_pairs(scope, READY_EVENTS, "INNER", [passed]).subquery("pairs"))  # fmt: skip
    present = all_of(
        col("status").eq("completed"), col("worst").eq(0), known(lo), col("before_operation")
    )
    return exp.select(
        *(col(k) for k in kept), col("status_met"), col("window"), col("distance"),
        exp.alias_(_reason(), "reason"), exp.alias_(present, "present"),
    ).from_(decided.subquery("decided"))  # fmt: skip


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


FAR = 4_000_000  # days: further than any two dates of the contract are apart


def doubts(scope: Scope) -> exp.Select:
    """Rejected rows that could be a completed event which fulfils a requirement."""
    extra = [col("doubt", "e"), col("row", "e")]
    known_rows = _pairs(scope, EVENT_DOUBTS, "INNER", extra)
    fails = any_of(col("worst").eq(2), all_of(known(col("lo")), _window().eq(2)))
    columns = ("case_key", "requirement", "event_id", "lo", "doubt", "row")
    read = exp.select(*(col(c) for c in columns)).from_(known_rows.subquery("pairs"))
    unread = (
        exp.select(
            col("case_key", "c"), exp.alias_(col("number", "r"), "requirement"),
            col("event_id", "e"), col("lo", "e"),
            col("doubt", "e"), col("row", "e"),
        )
        .from_(exp.alias_(exp.to_table(POPULATION), "c", table=True))
        .join(exp.alias_(exp.to_table(EVENT_DOUBTS), "e", table=True),
              on=col("patient_id", "e").eq(col("patient_id", "c")))
        .join(exp.alias_(exp.to_table("requirements"), "r", table=True), join_type="CROSS")
        .where(applicable("c"), col("version", "c").eq(scope.index), is_null(col("profile", "e")))
    )  # fmt: skip
    return exp.union(read.where(not_(fails)), unread, distinct=False)
