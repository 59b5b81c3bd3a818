"""Find the events for the requirements of a layer, and join them to the cases."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlglot import exp

from qi_checker.protocol.models import Requirement
from qi_checker.query import conditions, windows
from qi_checker.query.anchors import anchor
from qi_checker.query.counting import found
from qi_checker.query.criteria import Part, criteria, live, rejected_rows
from qi_checker.query.population import applicable
from qi_checker.query.ranking import BOOKED, MET, UNKNOWN, best, exact, unpack_fields
from qi_checker.query.scope import Layer, Scope, by_number
from qi_checker.query.sql import (
    Expr,
    all_of,
    any_of,
    case,
    cast,
    coalesce,
    col,
    is_null,
    join,
    known,
    lit,
    named,
    not_,
    select,
    table,
)
from qi_checker.query.tables import POPULATION, Feeds

_Steps = list[tuple[str, exp.Query]]
ACTIVE = "active_exceptions"


@dataclass(frozen=True)
class Stage:
    """A layer with everything that its steps need."""

    scope: Scope
    layer: Layer
    feeds: Feeds

    @property
    def suffix(self) -> str:
        return f"_{self.layer.index}" if len(self.scope.layers) > 1 else ""

    @property
    def cases(self) -> str:
        return f"cases{self.suffix}" if self.layer.refers_to else POPULATION

    @property
    def part(self) -> Part:
        numbers = (*self.layer.leaves, *self.layer.conditions)
        return Part(self.scope, numbers, self.cases, self.suffix)

    @property
    def between(self) -> Part:
        suffix = f"{self.suffix}_between"
        return Part(self.scope, self.layer.between, f"cases{suffix}", suffix, between=True)

    @property
    def invalidated(self) -> list[int]:
        """Return the requirements of the layer that an event in between may invalidate."""
        between = self.scope.between_of
        return [n for n in self.layer.leaves if any(self.fails(k) for k in between(n))]

    def fails(self, probe: int) -> bool:
        """Whether what a probe of `none_between` finds invalidates an event."""
        rule = self.scope.probes[probe - len(self.scope.leaves)].between
        return rule is not None and rule.then == "fail"

    @staticmethod
    def probe(part: Part, n: int, alias: str = "c") -> exp.Join:
        """Join the result of a probe; its alias is p and its number."""
        p = f"p{n}"
        on = (col("case_key", p).eq(col("case_key", alias)), col("requirement", p).eq(n))
        return join(table(part.named("found"), p), *on, left=True)

    def each(self, value: Callable[[int, Requirement], Expr]) -> Expr:
        """Return a value per requirement of the layer, in a query of requirements."""
        values = {i: value(i, self.scope.leaves[i]) for i in self.layer.leaves}
        return by_number(values, col("number", "r"))


def decide(part: Part, feeds: Feeds) -> _Steps:
    """Return the steps from cases and events to the result of each requirement.

    Without rejected rows their part is left out: its windows are a third of the query.
    """
    doubts = rejected_rows(part) if feeds.rejected else []
    return [*criteria(part), *doubts, *best(part, bool(doubts)), *found(part)]


def with_earlier(stage: Stage) -> _Steps:
    """Return the cases of a layer, with the events that earlier layers chose."""
    if not stage.layer.refers_to:
        return []
    joins = []
    for n in stage.layer.refers_to:
        layer = next(x for x in stage.scope.layers if n in x.leaves)
        f = f"f{n}"
        on = (col("case_key", f).eq(col("case_key", "c")), col("number", f).eq(n))
        joins.append(join(table(f"reasoned_{layer.index}", f), *on, left=True))
    columns = [
        exp.Column(this=exp.Star(), table=exp.to_identifier("c")),
        *conditions.chosen_columns(stage.layer),
    ]
    return [(stage.cases, select(columns, table(POPULATION, "c"), joins))]


def with_chosen(stage: Stage) -> _Steps:
    """Return the cases with the events chosen in this layer, to check for events in between."""
    columns: list[Expr] = [exp.Column(this=exp.Star(), table=exp.to_identifier("c"))]
    joins = []
    for n in stage.layer.leaves:
        if not stage.scope.between_of(n):
            continue
        f = f"f{n}"
        of = unpack_fields(col("found", f))
        at = exact(col("found", f)) | {n: of[n] for n in ("lo", "event_id")}
        day = case((at["lo"].eq(at["hi"]), at["lo"].copy()))
        columns += [
            named(day, f"chosen_{n}_day"),
            *(named(at[k].copy(), f"chosen_{n}_{k}") for k in at),
        ]
        on = (
            col("case_key", f).eq(col("case_key", "c")),
            col("requirement", f).eq(n),
            col("class", f).isin(MET, BOOKED),
        )
        joins.append(join(table(stage.part.named("found"), f), *on, left=True))
    return [(stage.between.cases, select(columns, table(stage.cases, "c"), joins))]


def joined(stage: Stage) -> exp.Select:
    """Select every case to which the version applies, with every requirement and its result."""
    scope = stage.scope
    source = stage.between.cases if stage.layer.between else stage.cases
    b = unpack_fields(col("found", "b"))
    columns: list[Expr] = [
        *(col(n, "c") for n in ("case_key", "anchor", "upcoming", "not_applicable")),
        col("number", "r"),
        col("lead", "r"),
        col("class", "b"),
        *(named(value, name) for name, value in b.items()),
        col("newest_present", "b"),
        col("expires_on", "x"),
        col("asked_late", "x"),
        named(stage.each(lambda i, leaf: windows.opens(leaf.window, scope)), "window_opens"),
        named(stage.each(lambda i, leaf: windows.closes(leaf.window, scope)), "window_closes"),
        named(stage.each(lambda i, leaf: live(leaf, scope)), "live"),
        named(stage.each(lambda i, leaf: anchor(leaf.window, scope).lo), "from_day"),
        named(_stale(stage), "stale"),
    ]
    if not scope.plain:
        columns += _special(stage)

    def same(alias: str, name: str, other: str) -> list[Expr]:
        return [
            col("case_key", alias).eq(col("case_key", "c")),
            col(name, alias).eq(col(other, "r")),
        ]

    every = join(table("requirements", "r"), col("number", "r").isin(*stage.layer.leaves))
    joins = [
        every,
        join(table(stage.part.named("found"), "b"), *same("b", "requirement", "number"), left=True),
        join(table(ACTIVE, "x"), *same("x", "requirement", "id"), left=True),
        *(stage.probe(stage.part, n) for n in stage.layer.conditions),
        *(stage.probe(stage.between, n) for n in stage.layer.between),
    ]
    if stage.invalidated:
        rest = table(stage.part.named("remaining"), "m")
        joins.append(join(rest, *same("m", "requirement", "number"), left=True))
    where = [applicable("c"), col("version", "c").eq(scope.index)]
    return select(columns, table(source, "c"), joins, where)


def _special(stage: Stage) -> list[Expr]:
    """Return columns that only some requirements need: conditions, anchors, counts, between."""
    scope, feeds = stage.scope, stage.feeds
    return [
        named(stage.each(lambda i, leaf: conditions.condition(leaf, scope, feeds)), "applies"),
        named(stage.each(lambda i, leaf: conditions.waits(leaf, scope, feeds)), "waits"),
        named(stage.each(lambda i, leaf: conditions.anchors(leaf, scope)), "anchor_state"),
        named(stage.each(lambda i, leaf: conditions.between(i, scope, feeds, "fail")), "hurt"),
        named(stage.each(lambda i, leaf: conditions.between_advice(i, scope, feeds)), "since"),
        *(col(n, "b") for n in ("too_old", "last_lo", "second_last_lo", "few")),
        *_second(stage),
        *(named(v, n) for n, v in exact(col("found", "b")).items()),
        *(_from_moment(stage) if said_in_time(scope, stage.layer.leaves) else []),
        *(
            [named(stage.each(_first_moment(scope)), "first_moment")]
            if windows.opens_by_the_clock(scope, stage.layer.leaves)
            else []
        ),
    ]


def _second(stage: Stage) -> list[Expr]:
    """Return what counts if something came in between: a booking, else what remains possible."""
    second: Expr = col("second", "b")
    of_class: Expr = col("second_class", "b")
    if stage.invalidated:
        rest = all_of(known(col("rest", "m")), not_(coalesce(of_class.eq(BOOKED), exp.false())))
        second = case((rest, col("rest", "m")), default=second)
        of_class = case((rest.copy(), lit(UNKNOWN)), default=of_class.copy())
    return [named(second, "second"), named(of_class, "second_class")]


def said_in_time(scope: Scope, leaves: Sequence[int]) -> list[int]:
    """Return the requirements whose distances are given in minutes or hours."""
    return [i for i in leaves if any(x.clock is not None for x in scope.leaves[i].window.limits)]


def _from_moment(stage: Stage) -> list[Expr]:
    """Return the moment of the anchor, if known."""
    return [
        named(stage.each(lambda i, leaf: anchor(leaf.window, stage.scope).clock), "from_clock"),
        named(stage.each(lambda i, leaf: anchor(leaf.window, stage.scope).utc), "from_utc"),
    ]


def _first_moment(scope: Scope) -> Callable[[int, Requirement], Expr]:
    """Return when windows with limits in minutes or hours open; NULL for all others."""

    def of(i: int, leaf: Requirement) -> Expr:
        if not windows.by_the_clock(leaf.window):
            return cast(lit(None), "TIMESTAMP")
        return windows.first_moment(leaf.window, scope)

    return of


def _stale(stage: Stage) -> Expr:
    """Whether the requirement's feed is too old to conclude that an event is absent."""

    def of(i: int, leaf: Requirement) -> Expr:
        newest = stage.feeds.delivered_until(leaf.event)
        if newest is None:
            return exp.false()
        last = windows.closes(leaf.window, stage.scope)
        return any_of(is_null(last), last > lit(newest))

    return stage.each(of)
