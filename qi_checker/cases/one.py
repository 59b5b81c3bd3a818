"""One case of a data set, judged: what `check`, `what-if` and `rules explain` begin with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qi_checker.cases.rows import DuckDBRows, Origin
from qi_checker.engines.duckdb import Evaluation, evaluate
from qi_checker.engines.inputs.reading import UNREADABLE
from qi_checker.errors import Problem, UserError
from qi_checker.judging import CaseTrace
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.date_format import ACCEPTED
from qi_checker.protocol.records import Records
from qi_checker.protocol.site import Site


def one_case(
    bundle: Bundle, records: Records, as_of: AsOf, site: Site, case_id: str
) -> tuple[CaseTrace, Origin]:
    """Judge one case; UserError where there is none, saying whether its row was rejected."""
    evaluation = evaluate(bundle, records, as_of, site, only_case=case_id)
    rows = DuckDBRows(evaluation)
    keys = evaluation.con.execute("SELECT case_key FROM ready_cases").fetchall()
    if not keys:
        raise no_such_cases(evaluation, [case_id])
    return next(iter(rows.traces([keys[0][0]]))), rows.origin


def no_such_cases(evaluation: Evaluation, ids: Sequence[str]) -> UserError:
    """Say why there are no such cases: whether their rows were rejected, or there are none."""
    rejected: dict[str, dict[str, Any]] = {}
    for row in evaluation.rejects():
        if row["table"] == "cases":
            rejected.setdefault(row["id"], row)
    return UserError([_no_such_case(evaluation, case_id, rejected.get(case_id)) for case_id in ids])


def _no_such_case(evaluation: Evaluation, case_id: str, rejected: dict[str, Any] | None) -> Problem:
    file = evaluation.records.tables["cases"].file
    if rejected:
        where = f"{rejected['file']}, row {rejected['row']}, column {rejected['column']}"
        what = f"the case was rejected: {rejected['reason']}"
        hint = ""
        if rejected["reason"] == UNREADABLE:
            written = evaluation.prepared.written.get(("cases", rejected["column"]))
            hint = f"It looks like {written}. " if written else ""
            hint += f"Accepted are {ACCEPTED}"
        return Problem(where, what, hint, "Correct the row and export it again")
    read = evaluation.prepared.census["cases"].used
    return Problem(
        file,
        f"there is no case {case_id} among {read} cases",
        "",
        "Look for the spelling in the column case_id",
    )
