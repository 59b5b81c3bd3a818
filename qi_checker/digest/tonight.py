"""The part of an evaluation that a digest needs, without fetching every case."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from qi_checker.cases.evaluated import ACTIONS, actions_in
from qi_checker.digest.contents import DAYS
from qi_checker.digest.snapshot import Snapshot
from qi_checker.engines.duckdb import Evaluation
from qi_checker.engines.duckdb.evaluation import CASES_SQL, FINDINGS_SQL
from qi_checker.protocol.vocabulary import Reason
from qi_checker.query.tables import CASES, FINDINGS


def tonight(evaluation: Evaluation, manifest: Mapping[str, Any], days: int = DAYS) -> Snapshot:
    """Return the cases of the next days, with findings behind actions and of stale feeds."""
    today = evaluation.compiled.as_of.date
    given = {"today": today, "last": today + dt.timedelta(days=days)}
    actions = tuple(action.row for action in actions_in(evaluation))
    stale = f"reason = '{Reason.FEED_STALE}'"
    chosen = f"""
        FROM {CASES} WHERE anchor BETWEEN $today AND $last OR act_by <= $last
             OR case_id IN (SELECT case_id FROM {FINDINGS} WHERE {stale})"""
    cases = evaluation.rows(f"SELECT {CASES_SQL} {chosen} ORDER BY case_id", given)
    findings = evaluation.rows(
        f"""
        SELECT {FINDINGS_SQL} FROM {FINDINGS}
        WHERE case_id IN (SELECT case_id {chosen})
              AND ({stale} OR (case_id, id) IN (SELECT case_id, requirement FROM {ACTIONS}))""",
        given,
    )
    return Snapshot.from_rows(manifest, findings, cases, actions=actions)
