"""Evaluate inside PostgreSQL; what comes out are findings, verdicts and counts, never an event."""

from __future__ import annotations

import duckdb
from sqlglot import exp

from qi_checker.compiler import Compiled, compile_protocol
from qi_checker.compiler.dialects import portable
from qi_checker.compiler.scope import Scope
from qi_checker.compiler.tables import (
    ACT_BY,
    EVENT_PROFILES,
    EXCEPTIONS,
    JUDGED,
    POPULATION,
    READY_CASES,
    ROWS,
    VERDICTS,
    Feeds,
)  # fmt: skip
from qi_checker.engines.duckdb.evaluation import Evaluation, Progress, show
from qi_checker.engines.postgres.connection import connected
from qi_checker.engines.postgres.database import PostgreSQL
from qi_checker.engines.postgres.source import copy, find
from qi_checker.engines.ready.needs import Needs
from qi_checker.engines.ready.prepare import Task, act_by, prepare
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.records import TABLES, Records
from qi_checker.protocol.site import Site

_STAYS = ("_row", "patient_id", "patient", "procedures", "diagnoses")  # of cases, in the database


def evaluate(
    bundle: Bundle,
    address: str,
    as_of: AsOf,
    site: Site,
    con: duckdb.DuckDBPyConnection,
    progress: Progress = lambda phase: None,
) -> Evaluation:
    """Evaluate a protocol on the tables of a database, `postgresql://user@host/database`.

    con: an empty DuckDB connection, which gets the results. They are those of the DuckDB engine
        on the same records; only case pages cannot be made of them, since they show events.
    Raises UserError where the database cannot be reached, read or is interrupted.
    """
    compiled = compile_protocol(bundle, as_of, site)
    with connected(address) as db:
        return _Run(db, compiled, con, progress).evaluation()


class _Run:
    """One evaluation in one session."""

    def __init__(
        self,
        db: PostgreSQL,
        compiled: Compiled,
        con: duckdb.DuckDBPyConnection,
        progress: Progress,
    ) -> None:
        self.db, self.compiled, self.con, self.progress = db, compiled, con, progress
        self.failures: list[str] = []

    def evaluation(self) -> Evaluation:
        compiled, db = self.compiled, self.db
        self.progress("reading records")
        needs = Needs([compiled])
        raw = copy(db, find(db, compiled.site), needs, compiled.site)
        prepared = prepare(Task(needs, db))
        prepared.notes[:0] = [prepared.dates[d] for d in compiled.own_dates if d in prepared.dates]
        outside = self._judge(prepared.feeds)
        self.progress("fetching results")
        self._fetch()
        records = Records(self.con, raw)
        done = Evaluation(self.con, compiled, records, prepared, self.failures)
        show(done, outside)
        return done

    def _judge(self, feeds: Feeds) -> list[Scope]:
        """Fill every table of results; gives the versions with cases that they are not for."""
        compiled, db = self.compiled, self.db
        db.table(POPULATION, sql(compiled.population()))
        outside = []
        for i, scope in enumerate(compiled.scopes):
            self.progress(f"evaluating version {scope.version.version}")
            self._store(EXCEPTIONS, compiled.exceptions(scope), first=i == 0)
            if self._facts(scope, feeds, first=i == 0):
                outside.append(scope)
        act_by(db, compiled.site)
        db.table(JUDGED, sql(compiled.dated()))
        self.progress("adding up cases")
        verdicts = [compiled.cases(s) for s in compiled.scopes]
        verdicts += [compiled.verdicts_outside(s) for s in outside]
        for i, query in enumerate(verdicts):
            self._store(VERDICTS, query, first=i == 0)
        return outside

    def _store(self, table: str, query: exp.Query, first: bool) -> None:
        if first:
            self.db.table(table, sql(query))
            return
        columns = ", ".join(self.db.quote(name) for name in self.db.columns(table))
        self.db.add(table, f"SELECT {columns} FROM ({sql(query)}) q")

    def _facts(self, scope: Scope, feeds: Feeds, first: bool) -> bool:
        """As in DuckDB: a query that fails becomes findings that say so, and then False."""
        from adbc_driver_manager.dbapi import DataError, InternalError, NotSupportedError

        try:
            self._store(ROWS, self.compiled.facts(scope, feeds), first)
        except (DataError, InternalError, NotSupportedError) as problem:
            self.failures.append(f"version {scope.version.version}: {type(problem).__name__}")
            self._store(ROWS, self.compiled.failed(scope), first)
            return False
        return True

    def _fetch(self) -> None:
        """Results into DuckDB: of the cases what names and dates them, of events only counts."""
        for name in (ROWS, VERDICTS, EXCEPTIONS, ACT_BY, EVENT_PROFILES, "known_words"):
            self._take(name, "*")
        whole = [c for c in self.db.columns(POPULATION) if c not in _STAYS]
        self._take(POPULATION, ", ".join(self.db.quote(c) for c in whole))
        self.con.execute(f"CREATE OR REPLACE TEMP VIEW {READY_CASES} AS SELECT * FROM {POPULATION}")
        for name in TABLES:
            self._take(f"rejected_{name}", "*")
            self._take(f"torn_{name}", "*")

    def _take(self, name: str, columns: str) -> None:
        with self.db.stream(f"SELECT {columns} FROM {name}") as streamed:
            self.con.register("streamed", streamed)
            self.con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM streamed")
            self.con.unregister("streamed")


def sql(query: exp.Query) -> str:
    """The query as PostgreSQL reads it."""
    return portable(query, "postgres").sql(dialect="postgres", identify=True)
