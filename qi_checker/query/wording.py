"""Facts put into words: names, days, owner and the sentence of every finding."""

from __future__ import annotations

from sqlglot import exp

from qi_checker.protocol.models import Requirement
from qi_checker.protocol.site import Site
from qi_checker.protocol.vocabulary import Status
from qi_checker.query import sentences
from qi_checker.query.asked import requirements
from qi_checker.query.evidence import with_columns
from qi_checker.query.scope import Scope
from qi_checker.query.sql import (
    Expr,
    case,
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


def worded(scope: Scope, site: Site) -> exp.Select:
    """Facts with every column of a finding: names, days, owner and the sentence."""
    same = col("case_key", "c").eq(col("case_key", "f"))
    fact = (
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
        "newest_present",
    )
    done = col("status", "f").isin(
        Status.MET.value, Status.EXEMPT.value, Status.NOT_APPLICABLE.value
    )
    columns = [
        *(col(n, "f") for n in fact),
        *(col(n, "c") for n in ("case_id", "not_applicable", "excluded_by")),
        *(col(n, "r") for n in ("id", "title", "limit", "counted_from", "asks", "forbidden")),
        named(minus(col("from_day", "f"), col("event_date", "f")), "days_before"),
        named(minus(col("valid_through", "f"), col("anchor", "f")), "slack_days"),
        named(case((not_(done), col("owner", "r"))), "owner"),
    ]
    full = select(
        columns,
        table(FACTS, "f"),
        [
            join(table(POPULATION, "c"), same),
            join(table("requirements", "r"), col("number", "r").eq(col("number", "f"))),
        ],
        [col("version", "f").eq(scope.index)],
    )
    words = {
        "found": sentences.found(scope.as_of),
        "action": sentences.action(scope.as_of),
        "advice_words": _advice_words(scope),
    }
    action = case((col("action").neq(""), concat(lit(" "), col("action"))))
    first = exp.Upper(this=exp.Substring(this=col("found"), start=lit(1), length=lit(1)))
    rest = exp.Substring(this=col("found"), start=lit(2))
    sentence = concat(first, rest, action, col("advice_words"))
    return steps(
        [
            ("requirements", requirements(scope, site)),
            ("full", full),
            ("worded", with_columns("full", **words)),
            ("findings", with_columns("worded", sentence=sentence)),
        ]
    )


def _advice_words(scope: Scope) -> Expr:
    """The advice that applies to the chosen event, as sentences."""
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
    """The advice of `warn`, and then two texts for each `none_between` that only warns."""
    texts = [advice.title for advice in leaf.warn]
    for rule in leaf.none_between:
        if rule.then == "warn":
            texts += [f"{rule.title} since then", f"perhaps {rule.title} since then"]
    return texts
