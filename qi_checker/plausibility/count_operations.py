"""Count the operations of the sample by week, status and weekday."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from qi_checker.engines.inputs.reading import reading
from qi_checker.plausibility.measures import (
    WEEKS,
    CaseWeek,
)
from qi_checker.plausibility.sample import NEAR, Sample, is_midnight, is_night, swapped
from qi_checker.protocol.records import CASES


def put_operations(sample: Sample) -> None:
    """Make table `look_cases`: usable operations of the sampled patients, dates as read."""
    ids = {"_row": "c._row", "case_id": "c.case_id", "patient_id": "c.patient_id"}
    columns = ids | {
        sample.db.quote(n): f"r.{sample.db.quote(n)}" for n in CASES.names if n not in ids
    }
    sample.db.table(
        "look_raw",
        f"SELECT {', '.join(f'{sql} AS {name}' for name, sql in columns.items())} "
        "FROM raw_cases r JOIN ready_cases c ON c._row = r._row "
        f"WHERE {sample.has('c.patient_id')}",
    )
    rows = reading(sample.db, CASES, sample.needs.site, "look_raw")
    begun = "status = 'performed' AND started_at_lo IS NOT NULL"
    sample.db.table(
        "look_cases",
        f"""
        SELECT _row, case_id, patient_id, status, urgency, procedures,
               procedures <> '' AS has_procedures, admitted_at_clock AS admitted_clock,
               diagnoses <> '' AS has_diagnoses, surgery_at_lo AS planned,
               started_at_lo AS started, admitted_at_lo AS admitted,
               CASE WHEN {begun} THEN started_at_lo ELSE surgery_at_lo END AS anchor,
               CASE WHEN {begun} THEN started_at_clock ELSE surgery_at_clock END AS clock
        FROM ({rows.query}) r""",
    )


def case_weeks(sample: Sample) -> Iterator[CaseWeek]:
    """Count the operations by week and status."""
    db, days = sample.db, sample.db.days
    turned = swapped("planned")
    conditions = {
        "with_event": "e.patient_id IS NOT NULL",
        "near": "n.row_of_case IS NOT NULL",
        "procedures": "has_procedures",
        "diagnoses": "has_diagnoses",
        "started": "started IS NOT NULL",
        "started_far": f"abs({days('started', 'planned')}) > 7",
        "admitted_after": "admitted > anchor",
        "timed": "clock IS NOT NULL",
        "midnight": is_midnight("clock", "anchor"),
        "night": is_night("clock", "anchor"),
        "swapped": f"abs({days('started', 'planned')}) > 20 "
        f"AND abs({days('started', turned)}) <= 1",
        "before_1990": "extract(year FROM anchor) < 1990",
        "month_start": "extract(day FROM anchor) = 1",
    }
    sums = ", ".join(f"count(*) FILTER (WHERE {sql})" for sql in conditions.values())
    age = f"CAST(floor({days(sample.today, 'anchor')} / 7.0) AS INTEGER)"
    bounded = f"greatest(-{WEEKS}, least({WEEKS}, {age}))"
    rows = db.rows(f"""
        SELECT {bounded}, status, count(*), max(anchor), min(anchor), {sums} FROM look_cases c
        LEFT JOIN (SELECT DISTINCT patient_id FROM look_events) e
             ON e.patient_id = c.patient_id
        LEFT JOIN (SELECT DISTINCT c._row AS row_of_case FROM look_cases c
                   JOIN look_events e ON e.patient_id = c.patient_id
                   WHERE e.done AND {days("c.anchor", "e.lo")} BETWEEN 0 AND {NEAR}) n
             ON n.row_of_case = c._row
        GROUP BY 1, 2""")
    for week, status, number, newest, oldest, *numbers in rows:
        counts = dict(zip(conditions, map(int, numbers), strict=True))
        yield CaseWeek(int(week), str(status), int(number), newest, oldest, **counts)


def weekdays(sample: Sample) -> Mapping[str, Sequence[int]]:
    """Count operations, past, elective and planned, and completed events by weekday from Monday."""

    def weekday(day: str) -> str:  # 1 January 2001 was a Monday
        since = sample.db.days(day, "DATE '2001-01-01'")
        return f"CAST(mod({since} + 7000000, 7) AS INTEGER)"

    counts = {name: [0] * 7 for name in ("past", "elective", "planned", "events")}
    for name, day, number in sample.db.rows(f"""
        SELECT CASE WHEN anchor > {sample.today} THEN 'planned' ELSE 'past' END,
               {weekday("anchor")}, count(*)
        FROM look_cases WHERE status <> 'cancelled' GROUP BY 1, 2
        UNION ALL
        SELECT 'elective', {weekday("anchor")}, count(*) FROM look_cases
        WHERE status = 'performed' AND urgency = 'elective' AND anchor <= {sample.today}
        GROUP BY 2
        UNION ALL
        SELECT 'events', {weekday("lo")}, count(*) FROM look_events
        WHERE done AND lo = hi AND lo <= {sample.today} GROUP BY 2"""):
        counts[str(name)][int(day)] += int(number)
    return counts
