"""Quality of the records of a monthly report: rows read, lost and late, and missing values."""

from __future__ import annotations

from datetime import date

from qi_checker.audit.problems import problems
from qi_checker.engines.duckdb import Evaluation
from qi_checker.monthly.views import Quality


def quality(evaluation: Evaluation, first: date, last: date) -> Quality:
    """Return the data quality: of whole files, and the checks of the operations of these days."""
    census = evaluation.prepared.census
    files = tuple(
        (t.file, t.sha256, c.read, c.used, c.rejected + c.torn)
        for name, t in evaluation.records.tables.items()
        if not t.absent
        for c in (census[name],)
    )
    return Quality(files, _checks(evaluation, first, last), tuple(problems(evaluation)))


def _checks(evaluation: Evaluation, first: date, last: date) -> tuple[tuple[str, int], ...]:
    span = f"anchor BETWEEN DATE '{first}' AND DATE '{last}' AND NOT cancelled"
    late = """SELECT count(DISTINCT e.event_id) FROM read_events e JOIN ready_cases c
              ON c.patient_id = e.patient_id
              WHERE e.recorded_at_lo > c.anchor AND e.at_lo <= c.anchor AND e.status = 'completed'
              AND c."""
    one = evaluation.rows(f"""
        SELECT count(*) FILTER (op_clock IS NULL) AS no_clock,
               count(*) FILTER (procedures = '') AS no_procedure,
               count(*) FILTER (diagnoses = '') AS no_diagnosis,
               count(*) FILTER (urgency IS NULL) AS no_urgency
        FROM ready_cases WHERE {span}""")[0]
    known_late = evaluation.con.execute(late + span).fetchone() or (0,)
    strangers = evaluation.con.execute("""
        SELECT count(*) FROM read_events e
        WHERE NOT EXISTS (SELECT 1 FROM ready_cases c WHERE c.patient_id = e.patient_id)
        """).fetchone() or (0,)
    words = {
        "no_clock": "no clock time of the operation",
        "no_procedure": "no procedure code",
        "no_diagnosis": "no diagnosis code",
        "no_urgency": "no urgency recorded",
    }
    return (
        *((f"Operations of the month: {said}", int(one[key])) for key, said in words.items()),
        ("Events of these patients that were recorded only after surgery", int(known_late[0])),
        ("Events of patients without an operation in the records (all months)", int(strangers[0])),
    )
