"""Evaluate on Spark: rows stay with the executors, and numbers come to this process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from qi_checker.engines.inputs.database import Kind
from qi_checker.engines.inputs.needs import Needs
from qi_checker.engines.inputs.prepare import Prepared, Task, prepare
from qi_checker.engines.inputs.results import NO_CHECKS, Checks, summary
from qi_checker.engines.observers import JudgedTwice
from qi_checker.engines.spark.database import Spark
from qi_checker.engines.spark.session import failed
from qi_checker.engines.spark.source import SourceTable, raw_tables
from qi_checker.engines.steps import Progress, run, silent
from qi_checker.errors import EvaluationError, Problem, UserError
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.plausible_findings import UNCHECKED, CheckResult
from qi_checker.protocol.records import CASE_COLUMNS, FINDING_COLUMNS, REJECT_COLUMNS, RawTable
from qi_checker.protocol.site import Site
from qi_checker.query import Compiled, compile_protocol
from qi_checker.query.plan import plan, showing
from qi_checker.query.tables import CASES, EXCEPTIONS, FINDINGS, POPULATION, ROWS, VERDICTS

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

Row = dict[str, Any]

_CALLED = {"requirement": "id", "surgery_date": "anchor"}  # names in the tables of the engine
_NEXT: dict[str, Kind] = {  # columns of a case about its first action
    "next_action": "TEXT",
    "act_by": "DATE",
    "owner": "TEXT",
    "next_requirement": "TEXT",
}


@dataclass(frozen=True)
class Delivery:
    """The delivery: the tables that were read, and notes for the user."""

    tables: dict[str, RawTable]
    notes: list[str]


@dataclass
class SparkEvaluation:
    """Results of an evaluation, as views of the session: see `tables.py` of the compiler."""

    db: Spark
    compiled: Compiled
    records: Delivery
    prepared: Prepared
    failures: list[str] = field(default_factory=list)
    twice: JudgedTwice | None = None  # the result of judging cases twice, if done
    actions: Any = None  # of every open case, if made
    checked: CheckResult = UNCHECKED

    # ---- rows, which stay where they are ---------------------------------------------------------

    def findings_frame(self) -> DataFrame:
        """Return every finding with the columns of the contract."""
        return self._columns(FINDINGS, FINDING_COLUMNS)

    def cases_frame(self) -> DataFrame:
        """Return every case with the columns of the contract."""
        return self._columns(CASES, CASE_COLUMNS)

    def rejects_frame(self) -> DataFrame:
        """Return all rejected rows with the columns of rejects.csv."""
        parts = []
        for name, table in self.records.tables.items():
            where = f"{self.db.text(name)} AS `table`, {self.db.text(table.file)} AS file"
            parts.append(
                f"SELECT {where}, _row AS row, col AS `column`, id, reason FROM rejected_{name}"
            )
            parts.append(
                f"SELECT {where}, _row AS row, '' AS `column`, id, why AS reason FROM torn_{name}"
            )
        return self.db.session.sql(" UNION ALL ".join(parts)).select(*REJECT_COLUMNS)

    def _columns(self, table: str, names: Sequence[str]) -> DataFrame:
        return self.db.session.sql(
            "SELECT "
            + ", ".join(f"`{_CALLED.get(n, n)}` AS `{n}`" for n in names)
            + f" FROM {table}"
        )

    # ---- changes from judging cases singly ---------------------------------------------------

    def make_errors(self, case_ids: Sequence[str]) -> None:
        """Mark every finding of these cases as not evaluated."""
        db, compiled = self.db, self.compiled
        db.fill("differing", {"case_id": "TEXT"}, [(i,) for i in case_ids])
        cleared = {
            c: f"CASE WHEN d.case_id IS NULL THEN p.{c} END AS {c}"
            for c in ("not_applicable", "excluded_by")
        }
        columns = ", ".join(cleared.get(c, f"p.{db.quote(c)}") for c in db.columns(POPULATION))
        db.table(
            POPULATION,
            f"SELECT {columns} FROM {POPULATION} p LEFT JOIN differing d ON d.case_id = p.case_id",
        )
        keys = db.session.sql(f"SELECT case_key FROM {POPULATION} JOIN differing USING (case_id)")
        views = showing(plan(compiled, self.prepared.feeds))
        for table, query in ((ROWS, compiled.failed), (VERDICTS, compiled.cases)):
            rows = db.session.table(table).join(keys, "case_key", "left_anti")
            for scope in compiled.scopes:
                rows = rows.unionByName(db.frame(query(scope)).join(keys, "case_key", "left_semi"))
            db.keep(table, rows, at_once=True)
            run(db, views)  # a Spark view keeps reading the table from which it was made

    def show_next(self, actions: Sequence[Row]) -> None:
        """Replace the query's next actions of cases by these: one for each case that has any."""
        db = self.db
        columns: dict[str, Kind] = {"case_id": "TEXT", **_NEXT}
        db.fill("next_actions", columns, [[row[c] for c in columns] for row in actions])
        listed = ", ".join(
            f"a.{c}" if c in _NEXT else f"k.{db.quote(c)}" for c in db.columns(CASES)
        )
        joined = f"{CASES} k LEFT JOIN next_actions a ON a.case_id = k.case_id"
        db.session.sql(f"SELECT {listed} FROM {joined}").createOrReplaceTempView(CASES)

    # ---- numbers, which come here ----------------------------------------------------------------

    def rows(self, query: str) -> list[Row]:
        """Return the rows of a query that aggregates, or returns a few ids."""
        return [row.asDict() for row in self.db.session.sql(query).collect()]

    def each(self, words: str) -> str:
        """Return the SQL of a row for each word of an array."""
        return f"explode({words})"

    def apart(self, one: str, other: str) -> str:
        """Return the SQL of whether two arrays have words, but none in common."""
        return f"(size({one}) > 0 AND size({other}) > 0 AND NOT arrays_overlap({one}, {other}))"

    def ignored_exceptions(self) -> Iterator[tuple[str, str]]:
        """Yield ignored exceptions with the reason, by id."""
        query = f"SELECT exception_id, ignored FROM {EXCEPTIONS} WHERE ignored IS NOT NULL"
        yield from sorted((str(i), str(why)) for i, why in self.db.rows(query))

    def joined_exceptions(self) -> frozenset[str]:
        """Return none: only the nightly job joins further exceptions, and it runs in DuckDB."""
        return frozenset()

    def summary(self) -> Row:
        """Return the numbers of the rate, per requirement, and per sensitivity window."""
        return summary(
            self.compiled, lambda q: [row.asDict() for row in self.db.frame(q).collect()]
        )


def evaluate(
    bundle: Bundle,
    session: SparkSession,
    found: Sequence[SourceTable],
    as_of: AsOf,
    site: Site,
    progress: Progress = silent,
    keep_all: bool = False,
    checks: Checks = NO_CHECKS,
) -> SparkEvaluation:
    """Evaluate a protocol on tables that `source.find` found.

    keep_all: compute every step of a query separately; faster for few rows. A failure of the
    queries themselves gives findings with status `error`.
    """
    compiled = compile_protocol(bundle, as_of, site)
    db = Spark(session, keep_all)
    progress("reading records")
    needs = Needs([compiled])
    with failed(_unreadable(found)):
        tables = raw_tables(db, found, site)
        prepared = prepare(Task(needs, db, tables)).of(compiled)
        checks.records(db, needs, prepared, tables)
    records = Delivery(tables, [note for one in found for note in one.notes])
    with failed(_lost()):
        failures = run(db, plan(compiled, prepared.feeds), prepared.calendar, progress)
        done = SparkEvaluation(db, compiled, records, prepared, failures)
        done.checked = checks.result(done)
    return done


def _unreadable(found: Sequence[SourceTable]) -> UserError:
    """Report damaged files: damage in the middle shows only during reading."""
    why = "It is damaged, or workers cannot read it under the same path"
    return UserError(
        [
            Problem(
                str(one.path),
                "could not be read to its end",
                why,
                "Export it again, or copy it to a path that every worker can read",
            )
            for one in found
            if one.path is not None
        ]
    )


def _lost() -> UserError:
    what = "Spark could not finish the evaluation"
    why = "A worker was lost, its disk or memory is full, or it cannot plan the protocol"
    advice = "Nothing was written. See the log of the cluster, and run it again"
    return EvaluationError(Problem("--engine", what, why, advice))
