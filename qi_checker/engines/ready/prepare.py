"""The ready tables that compiled queries read, made from raw records known at `as_of`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

from qi_checker.compiler import Compiled
from qi_checker.compiler.population import own_column
from qi_checker.compiler.profiles import own_event_column
from qi_checker.compiler.tables import ROWS, Feeds
from qi_checker.engines.ready.codes import imaging_facts, never_texts, take_apart
from qi_checker.engines.ready.database import Database
from qi_checker.engines.ready.half_empty import half_empty
from qi_checker.engines.ready.needs import Needs
from qi_checker.engines.ready.reading import Census, Reading, judge, own_event_columns, reading
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.records import CASES, EVENTS, EXCEPTIONS, Table
from qi_checker.protocol.site import Site
from qi_checker.protocol.working_days import working_days_away, working_days_before

_PROFILE = ("kind", "status", "modality", "region", "codes", "provenance")


@dataclass
class Prepared:
    """What is known after preparing: how many rows of each table, and what was left out."""

    census: dict[str, Census] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    feeds: Feeds = field(default_factory=Feeds)
    notes: list[str] = field(default_factory=list)
    dates: dict[str, str] = field(default_factory=dict)  # what is wrong with own date columns

    def of(self, compiled: Compiled) -> Prepared:
        """As far as it concerns one of the protocols."""
        own = [self.dates[d] for d in compiled.own_dates if d in self.dates]
        return replace(self, notes=[*own, *self.notes])


@dataclass(frozen=True)
class Task:
    """One pass over the records: what is needed of them, and what is different for a what-if."""

    needs: Needs
    db: Database
    only_case: str | None = None
    moved: str | None = None  # a table that stands in for raw_cases

    @cached_property
    def many_events(self) -> bool:
        """Too many to keep: they stay where they are and are read when needed.

        Several protocols would read them as often; then they are kept, or spilled.
        """
        most = self.db.KEEPS_MOST
        if most is None or len(self.needs.protocols) > 1:
            return False
        return bool(self.db.row("SELECT count(*) FROM raw_events")[0] > most)

    @cached_property
    def numbers_patients(self) -> bool:
        """Whether patients get a number, once, which every protocol joins instead of their ids."""
        return len(self.needs.protocols) > 1


def prepare(task: Task) -> Prepared:
    """Fill every ready table (qi_checker/compiler/tables.py) beside the raw ones."""
    done = Prepared()
    _event_profiles(task)
    readings = {}
    for table in (CASES, EVENTS, EXCEPTIONS):
        readings[table.name], done.census[table.name] = _read(task, table)
    _unreadable(task, readings["cases"], done)
    _patients(task)
    _cases(task, readings["cases"])
    _events(task, done)
    _exceptions(task)
    _working_shifts(task)
    return done


def _read(task: Task, table: Table) -> tuple[Reading, Census]:
    """Make `read_<name>`, first without trimming ids, and again where an id needs it."""
    raw = (task.moved or "") if table is CASES else ""
    keep = task.db.view if table is EVENTS and task.many_events else task.db.table
    cases = table is CASES
    wanted = {CASES: task.needs.case_columns, EVENTS: task.needs.event_columns}
    own = frozenset(wanted.get(table, ()))
    dates = tuple(d for d in task.needs.dates if d not in CASES.names) if cases else ()
    for trim in (False, True) if task.db.FINDS_PADDED else (True,):
        rows = reading(task.db, table, task.needs.site, raw, trim, own, dates)
        keep(f"read_{table.name}", rows.query)
        census = judge(task.db, rows)
        if not census.padded:
            break
    return rows, census


def _after(as_of: AsOf, lo: str, clock: str) -> str:
    """SQL of whether a moment is after `as_of`; false for no moment."""
    later = f"{lo} > DATE '{as_of.date}'"
    if as_of.clock is not None:
        stamp = f"TIMESTAMP '{as_of.clock.isoformat(sep=' ')}'"
        later = f"({later} OR ({lo} = DATE '{as_of.date}' AND {clock} > {stamp}))"
    return f"coalesce({later}, false)"


def _patients(task: Task) -> None:
    """Table `patients` of the patients who have a case, where they are numbered."""
    if task.numbers_patients:
        task.db.table(
            "patients",
            f"""
            SELECT patient_id, {task.db.number("patient_id")} AS patient
            FROM (SELECT DISTINCT patient_id FROM read_cases WHERE patient_id IS NOT NULL) p""",
        )


def _with_patient(task: Task, source: str) -> str:
    """A table of rows with `patient_id`, and `patient` beside it; only patients who have a case."""
    if task.numbers_patients:
        return f"{source} JOIN patients USING (patient_id)"
    return f"(SELECT *, patient_id AS patient FROM {source}) p"


def _cases(task: Task, rows: Reading) -> None:
    db = task.db
    begun = "(status = 'performed' AND started_at_lo IS NOT NULL)"
    anchor = ", ".join(
        f"CASE WHEN {begun} THEN started_at_{part} ELSE surgery_at_{part} END AS {name}"
        for part, name in (("lo", "anchor"), ("clock", "op_clock"), ("utc", "op_utc"))
    )
    today = f"DATE '{task.needs.as_of.date}'"
    whens = {c.name for c in CASES.columns if c.kind.startswith("when")}
    kept = [c for c in CASES.names if c not in whens] + [own_column(c) for c in rows.extra]
    missing = sorted(task.needs.case_columns - {*CASES.names, *rows.extra})
    dates = sorted(task.needs.case_columns & whens)
    columns = ", ".join(
        [db.quote(c) for c in kept]
        + [f"{db.clean(db.quote(c))} AS {db.quote(c)}" for c in dates]
        + [f"CAST(NULL AS {db.TEXT}) AS {db.quote(own_column(c))}" for c in missing]
    )
    only = f"AND case_id = {db.text(task.only_case)}" if task.only_case is not None else ""
    columns += "".join(f", {moment}" for moment in _moments(task, rows))
    db.table(
        "ready_cases",
        f"""
        SELECT {db.number("_row")} AS case_key, c.*,
               status = 'cancelled' AS cancelled,
               status <> 'cancelled' AND (anchor > {today}
                   OR (anchor = {today} AND status = 'scheduled')) AS upcoming
        FROM (SELECT _row, patient, {columns}, {anchor} FROM {_with_patient(task, "read_cases")}
              WHERE _row NOT IN (SELECT _row FROM rejected_cases) {only}) c""",
    )
    db.drop("read_cases")


def _moments(task: Task, rows: Reading) -> list[str]:
    """The dates that windows are counted from, as `when_<n>`; no date where the column is not."""
    found = []
    for n, column in enumerate(task.needs.dates):
        name = column if column in CASES.names else rows.dates.get(column)
        for part, kind in (("lo", "DATE"), ("clock", "TIMESTAMP"), ("utc", "TIMESTAMP")):
            value = f"{name}_{part}" if name else f"CAST(NULL AS {kind})"
            found.append(f"{value} AS when_{n}{'' if part == 'lo' else '_' + part}")
    return found


def _unreadable(task: Task, rows: Reading, done: Prepared) -> None:
    """Own dates that cannot be read reject nothing, but are not passed over in silence."""
    for column in task.needs.dates:
        if column in CASES.names:
            continue
        name = rows.dates.get(column)
        if name is None:
            said = f"The cases have no column {column}, which the protocol counts from."
            done.dates[column] = said
            continue
        (bad,) = task.db.row(f"SELECT count(*) FROM read_cases WHERE {name}_bad")
        if bad:
            said = f"{bad} values of the column {column} of the cases are no dates."
            done.dates[column] = said


def _event_profiles(task: Task) -> None:
    """Events that look alike share a profile; what they have in common is decided once."""
    db, catalogue = task.db, task.needs.catalogue
    own = own_event_columns(db, task.needs.event_columns)
    called = {db.quote(c): db.as_text(db.quote(c)) for c in _PROFILE}
    called |= {db.quote(n): db.as_text(db.quote(c)) for c, n in own.items()}
    looks = ", ".join(f"{value} AS {name}" for name, value in called.items())
    by = ", ".join(called.values())
    db.table(
        "looks",
        f"""
        SELECT {db.number(", ".join(called))} AS profile, l.*
        FROM (SELECT {looks}, count(*) AS events FROM raw_events GROUP BY {by}) l""",
    )
    cases = task.moved or "raw_cases"
    take_apart(
        db,
        f"""
        SELECT coalesce(codes, '') AS text FROM looks
        UNION SELECT coalesce({db.as_text("procedures")}, '') FROM {cases}
        UNION SELECT coalesce({db.as_text("diagnoses")}, '') FROM {cases}""",
        catalogue,
    )
    imaging_facts(db, catalogue)
    never_texts(db, sorted(task.needs.allowed_codes))
    known = [(word,) for word in (*catalogue.modalities, *catalogue.regions)]
    db.fill("known_words", {"word": "TEXT"}, known)
    absent = sorted(task.needs.event_columns - set(own))
    theirs = "".join(
        [f", {db.clean(db.quote(n))} AS {db.quote(n)}" for n in own.values()]
        + [f", CAST(NULL AS {db.TEXT}) AS {db.quote(own_event_column(c))}" for c in absent]
    )
    db.table("event_profiles", _profiles(task, theirs))


def _profiles(task: Task, theirs: str) -> str:
    """Columns that are said win over what the codes say by themselves."""
    db, catalogue = task.db, task.needs.catalogue
    none = db.array(())

    def said(what: str) -> str:
        told = f"{db.size(f'said_{what}')} > 0"
        return f"CASE WHEN {told} THEN said_{what} ELSE code_{what} END AS {what}"

    def unsure(what: str) -> str:
        """None recorded, or a word that is not of the vocabulary."""
        known = db.array((*catalogue.modalities, *catalogue.regions))
        return f"({db.size(what)} = 0 OR NOT {db.within(what, known)})"

    return f"""
        WITH said AS (SELECT profile, events{theirs}, lower({db.clean("kind")}) AS kind,
                             lower({db.clean("status")}) AS status, coalesce(codes, '') AS codes,
                             lower({db.clean("provenance")}) AS provenance,
                             {db.words("modality", "upper")} AS said_modalities,
                             {db.words("region", "lower")} AS said_regions FROM looks),
        both_said AS (SELECT s.*, s.codes IN (SELECT text FROM code_items) AS coded,
                             coalesce(f.never, false) AS never, coalesce(f.warns, false) AS warns,
                             coalesce(f.modalities, {none}) AS code_modalities,
                             coalesce(f.regions, {none}) AS code_regions
                      FROM said s LEFT JOIN imaging_facts f ON f.text = s.codes),
        whole AS (SELECT b.*, {said("modalities")}, {said("regions")} FROM both_said b)
        SELECT w.*, {unsure("modalities")} AS modality_unsure,
               {unsure("regions")} AS region_unsure FROM whole w"""


def _events(task: Task, done: Prepared) -> None:
    as_of = task.needs.as_of
    late = _after(as_of, "recorded_at_lo", "recorded_at_clock")
    later = _after(as_of, "at_lo", "at_clock")
    future = f"(status = 'completed' AND {later})"
    clipped = (
        f"CASE WHEN status = 'completed' THEN least(at_hi, DATE '{as_of.date}') ELSE at_hi END"
    )
    wanted = "true"
    if done.census["events"].rejected:
        wanted = "_row NOT IN (SELECT _row FROM rejected_events)"
    only = "true"
    if task.only_case is not None:
        only = "patient_id IN (SELECT patient_id FROM ready_cases)"
    keep = task.db.view if task.many_events else task.db.table
    keep(
        "ready_events",
        f"""
        SELECT _row, event_id, patient, profile, at_lo AS lo, {clipped} AS hi, at_clock AS clock,
               at_utc AS utc, description
        FROM {_with_patient(task, "read_events")}
        WHERE {wanted} AND {only} AND status <> 'entered-in-error' AND NOT {late} AND NOT {future}""",
    )
    _doubts(task, late, later)
    if task.only_case is None:
        done.left_out = _left_out(task, wanted, late, future)
    _staleness(task, done, f"{wanted} AND NOT {late}")
    made = f"{wanted} AND NOT {late} AND NOT {later} AND status = 'completed'"
    full_until = half_empty(task.db, task.needs.site, as_of.date, made, done.notes)
    done.feeds = replace(done.feeds, full_until=full_until)


def _left_out(task: Task, wanted: str, late: str, future: str) -> dict[str, int]:
    wrong = "status = 'entered-in-error'"
    counts = task.db.row(f"""
        SELECT count(*) FILTER (WHERE {wrong}),
               count(*) FILTER (WHERE NOT {wrong} AND {late}),
               count(*) FILTER (WHERE NOT {wrong} AND NOT {late} AND {future})
        FROM read_events WHERE {wanted}""")
    names = ("entered_in_error", "recorded_after_as_of", "completed_after_as_of")
    return dict(zip(names, counts, strict=True))


def _doubts(task: Task, late: str, future: str) -> None:
    """Rejected rows that might be a completed event, and torn rows of which only ids are read."""
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
        FROM {_with_patient(task, "read_events")} JOIN rejected_events x USING (_row)
        WHERE patient_id IS NOT NULL AND NOT x.same AND NOT {late} AND NOT {future}
              AND (status IS NULL OR status = 'completed'
                   OR status NOT IN ({_event_statuses(db)}))
        UNION ALL
        SELECT nullif({db.trim("id")}, ''), patient, {none}, _row, 'rejected_record'
        FROM {_with_patient(task, "torn")} WHERE patient_id <> ''""",
    )


def _event_statuses(db: Database) -> str:
    return ", ".join(db.text(w) for w in EVENTS["status"].words)


def _staleness(task: Task, done: Prepared, wanted: str) -> None:
    as_of = task.needs.as_of.date
    stale: dict[str, date] = {}
    for kind, allowed in sorted(task.needs.site.feeds.items()):
        (newest,) = task.db.row(
            f"SELECT max(recorded_at_lo) FROM read_events WHERE {wanted} "
            f"AND kind = {task.db.text(kind)}"
        )
        if newest is None:
            done.notes.append(f"The age of the feed {kind} is not known: no recorded_at.")
        elif newest < allowed.before(as_of):
            stale[kind] = newest
            done.notes.append(f"The feed {kind} is stale: nothing recorded since {newest}.")
    done.feeds = Feeds(stale, silent=_silent(task, wanted))


def _silent(task: Task, wanted: str) -> frozenset[str]:
    """Kinds that are forbidden somewhere and of which nobody has any event."""
    silent = task.needs.forbidden_kinds
    if silent:
        found = task.db.rows(f"SELECT DISTINCT kind FROM read_events WHERE {wanted}")
        silent = silent - {str(row[0]) for row in found}
    return frozenset(silent)


def _exceptions(task: Task) -> None:
    as_of = task.needs.as_of
    task.db.table(
        "ready_exceptions",
        f"""
        SELECT _row, exception_id, case_id, requirement, reason, note, requested_by, approved_by,
               approved_at_lo AS approved_on,
               NOT {_after(as_of, "approved_at_lo", "approved_at_clock")} AS approved_known,
               valid_from_lo AS valid_from, expires_on_lo AS expires_on, revoked_at_lo AS revoked_on,
               NOT {_after(as_of, "recorded_at_lo", "recorded_at_clock")} AS known
        FROM read_exceptions WHERE _row NOT IN (SELECT _row FROM rejected_exceptions)""",
    )


def act_by(db: Database, site: Site) -> None:
    """The last day to arrange something, for each lead time and last day that is wanted."""
    wanted = db.rows(
        f"SELECT DISTINCT act_lead, window_closes FROM {ROWS} "
        "WHERE act_lead IS NOT NULL AND window_closes IS NOT NULL ORDER BY 1, 2"
    )
    holidays = frozenset(site.holidays)
    rows = [(lead, day, working_days_before(day, lead, holidays)) for lead, day in wanted]
    db.fill("act_by", {"lead": "INTEGER", "day": "DATE", "act_by": "DATE"}, rows)


def _working_shifts(task: Task) -> None:
    """Days moved by working days, for windows that count them."""
    shifts = sorted(task.needs.working_shifts)
    rows: list[tuple[int, date, date]] = []
    if shifts:
        moments = " ".join(
            f"UNION SELECT when_{n} FROM ready_cases" for n in range(len(task.needs.dates))
        )
        before = "CAST(lo - INTERVAL '1' DAY AS DATE)"
        days = task.db.rows(
            f"""SELECT DISTINCT day FROM (SELECT anchor AS day FROM ready_cases {moments}
                UNION SELECT lo FROM ready_events UNION SELECT {before} FROM ready_events) d
            WHERE day IS NOT NULL ORDER BY day"""
        )
        holidays = frozenset(task.needs.site.holidays)
        rows = [(s, d, working_days_away(d, s, holidays)) for s in shifts for (d,) in days]
    task.db.fill("working_shift", {"shift": "INTEGER", "day": "DATE", "moved": "DATE"}, rows)
