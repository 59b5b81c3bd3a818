"""Run the compiled queries and keep their results as tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import duckdb

from qi_checker.engines.duckdb.database import DuckDB, sql
from qi_checker.engines.duckdb.values import quote, text
from qi_checker.engines.inputs.needs import Needs, check_together
from qi_checker.engines.inputs.prepare import Prepared, Task, prepare
from qi_checker.engines.inputs.results import NO_CHECKS, Checks, summary
from qi_checker.engines.observers import OPEN, PLAUSIBILITY, UNWATCHED, WRITE, JudgedTwice, Watch
from qi_checker.engines.steps import Progress, run, silent
from qi_checker.errors import Problem, UserError
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.plausible_findings import UNCHECKED, CheckResult
from qi_checker.protocol.records import (
    CASE_COLUMNS,
    FINDING_COLUMNS,
    REJECT_COLUMNS,
    ROWS_OF_A_PLACE,
    RawTable,
    Records,
)
from qi_checker.protocol.site import Site
from qi_checker.query import Compiled, compile_rulebook
from qi_checker.query.plan import plan
from qi_checker.query.tables import CASES, EXCEPTIONS, FINDINGS
from qi_checker.query.wording import PIECES

Row = dict[str, Any]
_WORDED = "findings_worded"  # the view of findings, if a table took its name

# Names of the contract's columns in the tables of the engine.
FINDINGS_SQL = ", ".join(
    {"requirement": "id AS requirement"}.get(name, name) for name in FINDING_COLUMNS
)
CASES_SQL = ", ".join({"surgery_date": "anchor AS surgery_date"}.get(n, n) for n in CASE_COLUMNS)


@dataclass
class Evaluation:
    """Results of an evaluation, as tables of the connection: see `tables.py` of the compiler."""

    con: duckdb.DuckDBPyConnection
    compiled: Compiled
    records: Records
    prepared: Prepared
    failures: list[str] = field(default_factory=list)
    worded: str = FINDINGS  # the view with the sentences of findings, kept as a table or not
    checked: CheckResult = UNCHECKED
    # Earlier planned dates of surgery by case, from the store of past nights.
    earlier: dict[str, list[date]] = field(default_factory=dict)
    watch: Watch = UNWATCHED
    raw: bool = (
        True  # True if all rows of the records are in this connection, False if only those of SHOWN
    )
    # The result of `delivered_sql`, if it was run in another database.
    delivered: list[tuple[str, date | None]] | None = None
    twice: JudgedTwice | None = None  # the result of judging cases twice, if done
    actions: Any = None  # of every open case, if made (cases/evaluated.py)
    judged_actions: dict[int, Any] = field(
        default_factory=dict
    )  # of open cases judged twice, by key
    _summary: dict[str, Any] = field(default_factory=dict, repr=False)

    def rows(self, query: str, parameters: list[Any] | dict[str, Any] | None = None) -> list[Row]:
        """Return the rows of a query as dictionaries."""
        result = self.con.execute(query, parameters or [])
        names = [d[0] for d in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def each(self, words: str) -> str:
        """Return the SQL of a row for each word of an array."""
        return f"unnest({words})"

    def apart(self, one: str, other: str) -> str:
        """Return the SQL of whether two arrays have words, but none in common."""
        return f"(len({one}) > 0 AND len({other}) > 0 AND NOT list_has_any({one}, {other}))"

    def findings(self) -> list[Row]:
        """Return every finding with the columns of the contract, by case and requirement."""
        return self.rows(f"SELECT {FINDINGS_SQL} FROM {FINDINGS} ORDER BY case_id, requirement")

    def cases(self) -> list[Row]:
        """Return every case with the columns of the contract, and the next requirement."""
        return self.rows(f"SELECT {CASES_SQL}, next_requirement FROM {CASES} ORDER BY case_id")

    def hold(self) -> None:
        """Store findings and cases with their sentences, for a reader that queries them often."""
        if self.worded == _WORDED:
            return
        self.con.execute(f"DROP VIEW IF EXISTS {_WORDED}")
        self.con.execute(f"ALTER VIEW {FINDINGS} RENAME TO {_WORDED}")
        self.worded = _WORDED
        # Unordered: sorting that many columns costs a fifth of the time, and readers sort anyway.
        findings = f"SELECT * EXCLUDE ({', '.join(map(quote, PIECES))}) FROM {_WORDED}"
        for view, query in ((FINDINGS, findings), (CASES, f"FROM {CASES}")):
            held = f"{view}_held"
            self.con.execute(f"CREATE OR REPLACE TEMP TABLE {held} AS {query}")
            self.con.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS FROM {held}")

    def rejects_sql(self) -> str:
        """Return the SQL of all rejected rows with exactly the columns of rejects.csv."""
        parts = []
        for name, table in self.records.tables.items():
            where = f'{text(name)} AS "table", {_file(table)} AS file, {_row(table)} AS row'
            column = _column(table)
            parts.append(f'SELECT {where}, {column} AS "column", id, reason FROM rejected_{name}')
            parts.append(f"SELECT {where}, '' AS \"column\", id, why AS reason FROM torn_{name}")
        names = ", ".join(f'"{c}"' for c in REJECT_COLUMNS)
        return f'SELECT {names} FROM ({" UNION ALL ".join(parts)}) ORDER BY "table", file, row'

    def rejects(self) -> list[Row]:
        return self.rows(self.rejects_sql())

    def ignored_exceptions(self) -> list[tuple[str, str]]:
        """Return ignored exceptions with the reason, by id."""
        query = (
            f"SELECT exception_id, ignored FROM {EXCEPTIONS} WHERE ignored IS NOT NULL ORDER BY 1"
        )
        return [(r[0], r[1]) for r in self.con.execute(query).fetchall()]

    def joined_exceptions(self) -> frozenset[str]:
        """Return the ids of exceptions that are not from the delivered file."""
        rows = self.con.execute("SELECT exception_id FROM ready_exceptions WHERE _row < 0")
        return frozenset(str(row[0]) for row in rows.fetchall())

    def summary(self) -> dict[str, Any]:
        """Return the numbers of the rate, per requirement, and per sensitivity window; counted once."""
        if not self._summary:
            self._summary = summary(self.compiled, lambda query: self.rows(sql(query)))
        return self._summary


def _file(table: RawTable) -> str:
    """Return the SQL of the file that a row came from."""
    delivered = text(table.joined.file if table.joined is not None else table.file)
    if table.places:
        whens = " ".join(
            f"WHEN {number} THEN {text(place.name)}" for number, place in enumerate(table.places)
        )
        delivered = f"CASE _row // {ROWS_OF_A_PLACE} {whens} END"
    if table.joined is None:
        return delivered
    return f"if(_row < 0, {text(table.joined.place)}, {delivered})"


def _row(table: RawTable) -> str:
    """Return the SQL of the number of a row in its file."""
    return f"abs(_row) % {ROWS_OF_A_PLACE}" if table.places else "abs(_row)"


def _column(table: RawTable) -> str:
    """Return the SQL of a rejected row's column, with its name in the export: at (EXAM_DATE)."""
    whens = [
        f"WHEN _row // {ROWS_OF_A_PLACE} = {number} AND col = {text(column)} "
        f"THEN {text(f'{column} ({called})')}"
        for number, place in enumerate(table.places)
        for column, called in place.columns
        if called and called != column
    ]
    return f"CASE {' '.join(whens)} ELSE col END" if whens else "col"


def evaluate(
    bundle: Bundle,
    records: Records,
    as_of: AsOf,
    site: Site,
    progress: Progress = silent,
    watch: Watch = UNWATCHED,
    checks: Checks = NO_CHECKS,
) -> Evaluation:
    """Evaluate a protocol for every case.

    A failure of the queries themselves gives findings with status `error`; `failures` says what
    happened.
    """
    task = _task([bundle], records, as_of, site, watch)
    prepared = _prepared(task, records, progress, checks)
    return _evaluated(task, records, prepared, task.needs.protocols[0], progress, checks)


def prepared(bundle: Bundle, records: Records, as_of: AsOf, site: Site) -> Prepared:
    """Make the ready tables without evaluating; return facts about the whole data set."""
    return _prepared(_task([bundle], records, as_of, site), records, silent, NO_CHECKS)


def evaluate_rulebook(
    bundles: Sequence[Bundle],
    records: Records,
    as_of: AsOf,
    site: Site,
    progress: Progress = silent,
    watch: Watch = UNWATCHED,
    checks: Checks = NO_CHECKS,
) -> Iterator[Evaluation]:
    """Evaluate several protocols; the records are read once for all of them.

    An `Evaluation` must be used before the next one is requested, which replaces its tables. Its
    results equal those of `evaluate`. Raises UserError if two protocols have the same id, or
    different code lists under the same name.
    """
    check_together(bundles)
    return _each(_task(bundles, records, as_of, site, watch), records, progress, checks)


def _each(task: Task, records: Records, progress: Progress, checks: Checks) -> Iterator[Evaluation]:
    prepared = _prepared(task, records, progress, checks)
    protocols = task.needs.protocols
    for number, compiled in enumerate(protocols, start=1):
        name = f"protocol {number} of {len(protocols)}, {compiled.bundle.protocol.id}"

        def phase(words: str, name: str = name) -> None:
            progress(f"{name}: {words}")

        yield _evaluated(task, records, prepared, compiled, phase, checks)
        task.watch.ended(WRITE)


def _task(
    bundles: Sequence[Bundle],
    records: Records,
    as_of: AsOf,
    site: Site,
    watch: Watch = UNWATCHED,
) -> Task:
    watch.ended(OPEN)
    needs = Needs(compile_rulebook(bundles, as_of, site))
    return Task(needs, DuckDB(records.con), records.tables, watch)


def _prepared(task: Task, records: Records, progress: Progress, checks: Checks) -> Prepared:
    progress("reading records")
    try:
        prepared = prepare(task)
        checks.records(task.db, task.needs, prepared, records.tables)
        task.watch.ended(PLAUSIBILITY)
        return prepared
    except (duckdb.IOException, duckdb.InvalidInputException, duckdb.SerializationException):
        raise UserError(_damaged(records)) from None


def _evaluated(
    task: Task,
    records: Records,
    prepared: Prepared,
    compiled: Compiled,
    progress: Progress,
    checks: Checks,
) -> Evaluation:
    """Run the steps of one protocol over the ready tables."""
    task.watch.begin(compiled.bundle.protocol.id)
    own = prepared.of(compiled)
    failures = run(task.db, plan(compiled, own.feeds), own.calendar, progress, task.watch)
    done = Evaluation(records.con, compiled, records, own, failures, watch=task.watch)
    done.checked = checks.result(done)
    task.watch.ended(PLAUSIBILITY)
    return done


def _damaged(records: Records) -> list[Problem]:
    """Report damaged Parquet files, which are read by queries, so that damage shows late."""
    files = [t.file for t in records.tables.values() if t.file.endswith(".parquet")]
    return [
        Problem(
            file,
            "could not be read to its end",
            "A Parquet file is damaged",
            "Export it again",
        )
        for file in files or ["the records"]
    ]
