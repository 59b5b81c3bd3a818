"""Explain findings by an earlier schedule: an event that was in time until surgery moved.

The records contain only today's schedule, so earlier ones come from the store of past nights. They
change a reason, and with it the sentence, but never a status.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from qi_checker.engines.duckdb.evaluation import Evaluation
from qi_checker.protocol.vocabulary import Reason, Status
from qi_checker.query.tables import ROWS

_TOO_OLD = f"status = '{Status.EXPIRED}' AND reason = '{Reason.TOO_OLD}'"


def too_old(evaluation: Evaluation) -> set[str]:
    """Return the cases for which an earlier schedule might explain a finding."""
    rows = evaluation.con.execute(f"""
        SELECT DISTINCT case_id FROM {ROWS} JOIN (SELECT case_key, case_id FROM ready_cases)
        USING (case_key) WHERE {_TOO_OLD}""")
    return {str(row[0]) for row in rows.fetchall()}


def mark_moved(evaluation: Evaluation, earlier: Sequence[tuple[str, date]]) -> None:
    """Mark findings that are too old but whose event counted for an earlier day of surgery.

    `earlier`: case and an earlier planned day of surgery. The event counted for every day from its
    own to `valid_through` (docs/evaluation.md, section 8).
    """
    con = evaluation.con
    for case, day in earlier:
        evaluation.earlier.setdefault(case, []).append(day)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE earlier_schedules AS SELECT unnest(?::VARCHAR[]) AS case_id, "
        "unnest(?::DATE[]) AS day",
        [[case for case, _ in earlier], [day for _, day in earlier]],
    )
    con.execute(f"""
        UPDATE {ROWS} AS f SET reason = '{Reason.EXPIRED_BY_RESCHEDULE}'
        WHERE {_TOO_OLD} AND EXISTS (
            SELECT 1 FROM earlier_schedules e JOIN ready_cases c USING (case_id)
            WHERE c.case_key = f.case_key AND e.day BETWEEN f.event_date AND f.valid_through)""")
