"""Decide which version of a protocol a case belongs to, and whether it is in its population."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from qi_checker.protocol.models import Protocol, Version
from qi_checker.protocol.records import CASES
from qi_checker.protocol.selectors import CaseCondition, Condition, RequirementCondition
from qi_checker.protocol.vocabulary import Reason
from qi_checker.query.anchors import date_columns
from qi_checker.query.scope import Scope, single
from qi_checker.query.sql import (
    STAR,
    Expr,
    all_of,
    any_of,
    case,
    coalesce,
    col,
    is_null,
    known,
    lit,
    named,
    select,
    steps,
)
from qi_checker.query.tables import CODE_TEXTS, READY_CASES


def in_list(codes: Expr, name: str, texts_of: str = CODE_TEXTS) -> Expr:
    """Whether a text of codes contains one from the code list `name`."""
    texts = select([col("text")], texts_of, where=[col("list").eq(name)])
    return exp.In(this=codes, query=exp.Subquery(this=texts))


def condition(rule: Condition) -> Expr:
    """Return a condition on a case, two-valued: a missing value does not match."""
    if rule.all_of is not None:
        return all_of(*(condition(r) for r in rule.all_of))
    if rule.any_of is not None:
        return any_of(*(condition(r) for r in rule.any_of))
    return attribute(rule)


def attribute(rule: CaseCondition) -> Expr:
    """Return a condition on one column of a case."""
    if rule.every is not None:
        return exp.true()
    if rule.procedure is not None:
        return in_list(col("procedures"), rule.procedure.in_)
    if rule.diagnosis is not None:
        return in_list(col("diagnoses"), rule.diagnosis.in_)
    name, values = _column_and_values(rule)
    name = own_column(name)
    return all_of(known(col(name)), col(name).isin(*values))


def own_column(name: str) -> str:
    """Return the name of a case column in the ready tables.

    A hospital's own column may have any name, including one that a query uses for something else.
    """
    return name if name in CASES.names else f"own_{name}"


def _column_and_values(rule: CaseCondition) -> tuple[str, list[str]]:
    if rule.column is not None:
        return rule.column.name, rule.column.in_
    for name in ("urgency", "site", "surgeon"):
        values = getattr(rule, name)
        if values is not None:
            return name, values
    raise AssertionError("a condition has exactly one key")


def columns_used(protocol: Protocol) -> set[str]:
    """Return the columns of the cases that conditions read, other than the code columns."""
    result: set[str] = set()
    for version in protocol.versions:
        rules = [version.applies_to, *(x.when for x in version.exclude)]
        leaves = [part for rule in rules for part in _single(rule)]
        conditions = [leaf.applies_if for leaf in version.leaves if leaf.applies_if is not None]
        leaves += [part for rule in conditions for part in single(rule) if _is_attribute(part)]
        for leaf in leaves:
            if not (leaf.procedure or leaf.diagnosis or leaf.every):
                result.add(_column_and_values(leaf)[0])
    return result


def _single(rule: Condition) -> list[CaseCondition]:
    inner = rule.all_of or rule.any_of
    return [rule] if inner is None else [part for r in inner for part in _single(r)]


def _is_attribute(rule: RequirementCondition) -> bool:
    return rule.event is None and rule.chosen is None


def _in_force(version: Version) -> Expr:
    day = col("anchor")
    begun = exp.GTE(this=day, expression=lit(version.in_force.from_))
    if version.in_force.to is None:
        return begun
    return all_of(begun, exp.LTE(this=day.copy(), expression=lit(version.in_force.to)))


def _version_number(protocol: Protocol) -> Expr:
    """Return the number of a case's version: in force, else the last begun, else the first."""
    begun = [
        (exp.GTE(this=col("anchor"), expression=lit(v.in_force.from_)), lit(i))
        for i, v in reversed(list(enumerate(protocol.versions)))
    ]
    return case(*begun, default=lit(0))


def _not_applicable(version: Version) -> Expr:
    return case(
        (col("cancelled"), lit(Reason.CANCELLED_CASE.value)),
        (exp.not_(_in_force(version)), lit(Reason.NOT_IN_FORCE.value)),
        (exp.not_(condition(version.applies_to)), lit(Reason.NOT_IN_POPULATION.value)),
        *((condition(x.when), lit(Reason.EXCLUDED.value)) for x in version.exclude),
    )


def _excluded_by(version: Version) -> Expr:
    if not version.exclude:
        return exp.cast(exp.null(), "VARCHAR")
    return case(*((condition(x.when), lit(x.title)) for x in version.exclude))


_KEPT = (
    "case_key",
    "case_id",
    "patient",
    "anchor",
    "op_clock",
    "op_utc",
    "upcoming",
    "version",
    "not_applicable",
)


def population(protocol: Protocol, scopes: Sequence[Scope]) -> exp.Select:
    """Select `ready_cases` with `version`, `not_applicable` (a reason or NULL) and `excluded_by`.

    Conditions of requirements on the case are added as columns `holds_<version>_<n>`.
    """
    number = named(_version_number(protocol), "version")
    versions = list(enumerate(protocol.versions))
    reason = case(*((col("version").eq(i), _not_applicable(v)) for i, v in versions))
    excluded = case(*((col("version").eq(i), _excluded_by(v)) for i, v in versions))
    shown = case((col("not_applicable").eq(Reason.EXCLUDED.value), excluded))
    numbers = [scopes[0].dates.index(d) for d in date_columns(protocol)]
    dates = [f"when_{n}{part}" for n in numbers for part in ("", "_clock", "_utc")]
    holds = [
        named(coalesce(attribute(rule), exp.false()), f"holds_{scope.index}_{n}")
        for scope in scopes
        for n, rule in enumerate(scope.attributes)
    ]
    columns = [*(col(c) for c in (*_KEPT, *dates)), named(shown, "excluded_by"), *holds]
    return steps(
        [
            ("numbered", select([STAR.copy(), number], READY_CASES)),
            ("judged", select([STAR.copy(), named(reason, "not_applicable")], "numbered")),
            ("population", select(columns, "judged")),
        ]
    )


def applicable(alias: str | None = None) -> Expr:
    return is_null(col("not_applicable", alias))
