"""A night from an evaluation. Readers of the store do not import this module and DuckDB."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from qi_checker.audit.provenance import manifest
from qi_checker.cases.evaluated import ACTIONS, actions_in
from qi_checker.engines.duckdb import Evaluation
from qi_checker.engines.duckdb.evaluation import CASES_SQL, FINDINGS_SQL
from qi_checker.engines.duckdb.values import quote
from qi_checker.query.tables import CASES, FINDINGS
from qi_checker.store.lines import Lines, Sources
from qi_checker.store.night import Night, Row


def night_of(evaluation: Evaluation, started_at: datetime, feeds: Sequence[Row] = ()) -> Night:
    """Make the night of an evaluation; store it before the next evaluation of the records."""
    actions_in(evaluation)
    evaluation.hold()
    document = manifest(evaluation)
    return Night(
        as_of=document["as_of"],
        started_at=started_at,
        manifest=document,
        lines=Lines.of(evaluation.con, _sources(evaluation), document["as_of"]),
        feeds=feeds,
        inputs=document["data"]["files"],
    )


def _sources(evaluation: Evaluation) -> Sources:
    return Sources(
        findings=f"SELECT {FINDINGS_SQL} FROM {FINDINGS}",
        cases=f"""
            SELECT k.*, a."from" AS opens, a.until AS closes
            FROM (SELECT {CASES_SQL} FROM {CASES}) k
            LEFT JOIN (SELECT DISTINCT ON (case_id) case_id, "from", until
                       FROM {ACTIONS} ORDER BY case_id, number) a USING (case_id)""",
        schedules=_SCHEDULES,
        evidence=_evidence(evaluation),
        actions=f"SELECT * FROM {ACTIONS}",
        horizon=evaluation.compiled.site.horizon.amount,
    )


_SCHEDULES = """
    SELECT c.case_id, CAST(r.surgery_at AS VARCHAR) AS surgery_at
    FROM ready_cases c JOIN raw_cases r ON r._row = c._row"""


def _evidence(evaluation: Evaluation) -> str:
    """Return the SQL of one hash per case: of its record and of the records of deciding events.

    The position of a record in its file is not included: another export has another order.
    """
    return f"""
        WITH chosen AS (
            SELECT DISTINCT case_key, event_id FROM {FINDINGS} WHERE event_id IS NOT NULL),
        shown AS (
            SELECT f.case_key, f.event_id, {_content(evaluation, "events")} AS content
            FROM chosen f
            JOIN ready_events e ON e.event_id = f.event_id
            JOIN raw_events r ON r._row = e._row),
        events AS (
            SELECT case_key, string_agg(content, chr(29) ORDER BY event_id) AS content
            FROM shown GROUP BY case_key)
        SELECT c.case_id, sha256(concat_ws(chr(28), {_content(evaluation, "cases")}, v.content))
               AS sha256
        FROM ready_cases c
        JOIN raw_cases r ON r._row = c._row
        LEFT JOIN events v ON v.case_key = c.case_key"""


def _content(evaluation: Evaluation, table: str) -> str:
    """Return the SQL of all values of a raw row in one text, with a mark for a missing value."""
    known = evaluation.con.execute(f"DESCRIBE raw_{table}").fetchall()
    names = sorted(row[0] for row in known if row[0] != "_row")
    cells = [f"coalesce(CAST(r.{quote(name)} AS VARCHAR), chr(30))" for name in names]
    return f"concat_ws(chr(31), {', '.join(cells)})"
