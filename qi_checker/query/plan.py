"""The order of an evaluation: named steps, which every engine runs and `rules sql` prints.

An engine runs the steps in order; later steps read the tables of earlier ones. `--profile` shows
the names.

A process that evaluates the same protocol at the same moment again, over other records, gets the
same steps, which keep their texts. For a few rows, building and printing the queries is a quarter
of an evaluation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sqlglot import exp

from qi_checker.protocol.vocabulary import Reason, Status
from qi_checker.query import Compiled, tables
from qi_checker.query.scope import Scope
from qi_checker.query.sql import STAR, select
from qi_checker.query.tables import Feeds

KEPT = 32  # plans with their texts, of 0.1 MB for a protocol of usual size


class Query:
    """A query that is built when it is run, so that errors occur there, and printed once."""

    def __init__(self, build: Callable[..., exp.Query], *arguments: Any) -> None:
        self._build, self._arguments = build, arguments
        self._texts: dict[Callable[[exp.Query], str], str] = {}

    def __call__(self) -> exp.Query:
        return self._build(*self._arguments)

    def text(self, printer: Callable[[exp.Query], str]) -> str:
        """Return the SQL that `printer` makes of the query."""
        if printer not in self._texts:
            self._texts[printer] = printer(self())
        return self._texts[printer]


@dataclass(frozen=True)
class Part:
    """A query of a step: a description of the rows it adds to the step's table, and its version."""

    title: str
    query: Query
    scope: Scope | None = None
    failed: Query | None = None  # runs if the query fails, and marks every case as failed
    unless_failed: bool = False  # skipped for a version that failed
    progress: str = ""  # message to the user before it runs


@dataclass(frozen=True)
class Step:
    """A table or view and the queries that give its rows; their columns agree by name."""

    name: str
    fills: str
    parts: tuple[Part, ...]
    view: bool = False
    read_often: bool = False  # a view that several steps and reports read
    days: str = ""  # a query of the first and last day from which working days are counted


@dataclass(frozen=True)
class _Asked:
    """What a plan is made of, compared by everything that a query depends on."""

    key: tuple[Any, ...]
    compiled: Compiled = field(compare=False)
    feeds: Feeds = field(compare=False)


def plan(compiled: Compiled, feeds: Feeds) -> list[Step]:
    """Return every step of an evaluation: counting steps, then the views that show results."""
    return list(_plan(_Asked((*compiled.key, *feeds.key), compiled, feeds)))


@lru_cache(maxsize=KEPT)
def _plan(asked: _Asked) -> list[Step]:
    compiled, feeds = asked.compiled, asked.feeds
    last = compiled.scopes[-1]
    who = Part(
        "cases with their version of the protocol, and whether it applies",
        Query(compiled.population),
    )
    until = Part(
        "the same with the last day to arrange what is required", Query(compiled.dated), last
    )
    cases = Part("cases with readable columns", Query(compiled.case_lines), last)
    end = "window_closes"
    if compiled.forbidden_kinds:  # an event to cancel is counted back from its own day
        off = f"status = '{Status.DUE}' AND reason = '{Reason.FORBIDDEN_EVENT}'"
        end = f"CASE WHEN {off} THEN event_date ELSE window_closes END"
    waits = f"SELECT min({end}), max({end}) FROM {tables.ROWS} WHERE act_lead > 0"
    return [
        Step("population", tables.POPULATION, (who,)),
        Step("exceptions", tables.EXCEPTIONS, tuple(_exceptions(compiled))),
        Step("facts", tables.ROWS, tuple(_facts(compiled, feeds))),
        Step("last days", tables.JUDGED, (until,), view=True, read_often=True, days=waits),
        Step("verdicts", tables.VERDICTS, tuple(_verdicts(compiled))),
        Step("findings", tables.FACTS, tuple(_findings(compiled)), view=True, read_often=True),
        Step("finding words", tables.FINDINGS, tuple(_words(compiled)), view=True),
        Step("case words", tables.CASES, (cases,), view=True),
    ]


def counting(steps: list[Step]) -> list[Step]:
    """Return the steps up to the verdicts, which run in the database of the records."""
    last = next(n for n, step in enumerate(steps) if step.fills == tables.VERDICTS)
    return steps[: last + 1]


def showing(steps: list[Step]) -> list[Step]:
    """Return the views, for a database that received the counted tables."""
    return [step for step in steps if step.view]


def _version(scope: Scope) -> str:
    return f"version {scope.version.version}"


def _exceptions(compiled: Compiled) -> Iterator[Part]:
    for scope in compiled.scopes:
        query = Query(compiled.exceptions, scope)
        yield Part(f"{_version(scope)}: active exceptions", query, scope)


def _facts(compiled: Compiled, feeds: Feeds) -> Iterator[Part]:
    for scope in compiled.scopes:
        yield Part(
            f"{_version(scope)}: status and reason of every requirement",
            Query(compiled.facts, scope, feeds),
            scope,
            failed=Query(compiled.failed, scope),
            progress=f"evaluating {_version(scope)}",
        )


def _verdicts(compiled: Compiled) -> Iterator[Part]:
    for scope in compiled.scopes:
        title = f"{_version(scope)}: the verdict of each case"
        progress = "" if scope.index else "computing verdicts"
        yield Part(title, Query(compiled.cases, scope), scope, progress=progress)
    yield from _not_for(compiled, compiled.verdicts_outside)


def _findings(compiled: Compiled) -> Iterator[Part]:
    judged = Query(lambda: select([STAR.copy()], tables.JUDGED))
    yield Part("the same, followed by the cases to which the protocol does not apply", judged)
    yield from _not_for(compiled, compiled.outside)


def _not_for(compiled: Compiled, query: Callable[[Scope], exp.Query]) -> Iterator[Part]:
    for scope in compiled.scopes:
        title = f"{_version(scope)}: cases to which it does not apply"
        yield Part(title, Query(query, scope), scope, unless_failed=True)


def _words(compiled: Compiled) -> Iterator[Part]:
    for scope in compiled.scopes:
        yield Part(
            f"{_version(scope)}: the same with readable columns",
            Query(compiled.worded, scope),
            scope,
        )
