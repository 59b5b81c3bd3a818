"""Judged twice: what is shown for a case comes from `judging`, what is counted from the query.

Both are compared where both exist: for every upcoming case, for a sample of past cases that changes
every day, and for every case with a page. They share no code, so that a mistake in one of them shows
here. A case about which they differ is counted and shown as `error`: neither can be trusted.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from qi_checker.cases.case_actions import OPEN, actions_of
from qi_checker.cases.rows import DuckDBRows
from qi_checker.engines.observers import TWICE, JudgedTwice
from qi_checker.engines.shown import chosen_sql
from qi_checker.judging import CaseTrace
from qi_checker.protocol.vocabulary import Status, Verdict
from qi_checker.query.tables import FACTS, POPULATION, READY_CASES, ROWS, SHOWN, VERDICTS

if TYPE_CHECKING:
    from qi_checker.engines.duckdb import Evaluation

_NAMED = 5  # number of cases that a message names
# Columns of a finding without sentences; sentences are made from these, and tests compare them.
_COMPARED = (
    "status",
    "reason",
    "event_id",
    "event_date",
    "window_opens",
    "window_closes",
    "valid_through",
    "act_by",
)
Results = dict[str, tuple[Any, ...]]  # by requirement; "" is the case


def judge_twice(
    evaluation: Evaluation,
    pages: Collection[int] = (),
    make_errors: Callable[[Mapping[int, str]], None] | None = None,
) -> JudgedTwice:
    """Compare both evaluators once; a case about which they differ becomes an error in the tables.

    pages: keys of cases that get a page. Must run before anything is counted, put into words or
    held. make_errors: does that, given ids of cases by their keys, where the tables are not
    DuckDB's.
    """
    if evaluation.twice is not None:
        return evaluation.twice
    keys = _chosen(evaluation, pages)
    counted, differing = _counted(evaluation, keys), dict[int, str]()
    rows, protocol = DuckDBRows(evaluation), evaluation.compiled.bundle.protocol
    for key, trace in zip(keys, rows.traces(keys), strict=True):
        if _failed(counted[key]):
            continue
        if counted[key] != _judged(trace):
            differing[key] = trace.case.id
        elif trace.verdict in OPEN:
            # A trace is not kept, and the actions are needed next: judging again took a night of
            # 2,000 upcoming cases two seconds.
            evaluation.judged_actions[key] = actions_of(trace, protocol, rows.origin.row)
    evaluation.twice = JudgedTwice(len(keys), tuple(sorted(differing.values())))
    if differing:
        if make_errors is None:
            _make_errors(evaluation, list(differing))
        else:
            make_errors(differing)
        evaluation.failures.append(_words(evaluation.twice.differences))
    evaluation.watch.ended(TWICE, lambda: len(keys))
    return evaluation.twice


def compared(evaluation: Evaluation, keys: Sequence[int]) -> Iterator[CaseTrace]:
    """Judge cases for a reader and compare them, if nothing else is written.

    A case about which the evaluators differ is given as an error. `twice` and `failures` of the
    evaluation are complete when every case was given.
    """
    counted, differences = _counted(evaluation, keys), list[str]()
    for key, trace in zip(keys, DuckDBRows(evaluation).traces(keys), strict=True):
        failed = _failed(counted[key])
        if not failed and counted[key] != _judged(trace):
            differences.append(trace.case.id)
            failed = True
        yield trace.failed if failed else trace
    evaluation.twice = JudgedTwice(len(keys), tuple(sorted(differences)))
    if differences:
        evaluation.failures.append(_words(evaluation.twice.differences))
    evaluation.watch.ended(TWICE, lambda: len(keys))


def _chosen(evaluation: Evaluation, pages: Collection[int]) -> list[int]:
    """Return the keys of upcoming cases, of the sample of the day, and of the pages, in order."""
    chosen = chosen_sql(evaluation.compiled.as_of.date)
    if not evaluation.raw:  # no other rows are here
        chosen = f"SELECT case_key FROM {SHOWN} WHERE case_key IN ({chosen})"
    query = f"{chosen} UNION SELECT unnest(?::INTEGER[]) ORDER BY 1"
    return [int(key) for (key,) in evaluation.con.execute(query, [list(pages)]).fetchall()]


def _counted(evaluation: Evaluation, keys: Sequence[int]) -> dict[int, Results]:
    """Return the results of the query for these cases."""
    ids = {
        (scope.index, n): leaf.id
        for scope in evaluation.compiled.scopes
        for n, leaf in enumerate(scope.leaves)
    }
    listed = "case_key IN (SELECT unnest(?::INTEGER[]))"
    verdicts = f"SELECT case_key, verdict, latest_surgery_date FROM {VERDICTS} WHERE {listed}"
    by_key: dict[int, Results] = {
        key: {"": tuple(rest)} for key, *rest in evaluation.con.execute(verdicts, [keys]).fetchall()
    }
    facts = f"SELECT case_key, version, number, {', '.join(_COMPARED)} FROM {FACTS} WHERE {listed}"
    for key, version, number, *rest in evaluation.con.execute(facts, [keys]).fetchall():
        by_key[key][ids[version, number]] = tuple(rest)
    return by_key


def _judged(trace: CaseTrace) -> Results:
    """Return the result of judging a case, in the same form."""
    values: Results = {"": (str(trace.verdict), trace.latest_surgery_date)}
    for one in trace.requirements:
        values[one.id] = tuple(one.finding[name] for name in _COMPARED)
    return values


def _failed(found: Results) -> bool:
    """Whether the query of the case failed, which is already reported."""
    return any(values[0] == Status.ERROR for values in found.values())


def _make_errors(evaluation: Evaluation, keys: list[int]) -> None:
    """Set every finding of these cases to `error`."""
    from qi_checker.engines.duckdb.database import sql

    con, listed = evaluation.con, "case_key IN (SELECT unnest(?::INTEGER[]))"
    con.execute(
        f"UPDATE {POPULATION} SET not_applicable = NULL, excluded_by = NULL WHERE {listed}", [keys]
    )
    for table in (ROWS, VERDICTS):
        con.execute(f"DELETE FROM {table} WHERE {listed}", [keys])
    for scope in evaluation.compiled.scopes:
        for table, query in (
            (ROWS, evaluation.compiled.failed(scope)),
            (VERDICTS, evaluation.compiled.cases(scope)),
        ):
            rows = f"SELECT * FROM ({sql(query)}) WHERE {listed}"
            con.execute(f"INSERT INTO {table} BY NAME {rows}", [keys])


def _words(ids: Sequence[str]) -> str:
    """Format `C1, C2 and 3 more, about which the two evaluators differ`."""
    more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    return f"{', '.join(ids[:_NAMED])}{more}, about which the two evaluators differ"


def shown_traces(evaluation: Evaluation, keys: Sequence[int]) -> Iterator[CaseTrace]:
    """Judge these cases for a reader: a case that counts as an error is shown as one."""
    traces = DuckDBRows(evaluation).traces(keys)
    if not evaluation.failures:
        return traces
    query = f"""SELECT case_id FROM {VERDICTS} JOIN {READY_CASES} USING (case_key)
                WHERE verdict = '{Verdict.ERROR}'"""
    errors = {str(case_id) for (case_id,) in evaluation.con.execute(query).fetchall()}
    return (trace.failed if trace.case.id in errors else trace for trace in traces)
