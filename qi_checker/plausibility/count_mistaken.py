"""Count rows that look like something else: results as scans, another day as that of surgery."""

from __future__ import annotations

from collections.abc import Sequence

from qi_checker.engines.inputs.database import Database
from qi_checker.plausibility.measures import Mistaken, Performed, Series
from qi_checker.plausibility.sample import Sample, is_midnight

# Kinds whose codes are never those of a scan; a biopsy may be both imaging and a procedure.
_RESULTS = ("lab", "pathology", "assessment", "medication", "visit")
_SEVERAL = 3  # scans of one region in one minute; two may be two parts of one examination
_BED_DAYS = 3  # before an operation; more are rare
_REPLACED = 60  # days until the operation that replaced a cancelled one


def count_mistaken(sample: Sample, series: Sequence[Series]) -> Mistaken:
    """Count in the tables of the sample, and in the looks of all events."""
    db = sample.db
    minute = "coalesce(clock, CAST(lo AS TIMESTAMP))"
    rows = db.rows(f"""
        SELECT series, CAST(sum(n) AS BIGINT) FROM (
            SELECT series, count(*) AS n FROM look_events WHERE done AND lo = hi
            GROUP BY series, region, patient_id, {minute} HAVING count(*) >= {_SEVERAL}) g
        GROUP BY 1""")
    kind = f"lower({db.clean('kind')})"
    both, coded = db.row(f"""
        SELECT sum(least(scans, results)), sum(scans) FROM (
            SELECT sum(CASE WHEN {kind} = 'imaging' THEN events ELSE 0 END) AS scans,
                   sum(CASE WHEN {kind} IN {_RESULTS} THEN events ELSE 0 END) AS results
            FROM looks WHERE codes <> '' GROUP BY codes) c""")
    same = {series[number]: int(found) for number, found in rows}
    return Mistaken(same, int(both or 0), int(coded or 0), _performed(db))


def _performed(db: Database) -> Performed:
    timed = "clock IS NOT NULL AND admitted_clock IS NOT NULL"
    counted = (
        "true",
        "started IS NOT NULL",
        "admitted IS NOT NULL",
        f"{db.days('anchor', 'admitted')} > {_BED_DAYS}",
        timed,
        f"{timed} AND clock = admitted_clock AND NOT {is_midnight('clock', 'anchor')}",
    )
    sums = ", ".join(f"count(*) FILTER (WHERE {sql})" for sql in counted)
    row = db.row(f"SELECT {sums} FROM look_cases WHERE status = 'performed'")
    again = db.row(f"""
        SELECT count(*) FILTER (WHERE started IS NULL), count(*) FILTER (WHERE started IS NOT NULL)
        FROM (SELECT DISTINCT c._row, c.started FROM look_cases c
              JOIN look_cases later ON later.patient_id = c.patient_id
                   AND later.procedures = c.procedures
                   AND {db.days("later.started", "c.anchor")} BETWEEN 1 AND {_REPLACED}
              WHERE c.status = 'performed' AND later.status = 'performed'
                    AND c.has_procedures) r""")
    return Performed(*(int(number) for number in (*row, *again)))
