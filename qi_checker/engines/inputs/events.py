"""Make the usable events, rejected ones that might count, and the delivery of feeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from qi_checker.engines.inputs.database import Database
from qi_checker.engines.inputs.half_empty import half_empty
from qi_checker.engines.inputs.reading import Census, counted
from qi_checker.engines.inputs.task import Prepared, Task, after, with_patient
from qi_checker.protocol.records import EVENTS
from qi_checker.query.tables import NEVER, Feeds


def events(task: Task, done: Prepared) -> None:
    as_of = task.needs.as_of
    late, later, future = _lateness(task)
    clipped = (
        f"CASE WHEN status = 'completed' THEN least(at_hi, DATE '{as_of.date}') ELSE at_hi END"
    )
    wanted = "true"
    if done.census["events"].rejected:
        wanted = "_row NOT IN (SELECT _row FROM rejected_events)"
    keep = task.db.view if task.many_events else task.db.table
    keep(
        "ready_events",
        f"""
        SELECT _row, event_id, patient, profile, at_lo AS lo, {clipped} AS hi, at_clock AS clock,
               at_utc AS utc, description
        FROM {with_patient(task, "read_events")}
        WHERE {wanted} AND status <> 'entered-in-error' AND NOT {late} AND NOT {future}""",
    )
    _doubts(task, late, later)
    done.left_out = _left_out(task, done.census["events"], wanted)
    _staleness(task, done, f"{wanted} AND NOT {late}")
    made = f"{wanted} AND NOT {late} AND NOT {later} AND status = 'completed'"
    full_until = half_empty(task.db, task.needs.site, as_of.date, made, done.notes)
    rejected = done.census["events"].rejected + done.census["events"].torn > 0
    done.feeds = replace(done.feeds, full_until=full_until, rejected=rejected)


def _lateness(task: Task) -> tuple[str, str, str]:
    """Return the SQL of whether an event was recorded, is dated, or was completed after `as_of`."""
    as_of = task.needs.as_of
    later = after(as_of, "at_lo", "at_clock")
    return (
        after(as_of, "recorded_at_lo", "recorded_at_clock"),
        later,
        f"(status = 'completed' AND {later})",
    )


def reasons_to_leave_out(task: Task) -> dict[str, str]:
    """Return the SQL of each reason to leave out a readable event, by its name in the manifest."""
    wrong = "status = 'entered-in-error'"
    late, _, future = _lateness(task)
    return {
        "entered_in_error": wrong,
        "recorded_after_as_of": f"NOT {wrong} AND {late}",
        "completed_after_as_of": f"NOT {wrong} AND NOT {late} AND {future}",
    }


def _left_out(task: Task, census: Census, wanted: str) -> dict[str, int]:
    """Return counts of left-out events; counted again if some of them were rejected."""
    reasons = reasons_to_leave_out(task)
    counts: Sequence[int] = census.counted
    if census.rejected:
        counts = task.db.row(f"SELECT {counted(reasons.values())} FROM read_events WHERE {wanted}")
    return dict(zip(reasons, counts, strict=True))


def _doubts(task: Task, late: str, future: str) -> None:
    """Make table `event_doubts`: rejected rows that might be a completed event, and torn rows."""
    db = task.db
    external = db.text("external study without an acquisition date")
    doubt = f"CASE WHEN x.reason = {external} THEN 'external_undated' ELSE 'rejected_record' END"
    clipped = f"least(at_hi, DATE '{task.needs.as_of.date}')"
    none = ", ".join(
        f"CAST(NULL AS {kind})"
        for kind in ("INTEGER", "DATE", "DATE", "TIMESTAMP", "TIMESTAMP", db.TEXT)
    )
    db.table(
        "event_doubts",
        f"""
        WITH torn AS (SELECT _row, id, {db.trim("patient_id")} AS patient_id FROM torn_events)
        SELECT event_id, patient, profile, at_lo AS lo, {clipped} AS hi, at_clock AS clock,
               at_utc AS utc, description, _row AS {db.quote("row")}, {doubt} AS doubt
        FROM {with_patient(task, "read_events")} JOIN rejected_events x USING (_row)
        WHERE patient_id IS NOT NULL AND NOT x.same AND NOT {late} AND NOT {future}
              AND (status IS NULL OR status = 'completed'
                   OR status NOT IN ({_event_statuses(db)}))
        UNION ALL
        SELECT nullif({db.trim("id")}, ''), patient, {none}, _row, 'rejected_record'
        FROM {with_patient(task, "torn")} WHERE patient_id <> ''""",
    )


def _event_statuses(db: Database) -> str:
    return ", ".join(db.text(w) for w in EVENTS["status"].words)


def _staleness(task: Task, done: Prepared, wanted: str) -> None:
    as_of = task.needs.as_of.date
    stale: dict[str, date] = {}
    for kind, allowed in sorted(task.needs.site.feeds.items()):
        rows, newest = task.db.row(
            f"SELECT count(*), max(recorded_at_lo) FROM read_events WHERE {wanted} "
            f"AND kind = {task.db.text(kind)}"
        )
        if not rows:
            stale[kind] = NEVER
            done.notes.append(f"The feed {kind} has delivered nothing at all.")
        elif newest is None:
            done.notes.append(f"The age of the feed {kind} is not known: no recorded_at.")
        elif newest < allowed.before(as_of):
            stale[kind] = newest
            done.notes.append(f"The feed {kind} is stale: nothing recorded since {newest}.")
    done.feeds = Feeds(stale, silent=_silent(task, wanted))


def _silent(task: Task, wanted: str) -> frozenset[str]:
    """Return kinds that are forbidden somewhere and without any event for any patient."""
    silent = task.needs.forbidden_kinds
    if silent:
        found = task.db.rows(f"SELECT DISTINCT kind FROM read_events WHERE {wanted}")
        silent = silent - {str(row[0]) for row in found}
    return frozenset(silent)
