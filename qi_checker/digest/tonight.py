"""What a digest needs of a whole evaluation, without fetching every case of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from qi_checker.cases.evaluated import actions_in
from qi_checker.digest.contents import DAYS
from qi_checker.digest.snapshot import Snapshot
from qi_checker.engines.duckdb import Evaluation
from qi_checker.engines.duckdb.evaluation import CASES_SQL, FINDINGS_SQL
from qi_checker.protocol.vocabulary import Reason
from qi_checker.query.tables import CASES, FINDINGS


def tonight(evaluation: Evaluation, manifest: Mapping[str, Any], days: int = DAYS) -> Snapshot:
    """The cases of the next days, and the findings that a stale feed leaves open with theirs."""
    last = evaluation.compiled.as_of.date + dt.timedelta(days=days)
    stale = f"FROM {FINDINGS} WHERE reason = '{Reason.FEED_STALE}'"
    findings = evaluation.rows(f"SELECT {FINDINGS_SQL} {stale}")
    cases = evaluation.rows(
        f"""
        SELECT {CASES_SQL} FROM {CASES}
        WHERE anchor BETWEEN $today AND $last OR act_by <= $last
              OR case_id IN (SELECT case_id {stale})
        ORDER BY case_id""",
        {"today": evaluation.compiled.as_of.date, "last": last},
    )
    actions = (action.row for action in actions_in(evaluation))
    return Snapshot.from_rows(manifest, findings, cases, actions=actions)
