"""Which cases get a sheet: those of the days to come, those that are named, or every one."""

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
    """The cases that a checklist of so many days lists."""
    return listed(evaluation, evaluation.compiled.as_of.date + timedelta(days=days))


def of_all(evaluation: Evaluation) -> list[int]:
    """Every case, also those that the protocol is not for."""
    return keys_of(evaluation)


def of_named(evaluation: Evaluation, ids: Sequence[str]) -> list[int]:
    """The cases with these ids, each once; UserError that names every one that is not there."""
    query = f"SELECT case_id, case_key FROM {CASES} WHERE case_id IN (SELECT unnest(?::VARCHAR[]))"
    found = {str(r[0]): int(r[1]) for r in evaluation.con.execute(query, [list(ids)]).fetchall()}
    missing = [case_id for case_id in dict.fromkeys(ids) if case_id not in found]
    if missing:
        raise UserError(_not_there(evaluation, missing))
    return [found[case_id] for case_id in sorted(found)]


def _not_there(evaluation: Evaluation, ids: Sequence[str]) -> list[Problem]:
    """Say of each case why it is not there."""
    file, used = evaluation.records.tables["cases"].file, evaluation.prepared.census["cases"].used
    said: dict[str, Problem] = {}
    for row in evaluation.rejects():
        if row["table"] == "cases":
            written = evaluation.prepared.written.get(("cases", row["column"]))
            where = f"{row['file']}, row {row['row']}"
            problem = rejected_case(where, row["column"], row["reason"], written)
            said.setdefault(row["id"], problem)
    return [said.get(case_id) or no_such_case(file, case_id, used) for case_id in ids]
