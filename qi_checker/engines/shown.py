"""Queries for judging cases besides the query: which cases, and what was delivered."""

from __future__ import annotations

from datetime import date

from qi_checker.engines.inputs.task import after
from qi_checker.protocol.as_of import AsOf
from qi_checker.query.tables import READY_CASES, VERDICTS

SAMPLE = 500  # past cases per day


def chosen_sql(day: date) -> str:
    """Return the SQL of the keys of every upcoming case, and of a daily sample of past ones."""
    return f"""
        SELECT case_key FROM {VERDICTS} WHERE upcoming
        UNION SELECT case_key FROM (
            SELECT v.case_key FROM {VERDICTS} v JOIN {READY_CASES} c USING (case_key)
            WHERE NOT v.upcoming AND verdict <> 'not_applicable'
            ORDER BY md5(c.case_id || '{day}'), c.case_id LIMIT {SAMPLE}) s"""


def delivered_sql(as_of: AsOf) -> str:
    """Return the SQL of each kind of event known then, and its newest recording day."""
    late = after(as_of, "recorded_at_lo", "recorded_at_clock")
    return (
        f"SELECT kind, max(recorded_at_lo) FROM read_events WHERE NOT {late} "
        "AND _row NOT IN (SELECT _row FROM rejected_events) GROUP BY kind"
    )
