"""Make the ready tables that compiled queries read, from raw records known at `as_of`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from qi_checker.engines.inputs.calendar import Calendar
from qi_checker.engines.inputs.database import Kind
from qi_checker.engines.inputs.doubtful import set_apart
from qi_checker.engines.inputs.events import events, reasons_to_leave_out
from qi_checker.engines.inputs.offsets import Offset, differing
from qi_checker.engines.inputs.profiles import event_profiles
from qi_checker.engines.inputs.reading import UNREADABLE, Census, Reading, judge, reading
from qi_checker.engines.inputs.task import Prepared, Task, after, with_patient
from qi_checker.protocol import people
from qi_checker.protocol.date_format import ACCEPTED, written_as
from qi_checker.protocol.records import CASES, EVENTS, EXCEPTIONS, Table
from qi_checker.protocol.time_zones import RULES
from qi_checker.query.population import own_column

__all__ = ["Prepared", "Task", "prepare"]


def prepare(task: Task) -> Prepared:
    """Fill every ready table (qi_checker/query/tables.py) beside the raw ones."""
    done, watch = Prepared(), task.watch
    done.apart = set_apart(task.db, task.tables[EVENTS.name].file)
    watch.ended("doubtful rows", lambda: task.db.count("torn_events"))
    event_profiles(task)
    watch.ended("codes and words", lambda: task.db.count("event_profiles"))
    readings = {}
    for table in (CASES, EVENTS, EXCEPTIONS):
        readings[table.name], done.census[table.name] = _read(task, table)
        watch.ended(f"read {table.name}", lambda n=table.name: done.census[n].read)  # type: ignore[misc]
    if offsets := _offsets(task, done):
        for table in (CASES, EVENTS, EXCEPTIONS):
            readings[table.name], done.census[table.name] = _read(task, table, offsets)
    watch.ended("time zone")
    for rows in readings.values():
        _written(task, rows, done)
    _unreadable(task, readings["cases"], done)
    _patients(task)
    _cases(task, readings["cases"])
    watch.ended("prepare cases", lambda: task.db.count("ready_cases"))
    events(task, done)
    watch.ended("prepare events")
    _exceptions(task)
    watch.ended("prepare exceptions")
    done.calendar = _calendar(task)
    watch.ended("calendar")
    return done


def _offsets(task: Task, done: Prepared) -> list[Offset]:
    """Return corrections of the database's time zone rules, as far as the records need them."""
    zone = task.needs.site.timezone
    instants = [c.instants for c in done.census.values() if c.instants is not None]
    if not instants or zone == "UTC":
        return []
    first, last = min(first for first, _ in instants), max(last for _, last in instants)
    found = differing(task.db, zone, first, last)
    if found:
        days = f"{found[0].since.date()} to {found[-1].until.date()}"
        done.notes.append(
            f"The database's rules of {zone} are not those of {RULES}, which were used for times "
            f"with an offset from {days}."
        )
    return found


def _read(task: Task, table: Table, offsets: Sequence[Offset] = ()) -> tuple[Reading, Census]:
    """Make `read_<name>`, first without trimming ids, and again if an id needs it."""
    keep = task.db.view if table is EVENTS and task.many_events else task.db.table
    cases = table is CASES
    wanted = {CASES: task.needs.case_columns, EVENTS: task.needs.event_columns}
    own = frozenset(wanted.get(table, ()))
    dates = tuple(d for d in task.needs.dates if d not in CASES.names) if cases else ()
    reasons = reasons_to_leave_out(task).values() if table is EVENTS else ()
    for trim in (False, True) if task.db.FINDS_PADDED else (True,):
        rows = reading(task.db, table, task.needs.site, "", trim, own, dates, offsets)
        keep(f"read_{table.name}", rows.query)
        census = judge(task.db, rows, reasons)
        if not census.padded:
            break
    return rows, census


def _patients(task: Task) -> None:
    """Make table `patients` of the patients who have a case, if they are numbered."""
    if task.numbers_patients:
        task.db.table(
            "patients",
            f"""
            SELECT patient_id, {task.db.number("patient_id")} AS patient
            FROM (SELECT DISTINCT patient_id FROM read_cases WHERE patient_id IS NOT NULL) p""",
        )


def _cases(task: Task, rows: Reading) -> None:
    db = task.db
    begun = "(status = 'performed' AND started_at_lo IS NOT NULL)"
    anchor = ", ".join(
        f"CASE WHEN {begun} THEN started_at_{part} ELSE surgery_at_{part} END AS {name}"
        for part, name in (("lo", "anchor"), ("clock", "op_clock"), ("utc", "op_utc"))
    )
    today = f"DATE '{task.needs.as_of.date}'"
    whens = {c.name for c in CASES.columns if c.kind.startswith("when")}
    copied = [c for c in CASES.names if c not in whens] + [own_column(c) for c in rows.extra]
    missing = sorted(task.needs.case_columns - {*CASES.names, *rows.extra})
    dates = sorted(task.needs.case_columns & whens)
    columns = ", ".join(
        [db.quote(c) for c in copied]
        + [f"{db.clean(db.quote(c))} AS {db.quote(c)}" for c in dates]
        + [f"CAST(NULL AS {db.TEXT}) AS {db.quote(own_column(c))}" for c in missing]
    )
    columns += "".join(f", {moment}" for moment in _moments(task, rows))
    db.table(
        "ready_cases",
        f"""
        SELECT {db.number("_row")} AS case_key, c.*,
               status = 'cancelled' AS cancelled,
               status <> 'cancelled' AND (anchor > {today}
                   OR (anchor = {today} AND status = 'scheduled')) AS upcoming
        FROM (SELECT _row, patient, {columns}, {anchor} FROM {with_patient(task, "read_cases")}
              WHERE _row NOT IN (SELECT _row FROM rejected_cases)) c""",
    )
    db.drop("read_cases")


def _moments(task: Task, rows: Reading) -> list[str]:
    """Return the anchor dates of windows as `when_<n>`; NULL if the column is missing."""
    result = []
    for n, column in enumerate(task.needs.dates):
        name = column if column in CASES.names else rows.dates.get(column)
        for part, kind in (("lo", "DATE"), ("clock", "TIMESTAMP"), ("utc", "TIMESTAMP")):
            value = f"{name}_{part}" if name else f"CAST(NULL AS {kind})"
            result.append(f"{value} AS when_{n}{'' if part == 'lo' else '_' + part}")
    return result


_SOME_DATES = 200  # of a column whose format is guessed


def _written(task: Task, rows: Reading, done: Prepared) -> None:
    """Note the likely format of unreadable dates, and the accepted ones."""
    db, name = task.db, rows.table.name
    if not done.census[name].rejected:
        return
    counted = db.rows(
        f"SELECT col, count(*) FROM rejected_{name} WHERE reason = '{UNREADABLE}' "
        "GROUP BY col ORDER BY col"
    )
    for column, number in counted:
        values = db.rows(
            f"SELECT {db.clean(db.quote(column))} FROM {db.quote(rows.raw)} WHERE _row IN "
            f"(SELECT _row FROM rejected_{name} WHERE reason = '{UNREADABLE}' "
            f"AND col = {db.text(column)}) ORDER BY _row LIMIT {_SOME_DATES}"
        )
        written = written_as(str(value) for (value,) in values)
        if written:
            done.written[name, column] = written
        if written and number > 1:  # a single one is a typing error, not a format
            done.notes.append(
                f"{number} dates of {name}.{column} cannot be read. Accepted are {ACCEPTED}; the "
                f"values look like {written}. If they are, write in mapping.yaml: date: {written}."
            )


def _unreadable(task: Task, rows: Reading, done: Prepared) -> None:
    """Note unreadable own dates, which do not reject the row."""
    for column in task.needs.dates:
        if column in CASES.names:
            continue
        name = rows.dates.get(column)
        if name is None:
            message = f"The cases have no column {column}, which the protocol uses as an anchor."
            done.dates[column] = message
            continue
        (bad,) = task.db.row(f"SELECT count(*) FROM read_cases WHERE {name}_bad")
        if bad:
            message = f"{bad} values of the column {column} of the cases are not dates."
            done.dates[column] = message


def _people(task: Task) -> None:
    """Make table `exception_people`: pairs of names that are not two people, and why.

    Databases do not fold names as Unicode specifies, and they differ: the few pairs are folded in
    Python.
    """
    pairs = task.db.rows(
        "SELECT DISTINCT requested_by, approved_by FROM read_exceptions "
        "WHERE requested_by IS NOT NULL AND approved_by IS NOT NULL"
    )
    rows = sorted((a, b, why) for a, b in pairs if (why := people.fault(a, b)))
    columns: dict[str, Kind] = {"requester": "TEXT", "approver": "TEXT", "people": "TEXT"}
    task.db.fill("exception_people", columns, rows)


def _exceptions(task: Task) -> None:
    as_of = task.needs.as_of
    _people(task)
    task.db.table(
        "ready_exceptions",
        f"""
        SELECT _row, exception_id, case_id, requirement, reason, note, requested_by, approved_by,
               requested_at_lo AS requested_on, requested_at_clock AS requested_clock,
               approved_at_lo AS approved_on,
               NOT {after(as_of, "approved_at_lo", "approved_at_clock")} AS approved_known,
               valid_from_lo AS valid_from, expires_on_lo AS expires_on, revoked_at_lo AS revoked_on,
               NOT {after(as_of, "recorded_at_lo", "recorded_at_clock")} AS known, p.people
        FROM read_exceptions x LEFT JOIN exception_people p
             ON p.requester = x.requested_by AND p.approver = x.approved_by
        WHERE _row NOT IN (SELECT _row FROM rejected_exceptions)""",
    )


def _calendar(task: Task) -> Calendar:
    """Make the calendar of the days from which windows count working days, if any do."""
    counted, waited = task.needs.working_days
    as_of, holidays = task.needs.as_of.date, task.needs.site.holidays
    calendar = Calendar(task.db, holidays, max(counted, waited), as_of)
    if not counted:
        return calendar
    days = ["anchor", *(f"when_{n}" for n in range(len(task.needs.dates)))]
    ends = [f"SELECT min({day}) AS first, max({day}) AS last FROM ready_cases" for day in days]
    # Windows are also counted from an event, or from the day before it.
    ends.append("SELECT min(lo), max(lo) FROM ready_events")
    first, last = task.db.row(f"SELECT min(first), max(last) FROM ({' UNION ALL '.join(ends)}) d")
    if first is not None:
        calendar.cover(first - timedelta(days=1), last)
    return calendar
