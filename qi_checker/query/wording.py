"""Add readable columns to facts: names, days, owner and the sentence of every finding."""

from __future__ import annotations

from dataclasses import fields

from sqlglot import exp

from qi_checker.protocol.models import Requirement
from qi_checker.protocol.sentences import Phrases
from qi_checker.protocol.site import Site
from qi_checker.protocol.vocabulary import ACTION_FOR, ActionKind, Status
from qi_checker.query import sentences
from qi_checker.query.evidence import with_columns
from qi_checker.query.requirements import requirements
from qi_checker.query.scope import Scope
from qi_checker.query.sql import (
    Expr,
    all_of,
    case,
    coalesce,
    col,
    concat,
    join,
    lit,
    minus,
    named,
    not_,
    select,
    steps,
    table,
)
from qi_checker.query.tables import FACTS, POPULATION

PHRASES = tuple(field.name for field in fields(Phrases))
# Columns for making sentences, which nothing else reads.
PIECES = ("found", "advice_words", *(name for name in PHRASES if name != "title"))

# Columns of a fact that a finding shows or that its sentence needs.
_OF_FACTS = (
    "version",
    "case_key",
    "number",
    "anchor",
    "upcoming",
    "status",
    "reason",
    "event_id",
    "event_date",
    "advice",
    "window_opens",
    "window_closes",
    "from_day",
    "valid_through",
    "act_by",
    "expires_on",
    "asked_late",
    "newest_present",
    "time_before",
)


def worded(scope: Scope, site: Site) -> exp.Select:
    """Select facts with every column of a finding: names, days, owner and the sentence."""
    words = {
        "found": sentences.found(scope.as_of),
        "action": sentences.action(scope.as_of),
        "advice_words": _advice_words(scope),
    }
    action = case((col("action").neq(""), concat(lit(" "), col("action"))))
    first = exp.Upper(this=exp.Substring(this=col("found"), start=lit(1), length=lit(1)))
    rest = exp.Substring(this=col("found"), start=lit(2))
    sentence = concat(first, rest, action, col("advice_words"))
    full = _full(scope)
    columns = [col(column.alias_or_name) for column in full.expressions]
    shown = [*columns, *(col(name) for name in words), named(sentence, "sentence")]
    return steps(
        [
            ("requirements", requirements(scope, site)),
            ("full", full),
            ("pieces", with_columns("full", **sentences.pieces(scope.as_of))),
            ("worded", with_columns("pieces", **words)),
            ("findings", select(shown, "worded")),
        ]
    )


def _full(scope: Scope) -> exp.Select:
    """Select facts with the columns of case and requirement that sentences need."""
    same = col("case_key", "c").eq(col("case_key", "f"))
    done = col("status", "f").isin(
        Status.MET.value, Status.EXEMPT.value, Status.NOT_APPLICABLE.value
    )
    columns = [
        *(col(n, "f") for n in _OF_FACTS),
        *(col(n, "c") for n in ("case_id", "not_applicable", "excluded_by")),
        *(col(n, "r") for n in ("id", "forbidden", *PHRASES)),
        named(minus(col("from_day", "f"), col("event_date", "f")), "days_before"),
        named(minus(col("valid_through", "f"), col("anchor", "f")), "slack_days"),
        named(case((not_(done), _owner(scope))), "owner"),
    ]
    return select(
        columns,
        table(FACTS, "f"),
        [
            join(table(POPULATION, "c"), same),
            join(table("requirements", "r"), col("number", "r").eq(col("number", "f"))),
        ],
        [col("version", "f").eq(scope.index)],
    )


def _owner(scope: Scope) -> Expr:
    """Return who acts; if the owner is a map, by the action for the reason."""
    result: list[tuple[Expr, Expr]] = []
    unsettled = (Status.DUE, Status.UNKNOWN, Status.EXPIRED, Status.MISSING)
    for i, leaf in enumerate(scope.leaves):
        this = col("number", "f").eq(i)
        first = leaf.owner_of(ActionKind.ORDER.owner)
        decide = leaf.owner_of(ActionKind.DECIDE.owner)
        closed = all_of(
            col("upcoming", "f"),
            col("status", "f").isin(*(status.value for status in unsettled)),
            not_(coalesce(col("live", "f"), lit(True))),
        )
        if len(leaf.owners) == 1:
            continue
        result.append((all_of(this, closed), lit(decide)))
        for action in ActionKind:
            reasons = [r.value for r, a in ACTION_FOR.items() if a is action]
            owner = leaf.owner_of(action.owner)
            if reasons and owner != first:
                test = all_of(this.copy(), col("reason", "f").isin(*reasons))
                result.append((test, lit(owner)))
    return case(*result, default=col("owner", "r")) if result else col("owner", "r")


def _advice_words(scope: Scope) -> Expr:
    """Return the advice that applies to the chosen event, as sentences."""
    branches = []
    for i, leaf in enumerate(scope.leaves):
        texts = [
            case(
                (
                    exp.BitwiseAnd(this=col("advice"), expression=lit(1 << bit)) > 0,
                    lit(f" Check: {words}."),
                )
            )
            for bit, words in enumerate(_advice_texts(leaf))
        ]
        if texts:
            branches.append((col("number").eq(i), concat(*texts)))
    return case(*branches, default=lit("")) if branches else lit("")


def _advice_texts(leaf: Requirement) -> list[str]:
    """Return the advice of `warn`, then two texts for each `none_between` that only warns."""
    texts = [advice.title for advice in leaf.warn]
    for rule in leaf.none_between:
        if rule.then == "warn":
            texts += [f"{rule.title} since then", f"perhaps {rule.title} since then"]
    return texts
