"""Evaluate inside PostgreSQL; what comes out are findings, verdicts and counts, never an event."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import duckdb
from sqlglot import exp

from qi_checker.engines.duckdb.evaluation import Evaluation, Progress, show
from qi_checker.engines.inputs.needs import Needs, check_together
from qi_checker.engines.inputs.prepare import Prepared, Task, act_by, prepare
from qi_checker.engines.postgres.connection import connected
from qi_checker.engines.postgres.database import PostgreSQL
from qi_checker.engines.postgres.source import copy, find
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.records import TABLES, RawTable, Records
from qi_checker.protocol.site import Site
from qi_checker.query import Compiled, compile_rulebook
from qi_checker.query.dialects import portable
from qi_checker.query.scope import Scope
from qi_checker.query.tables import (
    ACT_BY,
    EVENT_PROFILES,
    EXCEPTIONS,
    JUDGED,
    POPULATION,
    READY_CASES,
    ROWS,
    VERDICTS,
    Feeds,
)

_LISTED = ("case_key", "case_id", "status", "anchor", "urgency")  # what data problems are about
_STAYS = ("_row", "patient_id", "patient")  # of the population, in the database


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
    compiled = compile_rulebook([bundle], as_of, site)
    with connected(address) as db:
        session = _Session.begin(db, compiled, con, progress)
        return session.evaluated(compiled[0], progress)


def evaluate_rulebook(
    bundles: Sequence[Bundle],
    address: str,
    as_of: AsOf,
    site: Site,
    con: duckdb.DuckDBPyConnection,
    progress: Progress = lambda phase: None,
) -> Iterator[Evaluation]:
    """Evaluate several protocols; the records are read once for all, and as of one moment.

    As with DuckDB, an `Evaluation` must be used before the next one is asked for.
    """
    check_together(bundles)
    protocols = compile_rulebook(bundles, as_of, site)
    with connected(address) as db:
        session = _Session.begin(db, protocols, con, progress)
        for number, compiled in enumerate(protocols, start=1):
            name = f"protocol {number} of {len(protocols)}, {compiled.bundle.protocol.id}"

            def phase(words: str, name: str = name) -> None:
                progress(f"{name}: {words}")

            yield session.evaluated(compiled, phase)


@dataclass(frozen=True)
class _Session:
    """Ready tables in a session of PostgreSQL, and the DuckDB connection for the results."""

    db: PostgreSQL
    con: duckdb.DuckDBPyConnection
    raw: dict[str, RawTable]
    prepared: Prepared

    @classmethod
    def begin(
        cls,
        db: PostgreSQL,
        protocols: Sequence[Compiled],
        con: duckdb.DuckDBPyConnection,
        progress: Progress,
    ) -> _Session:
        progress("copying records of one moment")
        needs = Needs(protocols)
        raw = copy(db, find(db, needs.site), needs, needs.site)
        progress("reading records")
        return cls(db, con, raw, prepare(Task(needs, db)))

    def evaluated(self, compiled: Compiled, progress: Progress) -> Evaluation:
        """Fill the tables of results, and fetch them."""
        prepared = self.prepared.of(compiled)
        run = _Run(self.db, compiled, progress)
        outside = run.judge(prepared.feeds)
        progress("fetching results")
        self._fetch()
        records = Records(self.con, self.raw)
        done = Evaluation(self.con, compiled, records, prepared, run.failures)
        show(done, outside)
        return done

    def _fetch(self) -> None:
        """Results into DuckDB: of the cases what names and dates them, of events only counts."""
        for name in (ROWS, VERDICTS, EXCEPTIONS, ACT_BY, EVENT_PROFILES, "known_words"):
            self._take(name, "*")
        whole = [c for c in self.db.columns(POPULATION) if c not in _STAYS]
        self._take(POPULATION, ", ".join(self.db.quote(c) for c in whole))
        self._take(READY_CASES, ", ".join(_LISTED))
        for name in TABLES:
            self._take(f"rejected_{name}", "*")
            self._take(f"torn_{name}", "*")

    def _take(self, name: str, columns: str) -> None:
        with self.db.stream(f"SELECT {columns} FROM {name}") as streamed:
            self.con.register("streamed", streamed)
            self.con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM streamed")
            self.con.unregister("streamed")


@dataclass
class _Run:
    """The queries of one protocol."""

    db: PostgreSQL
    compiled: Compiled
    progress: Progress
    failures: list[str] = field(default_factory=list)

    def judge(self, feeds: Feeds) -> list[Scope]:
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


def sql(query: exp.Query) -> str:
    """The query as PostgreSQL reads it."""
    return portable(query, "postgres").sql(dialect="postgres", identify=True)
