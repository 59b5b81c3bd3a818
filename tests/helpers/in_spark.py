"""The same rows as Parquet files, with the compiled query run by Spark in this process."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from qi_checker.engines.spark import SparkEvaluation, evaluate, find, open_session
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.records import TABLES
from qi_checker.protocol.site import Site
from tests.helpers.engines import CASE_KEYS, NUMBERS, Seen

Row = dict[str, Any]

# For a handful of rows planning costs more than computing: nothing is compiled or split.
FEW_ROWS = {
    "spark.master": "local[1]",
    "spark.sql.shuffle.partitions": "1",
    "spark.default.parallelism": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.driver.memory": "1g",
    # Java does not optimise code further in the few seconds of a test, and trusts Spark's classes.
    "spark.driver.defaultJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmn400m "
    "-XX:+UnlockDiagnosticVMOptions -XX:-BytecodeVerificationRemote",
    "spark.rdd.compress": "false",
    "spark.shuffle.compress": "false",
}


@cache
def session() -> Any:
    """Return one session for all tests of a process."""
    return open_session("spark", FEW_ROWS)


def write_parquet(folder: Path, tables: dict[str, Sequence[Row]]) -> None:
    """Write a data folder: every value is text, and rows keep their order."""
    for table in TABLES.values():
        rows = tables.get(table.name, ())
        given = dict.fromkeys(name for row in rows for name in row if name != "_row")
        columns = [*table.names, *(name for name in given if name not in table.names)]
        made = {c: pa.array([row.get(c) for row in rows], pa.string()) for c in columns}
        pq.write_table(pa.table(made), folder / f"{table.name}.parquet")


def on_spark(
    bundle: Bundle, tables: dict[str, Any], as_of: AsOf, site: Site, torn: dict[str, Any]
) -> Seen:
    """Run the compiled query on Spark."""
    assert not torn, "Parquet has no row with too many cells"
    with tempfile.TemporaryDirectory() as name:
        write_parquet(Path(name), tables)
        files = find(Path(name), Site(timezone=site.timezone))
        done = evaluate(bundle, session(), files, as_of, site, keep_all=True)
        return seen(done)


def seen(done: SparkEvaluation) -> Seen:
    """Return the results of an evaluation, with rows in the order of the contract."""
    summary = done.summary()
    findings = _rows(done.findings_frame(), "case_id", "requirement")
    lines = done.db.session.sql("SELECT *, anchor AS surgery_date FROM cases_full")
    return Seen.of(
        findings,
        _rows(lines.select(*CASE_KEYS), "case_id"),
        [
            {n: v or None for n, v in row.items() if n != "file"}
            for row in _rows(done.rejects_frame(), "table", "row")
        ],
        list(done.ignored_exceptions()),
        {name: summary[name] for name in NUMBERS},
    )


def _rows(frame: Any, *by: str) -> list[Row]:
    rows = [row.asDict() for row in frame.collect()]
    return sorted(rows, key=lambda row: [row[name] for name in by])
