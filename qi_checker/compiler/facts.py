"""Status, reason and evidence of every requirement of every case: the query behind an audit."""

from __future__ import annotations

from datetime import date

from sqlglot import exp

from qi_checker.compiler.criteria import criteria, doubts, opens
from qi_checker.compiler.profiles import profiles
from qi_checker.compiler.ranking import BOOKED, MET, UNKNOWN, best, decoded
from qi_checker.compiler.scope import NO_REASON, REASONS, Scope
from qi_checker.compiler.sql import (
    STAR,
    Expr,
    all_of,
    any_of,
    case,
    cast,
    col,
    derived,
    is_null,
    join,
    known,
    last_day_still_within,
    lit,
    minus,
    named,
    not_,
    select,
    steps,
    table,
    union_all,
)  # fmt: skip
from qi_checker.compiler.tables import (
    ACT_BY,
    EXCEPTIONS,
    POPULATION,
)
from qi_checker.protocol.models import Requirement
from qi_checker.protocol.site import Site
from qi_checker.protocol.vocabulary import RANK, Reason, Status


def lead_days(leaf: Requirement, site: Site) -> int:
    """Working days needed to arrange it: the requirement's own, else the site's, else none."""
    lead = leaf.lead_time or site.lead_time
    return lead.amount if lead else 0


def requirements(scope: Scope, site: Site) -> exp.Query:
    """The requirements of the version as rows: number, id and what sentences need."""
    rows = [
        (i, leaf.id, leaf.title, leaf.owner, lead_days(leaf, site),
         str(leaf.window.at_most) if leaf.window.at_most else
         f"less than {leaf.window.less_than}" if leaf.window.less_than else None)
        for i, leaf in enumerate(scope.leaves)
    ]  # fmt: skip
    names = ("number", "id", "title", "owner", "lead", "limit")
    columns = [[named(lit(v), n) for n, v in zip(names, row, strict=True)] for row in rows]
    for row in columns:
        row[-1] = named(cast(row[-1].this, "VARCHAR"), "limit")
    return union_all([select(row, None) for row in columns])


def _joined(scope: Scope) -> exp.Select:
    """Every case of the version with every requirement and what was found for it."""
    anchor = col("anchor", "c")
    per_leaf = [opens(leaf, anchor) for leaf in scope.leaves]
    first_day = case(*((col("number", "r").eq(i), v) for i, v in enumerate(per_leaf)))
    keys = [col("case_key"), col("requirement")]
    expires = select(
        [*keys, named(exp.Max(this=col("expires_on")), "expires_on")],
        EXCEPTIONS, where=[is_null(col("ignored"))], group=[k.copy() for k in keys],
    )  # fmt: skip
    columns = [
        *(col(n, "c") for n in ("case_key", "anchor", "upcoming", "not_applicable")),
        col("number", "r"),
        *decoded(),
        col("newest_present", "b"), col("expires_on", "x"),
        col("act_by", "a"), named(first_day, "window_opens"),
    ]  # fmt: skip

    def same(alias: str, name: str, other: str) -> list[Expr]:
        return [
            col("case_key", alias).eq(col("case_key", "c")),
            col(name, alias).eq(col(other, "r")),
        ]

    joins = [
        join(table("requirements", "r")),
        join(table("best", "b"), *same("b", "requirement", "number"), left=True),
        join(derived(expires, "x"), *same("x", "requirement", "id"), left=True),
        join(table(ACT_BY, "a"), col("day", "a").eq(anchor), col("lead", "a").eq(col("lead", "r")),
             col("upcoming", "c"), left=True),
    ]  # fmt: skip
    return select(columns, table(POPULATION, "c"), joins, [col("version", "c").eq(scope.index)])


def _stale(scope: Scope, newest: dict[str, date]) -> Expr:
    """Whether the feed of the requirement is too old to say that an event is not there."""
    branches = [
        (all_of(col("number").eq(i), col("anchor") > lit(newest[leaf.event.kind])), exp.true())
        for i, leaf in enumerate(scope.leaves)
        if leaf.event.kind in newest
    ]
    return case(*branches, default=exp.false()) if branches else exp.false()


def _status(scope: Scope) -> Expr:
    today = lit(scope.as_of.date)
    return case(
        (known(col("not_applicable")), lit(Status.NOT_APPLICABLE.value)),
        (col("class").eq(MET), lit(Status.MET.value)),
        (known(col("expires_on")), lit(Status.EXEMPT.value)),
        (col("class").eq(BOOKED), lit(Status.BOOKED.value)),
        (any_of(col("class").eq(UNKNOWN), col("stale")), lit(Status.UNKNOWN.value)),
        (all_of(col("upcoming"), today <= col("anchor")), lit(Status.DUE.value)),
        (known(col("newest_present")), lit(Status.EXPIRED.value)),
        default=lit(Status.MISSING.value),
    )


def _reason(scope: Scope) -> Expr:
    status, found = col("status"), col("found_reason")
    nearest = [(found.eq(i), lit(r.value)) for i, r in enumerate(REASONS)]
    not_open = all_of(known(col("window_opens")), lit(scope.as_of.date) < col("window_opens"))
    return case(
        (known(col("not_applicable")), col("not_applicable")),
        (status.eq(Status.MET.value), lit(Reason.IN_WINDOW.value)),
        (status.eq(Status.EXEMPT.value), lit(Reason.EXCEPTED.value)),
        (status.eq(Status.BOOKED.value), lit(Reason.BOOKED_IN_WINDOW.value)),
        (all_of(col("stale"), _undecided_only_by_feed()), lit(Reason.FEED_STALE.value)),
        (all_of(is_null(col("class")), not_open), lit(Reason.WINDOW_NOT_OPEN.value)),
        (is_null(col("class")), lit(Reason.NEVER_ORDERED.value)),
        (found.eq(NO_REASON), lit(Reason.BOOKING_PASSED.value)),
        *nearest,
    )


def _undecided_only_by_feed() -> Expr:
    return any_of(is_null(col("class")), col("class").neq(UNKNOWN))


def _valid_through(scope: Scope) -> Expr:
    per_leaf = []
    for leaf in scope.leaves:
        window = leaf.window
        limit = window.at_most or window.less_than
        if limit is None:
            per_leaf.append(cast(exp.null(), "DATE"))
        else:
            first = col("lo") if window.at_most else minus(col("lo"), lit(1))
            per_leaf.append(last_day_still_within(first, limit))
    counts = any_of(
        col("status").isin(Status.MET.value, Status.BOOKED.value),
        col("reason").eq(Reason.TOO_OLD.value),
    )
    number = col("number")
    return case((counts, case(*((number.eq(i), v) for i, v in enumerate(per_leaf)))))


def _among(column: str, *words: Status | Reason) -> Expr:
    return col(column).isin(*(w.value for w in words))


def facts(scope: Scope, site: Site, stale_since: dict[str, date]) -> exp.Select:
    """Status, reason and evidence, one row per case and requirement; words come in `worded`.

    `stale_since`: per kind of event, the newest day that a stale feed has delivered.
    """
    return steps([
        ("requirements", requirements(scope, site)),
        *profiles(scope), *criteria(scope), *doubts(scope),
        ("best", best()),
        ("joined", _joined(scope)),
        ("fed", with_columns("joined", stale=_stale(scope, stale_since))),
        ("judged", with_columns("fed", status=_status(scope))),
        ("reasoned", with_columns("judged", reason=_reason(scope))),
        ("facts", _evidence(scope)),
    ])  # fmt: skip


def with_columns(source: str, **columns: Expr) -> exp.Select:
    """Everything of a step and further columns."""
    return select([STAR.copy(), *(named(v, n) for n, v in columns.items())], source)


def _evidence(scope: Scope) -> exp.Select:
    """What was found, empty where it does not apply."""
    nothing = any_of(
        _among("status", Status.EXEMPT, Status.NOT_APPLICABLE),
        _among("reason", Reason.FEED_STALE, Reason.NEVER_ORDERED, Reason.WINDOW_NOT_OPEN),
    )
    wanted = _among("status", Status.DUE, Status.UNKNOWN, Status.EXPIRED, Status.MISSING)
    exempt = col("status").eq(Status.EXEMPT.value)
    event_id = exp.Nullif(this=col("event_id"), expression=lit(""))
    kept = ("case_key", "number", "anchor", "upcoming", "status", "reason", "newest_present")
    columns = [
        named(lit(scope.index), "version"), *(col(n) for n in kept), named(_rank(), "rank"),
        named(case((not_(nothing), event_id)), "event_id"),
        named(case((not_(nothing), col("lo"))), "event_date"),
        named(case((not_(nothing), col("advice"))), "advice"),
        named(case((is_null(col("not_applicable")), col("window_opens"))), "window_opens"),
        named(_valid_through(scope), "valid_through"),
        named(case((wanted, col("act_by"))), "act_by"),
        named(case((exempt, col("expires_on"))), "expires_on"),
    ]  # fmt: skip
    return select(columns, "reasoned")


def failed(scope: Scope, site: Site) -> exp.Select:
    """The same columns where the evaluation failed: every finding says so."""
    texts = {"status": Status.ERROR.value, "reason": Reason.EVALUATION_ERROR.value}
    days = ("newest_present", "event_date", "window_opens", "valid_through", "act_by", "expires_on")
    columns = [
        named(lit(scope.index), "version"), col("case_key", "c"), col("number", "r"),
        col("anchor", "c"), col("upcoming", "c"),
        *(named(lit(value), name) for name, value in texts.items()),
        *(named(cast(exp.null(), kind), name) for name, kind in
          (("rank", "INT"), ("event_id", "VARCHAR"), ("advice", "INT"))),
        *(named(cast(exp.null(), "DATE"), name) for name in days),
    ]  # fmt: skip
    every = join(table("requirements", "r"))
    facts = select(columns, table(POPULATION, "c"), [every], [col("version", "c").eq(scope.index)])
    return steps([("requirements", requirements(scope, site)), ("facts", facts)])


def _rank() -> Expr:
    return case(*((col("status").eq(s.value), lit(r)) for s, r in RANK.items()))
