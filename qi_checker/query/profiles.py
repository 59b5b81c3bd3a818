"""Decide code, modality and region once per requirement for events with equal properties.

A million events share a few hundred profiles. 0 passes, 1 is undecided, 2 fails.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from qi_checker.protocol.models import Requirement
from qi_checker.protocol.vocabulary import Reason
from qi_checker.query.population import in_list
from qi_checker.query.scope import Scope, number
from qi_checker.query.sql import (
    STAR,
    Expr,
    all_of,
    any_of,
    case,
    coalesce,
    col,
    count_true,
    greatest,
    is_null,
    known,
    lit,
    named,
    not_,
    overlaps,
    plus,
    select,
    union_all,
)
from qi_checker.query.tables import EVENT_PROFILES, NEVER_TEXTS

PASS, UNDECIDED, FAIL = lit(0), lit(1), lit(2)


def _code(leaf: Requirement, silence_decides: bool) -> Expr:
    event, codes = leaf.event, col("codes")
    refused: list[Expr] = []
    if event.kind == "imaging" and event.allow_codes is None:
        refused.append(col("never"))
    elif event.kind == "imaging" and event.allow_codes is not None:
        refused.append(in_list(codes.copy(), event.allow_codes.in_, NEVER_TEXTS))
    if event.not_codes is not None:
        refused.append(in_list(codes, event.not_codes.in_))
    fails = [(any_of(*refused), FAIL)] if refused else []
    if event.codes is None:
        return case(*fails, default=PASS) if fails else PASS
    # An event without a code may or may not be the forbidden one.
    uncoded = [(not_(col("coded")), UNDECIDED)] if silence_decides else []
    wanted = in_list(codes.copy(), event.codes.in_)
    return case(*fails, *uncoded, (wanted, PASS), default=FAIL)


def _provenance(leaf: Requirement) -> Expr:
    accepted = leaf.event.provenance
    if accepted is None:
        return PASS
    recorded = coalesce(col("provenance"), lit("internal"))
    return case((recorded.isin(*accepted), PASS), default=FAIL)


def _columns(leaf: Requirement) -> Expr:
    """Return one criterion for all columns: fails if one differs, undecided if one is empty."""
    accepted = leaf.event.columns
    if accepted is None:
        return PASS
    wrong = [not_(col(own_event_column(c.name)).isin(*c.in_)) for c in accepted]
    known_wrong = [
        all_of(known(col(own_event_column(c.name))), w)
        for c, w in zip(accepted, wrong, strict=True)
    ]
    empty = [is_null(col(own_event_column(c.name))) for c in accepted]
    return case((any_of(*known_wrong), FAIL), (any_of(*empty), UNDECIDED), default=PASS)


def own_event_column(name: str) -> str:
    """Return the name of a hospital's own event column in the ready tables."""
    return f"own_{name}"


def _modality(leaf: Requirement) -> Expr:
    accepted = leaf.event.modality
    if accepted is None:
        return PASS
    words = col("modalities")
    counts = overlaps(words, accepted)
    if "CT" in accepted and leaf.pet_ct == "refuse":
        others = [w for w in accepted if w != "CT"]
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
    """Whether it is a near miss: it may have a required modality or, if none, a required code."""
    if leaf.event.modality is None:
        codes = leaf.event.codes
        if codes is None:
            return exp.true()
        return any_of(in_list(col("codes"), codes.in_), not_(col("coded")))
    return any_of(overlaps(col("modalities"), leaf.event.modality), col("modality_unsure"))


def _advice(leaf: Requirement) -> Expr:
    """Return the advice for the profile, one bit each in the order written."""
    total: Expr = lit(0)
    for bit, advice in enumerate(leaf.warn):
        when = advice.when
        if when.role is not None:
            total = plus(total, case((col("warns"), lit(1 << bit)), default=lit(0)))
        elif when.codes is not None:
            held = in_list(col("codes"), when.codes.in_)
            total = plus(total, case((held, lit(1 << bit)), default=lit(0)))
    return total


CRITERIA = ("code", "modality", "region", "provenance", "columns")  # in the order of the contract
_OTHER = {
    "code": (Reason.UNMAPPED, Reason.EXCLUDED_CODE),
    "modality": (Reason.UNMAPPED, Reason.WRONG_MODALITY),
    "region": (Reason.UNMAPPED, Reason.WRONG_REGION),
    "provenance": (Reason.WRONG_PROVENANCE, Reason.WRONG_PROVENANCE),
    "columns": (Reason.UNMAPPED, Reason.WRONG_VALUE),
}  # reasons if undecided and if failed


def _profiles_of(index: int, leaf: Requirement, silence_decides: bool) -> exp.Select:
    columns = [
        col("profile"),
        named(lit(index), "requirement"),
        col("status"),
        named(coalesce(col("status").isin(*leaf.event.status), exp.false()), "done"),
        named(_code(leaf, silence_decides), "code"),
        named(_modality(leaf), "modality"),
        named(_region(leaf), "region"),
        named(_provenance(leaf), "provenance"),
        named(_columns(leaf), "columns"),
        named(_advice(leaf), "advice"),
    ]
    kind = any_of(col("kind").eq(leaf.event.kind), is_null(col("kind")))
    return select(columns, EVENT_PROFILES, where=[kind, _near(leaf)])


def _asks(leaves: Sequence[Requirement], criterion: str) -> bool:
    return any(getattr(leaf.event, criterion, None) is not None for leaf in leaves)


def profiles(scope: Scope) -> list[tuple[str, exp.Query]]:
    """Select near-miss pairs (profile, requirement), with everything that the profile decides."""
    each = union_all(
        [
            _profiles_of(i, leaf, leaf.forbidden or i >= len(scope.leaves))
            for i, leaf in enumerate(scope.questions)
        ]
    )
    decides = [c for c in CRITERIA if c == "code" or _asks(scope.questions, c)]
    first = case(
        *((col(c).eq(value), number(_OTHER[c][value - 1])) for c in decides for value in (1, 2))
    )
    columns = [
        STAR.copy(),
        named(count_true(*(col(c) > 0 for c in decides)), "open_criteria"),
        named(greatest([col(c) for c in decides]), "worst"),
        named(first, "first_reason"),
    ]
    return [("profile_criteria", each), ("profiles", select(columns, "profile_criteria"))]
