"""What a requirement depends on: its condition, its anchors, and events in between.

Three-valued: 0 false, 1 undecided, 2 true; docs/evaluation.md, section 7.
"""

from __future__ import annotations

from sqlglot import exp

from qi_checker.protocol.models import Requirement
from qi_checker.protocol.selectors import ChosenWithin, RequirementCondition
from qi_checker.protocol.vocabulary import Status
from qi_checker.protocol.windows import AnchorRef, Span, Window
from qi_checker.query import windows
from qi_checker.query.anchors import all_known, anchor, chosen_moment
from qi_checker.query.ranking import MET, UNKNOWN
from qi_checker.query.scope import Layer, Scope
from qi_checker.query.sql import (
    Expr,
    all_of,
    any_of,
    case,
    col,
    greatest,
    is_null,
    least,
    lit,
    named,
    not_,
    plus,
)
from qi_checker.query.tables import Feeds

FALSE, UNDECIDED, TRUE = lit(0), lit(1), lit(2)
ANCHOR_KNOWN, ANCHOR_UNKNOWN, ANCHOR_DUE, ANCHOR_NOT_APPLICABLE = range(4)


def condition(leaf: Requirement, scope: Scope, feeds: Feeds) -> Expr:
    """Whether `applies_if` holds."""
    return _holds(leaf.applies_if, scope, feeds) if leaf.applies_if is not None else TRUE


def _holds(rule: RequirementCondition, scope: Scope, feeds: Feeds) -> Expr:
    if rule.all_of is not None:
        return least([_holds(r, scope, feeds) for r in rule.all_of])
    if rule.any_of is not None:
        return greatest([_holds(r, scope, feeds) for r in rule.any_of])
    if rule.event is not None:
        return probed(scope.probe_of(rule), scope, feeds)
    if rule.chosen is not None:
        return _chosen(rule.chosen, scope)
    place = next(k for k, a in enumerate(scope.attributes) if a is rule)
    return case((col(f"holds_{scope.index}_{place}", "c"), TRUE), default=FALSE)


def waits(leaf: Requirement, scope: Scope, feeds: Feeds) -> Expr:
    """Whether `applies_if`, if undecided, only waits for dates that become known later."""
    return _waits(leaf.applies_if, scope, feeds) if leaf.applies_if is not None else exp.false()


def _waits(rule: RequirementCondition, scope: Scope, feeds: Feeds) -> Expr:
    inner = rule.all_of or rule.any_of
    if inner is not None:
        return all_of(
            *(any_of(_holds(r, scope, feeds).neq(1), _waits(r, scope, feeds)) for r in inner)
        )
    if rule.event is not None:
        return _waits_for(scope.questions[scope.probe_of(rule)].window, scope)
    if rule.chosen is not None:
        status = col(f"chosen_{scope.numbers[rule.chosen.requirement]}_status", "c")
        return all_of(status.neq(Status.UNKNOWN.value), _waits_for(rule.chosen.window, scope))
    return exp.false()


def _waits_for(window: Window, scope: Scope) -> Expr:
    """Whether an anchor of a window is unknown, and every unknown one becomes known later."""
    spans = [s for s in window.spans if s.anchor != "surgery"]
    if not spans:
        return exp.false()
    unknown = [is_null(anchor(s, scope).lo) for s in spans]
    later = [
        any_of(not_(u.copy()), _to_come(s, scope)) for u, s in zip(unknown, spans, strict=True)
    ]
    return all_of(any_of(*unknown), *later)


def _to_come(span: Span, scope: Scope) -> Expr:
    """Whether an unknown anchor becomes known later."""
    ref = span.anchor
    if isinstance(ref, AnchorRef) and ref.requirement is not None:
        return col(f"chosen_{scope.numbers[ref.requirement]}_status", "c").eq(Status.DUE.value)
    return col("upcoming", "c")


def probed(probe: int, scope: Scope, feeds: Feeds) -> Expr:
    """Whether the event of a probe was found; its table alias is p and the number."""
    wanted = scope.questions[probe]
    outcome = col("class", f"p{probe}")
    undecided: list[Expr] = [outcome.eq(UNKNOWN)]
    newest = feeds.delivered_until(wanted.event)
    if newest is not None:
        last = windows.closes(wanted.window, scope)
        undecided.append(any_of(is_null(last), last > lit(newest)))
    return case(
        (not_(all_known(wanted.window, scope)), UNDECIDED),
        (outcome.eq(MET), TRUE),
        (any_of(*undecided), UNDECIDED),
        default=FALSE,
    )


def _chosen(rule: ChosenWithin, scope: Scope) -> Expr:
    """Whether the event chosen for another requirement is in a window."""
    number = scope.numbers[rule.requirement]
    status = col(f"chosen_{number}_status", "c")
    at = chosen_moment(number, "c")
    event = windows.Event(at, status.eq(Status.BOOKED.value))
    edges = windows.edges(rule.window, "unknown", scope, event)
    clocks = any_of(*(c.copy().eq(windows.UNDECIDED) for c in edges.clocks))
    failed = any_of(*(c.copy() > windows.UNDECIDED for c in edges.clocks))
    inside, outside = windows.placed(
        (at.lo, at.hi),
        (windows.latest(edges.first_sure), windows.earliest(edges.last_sure)),
        (windows.latest(edges.first_possible), windows.earliest(edges.last_possible)),
    )
    return case(
        (status.eq(Status.UNKNOWN.value), UNDECIDED),
        (not_(status.isin(Status.MET.value, Status.BOOKED.value)), FALSE),
        (any_of(is_null(at.lo), not_(all_known(rule.window, scope))), UNDECIDED),
        (any_of(outside, failed), FALSE),
        (all_of(inside, not_(clocks)), TRUE),
        default=UNDECIDED,
    )


def anchors(leaf: Requirement, scope: Scope) -> Expr:
    """Whether the window's anchors are known, and if not, whether they are in the future."""
    spans = [s for s in leaf.window.spans if s.anchor != "surgery"]
    if not spans:
        return lit(ANCHOR_KNOWN)
    left_out, branches = [], []
    for span in spans:
        ref = span.anchor
        if isinstance(ref, AnchorRef) and ref.requirement is not None:
            status = col(f"chosen_{scope.numbers[ref.requirement]}_status", "c")
            left_out.append(status.eq(Status.NOT_APPLICABLE.value))
        state = case((_to_come(span, scope), lit(ANCHOR_DUE)), default=lit(ANCHOR_UNKNOWN))
        branches.append((is_null(anchor(span, scope).lo), state))
    first = [(any_of(*left_out), lit(ANCHOR_NOT_APPLICABLE))] if left_out else []
    return case(*first, *branches, default=lit(ANCHOR_KNOWN))


def between(leaf: int, scope: Scope, feeds: Feeds, then: str) -> Expr:
    """Return the worst outcome of the events between a requirement's event and its anchor."""
    probes = [
        n
        for n in scope.between_of(leaf)
        if (b := scope.probes[n - len(scope.leaves)].between) and b.then == then
    ]
    return greatest([probed(n, scope, feeds) for n in probes]) if probes else FALSE


def between_advice(leaf: int, scope: Scope, feeds: Feeds) -> Expr:
    """Return bits of advice for `then: warn`, two each after those of `warn`: certain, possible."""
    total: Expr = lit(0)
    bit = len(scope.leaves[leaf].warn)
    for n in scope.between_of(leaf):
        rule = scope.probes[n - len(scope.leaves)].between
        if rule is not None and rule.then == "warn":
            outcome = probed(n, scope, feeds)
            bits = case(
                (outcome.eq(2), lit(1 << bit)),
                (outcome.copy().eq(1), lit(1 << (bit + 1))),
                default=lit(0),
            )
            total = plus(total, bits)
            bit += 2
    return total


def chosen_columns(layer: Layer) -> list[Expr]:
    """Return the columns of events chosen in earlier layers; their alias is f and the number."""
    columns: list[Expr] = []
    for n in layer.refers_to:
        f = f"f{n}"
        chosen = col("status", f).isin(Status.MET.value, Status.BOOKED.value)
        exactly = all_of(chosen.copy(), col("lo", f).eq(col("hi", f)))
        columns += [
            named(col("status", f), f"chosen_{n}_status"),
            *(
                named(case((chosen.copy(), col(name, f))), f"chosen_{n}_{name}")
                for name in ("lo", "hi", "clock", "utc")
            ),
            named(case((exactly, col("lo", f))), f"chosen_{n}_day"),
        ]
    return columns
