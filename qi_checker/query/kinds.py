"""Infer the type of an expression, as far as dialects need it: dates are not numbers."""

from __future__ import annotations

import re

from sqlglot import exp

from qi_checker.query.sql import Expr, nodes

DATE, TIMESTAMP, NUMBER, TEXT, BOOLEAN = "date", "timestamp", "number", "text", "boolean"

# Columns of the ready tables and of the tables that queries fill; those of steps are inferred.
_KNOWN = {
    DATE: "anchor lo hi day requested_on approved_on valid_from expires_on revoked_on act_by event_date"
    " window_opens window_closes from_day valid_through newest_present latest_surgery_date",
    TIMESTAMP: "op_clock op_utc clock utc requested_clock first_moment last_moment from_clock from_utc",
    NUMBER: "case_key profile row lead version number next rank advice act_lead next_number",
    TEXT: "case_id patient_id event_id kind status reason title owner description codes text list",
    BOOLEAN: "cancelled upcoming known approved_known modality_unsure region_unsure never warns",
}
_SHAPES = {
    DATE: re.compile(r"when_\d+|chosen_\d+_(lo|hi|day)"),
    TIMESTAMP: re.compile(r"(when|chosen)_\d+_(clock|utc)"),
}
_PREDICATES = (exp.Connector, exp.Not, exp.Predicate, exp.Boolean, exp.ArrayOverlaps, exp.In)
_SAME_AS_FIRST = (
    exp.Paren,
    exp.Alias,
    exp.Max,
    exp.Min,
    exp.AnyValue,
    exp.Nullif,
    exp.Neg,
    exp.Greatest,
    exp.Least,
    exp.Coalesce,
    exp.Ordered,
)
_TYPES = {"DATE": DATE, "TIMESTAMP": TIMESTAMP, "VARCHAR": TEXT, "TEXT": TEXT}


class Kinds:
    """Types of columns by name: a name means the same in all steps of a statement."""

    def __init__(self, query: exp.Query) -> None:
        self._names = {n: kind for kind, names in _KNOWN.items() for n in names.split()}
        for alias in self._in_order(query):
            kind_of_alias = self.of(alias.this)
            if kind_of_alias is not None:
                self._names.setdefault(alias.alias, kind_of_alias)

    @staticmethod
    def _in_order(query: exp.Query) -> list[exp.Alias]:
        """Return aliases, those of deeper and earlier steps first."""
        steps = nodes(query, exp.CTE)
        return [alias for part in (*steps, query) for alias in nodes(part, exp.Alias)[::-1]]

    def of(self, value: Expr) -> str | None:
        """Return the type of a value, None if unknown."""
        if isinstance(value, exp.Column):
            return self._column(value.name)
        if isinstance(value, exp.Cast):
            return _TYPES.get(value.to.this.value, NUMBER)
        if isinstance(value, exp.Literal):
            return TEXT if value.is_string else NUMBER
        if isinstance(value, exp.Case):
            return self._case(value)
        if isinstance(value, exp.Add | exp.Sub):
            return self._sum(value)
        if isinstance(value, exp.Subquery):
            return self.of(value.this.expressions[0])
        if isinstance(value, _PREDICATES):
            return BOOLEAN
        if isinstance(value, exp.Concat | exp.Lower):
            return TEXT
        if isinstance(value, _SAME_AS_FIRST):
            parts = [value.this, *value.expressions]
            return next(filter(None, map(self.of, parts)), None)
        return NUMBER if isinstance(value, exp.Binary | exp.Func) else None

    def _column(self, name: str) -> str | None:
        shaped = (kind for kind, shape in _SHAPES.items() if shape.fullmatch(name))
        return self._names.get(name) or next(shaped, None)

    def _case(self, value: exp.Case) -> str | None:
        values = [branch.args["true"] for branch in value.args["ifs"]]
        default = value.args.get("default")
        values += [default] if default is not None else []
        return next(filter(None, map(self.of, values)), None)

    def _sum(self, value: exp.Binary) -> str | None:
        kinds = (self.of(value.this), self.of(value.expression))
        if kinds == (DATE, DATE):
            return NUMBER
        return kinds[0] if kinds[0] in (DATE, TIMESTAMP) else NUMBER
