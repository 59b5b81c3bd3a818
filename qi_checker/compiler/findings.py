"""Status, reason and evidence of every requirement of every case: the query behind an audit."""

from __future__ import annotations

from datetime import date

from sqlglot import exp

from qi_checker.compiler import sentences
from qi_checker.compiler.criteria import (
    NO_REASON,
    REASONS,
    Scope,
    criteria,
    doubts,
    opens,
    profiles,
)
from qi_checker.compiler.sql import (
    STAR,
    Expr,
    all_of,
    any_of,
    case,
    cast,
    coalesce,
    col,
    concat,
    derived,
    is_null,
    join,
    known,
    last_day_still_within,
    lit,
    minus,
    named,
    not_,
    plus,
    select,
    steps,
    table,
    union_all,
)  # fmt: skip
from qi_checker.compiler.tables import ACT_BY, EXCEPTIONS, FACTS, POPULATION
from qi_checker.protocol.models import Requirement
from qi_checker.protocol.site import Site
from qi_checker.protocol.vocabulary import RANK, Reason, Status

MET, BOOKED, UNKNOWN, OTHER = 0, 1, 2, 3  # classes of candidates, best first
_CLASS, _OPEN, _DISTANCE, _UNDATED = 1 << 50, 1 << 44, 1 << 22, (1 << 22) - 1
_REASONS = 64  # more than there are reasons
_RECENT = exp.cast(exp.Literal.string("2300-01-01"), "DATE")


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


def _key(klass: Expr, open_criteria: Expr, distance: Expr, recency: Expr) -> Expr:
    """One number that sorts candidates: class, open criteria, distance, latest first."""
    total = recency
    for value, weight in ((distance, _DISTANCE), (open_criteria, _OPEN), (klass, _CLASS)):
        total = plus(total, exp.Mul(this=cast(value, "BIGINT"), expression=lit(weight)))
    return total


def _candidate_keys() -> exp.Select:
    window, status = col("window"), col("status_met")
    everything = exp.EQ(
        this=plus(col("open_criteria"), plus(status, window)), expression=lit(0)
    )
    completed = col("status").eq("completed")
    klass = case(
        (all_of(everything, completed), lit(MET)),
        (all_of(everything, col("upcoming")), lit(BOOKED)),
        (all_of(completed, col("worst") < 2, window < 2), lit(UNKNOWN)),
        default=lit(OTHER),
    )
    open_criteria = plus(
        col("open_criteria"),
        plus(case((status > 0, lit(1)), default=lit(0)), case((window > 0, lit(1)), default=lit(0))),
    )
    recency = coalesce(minus(_RECENT, col("lo")), lit(_UNDATED))
    columns = [
        col("case_key"), col("requirement"),
        named(_key(klass, open_criteria, col("distance"), recency), "key"),
        col("event_id"), named(_pack(col("reason"), col("advice")), "words"), col("lo"),
        named(case((col("present"), col("lo"))), "newest_present"),
    ]  # fmt: skip
    return select(columns, "criteria")


def _pack(reason: Expr, above: Expr) -> Expr:
    """The reason (-1 for none) and above it the bits of the advice, or the row of a rejected row."""
    return plus(exp.Mul(this=above, expression=lit(_REASONS)), plus(reason, lit(1)))


def _doubt_keys() -> exp.Select:
    """Rejected rows come after real events, rows with an id before rows without."""
    reason = case(
        (col("doubt").eq(Reason.EXTERNAL_UNDATED.value), lit(REASONS.index(Reason.EXTERNAL_UNDATED))),
        default=lit(REASONS.index(Reason.REJECTED_RECORD)),
    )
    nameless = case((is_null(col("event_id")), lit(1)), default=lit(0))
    row = case((is_null(col("event_id")), col("row")), default=lit(0))
    columns = [
        col("case_key"), col("requirement"),
        named(_key(lit(UNKNOWN), lit(32), nameless, row), "key"),
        named(coalesce(col("event_id"), lit("")), "event_id"),
        named(_pack(reason, col("row")), "words"), col("lo"),
        named(cast(exp.null(), "DATE"), "newest_present"),
    ]  # fmt: skip
    return select(columns, "doubts")


def _best() -> exp.Select:
    """Per case and requirement: the candidate that decides, and the newest present event."""
    fields = ("key", "event_id", "words", "lo")
    packed = exp.Struct(
        expressions=[exp.PropertyEQ(this=exp.to_identifier(f), expression=col(f)) for f in fields]
    )
    keys = [col("case_key"), col("requirement")]
    columns = [
        *keys, named(exp.Min(this=packed), "best"),
        named(exp.Max(this=col("newest_present")), "newest_present"),
    ]  # fmt: skip
    both = union_all([_candidate_keys(), _doubt_keys()])
    return select(columns, derived(both, "candidates"), group=[k.copy() for k in keys])


def _field(name: str) -> Expr:
    return exp.Dot(this=col("best", "b"), expression=exp.to_identifier(name))


def _joined(scope: Scope) -> exp.Select:
    """Every case of the version with every requirement and what was found for it."""
    anchor = col("anchor", "c")
    per_leaf = [opens(leaf, anchor) for leaf in scope.leaves]
    first_day = case(*((col("number", "r").eq(i), v) for i, v in enumerate(per_leaf)))
    klass = cast(exp.IntDiv(this=_field("key"), expression=lit(_CLASS)), "INT")
    doubt = [REASONS.index(r) + 1 for r in (Reason.EXTERNAL_UNDATED, Reason.REJECTED_RECORD)]
    of_event = not_(exp.Mod(this=_field("words"), expression=lit(_REASONS)).isin(*doubt))
    keys = [col("case_key"), col("requirement")]
    expires = select(
        [*keys, named(exp.Max(this=col("expires_on")), "expires_on")],
        EXCEPTIONS, where=[is_null(col("ignored"))], group=[k.copy() for k in keys],
    )  # fmt: skip
    columns = [
        *(col(n, "c") for n in ("case_key", "anchor", "upcoming", "not_applicable")),
        col("number", "r"),
        named(klass, "class"), named(_field("event_id"), "event_id"),
        named(minus(exp.Mod(this=_field("words"), expression=lit(_REASONS)), lit(1)), "found_reason"),
        named(case((of_event, cast(exp.IntDiv(this=_field("words"), expression=lit(_REASONS)), "INT")),
                   default=lit(0)), "advice"),
        named(_field("lo"), "lo"), col("newest_present", "b"), col("expires_on", "x"),
        col("act_by", "a"), named(first_day, "window_opens"),
    ]  # fmt: skip

    def same(alias: str, name: str, other: str) -> list[Expr]:
        return [col("case_key", alias).eq(col("case_key", "c")), col(name, alias).eq(col(other, "r"))]

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


def findings(scope: Scope, site: Site, stale_since: dict[str, date]) -> exp.Select:
    """Status, reason and evidence, one row per case and requirement; words come in `worded`.

    `stale_since`: per kind of event, the newest day that a stale feed has delivered.
    """
    return steps([
        ("requirements", requirements(scope, site)),
        *profiles(scope), *criteria(scope), *doubts(scope),
        ("best", _best()),
        ("joined", _joined(scope)),
        ("fed", _with("joined", stale=_stale(scope, stale_since))),
        ("judged", _with("fed", status=_status(scope))),
        ("reasoned", _with("judged", reason=_reason(scope))),
        ("facts", _evidence(scope)),
    ])  # fmt: skip


def _with(source: str, **columns: Expr) -> exp.Select:
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


def worded(scope: Scope, site: Site) -> exp.Select:
    """Facts with every column of a finding: names, days, owner and the sentence."""
    same = col("case_key", "c").eq(col("case_key", "f"))
    fact = ("version", "case_key", "number", "anchor", "upcoming", "status", "reason", "event_id",
            "event_date", "advice", "window_opens", "valid_through", "act_by", "expires_on",
            "newest_present")  # fmt: skip
    done = col("status", "f").isin(Status.MET.value, Status.EXEMPT.value, Status.NOT_APPLICABLE.value)
    applies = is_null(col("not_applicable", "c"))
    columns = [
        *(col(n, "f") for n in fact),
        *(col(n, "c") for n in ("case_id", "not_applicable", "excluded_by")),
        *(col(n, "r") for n in ("id", "title", "limit")),
        named(minus(col("anchor", "f"), col("event_date", "f")), "days_before"),
        named(minus(col("valid_through", "f"), col("anchor", "f")), "slack_days"),
        named(case((applies, col("anchor", "f"))), "window_closes"),
        named(case((not_(done), col("owner", "r"))), "owner"),
    ]  # fmt: skip
    full = select(
        columns, table(FACTS, "f"),
        [join(table(POPULATION, "c"), same),
         join(table("requirements", "r"), col("number", "r").eq(col("number", "f")))],
        [col("version", "f").eq(scope.index)],
    )  # fmt: skip
    words = {
        "found": sentences.found(scope.as_of),
        "action": sentences.action(scope.as_of),
        "advice_words": _advice_words(scope),
    }
    action = case((col("action").neq(""), concat(lit(" "), col("action"))))
    sentence = concat(col("found"), action, col("advice_words"))
    return steps([
        ("requirements", requirements(scope, site)),
        ("full", full),
        ("worded", _with("full", **words)),
        ("findings", _with("worded", sentence=sentence)),
    ])  # fmt: skip


def _rank() -> Expr:
    return case(*((col("status").eq(s.value), lit(r)) for s, r in RANK.items()))


def _advice_words(scope: Scope) -> Expr:
    """The advice that applies to the chosen event, as sentences."""
    branches = []
    for i, leaf in enumerate(scope.leaves):
        texts = [
            case((exp.BitwiseAnd(this=col("advice"), expression=lit(1 << bit)) > 0,
                  lit(f" Check: {advice.title}.")))
            for bit, advice in enumerate(leaf.warn)
        ]  # fmt: skip
        if texts:
            branches.append((col("number").eq(i), concat(*texts)))
    return case(*branches, default=lit("")) if branches else lit("")
