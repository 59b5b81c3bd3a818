"""Status, reason and evidence of every requirement of every case: the query behind an audit."""

from __future__ import annotations

from sqlglot import exp

from qi_checker.compiler import sentences
from qi_checker.compiler.criteria import NO_REASON, REASONS, Scope, criteria, doubts, opens, profiles
from qi_checker.compiler.sql import (
    Expr, all_of, any_of, case, cast, coalesce, col, concat, is_null, known, last_day_still_within,
    lit, minus, not_, plus,
)  # fmt: skip
from qi_checker.compiler.tables import ACT_BY, EXCEPTIONS, POPULATION
from qi_checker.protocol.models import Requirement
from qi_checker.protocol.site import Site
from qi_checker.protocol.vocabulary import RANK, Reason, Status

MET, BOOKED, UNKNOWN, OTHER = 0, 1, 2, 3  # classes of candidates, best first
_CLASS, _OPEN, _DISTANCE, _UNDATED = 1 << 50, 1 << 44, 1 << 22, (1 << 22) - 1
_RECENT = exp.cast(exp.Literal.string("2300-01-01"), "DATE")


def lead_days(leaf: Requirement, site: Site) -> int:
    """Working days needed to arrange it: the requirement's own, else the site's, else none."""
    lead = leaf.lead_time or site.lead_time
    return lead.amount if lead else 0


def requirements(scope: Scope, site: Site) -> exp.Select:
    """The requirements of the version as rows: number, id and what sentences need."""
    rows = [
        (i, leaf.id, leaf.title, leaf.owner, lead_days(leaf, site),
         str(leaf.window.at_most) if leaf.window.at_most else
         f"less than {leaf.window.less_than}" if leaf.window.less_than else None)
        for i, leaf in enumerate(scope.leaves)
    ]  # fmt: skip
    names = ("number", "id", "title", "owner", "lead", "limit")
    selects: list[exp.Query] = [
        exp.select(*(exp.alias_(lit(v), n, quoted=True) for n, v in zip(names, row, strict=True)))
        for row in rows
    ]
    union = selects[0]
    for part in selects[1:]:
        union = exp.union(union, part, distinct=False)
    limit = exp.alias_(cast(col("limit"), "VARCHAR"), "limit", quoted=True)
    return exp.select(*(col(n) for n in names[:-1]), limit).from_(union.subquery("u"))


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
    return exp.select(
        col("case_key"), col("requirement"),
        exp.alias_(_key(klass, open_criteria, col("distance"), recency), "key"),
        col("event_id"), col("reason"), col("lo"), col("advice"),
        exp.alias_(case((col("present"), col("lo"))), "newest_present"),
    ).from_("criteria")  # fmt: skip


def _doubt_keys() -> exp.Select:
    """Rejected rows come after real events, rows with an id before rows without."""
    reason = case(
        (col("doubt").eq(Reason.EXTERNAL_UNDATED.value), lit(REASONS.index(Reason.EXTERNAL_UNDATED))),
        default=lit(REASONS.index(Reason.REJECTED_RECORD)),
    )
    nameless = case((is_null(col("event_id")), lit(1)), default=lit(0))
    row = case((is_null(col("event_id")), col("row")), default=lit(0))
    return exp.select(
        col("case_key"), col("requirement"),
        exp.alias_(_key(lit(UNKNOWN), lit(32), nameless, row), "key"),
        coalesce(col("event_id"), lit("")).as_("event_id"), exp.alias_(reason, "reason"),
        col("lo"), exp.alias_(lit(0), "advice"),
        exp.alias_(cast(exp.null(), "DATE"), "newest_present"),
    ).from_("doubts")  # fmt: skip


def _best() -> exp.Select:
    """Per case and requirement: the candidate that decides, and the newest present event."""
    fields = ("key", "event_id", "reason", "lo", "advice")
    packed = exp.Struct(
        expressions=[exp.PropertyEQ(this=exp.to_identifier(f), expression=col(f)) for f in fields]
    )
    both = exp.union(_candidate_keys(), _doubt_keys(), distinct=False)
    return (
        exp.select(
            col("case_key"), col("requirement"), exp.alias_(exp.Min(this=packed), "best"),
            exp.alias_(exp.Max(this=col("newest_present")), "newest_present"),
        )
        .from_(both.subquery("candidates"))
        .group_by(col("case_key"), col("requirement"))
    )  # fmt: skip


def _field(name: str) -> Expr:
    return exp.Dot(this=col("best", "b"), expression=exp.to_identifier(name))


def _joined(scope: Scope) -> exp.Select:
    """Every case of the version with every requirement and what was found for it."""
    anchor = col("anchor", "c")
    per_leaf = [opens(leaf, anchor) for leaf in scope.leaves]
    first_day = case(*((col("number", "r").eq(i), v) for i, v in enumerate(per_leaf)))
    klass = cast(exp.IntDiv(this=_field("key"), expression=lit(_CLASS)), "INT")
    expires = (
        exp.select(col("case_key"), col("requirement"),
                   exp.alias_(exp.Max(this=col("expires_on")), "expires_on"))
        .from_(EXCEPTIONS).where(is_null(col("ignored"))).group_by("case_key", "requirement")
    )  # fmt: skip
    return (
        exp.select(
            *(col(n, "c") for n in ("case_key", "case_id", "anchor", "upcoming", "not_applicable",
                                    "excluded_by")),
            *(col(n, "r") for n in ("number", "id", "title", "owner", "limit")),
            exp.alias_(klass, "class"), exp.alias_(_field("event_id"), "event_id"),
            exp.alias_(_field("reason"), "found_reason"), exp.alias_(_field("lo"), "lo"),
            exp.alias_(_field("advice"), "advice"), col("newest_present", "b"),
            col("expires_on", "x"), col("act_by", "a"), exp.alias_(first_day, "window_opens"),
        )
        .from_(exp.alias_(exp.to_table(POPULATION), "c", table=True))
        .join(exp.alias_(exp.to_table("requirements"), "r", table=True), join_type="CROSS")
        .join(exp.alias_(exp.to_table("best"), "b", table=True), join_type="LEFT",
              on=all_of(col("case_key", "b").eq(col("case_key", "c")),
                        col("requirement", "b").eq(col("number", "r"))))
        .join(expires.subquery("x"), join_type="LEFT",
              on=all_of(col("case_key", "x").eq(col("case_key", "c")),
                        col("requirement", "x").eq(col("id", "r"))))
        .join(exp.alias_(exp.to_table(ACT_BY), "a", table=True), join_type="LEFT",
              on=all_of(col("day", "a").eq(anchor), col("lead", "a").eq(col("lead", "r")),
                        col("upcoming", "c")))
        .where(col("version", "c").eq(scope.index))
    )  # fmt: skip


def _stale(scope: Scope, newest: dict[str, object]) -> Expr:
    """Whether the feed of the requirement is too old to say that an event is not there."""
    branches = [
        (all_of(col("number").eq(i), col("anchor") > lit(newest[leaf.event.kind])), exp.true())
        for i, leaf in enumerate(scope.leaves)
        if leaf.event.kind in newest
    ]
    return case(*branches, default=exp.false()) if branches else exp.false()


def _status(scope: Scope, newest: dict[str, object]) -> Expr:
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


def _blank(*words: Status | Reason, column: str) -> Expr:
    return col(column).isin(*(w.value for w in words))


def findings(scope: Scope, site: Site, stale_since: dict[str, object]) -> exp.Select:
    """All columns of a finding and what later steps need, one row per case and requirement.

    `stale_since`: per kind of event, the newest day that a stale feed has delivered.
    """
    with_feed = exp.select(
        "*", exp.alias_(_stale(scope, stale_since), "stale")
    ).from_(_joined(scope).subquery("joined"))
    with_status = exp.select("*", exp.alias_(_status(scope, stale_since), "status")).from_(
        with_feed.subquery("fed"))
    with_reason = exp.select("*", exp.alias_(_reason(scope), "reason")).from_(
        with_status.subquery("judged"))
    nothing = any_of(
        _blank(Status.EXEMPT, Status.NOT_APPLICABLE, column="status"),
        _blank(Reason.FEED_STALE, Reason.NEVER_ORDERED, Reason.WINDOW_NOT_OPEN, column="reason"),
    )
    concerned = _blank(Status.MET, Status.EXEMPT, Status.NOT_APPLICABLE, column="status")
    wanted = _blank(Status.DUE, Status.UNKNOWN, Status.EXPIRED, Status.MISSING, column="status")
    applies = is_null(col("not_applicable"))
    shown = case((nothing, exp.null()), default=col("lo"))
    evidence = exp.select(
        *(col(n) for n in ("case_key", "case_id", "anchor", "upcoming", "number", "id", "title",
                           "limit", "status", "reason", "newest_present", "excluded_by",
                           "not_applicable")),
        exp.alias_(case((col("status").eq(Status.EXEMPT.value), col("expires_on"))), "expires_on"),
        exp.alias_(known(col("expires_on")), "excepted"),
        exp.alias_(case((not_(nothing), exp.Nullif(this=col("event_id"), expression=lit("")))),
                   "event_id"),
        exp.alias_(shown, "event_date"),
        exp.alias_(minus(col("anchor"), shown), "days_before"),
        exp.alias_(case((not_(nothing), col("advice"))), "advice"),
        exp.alias_(case((applies, col("window_opens"))), "window_opens"),
        exp.alias_(case((applies, col("anchor"))), "window_closes"),
        exp.alias_(_valid_through(scope), "valid_through"),
        exp.alias_(case((wanted, col("act_by"))), "act_by"),
        exp.alias_(case((not_(concerned), col("owner"))), "owner"),
        exp.alias_(_rank(), "rank"),
    ).from_(with_reason.subquery("reasoned"))  # fmt: skip
    slack = minus(col("valid_through"), col("anchor"))
    with_slack = exp.select("*", exp.alias_(slack, "slack_days")).from_(evidence.subquery("e"))
    worded = exp.select(
        "*", exp.alias_(sentences.found(scope.as_of), "found"),
        exp.alias_(sentences.action(scope.as_of), "action"),
        exp.alias_(_advice_words(scope), "advice_words"),
    ).from_(with_slack.subquery("s"))  # fmt: skip
    sentence = concat(
        col("found"), case((col("action").neq(""), concat(lit(" "), col("action")))),
        col("advice_words"),
    )  # fmt: skip
    query = exp.select("*", exp.alias_(sentence, "sentence")).from_(worded.subquery("w"))
    parts = (("requirements", requirements(scope, site)), ("profiles", profiles(scope)),
             ("criteria", criteria(scope)), ("doubts", doubts(scope)), ("best", _best()))  # fmt: skip
    for name, part in parts:
        query = query.with_(name, as_=part, copy=False)
    return query


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
