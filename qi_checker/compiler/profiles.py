"""Code, modality and region of events that look alike, decided once per requirement.

A million events share a few hundred profiles. 0 passes, 1 is undecided, 2 fails.
"""

from __future__ import annotations

from sqlglot import exp

from qi_checker.compiler.population import in_list
from qi_checker.compiler.scope import Scope, number
from qi_checker.compiler.sql import (
    STAR,
    Expr,
    all_of,
    any_of,
    case,
    col,
    count_true,
    greatest,
    is_null,
    lit,
    named,
    not_,
    overlaps,
    plus,
    select,
    union_all,
)  # fmt: skip
from qi_checker.compiler.tables import (
    EVENT_PROFILES,
)
from qi_checker.protocol.models import Requirement
from qi_checker.protocol.vocabulary import Reason

PASS, UNDECIDED, FAIL = lit(0), lit(1), lit(2)


def _code(leaf: Requirement) -> Expr:
    refused: list[Expr] = [col("never")] if leaf.event.kind == "imaging" else []
    codes = col("codes")
    if leaf.event.not_codes is not None:
        refused.append(in_list(codes, leaf.event.not_codes.in_))
    if leaf.event.codes is not None:
        refused.append(not_(in_list(codes.copy(), leaf.event.codes.in_)))
    return case((any_of(*refused), FAIL), default=PASS) if refused else PASS


def _modality(leaf: Requirement) -> Expr:
    asked = leaf.event.modality
    if asked is None:
        return PASS
    words = col("modalities")
    counts = overlaps(words, asked)
    if "CT" in asked and leaf.pet_ct == "refuse":
        others = [w for w in asked if w != "CT"]
        pet_ct = all_of(overlaps(words, ["PT"]), overlaps(words, ["CT"]))
        ct = all_of(overlaps(words, ["CT"]), not_(pet_ct))
        counts = any_of(ct, overlaps(words, others)) if others else ct
    return case((counts, PASS), (col("modality_unsure"), UNDECIDED), default=FAIL)


def _region(leaf: Requirement) -> Expr:
    if leaf.event.region is None:
        return PASS
    counts = overlaps(col("regions"), leaf.event.region)
    return case((counts, PASS), (col("region_unsure"), UNDECIDED), default=FAIL)


def _near(leaf: Requirement) -> Expr:
    """A near miss has a required modality, or one that cannot be told."""
    if leaf.event.modality is None:
        return exp.true()
    return any_of(overlaps(col("modalities"), leaf.event.modality), col("modality_unsure"))


def _advice(leaf: Requirement) -> Expr:
    """Advice that the profile calls for, one bit each in the order written."""
    total: Expr = lit(0)
    for bit, advice in enumerate(leaf.warn):
        when = advice.when
        if when.role is not None:
            total = plus(total, case((col("warns"), lit(1 << bit)), default=lit(0)))
        elif when.codes is not None:
            held = in_list(col("codes"), when.codes.in_)
            total = plus(total, case((held, lit(1 << bit)), default=lit(0)))
    return total


def _profiles_of(index: int, leaf: Requirement) -> exp.Select:
    columns = [
        col("profile"), named(lit(index), "requirement"), col("status"),
        named(_code(leaf), "code"), named(_modality(leaf), "modality"),
        named(_region(leaf), "region"), named(_advice(leaf), "advice"),
    ]  # fmt: skip
    kind = any_of(col("kind").eq(leaf.event.kind), is_null(col("kind")))
    return select(columns, EVENT_PROFILES, where=[kind, _near(leaf)])


def profiles(scope: Scope) -> list[tuple[str, exp.Query]]:
    """One row per near-miss (profile, requirement), with everything that the profile decides."""
    each = union_all([_profiles_of(i, leaf) for i, leaf in enumerate(scope.leaves)])
    code, modality, region = criteria = [col(n) for n in ("code", "modality", "region")]
    first = case(
        (code > 0, number(Reason.EXCLUDED_CODE)),
        (modality.eq(1), number(Reason.UNMAPPED)),
        (modality.eq(2), number(Reason.WRONG_MODALITY)),
        (region.eq(1), number(Reason.UNMAPPED)),
        (region.eq(2), number(Reason.WRONG_REGION)),
    )
    columns = [
        STAR.copy(),
        named(count_true(*(c > 0 for c in criteria)), "open_criteria"),
        named(greatest(criteria), "worst"),
        named(first, "first_reason"),
    ]
    return [("profile_criteria", each), ("profiles", select(columns, "profile_criteria"))]
