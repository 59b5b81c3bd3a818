"""A compiled query as Spark can plan it: step by step, each of those that are read often by itself.

Spark writes a step into every place that reads it, before it plans; a protocol of a dozen clauses so
becomes more than a driver can hold. Here a step that is read more than once is computed once.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from sqlglot import exp

from qi_checker.engines.spark.database import Spark
from qi_checker.query.dialects import portable

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_PREFIX = "step_"  # of the views, which must not hide a table of the engine


def frame(db: Spark, query: exp.Query, keep_all: bool = False) -> DataFrame:
    """The rows of a query. With `keep_all` every step is computed by itself, which is quicker for
    few rows: there is less to plan."""
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
        rows = db.session.sql(_sql(step.this))
        if keep_all or read[name] > 1:
            db.keep(name, rows)
        else:
            rows.createOrReplaceTempView(name)
    return db.session.sql(_sql(made))


def _sql(query: exp.Expr) -> str:
    return query.sql(dialect="spark", identify=True)
