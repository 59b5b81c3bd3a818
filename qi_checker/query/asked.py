"""The requirements of a version as rows, with what sentences need."""

from __future__ import annotations

from sqlglot import exp

from qi_checker.protocol.models import Requirement
from qi_checker.protocol.site import Site
from qi_checker.protocol.vocabulary import ActionKind
from qi_checker.protocol.windows import anchor_words
from qi_checker.query.scope import Scope
from qi_checker.query.sql import cast, lit, named, select, union_all


def lead_days(leaf: Requirement, site: Site) -> int:
    """Working days needed to arrange it: the requirement's own, else the site's, else none."""
    lead = leaf.lead_time or site.lead_time
    return lead.amount if lead else 0


def requirements(scope: Scope, site: Site) -> exp.Query:
    """The requirements of the version as rows: number, id and what sentences need."""
    titles = {leaf.id: leaf.title for leaf in scope.leaves}
    rows = [
        (
            i,
            leaf.id,
            leaf.title,
            leaf.owner_of(ActionKind.ORDER.owner),
            lead_days(leaf, site),
            _limit(leaf),
            anchor_words(leaf.window.anchor, titles),
            leaf.window.words(titles),
            leaf.forbidden,
        )
        for i, leaf in enumerate(scope.leaves)
    ]
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
