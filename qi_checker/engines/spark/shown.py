"""Copy the rows of single cases from Spark to a DuckDB connection, to judge them singly.

These are the cases with actions, the upcoming ones, and a sample of past ones. All other rows stay
with the executors, which write the required rows as Parquet into a private folder, from which
DuckDB reads them: no row goes through the memory of the driver, however many operations are
planned.
"""

from __future__ import annotations

import glob
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from qi_checker.engines.duckdb.evaluation import Evaluation
from qi_checker.engines.duckdb.values import quote, text
from qi_checker.engines.inputs.reading import DUPLICATE
from qi_checker.engines.shown import chosen_sql, delivered_sql
from qi_checker.engines.spark.database import Spark
from qi_checker.engines.spark.evaluation import SparkEvaluation
from qi_checker.protocol.records import EVENTS, EXCEPTIONS, Records, Table
from qi_checker.query.tables import FACTS, READY_CASES, SHOWN, VERDICTS


def shown_cases(done: SparkEvaluation, con: duckdb.DuckDBPyConnection, folder: Path) -> Evaluation:
    """Fetch the rows of these cases, and the query's results for them, through an empty folder.

    Workers must see the folder under the same path; it is removed afterwards. Of the result tables
    the evaluation has only FACTS and VERDICTS. Keys of cases are renumbered: those of Spark are too
    large for DuckDB's queries.
    """
    compiled = done.compiled
    fetch = _Fetch(done.db, con, folder)
    try:
        fetch.cases(chosen_sql(compiled.as_of.date))
        fetch.rows(EVENTS, "patient_id")
        fetch.rows(EXCEPTIONS, "case_id")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    delivered = [(str(kind), day) for kind, day in done.db.rows(delivered_sql(compiled.as_of))]
    records = Records(con, done.records.tables)
    return Evaluation(
        con, compiled, records, done.prepared, done.failures, raw=False, delivered=delivered
    )


@dataclass(frozen=True)
class _Fetch:
    db: Spark
    con: duckdb.DuckDBPyConnection
    folder: Path

    def cases(self, chosen: str) -> None:
        """Fetch the list of cases, their rows, and their facts and verdicts."""
        db = self.db
        open_ = f"SELECT case_key FROM {VERDICTS} WHERE next_number IS NOT NULL"
        db.table(
            SHOWN,
            f"""SELECT CAST(row_number() OVER (ORDER BY _row) AS INT) AS number, case_key, case_id,
                       patient_id, _row
                FROM {READY_CASES} WHERE case_key IN ({open_} UNION {chosen})""",
        )
        listed = f"SELECT number AS case_key, case_id, patient_id, _row FROM {SHOWN}"
        self._take(SHOWN, listed)
        self._take(READY_CASES, listed)
        self._take("raw_cases", f"SELECT * FROM raw_cases WHERE _row IN (SELECT _row FROM {SHOWN})")
        for name in (FACTS, VERDICTS):
            others = [f"t.{db.quote(c)}" for c in db.columns(name) if c != "case_key"]
            columns = ", ".join(["s.number AS case_key", *others])
            self._take(name, f"SELECT {columns} FROM {name} t JOIN {SHOWN} s USING (case_key)")

    def rows(self, table: Table, owner: str) -> None:
        """Fetch a table's rows of these cases, and all rows that share an id with one of them.

        Which of these counts depends on the first. Duplicate ids are searched only if there are
        any.
        """
        db, name, key = self.db, table.name, self.db.clean(table.key)
        raw = f"raw_{name}"
        own = f"{db.clean(owner)} IN (SELECT {owner} FROM {SHOWN})"
        again = f"SELECT id, reason FROM rejected_{name} WHERE reason = '{DUPLICATE}'"
        wanted, shared = own, f"{again} AND false"
        if db.rows(f"{again} LIMIT 1"):
            ids = f"shared_ids_{name}"
            db.table(ids, f"SELECT DISTINCT {key} AS id FROM {raw} WHERE {own}")
            shared = f"{again} AND id IN (SELECT id FROM {ids})"
            wanted += f" OR {key} IN (SELECT id FROM ({shared}))"
        self._take(raw, f"SELECT * FROM {raw} WHERE {wanted}")
        self._take(f"rejected_{name}", shared)
        torn = f"SELECT _row, id, patient_id, why FROM torn_{name}"
        whose = f"{db.clean('patient_id')} IN (SELECT patient_id FROM {SHOWN})"
        self._take(f"torn_{name}", f"{torn} WHERE {whose}")

    def _take(self, name: str, query: str) -> None:
        """Copy the rows of a query to a DuckDB table. Columns of a hospital may have any name."""
        frame = self.db.session.sql(query)
        plain = [f"c{n}" for n in range(len(frame.columns))]
        part = self.folder / name
        frame.toDF(*plain).write.parquet(f"file://{part.resolve()}")
        columns = ", ".join(_named(plain, frame.columns))
        files = text(f"{glob.escape(str(part))}/*.parquet")
        self.con.execute(
            f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT {columns} "
            f"FROM read_parquet({files}, hive_partitioning = false)"
        )


def _named(plain: Sequence[str], names: Sequence[str]) -> list[str]:
    return [f"{one} AS {quote(name)}" for one, name in zip(plain, names, strict=True)]
