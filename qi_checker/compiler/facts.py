"""Status, reason and evidence of every requirement of every case: the query behind an audit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlglot import exp

from qi_checker.compiler import conditions, windows
from qi_checker.compiler.anchors import Moment, anchor
from qi_checker.compiler.counting import found
from qi_checker.compiler.criteria import Part, criteria, doubts, live
from qi_checker.compiler.outcome import base, base_reason, reason, status
from qi_checker.compiler.population import applicable
from qi_checker.compiler.profiles import profiles
from qi_checker.compiler.ranking import BOOKED, MET, UNKNOWN, best, exact, unpacked
from qi_checker.compiler.scope import Layer, Scope, by_number, is_plain
from qi_checker.compiler.sql import (
    STAR,
    Expr,
    all_of,
    any_of,
    case,
    cast,
    col,
    is_null,
    join,
    known,
    lit,
    named,
    not_,
    select,
    steps,
    table,
    union_all,
)  # fmt: skip
from qi_checker.compiler.tables import ACT_BY, EXCEPTIONS, POPULATION, ROWS, Feeds
from qi_checker.protocol.models import Requirement
from qi_checker.protocol.site import Site
from qi_checker.protocol.vocabulary import RANK, Reason, Status
from qi_checker.protocol.windows import anchor_words

_Steps = list[tuple[str, exp.Query]]
_EXPIRES = "active_exceptions"


def lead_days(leaf: Requirement, site: Site) -> int:
    """Working days needed to arrange it: the requirement's own, else the site's, else none."""
    lead = leaf.lead_time or site.lead_time
    return lead.amount if lead else 0


def requirements(scope: Scope, site: Site) -> exp.Query:
    """The requirements of the version as rows: number, id and what sentences need."""
    titles = {leaf.id: leaf.title for leaf in scope.leaves}
    rows = [
        (i, leaf.id, leaf.title, leaf.owner, lead_days(leaf, site), _limit(leaf),
         anchor_words(leaf.window.anchor, titles), leaf.window.words(titles), leaf.forbidden)
        for i, leaf in enumerate(scope.leaves)
    ]  # fmt: skip
    names = ("number", "id", "title", "owner", "lead", "limit", "counted_from", "asks", "forbidden")
    columns = [[named(lit(v), n) for n, v in zip(names, row, strict=True)] for row in rows]
    for row in columns:
        row[5] = named(cast(row[5].this, "VARCHAR"), "limit")
    return union_all([select(row, None) for row in columns])


def _limit(leaf: Requirement) -> str | None:
    window = leaf.window
    if window.and_ or window.near or window.or_after or window.after:
        return None
    return f"less than {window.less_than}" if window.less_than else str(window.far or "") or None


@dataclass(frozen=True)
class _Stage:
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

    def each(self, value: Callable[[int, Requirement], Expr]) -> Expr:
        """A value per requirement of the layer, in a query of requirements."""
        values = {i: value(i, self.scope.leaves[i]) for i in self.layer.leaves}
        return by_number(values, col("number", "r"))


def decide(part: Part) -> _Steps:
    """From cases and events to what was found for each requirement."""
    return [*criteria(part), *doubts(part), *best(part), *found(part)]


def _with_earlier(stage: _Stage) -> _Steps:
    """The cases of a layer, with the events that earlier layers have chosen."""
    if not stage.layer.refers_to:
        return []
    joins = []
    for n in stage.layer.refers_to:
        layer = next(x for x in stage.scope.layers if n in x.leaves)
        f = f"f{n}"
        on = (col("case_key", f).eq(col("case_key", "c")), col("number", f).eq(n))
        joins.append(join(table(f"reasoned_{layer.index}", f), *on, left=True))
    columns = [exp.Column(this=exp.Star(), table=exp.to_identifier("c")),
               *conditions.chosen_columns(stage.layer, stage.scope)]  # fmt: skip
    return [(stage.cases, select(columns, table(POPULATION, "c"), joins))]


def _with_chosen(stage: _Stage) -> _Steps:
    """The cases with what was chosen in this layer, to look at what came in between."""
    columns: list[Expr] = [exp.Column(this=exp.Star(), table=exp.to_identifier("c"))]
    joins = []
    for n in stage.layer.leaves:
        if not stage.scope.between_of(n):
            continue
        f = f"f{n}"
        of = unpacked(col("found", f))
        at = exact(col("found", f)) | {n: of[n] for n in ("lo", "event_id")}
        day = case((at["lo"].eq(at["hi"]), at["lo"].copy()))
        columns += [named(day, f"chosen_{n}_day"),
                    *(named(at[k].copy(), f"chosen_{n}_{k}") for k in at)]  # fmt: skip
        on = (col("case_key", f).eq(col("case_key", "c")), col("requirement", f).eq(n),
              col("class", f).isin(MET, BOOKED))  # fmt: skip
        joins.append(join(table(stage.part.named("found"), f), *on, left=True))
    return [(stage.between.cases, select(columns, table(stage.cases, "c"), joins))]


def _joined(stage: _Stage) -> exp.Select:
    """Every case that the version is for, with every requirement and what was found for it."""
    scope = stage.scope
    source = stage.between.cases if stage.layer.between else stage.cases
    b = unpacked(col("found", "b"))
    columns: list[Expr] = [
        *(col(n, "c") for n in ("case_key", "anchor", "upcoming", "not_applicable")),
        col("number", "r"), col("lead", "r"), col("class", "b"),
        *(named(value, name) for name, value in b.items()),
        col("newest_present", "b"), col("expires_on", "x"),
        named(stage.each(lambda i, leaf: windows.opens(leaf.window, scope)), "window_opens"),
        named(stage.each(lambda i, leaf: windows.closes(leaf.window, scope)), "window_closes"),
        named(stage.each(lambda i, leaf: live(leaf, scope)), "live"),
        named(stage.each(lambda i, leaf: anchor(leaf.window, scope).lo), "from_day"),
        named(_stale(stage), "stale"),
    ]  # fmt: skip
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
        join(table(_EXPIRES, "x"), *same("x", "requirement", "id"), left=True),
        *(_probe(stage.part, n) for n in stage.layer.conditions),
        *(_probe(stage.between, n) for n in stage.layer.between),
    ]
    where = [applicable("c"), col("version", "c").eq(scope.index)]
    return select(columns, table(source, "c"), joins, where)


def _probe(part: Part, n: int) -> exp.Join:
    p = f"p{n}"
    on = (col("case_key", p).eq(col("case_key", "c")), col("requirement", p).eq(n))
    return join(table(part.named("found"), p), *on, left=True)


def _special(stage: _Stage) -> list[Expr]:
    """What only some requirements ask: conditions, anchors, counts and what came in between."""
    scope, feeds = stage.scope, stage.feeds
    return [
        named(stage.each(lambda i, leaf: conditions.condition(leaf, scope, feeds)), "applies"),
        named(stage.each(lambda i, leaf: conditions.anchors(leaf, scope)), "anchor_state"),
        named(stage.each(lambda i, leaf: conditions.between(i, scope, feeds, "fail")), "hurt"),
        named(stage.each(lambda i, leaf: conditions.between_advice(i, scope, feeds)), "since"),
        col("too_old", "b"), col("second", "b"), col("second_class", "b"), col("last_lo", "b"), col("few", "b"),
        *(named(v, n) for n, v in exact(col("found", "b")).items()),
    ]  # fmt: skip


def _stale(stage: _Stage) -> Expr:
    """Whether the feed of the requirement is too old to say that an event is not there."""

    def of(i: int, leaf: Requirement) -> Expr:
        newest = stage.feeds.stale_since.get(leaf.event.kind)
        if newest is None:
            return exp.false()
        last = windows.closes(leaf.window, stage.scope)
        return any_of(is_null(last), last > lit(newest))

    return stage.each(of)


def facts_steps(scope: Scope, site: Site, feeds: Feeds) -> _Steps:
    """Every step from events to facts; candidates of requirements are in `criteria<suffix>`."""
    keys = [col("case_key"), col("requirement")]
    active = select(
        [*keys, named(exp.Max(this=col("expires_on")), "expires_on")],
        EXCEPTIONS, where=[is_null(col("ignored"))], group=[k.copy() for k in keys],
    )  # fmt: skip
    every: _Steps = [
        ("requirements", requirements(scope, site)),
        (_EXPIRES, active),
        *profiles(scope),
    ]
    for layer in scope.layers:
        stage = _Stage(scope, layer, feeds)
        every += _with_earlier(stage) + decide(stage.part)
        if layer.between:
            every += _with_chosen(stage) + decide(stage.between)
        s = stage.suffix
        every += [
            (f"joined{s}", _joined(stage)),
            (f"judged{s}", with_columns(f"joined{s}", base=base(scope, layer, feeds))),
            (f"settled{s}", _settled(scope, f"judged{s}")),
            (f"grounded{s}", with_columns(f"settled{s}", base_reason=base_reason(scope, layer))),
            (
                f"reasoned{s}",
                with_columns(f"grounded{s}", status=status(scope), reason=reason(scope)),
            ),
        ]
    whole = [_evidence(_Stage(scope, layer, feeds)) for layer in scope.layers]
    return [*every, ("facts", union_all(whole))]


def facts(scope: Scope, site: Site, feeds: Feeds) -> exp.Select:
    """Status, reason and evidence, one row per case and requirement; words come in `worded`."""
    return steps(facts_steps(scope, site, feeds))


def candidates(scope: Scope, site: Site, feeds: Feeds) -> exp.Select:
    """Every near miss of every requirement with its criteria, for explanations."""
    parts = [_Stage(scope, layer, feeds) for layer in scope.layers]
    leaves = range(len(scope.leaves))
    each = [
        select([STAR.copy()], p.part.named("criteria"), where=[col("requirement").isin(*leaves)])
        for p in parts
    ]
    return steps([*facts_steps(scope, site, feeds), ("every_candidate", union_all(each))])


def doubtful(scope: Scope, site: Site, feeds: Feeds) -> exp.Select:
    """Rejected rows that might be evidence, for explanations."""
    parts = [_Stage(scope, layer, feeds) for layer in scope.layers]
    leaves = range(len(scope.leaves))
    each = [
        select([STAR.copy()], p.part.named("doubts"), where=[col("requirement").isin(*leaves)])
        for p in parts
    ]
    return steps([*facts_steps(scope, site, feeds), ("every_doubt", union_all(each))])


def _settled(scope: Scope, source: str) -> exp.Select:
    """Where something came in between, a booking may take the place of what no longer counts."""
    if scope.plain:
        return select([STAR.copy()], source)
    doubtful = all_of(col("base").eq(Status.UNKNOWN.value), col("second_class").eq(UNKNOWN))
    taken = all_of(col("hurt").eq(2), col("class").eq(MET),
                   any_of(col("base").eq(Status.BOOKED.value), doubtful))  # fmt: skip
    values = unpacked(col("second")) | exact(col("second"))
    columns = {n: case((taken.copy(), v), default=col(n)) for n, v in values.items()}
    return select(
        [exp.Star(except_=[exp.to_identifier(n, quoted=True) for n in columns]),
         *(named(v, n) for n, v in columns.items())],
        source,
    )  # fmt: skip


def with_columns(source: str, **columns: Expr) -> exp.Select:
    """Everything of a step and further columns."""
    return select([STAR.copy(), *(named(v, n) for n, v in columns.items())], source)


def _valid_through(stage: _Stage) -> Expr:
    scope = stage.scope
    reasons = [Reason.TOO_OLD.value, Reason.FORBIDDEN_EVENT.value]
    counts = any_of(
        all_of(col("status").isin(Status.MET.value, Status.BOOKED.value),
               col("reason").neq(Reason.NONE_FOUND.value)),
        col("reason").isin(*reasons),
    )  # fmt: skip
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


_NO_EVENT = (Reason.FEED_STALE, Reason.NEVER_ORDERED, Reason.WINDOW_NOT_OPEN, Reason.NONE_FOUND,
             Reason.NO_SUCH_RECORDS, Reason.ANCHOR_UNKNOWN)  # fmt: skip


def _evidence(stage: _Stage) -> exp.Select:
    """What was found, empty where it does not apply."""
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
    kept = ("case_key", "number", "anchor", "upcoming", "live", "status", "reason")
    special = {i for i in stage.layer.leaves if not is_plain(scope.leaves[i])}
    forbidden = [i for i in special if scope.leaves[i].forbidden]
    met = col("status").eq(Status.MET.value)
    present = known(col("newest_present"))
    if forbidden:
        present = case((col("number").isin(*forbidden), met), default=present)
    advice: Expr = col("advice")
    if any(scope.between_of(i) for i in stage.layer.leaves):
        asked = _among("status", Status.MET, Status.BOOKED)
        since = case((asked, col("since")), default=lit(0))
        advice = exp.paren(exp.Add(this=advice, expression=since), copy=False)
    columns = [
        named(lit(scope.index), "version"), *(col(n) for n in kept), col("newest_present"),
        named(present, "present"), named(_rank(), "rank"),
        named(case((not_(nothing), event_id)), "event_id"),
        named(case((not_(nothing), col("lo"))), "event_date"),
        named(case((not_(nothing), advice)), "advice"),
        *(named(case((not_(outside), col(n))), n)
          for n in ("window_opens", "window_closes", "from_day")),
        named(_valid_through(stage), "valid_through"),
        named(case((wanted, col("lead"))), "act_lead"),
        named(case((exempt, col("expires_on"))), "expires_on"),
    ]  # fmt: skip
    return select(columns, f"reasoned{stage.suffix}")


def dated() -> exp.Select:
    """The facts with the last day to arrange what is wanted."""
    columns = [exp.Column(this=exp.Star(), table=exp.to_identifier("f")), col("act_by", "a")]
    on = (col("lead", "a").eq(col("act_lead", "f")), col("day", "a").eq(col("window_closes", "f")))
    return select(columns, table(ROWS, "f"), [join(table(ACT_BY, "a"), *on, left=True)])


def failed(scope: Scope, site: Site) -> exp.Select:
    """The same columns where the evaluation failed: every finding says so."""
    texts = {"status": Status.ERROR.value, "reason": Reason.EVALUATION_ERROR.value}
    days = ("newest_present", "event_date", "window_opens", "window_closes", "from_day",
            "valid_through", "expires_on")  # fmt: skip
    columns = [
        named(lit(scope.index), "version"), col("case_key", "c"), col("number", "r"),
        col("anchor", "c"), col("upcoming", "c"),
        *(named(lit(value), name) for name, value in texts.items()),
        *(named(cast(exp.null(), kind), name) for name, kind in
          (("rank", "INT"), ("event_id", "VARCHAR"), ("advice", "INT"), ("act_lead", "INT"),
           ("live", "BOOLEAN"), ("present", "BOOLEAN"))),
        *(named(cast(exp.null(), "DATE"), name) for name in days),
    ]  # fmt: skip
    every = join(table("requirements", "r"))
    rows = select(columns, table(POPULATION, "c"), [every], [col("version", "c").eq(scope.index)])
    return steps([("requirements", requirements(scope, site)), ("facts", rows)])


def _rank() -> Expr:
    return case(*((col("status").eq(s.value), lit(r)) for s, r in RANK.items()))
