"""Translate a query to another database, where sqlglot alone does not suffice.

`portable` changes the tree so that the printed query means the same there. The compiler builds
DuckDB's own form.

| | Spark | PostgreSQL | Snowflake | T-SQL |
|---|---|---|---|---|
| least struct of a group | is | row numbers | row numbers | row numbers |
| date less days, less a date | functions | is | is | DATEADD, DATEDIFF |
| microseconds between moments | TIMESTAMPDIFF | EXTRACT(epoch) | is | DATEDIFF_BIG |
| shared word of two arrays | ARRAYS_OVERLAP | is | is | texts with `;` between words |
| conditions as values | are | are | are | 1 and 0 |
| any value of a group | is | greatest, or | is | greatest |
| order of texts by code point | is | COLLATE "C" | is | a binary collation |
"""

from __future__ import annotations

from sqlglot import exp

from qi_checker.query.kinds import BOOLEAN, DATE, TEXT, Kinds
from qi_checker.query.sql import Expr, case, col, lit, nodes, not_, select
from qi_checker.query.unpacked import unpack

DIALECTS = ("duckdb", "postgres", "spark", "tsql", "snowflake")
NAMES = {
    "duckdb": "DuckDB",
    "postgres": "PostgreSQL",
    "spark": "Spark SQL",
    "tsql": "T-SQL (SQL Server 2022)",
    "snowflake": "Snowflake",
}
NOT_RUN = ("tsql", "snowflake")  # printed and parsed, but never run
_COLLATIONS = {"postgres": "C", "tsql": "Latin1_General_100_BIN2_UTF8"}


def portable(query: exp.Query, dialect: str) -> exp.Query:
    """Return a copy of the query that means the same in a dialect of `DIALECTS`."""
    made = query.copy()
    if dialect == "duckdb":
        return made
    if dialect != "snowflake":
        _spell_out(made)
    if dialect != "spark":
        unpack(made)
    kinds = Kinds(made)
    if dialect in _COLLATIONS:
        _collate(made, kinds, _COLLATIONS[dialect])
    if dialect in ("spark", "tsql"):
        _dates(made, kinds, dialect)
        _arrays(made, dialect)
    if dialect in ("postgres", "tsql"):
        _moments(made, dialect)
    if dialect in ("postgres", "snowflake"):
        _sums_of_booleans(made, kinds)
    if dialect == "tsql":
        _texts(made)
        _Booleans(kinds).query(made)
    return made


def _each(query: exp.Query, *kinds: type[Expr]) -> list[Expr]:
    """Return nodes of these classes, innermost first, so that replacing one loses no other."""
    return nodes(query, *kinds)[::-1]


# ---- everything but some columns -----------------------------------------------------------------


def _spell_out(query: exp.Query) -> None:
    """Replace `* EXCEPT (...)` by the remaining columns, known from the source step."""
    known: dict[str, list[str]] = {}
    with_ = query.args.get("with_")
    for step in with_.expressions if with_ is not None else []:
        if isinstance(step.this, exp.Select):
            _spell_out_stars(step.this, known)
        known[step.alias] = _names(step.this, known)


def _spell_out_stars(query: exp.Select, known: dict[str, list[str]]) -> None:
    spelt: list[Expr] = []
    for item in query.expressions:
        left_out = {name.name for name in item.args.get("except_") or []}
        if isinstance(item, exp.Star) and left_out:
            spelt += [col(n) for n in known[_source(query)] if n not in left_out]
        else:
            spelt.append(item)
    query.set("expressions", spelt)


def _names(query: exp.Query, known: dict[str, list[str]]) -> list[str]:
    """Return the column names of a query; a star gives those of its source."""
    names: list[str] = []
    for item in query.selects:
        behind = known.get(_source(query), []) if isinstance(item, exp.Star) else None
        names += [item.alias_or_name] if behind is None else behind
    return names


def _source(query: exp.Query) -> str:
    start = query.args.get("from_")
    return start.this.name if start is not None else ""


# ---- dates ---------------------------------------------------------------------------------------


def _dates(query: exp.Query, kinds: Kinds, dialect: str) -> None:
    for node in _each(query, exp.Add, exp.Sub):
        one, other = node.this, node.expression
        if isinstance(other, exp.Interval):
            if dialect == "tsql":
                amount = int(other.this.name) * (1 if isinstance(node, exp.Add) else -1)
                node.replace(_date_add(one, lit(amount), other.text("unit")))
        elif kinds.of(one) == DATE and kinds.of(other) == DATE:
            unit = exp.var("DAY") if dialect == "tsql" else None
            node.replace(exp.DateDiff(this=one.copy(), expression=other.copy(), unit=unit))
        elif kinds.of(one) == DATE and dialect == "tsql":
            back = exp.Neg(this=other if isinstance(other, exp.Literal) else exp.paren(other))
            step = other if isinstance(node, exp.Add) else back
            node.replace(_date_add(one, step, "DAY"))
        elif kinds.of(one) == DATE:
            kind = exp.DateAdd if isinstance(node, exp.Add) else exp.DateSub
            node.replace(kind(this=one.copy(), expression=other.copy()))


def _moments(query: exp.Query, dialect: str) -> None:
    """Translate the number of microseconds between two moments."""
    for node in _each(query, exp.TimestampDiff):
        end, start = node.this.copy(), node.expression.copy()
        if dialect == "tsql":
            node.replace(exp.func("DATEDIFF_BIG", exp.var("MICROSECOND"), start, end))
        else:
            node.replace(exp.DateDiff(this=end, expression=start, unit=exp.var("MICROSECOND")))


def _date_add(day: Expr, amount: Expr, unit: str) -> Expr:
    return exp.DateAdd(this=day.copy(), expression=amount.copy(), unit=exp.var(unit))


# ---- arrays and texts ----------------------------------------------------------------------------


def _arrays(query: exp.Query, dialect: str) -> None:
    for node in _each(query, exp.ArrayOverlaps):
        if dialect == "spark":
            node.replace(exp.func("ARRAYS_OVERLAP", node.this.copy(), node.expression.copy()))
            continue
        split = exp.Table(this=exp.func("STRING_SPLIT", node.this.copy(), lit(";")))
        words = [word.copy() for word in node.expression.expressions]
        held = exp.In(this=exp.column("value"), expressions=words)
        node.replace(exp.Exists(this=select([lit(1)], split, where=[held])))


def _collate(query: exp.Query, kinds: Kinds, collation: str) -> None:
    """Compare texts by code point, whatever the database setting."""
    name = exp.to_identifier(collation, quoted=collation == "C")

    def collated(value: Expr) -> Expr:
        return exp.Collate(this=value.copy(), expression=name.copy())

    for node in _each(query, exp.Ordered, exp.GT, exp.LT):
        if kinds.of(node.this) == TEXT:
            node.set("this", collated(node.this))


def _texts(query: exp.Query) -> None:
    """Adapt texts: T-SQL cuts a VARCHAR without length, and plain literals use one code page."""
    longest = exp.DataType.build("NVARCHAR(MAX)", dialect="tsql")
    for node in _each(query, exp.Cast, exp.Literal, exp.IntDiv):
        if isinstance(node, exp.Cast) and node.to.this in exp.DataType.TEXT_TYPES:
            node.set("to", longest.copy())
        elif isinstance(node, exp.Literal) and node.is_string and not node.name.isascii():
            node.replace(exp.National(this=node.name))
        elif isinstance(node, exp.IntDiv):  # integer division stays integer; a FLOAT would round
            node.replace(
                exp.Div(
                    this=node.this.copy(), expression=node.expression.copy(), typed=True, safe=False
                )
            )


# ---- booleans ------------------------------------------------------------------------------------


def _sums_of_booleans(query: exp.Query, kinds: Kinds) -> None:
    """Replace the maximum of booleans; PostgreSQL before 16 has no ANY_VALUE either."""
    for node in _each(query, exp.Max, exp.AnyValue):
        if kinds.of(node.this) == BOOLEAN:
            node.replace(exp.LogicalOr(this=node.this.copy()))
        elif isinstance(node, exp.AnyValue):
            node.replace(exp.Max(this=node.this.copy()))


class _Booleans:
    """Replaces booleans by 1 and 0: T-SQL has conditions, but no values that are conditions."""

    def __init__(self, kinds: Kinds) -> None:
        self._kinds = kinds

    def query(self, node: Expr) -> None:
        """Convert everything inside a query, in place."""
        for child in list(node.iter_expressions()):
            joins_on = isinstance(node, exp.Join) and child is node.args.get("on")
            if joins_on or isinstance(node, exp.Where | exp.Having):
                child.replace(self._condition(child))
            else:
                child.replace(self._value(child))

    def _condition(self, node: Expr) -> Expr:
        """Convert a condition after WHERE, ON or WHEN."""
        if isinstance(node, exp.Connector | exp.Not | exp.Paren):
            for child in list(node.iter_expressions()):
                child.replace(self._condition(child))
            return node
        if isinstance(node, exp.Boolean):
            return node
        if isinstance(node, exp.Predicate):
            self.query(node)
            return node
        return exp.EQ(this=self._value(node.copy()), expression=lit(1))

    def _value(self, node: Expr) -> Expr:
        """Convert a value in a column or on one side of a comparison."""
        if isinstance(node, exp.Boolean):
            return lit(int(node.this))
        if self._is_condition(node):
            holds = self._condition(node.copy())
            return case((holds, lit(1)), (not_(exp.paren(holds.copy())), lit(0)))
        if isinstance(node, exp.If):
            node.set("this", self._condition(node.this))
            node.set("true", self._value(node.args["true"]))
            return node
        if isinstance(node, exp.CountIf):
            node.set("this", self._condition(node.this))
            return node
        if isinstance(node, exp.Max | exp.AnyValue) and self._kinds.of(node.this) == BOOLEAN:
            node.set("this", exp.cast(self._value(node.this), "INT"))
            return node
        self.query(node)
        return node

    @staticmethod
    def _is_condition(node: Expr) -> bool:
        if isinstance(node, exp.Paren):
            return _Booleans._is_condition(node.this)
        return isinstance(node, exp.Connector | exp.Not | exp.Predicate) and not isinstance(
            node, exp.Query | exp.Subquery
        )
