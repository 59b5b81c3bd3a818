"""Evaluate inside PostgreSQL; fetch findings, verdicts, counts, and the rows of some cases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from qi_checker.engines.duckdb.database import DuckDB
from qi_checker.engines.duckdb.evaluation import Evaluation
from qi_checker.engines.inputs.needs import Needs, check_together
from qi_checker.engines.inputs.prepare import Prepared, Task, prepare
from qi_checker.engines.inputs.reading import DUPLICATE
from qi_checker.engines.inputs.results import NO_CHECKS, Checks
from qi_checker.engines.observers import OPEN, PLAUSIBILITY, UNWATCHED, WRITE, Watch
from qi_checker.engines.postgres.connection import connected
from qi_checker.engines.postgres.database import PostgreSQL
from qi_checker.engines.postgres.source import copy, find
from qi_checker.engines.shown import chosen_sql, delivered_sql
from qi_checker.engines.steps import Progress, run, silent
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.records import EVENTS, TABLES, RawTable, Records
from qi_checker.protocol.records import EXCEPTIONS as EXCEPTIONS_TABLE
from qi_checker.protocol.site import Site
from qi_checker.query import Compiled, compile_rulebook
from qi_checker.query.plan import counting, plan, showing
from qi_checker.query.tables import (
    CALENDAR,
    EVENT_PROFILES,
    EXCEPTIONS,
    POPULATION,
    READY_CASES,
    ROWS,
    SHOWN,
    VERDICTS,
)

# Columns that data problems refer to.
_LISTED = ("case_key", "case_id", "status", "anchor", "urgency")
_STAYS = ("_row", "patient_id", "patient")  # of the population, left in the database


def evaluate(
    bundle: Bundle,
    address: str,
    as_of: AsOf,
    site: Site,
    con: duckdb.DuckDBPyConnection,
    progress: Progress = silent,
    watch: Watch = UNWATCHED,
    checks: Checks = NO_CHECKS,
) -> Evaluation:
    """Evaluate a protocol on the tables of a database, `postgresql://user@host/database`.

    con: an empty DuckDB connection, which receives the results. They equal those of the DuckDB
        engine on the same records; only case pages cannot be made from them, since they show events.
    Raises UserError if the database cannot be reached or read, or is interrupted.
    """
    compiled = compile_rulebook([bundle], as_of, site)
    with connected(address) as db:
        session = _Session.begin(db, compiled, con, progress, watch, checks)
        return session.evaluated(compiled[0], progress)


def evaluate_rulebook(
    bundles: Sequence[Bundle],
    address: str,
    as_of: AsOf,
    site: Site,
    con: duckdb.DuckDBPyConnection,
    progress: Progress = silent,
    watch: Watch = UNWATCHED,
    checks: Checks = NO_CHECKS,
) -> Iterator[Evaluation]:
    """Evaluate several protocols; the records are read once for all, and as of one moment.

    As with DuckDB, an `Evaluation` must be used before the next one is requested.
    """
    check_together(bundles)
    protocols = compile_rulebook(bundles, as_of, site)
    with connected(address) as db:
        session = _Session.begin(db, protocols, con, progress, watch, checks)
        for number, compiled in enumerate(protocols, start=1):
            name = f"protocol {number} of {len(protocols)}, {compiled.bundle.protocol.id}"

            def phase(words: str, name: str = name) -> None:
                progress(f"{name}: {words}")

            yield session.evaluated(compiled, phase)
            watch.ended(WRITE)


@dataclass(frozen=True)
class _Session:
    """Ready tables in a session of PostgreSQL, and the DuckDB connection for the results."""

    db: PostgreSQL
    con: duckdb.DuckDBPyConnection
    raw: dict[str, RawTable]
    prepared: Prepared
    watch: Watch
    checks: Checks

    @classmethod
    def begin(
        cls,
        db: PostgreSQL,
        protocols: Sequence[Compiled],
        con: duckdb.DuckDBPyConnection,
        progress: Progress,
        watch: Watch,
        checks: Checks,
    ) -> _Session:
        watch.ended(OPEN)
        progress("copying records of one moment")
        needs = Needs(protocols)
        raw = copy(db, find(db, needs.site), needs, needs.site)
        watch.ended("copy records")
        progress("reading records")
        prepared = prepare(Task(needs, db, raw, watch))
        checks.records(db, needs, prepared, raw)
        watch.ended(PLAUSIBILITY)
        return cls(db, con, raw, prepared, watch, checks)

    def evaluated(self, compiled: Compiled, progress: Progress) -> Evaluation:
        """Fill the result tables, and fetch them."""
        self.watch.begin(compiled.bundle.protocol.id)
        prepared = self.prepared.of(compiled)
        steps = plan(compiled, prepared.feeds)
        failures = run(self.db, counting(steps), prepared.calendar, progress, self.watch)
        progress("fetching results")
        self._fetch()
        self._fetch_rows(compiled.as_of.date)
        self.watch.ended("fetch results")
        run(DuckDB(self.con), showing(steps), watch=self.watch)
        records = Records(self.con, self.raw)
        delivered = [(str(k), day) for k, day in self.db.rows(delivered_sql(compiled.as_of))]
        done = Evaluation(
            self.con, compiled, records, prepared, failures, raw=False, delivered=delivered
        )
        done.checked = self.checks.result(done)
        self.watch.ended(PLAUSIBILITY)
        return done

    def _fetch(self) -> None:
        """Fetch results into DuckDB: names and dates of the cases, and only counts of events."""
        for name in (ROWS, VERDICTS, EXCEPTIONS, CALENDAR, EVENT_PROFILES, "known_words"):
            self._take(name, "*")
        whole = [c for c in self.db.columns(POPULATION) if c not in _STAYS]
        self._take(POPULATION, ", ".join(self.db.quote(c) for c in whole))
        for name in TABLES:
            self._take(f"rejected_{name}", "*")

    def _fetch_rows(self, day: date) -> None:
        """Fetch the rows of cases that are judged singly: with actions, or judged twice.

        The rows of a case include all events of its patient, and all rows that share an id with one
        of them: which of these counts depends on the first.
        """
        db = self.db
        chosen = (
            f"SELECT case_key FROM {VERDICTS} WHERE next_number IS NOT NULL UNION {chosen_sql(day)}"
        )
        rows = f"SELECT case_key, case_id, patient_id, _row FROM {READY_CASES}"
        db.table(SHOWN, f"{rows} WHERE case_key IN ({chosen})")
        self._take(SHOWN, "*")
        listed = ", ".join(f"c.{column}" for column in _LISTED)
        self._take(
            READY_CASES,
            f"{listed}, s.patient_id, s._row",
            f"{READY_CASES} c LEFT JOIN {SHOWN} s USING (case_key)",
        )
        self._take("raw_cases", "*", f"raw_cases WHERE _row IN (SELECT _row FROM {SHOWN})")
        for table, owner in ((EVENTS, "patient_id"), (EXCEPTIONS_TABLE, "case_id")):
            raw, key = f"raw_{table.name}", db.clean(table.key)
            own = f"{db.clean(owner)} IN (SELECT {owner} FROM {SHOWN})"
            again = f"SELECT id FROM rejected_{table.name} WHERE reason = '{DUPLICATE}'"
            shared = f"SELECT {key} FROM {raw} WHERE {own} AND {key} IN ({again})"
            self._take(raw, "*", f"{raw} WHERE {own} OR {key} IN ({shared})")
        whose = f"CASE WHEN {db.clean('patient_id')} IN (SELECT patient_id FROM {SHOWN}) "
        for name in TABLES:
            self._take(f"torn_{name}", f"_row, id, why, {whose} THEN patient_id END AS patient_id")

    def _take(self, name: str, columns: str, source: str = "") -> None:
        with self.db.stream(f"SELECT {columns} FROM {source or name}") as streamed:
            self.con.register("streamed", streamed)
            self.con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM streamed")
            self.con.unregister("streamed")
