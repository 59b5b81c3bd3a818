"""Replace structs by one column per field, for databases that cannot compare structs.

The queries pack a candidate into a struct and take the minimum of a group. DuckDB and Spark support
that; elsewhere the rows of a group are numbered, and the fields of the first row are kept.
"""

from __future__ import annotations

from sqlglot import exp

from qi_checker.query.sql import Expr, case, col, derived, flag, known, named, nodes

_Fields = dict[str, tuple[str, ...]]  # of struct columns, by name


def unpack(query: exp.Query) -> None:
    """Unpack the structs of a whole statement, in place."""
    packed: _Fields = {}
    with_ = query.args.get("with_")
    for step in with_.expressions if with_ is not None else []:
        _unpack(step.this, packed)
    _unpack(query, packed)


def _unpack(query: Expr, packed: _Fields) -> None:
    if isinstance(query, exp.Union):
        _unpack(query.this, packed)
        _unpack(query.expression, packed)
    if not isinstance(query, exp.Select):
        return
    start = query.args.get("from_")
    for source in [start, *(query.args.get("joins") or [])]:
        if source is not None and isinstance(source.this, exp.Subquery):
            _unpack(source.this.this, packed)
    _replace_fields(query, packed)
    if any(_least(item) is not None and _fields(item, packed) for item in query.expressions):
        _number_rows(query, packed)
    else:
        query.set("expressions", [c for item in query.expressions for c in _columns(item, packed)])


def _own(query: exp.Select, *kinds: type[Expr]) -> list[Expr]:
    """Return nodes of the query itself, innermost first; those of its steps are already done."""
    return nodes(query, *kinds, but=exp.With)[::-1]


def _replace_fields(query: exp.Select, packed: _Fields) -> None:
    for node in _own(query, exp.Dot, exp.Is):
        if isinstance(node, exp.Dot) and _fields(node.this, packed):
            node.replace(_field(node.this, node.expression.name, packed))
        elif isinstance(node, exp.Is) and (fields := _fields(node.this, packed)):
            node.set("this", _field(node.this, fields[0], packed))


def _fields(value: Expr, packed: _Fields) -> tuple[str, ...]:
    """Return the field names of a value; empty if it is not a struct."""
    if isinstance(value, exp.Struct):
        return tuple(part.this.name for part in value.expressions)
    if isinstance(value, exp.Column):
        return packed.get(value.name, ())
    if isinstance(value, exp.Case):
        values = [branch.args["true"] for branch in value.args["ifs"]]
        return next(filter(None, (_fields(v, packed) for v in values)), ())
    if isinstance(value, exp.Alias | exp.Paren | exp.Min | exp.Coalesce):
        return _fields(value.this, packed)
    return ()


def _field(value: Expr, name: str, packed: _Fields) -> Expr:
    """Return one field of a struct."""
    if isinstance(value, exp.Struct):
        found: Expr = next(p.expression for p in value.expressions if p.this.name == name)
        return found.copy()
    if isinstance(value, exp.Column):
        return col(f"{value.name}_{name}", value.table or None)
    if isinstance(value, exp.Case):
        branches = [
            (b.this.copy(), _field(b.args["true"], name, packed)) for b in value.args["ifs"]
        ]
        default = value.args.get("default") or exp.null()
        return case(*branches, default=_field(default, name, packed))
    if isinstance(value, exp.Coalesce):
        values = [value.this, *value.expressions]
        first = [known(_field(v, _fields(v, packed)[0], packed)) for v in values[:-1]]
        branches = [(c, _field(v, name, packed)) for c, v in zip(first, values, strict=False)]
        return case(*branches, default=_field(values[-1], name, packed))
    if isinstance(value, exp.Paren):
        return _field(value.this, name, packed)
    return exp.null()


def _columns(item: Expr, packed: _Fields) -> list[Expr]:
    """Return a column of a query, or one for each of its fields."""
    fields = _fields(item, packed)
    if not fields:
        return [item]
    name = item.alias_or_name
    packed[name] = fields
    value = item.this if isinstance(item, exp.Alias) else item
    return [named(_field(value, f, packed), f"{name}_{f}") for f in fields]


# ---- the minimum struct of a group
# -----------------------------------------------------------------


def _least(item: Expr) -> exp.Min | None:
    value = item.this if isinstance(item, exp.Alias) else item
    return value if isinstance(value, exp.Min) else None


def _number_rows(query: exp.Select, packed: _Fields) -> None:
    """Number the rows of each group in a subquery, and keep the fields of the first one."""
    keys = [key.copy() for key in query.args["group"].expressions]
    below: list[Expr] = [key.copy() for key in keys]
    above: list[Expr] = []
    for item in query.expressions:
        least = _least(item)
        if least is not None and (fields := _fields(item, packed)):
            _numbered(item.alias_or_name, least.this, fields, keys, below, above, packed)
        else:
            above.append(_lifted(item, below))
    inner = exp.Select(
        expressions=below, **{part: query.args.get(part) for part in ("from_", "joins", "where")}
    )
    query.set("expressions", above)
    query.set("from_", exp.From(this=derived(inner, "numbered_rows")))
    query.set("joins", None)
    query.set("where", None)
    query.set("group", exp.Group(expressions=[col(key.name) for key in keys]))


def _numbered(
    name: str,
    value: Expr,
    fields: tuple[str, ...],
    keys: list[Expr],
    below: list[Expr],
    above: list[Expr],
    packed: _Fields,
) -> None:
    held: Expr | None = None
    if isinstance(value, exp.Case):
        branch = value.args["ifs"][0]
        held, value = flag(branch.this.copy()), branch.args["true"]
    parts = {f: _field(value, f, packed) for f in fields}
    order = [exp.Ordered(this=held.copy(), desc=True)] if held is not None else []
    # No sort key is NULL; the further ones matter only for rejected rows with the same id.
    order += [
        exp.Ordered(this=part.copy(), nulls_first=f in ("key", "late", "event_id"))
        for f, part in parts.items()
    ]
    place = exp.Window(
        this=exp.RowNumber(),
        partition_by=[key.copy() for key in keys],
        order=exp.Order(expressions=order),
    )
    below += [named(part, f"{name}_{f}") for f, part in parts.items()]
    below.append(named(place, f"{name}_place"))
    first: Expr = col(f"{name}_place").eq(1)
    if held is not None:
        below.append(named(held, f"{name}_held"))
        first = exp.and_(first, col(f"{name}_held").eq(1))
    for f in fields:
        first_value = exp.Max(this=case((first.copy(), col(f"{name}_{f}"))))
        above.append(named(first_value, f"{name}_{f}"))
    packed[name] = fields


def _lifted(item: Expr, below: list[Expr]) -> Expr:
    """Return a column of the outer query; its aggregated expression moves to the subquery."""
    if isinstance(item, exp.Column):
        return col(item.name)
    for number, sum_up in enumerate(list(item.find_all(exp.AggFunc))):
        name = f"{item.alias_or_name}_of_{number}"
        below.append(named(sum_up.this.copy(), name))
        sum_up.set("this", col(name))
    return item
