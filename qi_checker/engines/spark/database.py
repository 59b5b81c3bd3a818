"""Spark's dialect, and its tables: views of data frames that were computed once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa
from sqlglot import exp

from qi_checker.engines.inputs.database import Database, Kind
from qi_checker.engines.spark.session import spark_errors
from qi_checker.query.dialects import portable

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from qi_checker.query.plan import Query

_TYPES = {"TEXT": pa.string(), "INTEGER": pa.int32(), "DATE": pa.date32()}
_CALLED = {
    "string": "VARCHAR",
    "date": "DATE",
    "timestamp_ntz": "TIMESTAMP",
    "timestamp": "TIMESTAMP WITH TIME ZONE",
    "int": "INTEGER",
}
_PREFIX = "step_"  # of views for steps, which must not hide a table of the engine


class Spark(Database):
    """A session with the views `raw_<name>` and `torn_<name>`."""

    TEXT = "STRING"
    FINDS_PADDED = False  # every id is trimmed: another pass over the rows costs more

    def __init__(self, session: SparkSession, keep_all: bool = False) -> None:
        """keep_all: compute every step of a query separately; faster for few rows."""
        self.session = session
        self.keep_all = keep_all
        self.ERRORS = spark_errors()

    # ---- tables ----------------------------------------------------------------------------------

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.session.sql(query).collect()]

    def columns(self, table: str) -> dict[str, str]:
        return {name: _CALLED.get(kind, kind) for name, kind in self.session.table(table).dtypes}

    def table(self, name: str, query: str) -> None:
        self.keep(name, self.session.sql(query))

    def keep(self, name: str, frame: DataFrame, at_once: bool = False) -> None:
        """Compute the rows of a frame once, in place, and discard its plan.

        Otherwise every reader would compute it again, and the size of a plan grows exponentially
        with its steps.
        """
        frame.localCheckpoint(eager=at_once).createOrReplaceTempView(name)

    def add(self, name: str, query: str) -> None:
        """Add rows; columns are matched by order."""
        self.keep(name, self.session.table(name).union(self.session.sql(query)))

    def drop(self, name: str) -> None:
        self.session.catalog.dropTempView(name)

    def leave_out(self, raw: str, rows: str) -> None:
        remaining = self.session.table(raw).join(self.session.table(rows), "_row", "left_anti")
        remaining.createOrReplaceTempView(raw)

    def fill(self, name: str, columns: Mapping[str, Kind], rows: Iterable[Sequence[Any]]) -> None:
        lists = list(zip(*rows, strict=True)) or [()] * len(columns)
        arrays = [
            pa.array(values, _TYPES[kind])
            for values, kind in zip(lists, columns.values(), strict=True)
        ]
        made = pa.Table.from_arrays(arrays, names=list(columns))
        self.session.createDataFrame(made).createOrReplaceTempView(name)

    # ---- compiled queries ------------------------------------------------------------------------

    def store(self, name: str, query: Query, number: int) -> None:
        """Compute each part at once, so that its failure can be reported; a view combines them."""
        self.keep(f"{name}_{number}", self.frame(query()), at_once=True)
        parts = [self.session.table(f"{name}_{n}") for n in range(number + 1)]
        _together(parts).createOrReplaceTempView(name)

    def show(self, name: str, queries: Sequence[Query], read_often: bool = False) -> None:
        rows = _together([self.frame(query()) for query in queries])
        if read_often:
            self.keep(name, rows)
        else:
            rows.createOrReplaceTempView(name)

    def frame(self, query: exp.Query) -> DataFrame:
        """Return the rows of a query in a form that Spark can plan: steps read often are separate.

        Spark inlines a step wherever it is read, before planning; a protocol of a dozen clauses
        then becomes too large for a driver. Here a step that is read more than once is computed
        once. With `keep_all` every step is, which is faster for few rows: there is less to plan.
        """
        made = portable(query, "spark")
        with_ = made.args.get("with_")
        steps = list(with_.expressions) if with_ is not None else []
        made.set("with_", None)
        names = {step.alias for step in steps}
        for table in [t for part in (*steps, made) for t in part.find_all(exp.Table)]:
            if table.name in names:
                own = table.args.get("alias") or exp.TableAlias(this=table.this.copy())
                table.set("alias", own)
                table.set("this", exp.to_identifier(_PREFIX + table.name))
        read = Counter(t.name for part in (*steps, made) for t in part.find_all(exp.Table))
        for step in steps:
            name = _PREFIX + step.alias
            rows = self.session.sql(_sql(step.this))
            if self.keep_all or read[name] > 1:
                self.keep(name, rows)
            else:
                rows.createOrReplaceTempView(name)
        return self.session.sql(_sql(made))

    # ---- names and texts -------------------------------------------------------------------------

    def quote(self, name: str) -> str:
        return "`" + name.replace("`", "``") + "`"

    def text(self, value: str) -> str:
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"

    def padded(self, column: str) -> str:
        return "false"  # already trimmed

    def matches(self, value: str, pattern: str) -> str:
        whole = self.text(rf"\A({pattern})\z")
        return f"({value} RLIKE {whole})"

    def part(self, value: str, pattern: str) -> str:
        return f"regexp_extract({value}, {self.text(_java(pattern))}, 1)"

    def replace(self, value: str, pattern: str, by: str) -> str:
        java = self.text(by.replace("\\", "$"))
        return f"regexp_replace({value}, {self.text(_java(pattern))}, {java})"

    def without(self, value: str, pattern: str) -> str:
        return f"regexp_replace({value}, {self.text(pattern)}, '')"

    def starts(self, value: str, prefix: str) -> str:
        return f"startswith({value}, {prefix})"

    # ---- dates -----------------------------------------------------------------------------------

    def cast(self, value: str, kind: str) -> str:
        if kind != "TIMESTAMPTZ":
            return f"try_cast({value} AS {kind})"
        # Spark does not accept an offset directly after the minutes.
        seconds = self.replace(value, r"\A(.{16})(?!:)", r"\1:00")
        return f"try_cast({seconds} AS TIMESTAMP_LTZ)"

    def local(self, zone: str, instant: str) -> str:
        """Return the clock time; the session is in UTC, so a cast gives UTC."""
        stamp = f"CAST({instant} AS TIMESTAMP_NTZ)"
        return stamp if zone == "UTC" else f"convert_timezone('UTC', {self.text(zone)}, {stamp})"

    def days(self, later: str, earlier: str) -> str:
        return f"datediff({later}, {earlier})"

    # ---- arrays of words -------------------------------------------------------------------------

    def words(self, column: str, change: Literal["upper", "lower"]) -> str:
        split = f"split(coalesce({column}, ''), ';')"
        return f"filter(transform({split}, w -> {change}({self.trim('w')})), w -> w <> '')"

    def each_item(self, value: str, change: Callable[[str], str]) -> str:
        """Return a `;`-list with each item changed; NULL stays NULL."""
        return f"array_join(transform(split({value}, ';'), item -> {change('item')}), ';')"

    def set_of(self, value: str, where: str) -> str:
        return f"sort_array(collect_set({value}) FILTER (WHERE {where}))"

    def array(self, values: Sequence[str]) -> str:
        return f"CAST(array({', '.join(self.text(v) for v in values)}) AS ARRAY<STRING>)"

    def pieces(self, value: str) -> str:
        return f"explode(split({value}, ';'))"

    def size(self, array: str) -> str:
        return f"size({array})"

    def has(self, array: str, word: str) -> str:
        return f"array_contains({array}, {word})"

    def within(self, array: str, known: str) -> str:
        return f"(size(array_except({array}, {known})) = 0)"

    # ---- rows ------------------------------------------------------------------------------------

    def number(self, order: str) -> str:
        """Number rows with gaps and in no order: otherwise all rows would move to one place."""
        return "monotonically_increasing_id()"

    def hashed(self, value: str) -> str:
        return f"xxhash64({value})"

    def record(self, columns: Sequence[str]) -> str:
        return f"struct({', '.join(columns)})"


def _sql(query: exp.Expr) -> str:
    return query.sql(dialect="spark", identify=True, copy=False)


def _together(frames: Sequence[DataFrame]) -> DataFrame:
    return reduce(lambda one, other: one.unionByName(other), frames)


def _java(pattern: str) -> str:
    """Adapt a pattern: Java's `$` matches before a last line end, its `.` stops at more ends."""
    ended = pattern.removesuffix("$") + r"\z" if pattern.endswith("$") else pattern
    return f"(?d){ended}"
