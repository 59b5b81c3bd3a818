"""The choice of cases for sheets: those of the next days, the named ones, or all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from qi_checker.cases.checklist import listed
from qi_checker.cases.one import no_such_case, rejected_case
from qi_checker.cases.sheets import keys_of
from qi_checker.engines.duckdb import Evaluation
from qi_checker.errors import Problem, UserError
from qi_checker.query.tables import CASES


def of_days(evaluation: Evaluation, days: int) -> list[int]:
    """Return the cases that a checklist of `days` days lists."""
    return listed(evaluation, evaluation.compiled.as_of.date + timedelta(days=days))


def of_all(evaluation: Evaluation) -> list[int]:
    """Return every case, also cases that the protocol does not apply to."""
    return keys_of(evaluation)


def of_named(evaluation: Evaluation, ids: Sequence[str]) -> list[int]:
    """Return the cases with these ids, without repeats; UserError names all missing ids."""
    query = f"SELECT case_id, case_key FROM {CASES} WHERE case_id IN (SELECT unnest(?::VARCHAR[]))"
    keys = {str(r[0]): int(r[1]) for r in evaluation.con.execute(query, [list(ids)]).fetchall()}
    missing = [case_id for case_id in dict.fromkeys(ids) if case_id not in keys]
    if missing:
        raise UserError(_not_there(evaluation, missing))
    return [keys[case_id] for case_id in sorted(keys)]


def _not_there(evaluation: Evaluation, ids: Sequence[str]) -> list[Problem]:
    """Explain for each case why it is missing."""
    file, used = evaluation.records.tables["cases"].file, evaluation.prepared.census["cases"].used
    problems: dict[str, Problem] = {}
    for row in evaluation.rejects():
        if row["table"] == "cases":
            written = evaluation.prepared.written.get(("cases", row["column"]))
            where = f"{row['file']}, row {row['row']}"
            problem = rejected_case(where, row["column"], row["reason"], written)
            problems.setdefault(row["id"], problem)
    return [problems.get(case_id) or no_such_case(file, case_id, used) for case_id in ids]
