"""The requirements of a version as rows, with the columns that sentences need."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlglot import exp

from qi_checker.protocol.models import Requirement
from qi_checker.protocol.sentences import phrases
from qi_checker.protocol.site import Site
from qi_checker.protocol.vocabulary import ActionKind
from qi_checker.query.scope import Scope
from qi_checker.query.sql import cast, lit, named, select, union_all


def lead_days(leaf: Requirement, site: Site) -> int:
    """Return the working days needed to arrange it: the requirement's, else the site's, else 0."""
    lead = leaf.lead_time or site.lead_time
    return lead.amount if lead else 0


def requirements(scope: Scope, site: Site) -> exp.Query:
    """Select the requirements of the version as rows: number, id and columns for sentences."""
    rows: list[dict[str, Any]] = []
    for i, leaf in enumerate(scope.leaves):
        pieces = asdict(phrases(leaf, scope.version.titles))
        owner = leaf.owner_of(ActionKind.ORDER.owner)
        own = {"number": i, "id": leaf.id, "owner": owner, "lead": lead_days(leaf, site)}
        rows.append(own | {"forbidden": leaf.forbidden} | pieces)
    kinds = {"limit": "VARCHAR", "longest": "BIGINT"}
    columns = [
        [
            named(cast(lit(value), kinds[name]) if name in kinds else lit(value), name)
            for name, value in row.items()
        ]
        for row in rows
    ]
    return union_all([select(row, None) for row in columns])
