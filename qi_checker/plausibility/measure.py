"""Count the records before any case is evaluated: a few passes of SQL, nothing is kept.

All access to rows is here; the neighbouring modules decide in plain Python what the counts mean.
The tables are those prepared by `engines/inputs`, so DuckDB, PostgreSQL and Spark count alike.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from qi_checker.engines.inputs.database import Database, Kind
from qi_checker.engines.inputs.needs import Needs
from qi_checker.engines.inputs.reading import Census, reading
from qi_checker.engines.inputs.task import Prepared
from qi_checker.protocol.codes import SYSTEM_ALIASES
from qi_checker.protocol.records import CASES

# Above this number, events of a sample of patients are checked: a quarter of a million rows
# estimate a share well enough, and a full pass over eight million would cost a tenth of an audit.
LOOKED_AT = 250_000
WEEKS = 78  # weeks that are distinguished; older events form one group
FUTURE, UNDATED = -1, -99
# Kinds that any hospital may deliver; another word may be anything, and is never printed.
USUAL_KINDS = frozenset(
    ("imaging", "therapy", "visit", "lab", "assessment", "medication", "procedure", "pathology")
)
_CODES = 20_000  # distinct codes checked per column, the most frequent first
# Letters of other alphabets, and wide ones, that look like these; escaped to be visible.
_ALIKE = (
    (
        "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425\u0406\u0408\u0405"
        "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7"
        "\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19"
    ),
    "ABEKMHOPCTYXIJSABEZHIKMNOPTYX0123456789",
)
_NEAR = 90  # days before an operation


class Rejects(NamedTuple):
    """Rows of a table that were rejected for one reason."""

    table: str
    column: str
    reason: str
    same: bool  # repeats an earlier row
    number: int


class Profile(NamedTuple):
    """Events with equal properties, whatever their dates; of the whole file, also rejected ones."""

    number: int
    kind: str
    status: str
    provenance: str
    events: int
    modalities: tuple[str, ...]  # from the column
    regions: tuple[str, ...]
    code_modalities: tuple[str, ...]  # from the codes
    code_regions: tuple[str, ...]
    coded: bool


class Series(NamedTuple):
    """A group for counting: events of one kind, status, modality and source."""

    kind: str
    status: str
    modality: str
    provenance: str


@dataclass(frozen=True)
class Week:
    """The events of a series in one week before the evaluated moment; 0 is its last seven days.

    FUTURE: after that moment; UNDATED: without a date; WEEKS: older than all the others.
    """

    series: Series
    week: int
    known: bool  # not recorded after the evaluated moment
    number: int
    newest: date | None
    timed: int
    midnight: int
    night: int
    recorded: int
    recorded_before: int
    recorded_late: int
    at_is_recorded: int
    both_timed: int  # with clock times of the event and of its record
    ordered: int
    ordered_after: int
    at_is_ordered: int
    swapped: int
    before_1990: int
    month_start: int
    partial: int


@dataclass(frozen=True)
class CaseWeek:
    """The operations of one week, by status; a week below 0 is after the evaluated moment."""

    week: int
    status: str
    number: int
    newest: date | None
    oldest: date | None
    with_event: int
    near: int  # with a completed event in the 90 days before
    procedures: int
    diagnoses: int
    started: int
    started_far: int  # more than 7 days from the planned day
    admitted_after: int
    timed: int
    midnight: int
    night: int
    swapped: int
    before_1990: int
    month_start: int


class Codes(NamedTuple):
    """One code of a column as written: `system` is empty if there is none."""

    column: str  # procedures, diagnoses or codes
    system: str
    code: str
    number: int


@dataclass(frozen=True)
class Patients:
    """Counts about patients and their events."""

    lost: int  # patients with an operation and no event
    patients: int  # with an operation
    spelt_otherwise: (
        int  # with an operation; an event has their id except for zeros, separators, case
    )
    without_prefix: int  # of the lost: an event has the same digits after another prefix
    strangers: int  # patients with events and no operation
    case_ids_as_patients: int  # operations whose own id is a patient id among the events
    pairs: int  # events of patients with an operation, each with every operation
    pairs_near: int  # of these: up to 90 days before it
    # The same for events, and for operations, on a day that gives another date with day and month
    # swapped.
    event_turns: int
    event_turns_near: int
    case_turns: int
    case_turns_near: int
    most_of_one: int  # events of the patient with the most
    with_events: int  # patients with an event
    most_of_a_day: int  # completed events on the day with the most
    days: int  # distinct days of completed events
    same_operation: int  # operations in addition to one of the same patient and day


@dataclass(frozen=True)
class Measures:
    """All counts for the checks of the records. `one_in`: one in this many patients is sampled."""

    as_of: date
    one_in: int
    census: Mapping[str, Census]
    files: Mapping[str, str]  # readable name of each table
    rejects: Sequence[Rejects]
    profiles: Sequence[Profile]
    weeks: Sequence[Week]
    cases: Sequence[CaseWeek]
    codes: Sequence[Codes]
    patients: Patients
    # All usable ones, those of an unknown operation, and those of almost a requirement.
    exceptions: tuple[int, int, int]
    kinds: frozenset[str]  # that a protocol reads
    needed: frozenset[str]  # that a requirement needs
    required: frozenset[str]  # modalities that a requirement accepts
    # Counts by weekday from Monday: operations that were not cancelled, and completed events.
    weekdays: Mapping[str, Sequence[int]]  # past, planned, events
    modalities: frozenset[str]  # the vocabularies
    regions: frozenset[str]
    systems: frozenset[str]  # systems with a name or a code list
    # By table and column: the likely format of unreadable dates.
    written: Mapping[tuple[str, str], str]


def measure(db: Database, needs: Needs, prepared: Prepared, files: Mapping[str, str]) -> Measures:
    """Count the records that `prepare` loaded."""
    return _Counting(db, needs, prepared, files).all()


class _Counting:
    def __init__(
        self, db: Database, needs: Needs, prepared: Prepared, files: Mapping[str, str]
    ) -> None:
        self.db, self.needs, self.prepared, self.files = db, needs, prepared, files
        self.today = f"DATE '{needs.as_of.date}'"
        events = prepared.census["events"].used
        self.one_in = max(1, -(-events // LOOKED_AT))

    def all(self) -> Measures:
        catalogue = self.needs.catalogue
        profiles = list(self._profiles())
        series = self._events(profiles)
        self._cases()
        scopes = [scope for compiled in self.needs.protocols for scope in compiled.scopes]
        listed = {row.system for one in catalogue.lists.values() for row in one.rows}
        listed |= {code.system for code in catalogue.imaging}
        return Measures(
            as_of=self.needs.as_of.date,
            one_in=self.one_in,
            census=self.prepared.census,
            files=self.files,
            rejects=list(self._rejects()),
            profiles=profiles,
            weeks=list(self._weeks(series)),
            cases=list(self._case_weeks()),
            codes=list(self._codes()),
            patients=self._patients(),
            exceptions=self._exceptions(),
            kinds=frozenset(leaf.event.kind for scope in scopes for leaf in scope.questions),
            needed=frozenset(leaf.event.kind for scope in scopes for leaf in scope.leaves),
            required=frozenset(
                word
                for scope in scopes
                for leaf in scope.leaves
                for word in leaf.event.modality or ()
            ),
            weekdays=self._weekdays(),
            modalities=frozenset(catalogue.modalities),
            regions=frozenset(catalogue.regions),
            systems=frozenset(listed | {*SYSTEM_ALIASES.values()}),
            written=self.prepared.written,
        )

    def _looked_at(self, patient: str = "patient_id") -> str:
        """Return the SQL of whether a patient is in the sample."""
        if self.one_in == 1:
            return f"{patient} IS NOT NULL"
        return f"mod({self.db.hashed(patient)}, {self.one_in}) = 0"

    def _used(self, table: str) -> str:
        census = self.prepared.census[table]
        return f"_row NOT IN (SELECT _row FROM rejected_{table})" if census.rejected else "true"

    def _rejects(self) -> Iterator[Rejects]:
        parts = [
            f"SELECT '{name}', col, reason, same, count(*) FROM rejected_{name} GROUP BY 2, 3, 4"
            for name in self.prepared.census
        ]
        for row in self.db.rows(" UNION ALL ".join(parts)):
            yield Rejects(str(row[0]), str(row[1]), str(row[2]), bool(row[3]), int(row[4]))

    # ---- events ----------------------------------------------------------------------------------

    def _profiles(self) -> Iterator[Profile]:
        rows = self.db.rows(
            "SELECT profile, kind, status, provenance, events, said_modalities, said_regions, "
            "code_modalities, code_regions, coded FROM event_profiles"
        )
        for number, kind, status, provenance, events, *lists, coded in rows:
            said, regions, by_code, regions_by_code = (
                tuple(map(str, found if found is not None else ())) for found in lists
            )
            yield Profile(
                int(number),
                kind or "",
                status or "",
                provenance or "",
                int(events),
                said,
                regions,
                by_code,
                regions_by_code,
                bool(coded),
            )

    def _events(self, profiles: Sequence[Profile]) -> Sequence[Series]:
        """Make table `look_events` of the sampled rows; return the series they belong to."""
        numbers: dict[Series, int] = {}
        rows = []
        for p in profiles:
            modality = ";".join(p.modalities or p.code_modalities)
            key = Series(p.kind, p.status, modality, p.provenance or "internal")
            rows.append((p.number, numbers.setdefault(key, len(numbers))))
        # Spark's profile numbers exceed an INTEGER.
        small = all(number < 2**31 for number, _ in rows)
        profile = "r.profile" if small else self.db.as_text("r.profile")
        kind: Kind = "INTEGER" if small else "TEXT"
        self.db.fill("look_series", {"profile": kind, "series": "INTEGER"}, rows)
        late = f"coalesce(r.recorded_at_lo > {self.today}, false)"
        self.db.table(
            "look_events",
            f"""
            SELECT r.patient_id, s.series, r.status = 'completed' AS done, NOT {late} AS known,
                   r.at_lo AS lo, r.at_hi AS hi, r.at_clock AS clock, r.recorded_at_lo AS recorded,
                   r.recorded_at_clock AS recorded_clock, r.ordered_at_lo AS ordered
            FROM read_events r JOIN look_series s ON s.profile = {profile}
            WHERE {self._used("events")} AND r.status <> 'entered-in-error'
                  AND {self._looked_at("r.patient_id")}""",
        )
        return list(numbers)

    def _weeks(self, series: Sequence[Series]) -> Iterator[Week]:
        db, counted = (
            self.db,
            {
                "timed": "clock IS NOT NULL",
                "midnight": _midnight("clock", "lo"),
                "night": _night("clock", "lo"),
                "recorded": "recorded IS NOT NULL",
                "recorded_before": "recorded < lo",
                "recorded_late": f"{self.db.days('recorded', 'hi')} > 14",
                "at_is_recorded": "clock = recorded_clock",
                "both_timed": "clock IS NOT NULL AND recorded_clock IS NOT NULL",
                "ordered": "ordered IS NOT NULL",
                "ordered_after": "ordered > hi",
                "at_is_ordered": "ordered = lo",
                "swapped": self._swapped_event(),
                "before_1990": "extract(year FROM lo) < 1990",
                "month_start": "extract(day FROM lo) = 1 AND hi = lo",
                "partial": "hi > lo",
            },
        )
        sums = ", ".join(f"count(*) FILTER (WHERE {sql})" for sql in counted.values())
        rows = db.rows(
            f"SELECT series, {self._week('lo', 'hi')}, known, count(*), max(lo), {sums} "
            "FROM look_events GROUP BY 1, 2, 3"
        )
        for number, week, known, events, newest, *found in rows:
            yield Week(
                series[number], int(week), bool(known), int(events), newest, *map(int, found)
            )

    def _week(self, first: str, last: str) -> str:
        """Return the SQL of an event's week number, by the last possible day of a month or year."""
        day = f"least({last}, {self.today})"
        age = self.db.days(self.today, day)
        return (
            f"CASE WHEN {first} IS NULL THEN {UNDATED} WHEN {first} > {self.today} THEN {FUTURE} "
            f"WHEN {age} >= {7 * WEEKS} THEN {WEEKS} ELSE CAST(floor({age} / 7) AS INTEGER) END"
        )

    def _swapped_event(self) -> str:
        """Return the SQL of whether a date fits record or order only with day and month swapped."""
        days = self.db.days
        turned, recorded = _turned("lo"), _turned("recorded")
        by_record = f"abs({days('recorded', turned)}) <= 1 AND abs({days('recorded', 'lo')}) > 20"
        of_record = f"abs({days(recorded, 'lo')}) <= 1 AND abs({days('recorded', 'lo')}) > 20"
        by_order = (
            f"recorded IS NULL AND {days(turned, 'ordered')} BETWEEN 0 AND 31 "
            f"AND {days('lo', 'ordered')} NOT BETWEEN -3 AND 120"
        )
        return f"hi = lo AND (({by_record}) OR ({of_record}) OR ({by_order}))"

    # ---- operations ------------------------------------------------------------------------------

    def _cases(self) -> None:
        """Make table `look_cases`: usable operations of the sampled patients, dates as read."""
        ids = {"_row": "c._row", "case_id": "c.case_id", "patient_id": "c.patient_id"}
        columns = ids | {
            self.db.quote(n): f"r.{self.db.quote(n)}" for n in CASES.names if n not in ids
        }
        self.db.table(
            "look_raw",
            f"SELECT {', '.join(f'{sql} AS {name}' for name, sql in columns.items())} "
            "FROM raw_cases r JOIN ready_cases c ON c._row = r._row "
            f"WHERE {self._looked_at('c.patient_id')}",
        )
        rows = reading(self.db, CASES, self.needs.site, "look_raw")
        begun = "status = 'performed' AND started_at_lo IS NOT NULL"
        self.db.table(
            "look_cases",
            f"""
            SELECT _row, case_id, patient_id, status, procedures <> '' AS has_procedures,
                   diagnoses <> '' AS has_diagnoses, surgery_at_lo AS planned,
                   started_at_lo AS started, admitted_at_lo AS admitted,
                   CASE WHEN {begun} THEN started_at_lo ELSE surgery_at_lo END AS anchor,
                   CASE WHEN {begun} THEN started_at_clock ELSE surgery_at_clock END AS clock
            FROM ({rows.query}) r""",
        )

    def _case_weeks(self) -> Iterator[CaseWeek]:
        db, days = self.db, self.db.days
        turned = _turned("planned")
        counted = {
            "with_event": "e.patient_id IS NOT NULL",
            "near": "n.row_of_case IS NOT NULL",
            "procedures": "has_procedures",
            "diagnoses": "has_diagnoses",
            "started": "started IS NOT NULL",
            "started_far": f"abs({days('started', 'planned')}) > 7",
            "admitted_after": "admitted > anchor",
            "timed": "clock IS NOT NULL",
            "midnight": _midnight("clock", "anchor"),
            "night": _night("clock", "anchor"),
            "swapped": f"abs({days('started', 'planned')}) > 20 "
            f"AND abs({days('started', turned)}) <= 1",
            "before_1990": "extract(year FROM anchor) < 1990",
            "month_start": "extract(day FROM anchor) = 1",
        }
        sums = ", ".join(f"count(*) FILTER (WHERE {sql})" for sql in counted.values())
        age = f"CAST(floor({days(self.today, 'anchor')} / 7.0) AS INTEGER)"
        bounded = f"greatest(-{WEEKS}, least({WEEKS}, {age}))"
        rows = db.rows(f"""
            SELECT {bounded}, status, count(*), max(anchor), min(anchor), {sums} FROM look_cases c
            LEFT JOIN (SELECT DISTINCT patient_id FROM look_events) e
                 ON e.patient_id = c.patient_id
            LEFT JOIN (SELECT DISTINCT c._row AS row_of_case FROM look_cases c
                       JOIN look_events e ON e.patient_id = c.patient_id
                       WHERE e.done AND {days("c.anchor", "e.lo")} BETWEEN 0 AND {_NEAR}) n
                 ON n.row_of_case = c._row
            GROUP BY 1, 2""")
        for week, status, number, newest, oldest, *found in rows:
            yield CaseWeek(int(week), str(status), int(number), newest, oldest, *map(int, found))

    def _weekdays(self) -> Mapping[str, Sequence[int]]:
        def weekday(day: str) -> str:  # 1 January 2001 was a Monday
            since = self.db.days(day, "DATE '2001-01-01'")
            return f"CAST(mod({since} + 7000000, 7) AS INTEGER)"

        counts = {name: [0] * 7 for name in ("past", "planned", "events")}
        for name, day, number in self.db.rows(f"""
            SELECT CASE WHEN anchor > {self.today} THEN 'planned' ELSE 'past' END,
                   {weekday("anchor")}, count(*)
            FROM look_cases WHERE status <> 'cancelled' GROUP BY 1, 2
            UNION ALL
            SELECT 'events', {weekday("lo")}, count(*) FROM look_events
            WHERE done AND lo = hi AND lo <= {self.today} GROUP BY 2"""):
            counts[str(name)][int(day)] += int(number)
        return counts

    # ---- both ------------------------------------------------------------------------------------

    def _patients(self) -> Patients:
        days = self.db.days("c.anchor", "e.lo")

        def turned(day: str) -> str:
            number = f"extract(day FROM {day})"
            return f"{number} <= 12 AND {number} <> extract(month FROM {day})"

        def turns(day: str) -> str:
            return f"count(*) FILTER (WHERE {turned(day)})"

        def near(also: str) -> str:
            return f"count(*) FILTER (WHERE {also} AND {days} BETWEEN 0 AND {_NEAR})"

        lost = """SELECT DISTINCT c.patient_id FROM look_cases c WHERE NOT EXISTS
                  (SELECT 1 FROM look_events e WHERE e.patient_id = c.patient_id)"""
        row = self.db.row(f"""
            SELECT (SELECT count(*) FROM ({lost}) l),
                   (SELECT count(DISTINCT patient_id) FROM look_cases),
                   (SELECT count(*) FROM look_cases WHERE case_id IN
                       (SELECT patient_id FROM look_events)),
                   p.pairs, p.near, p.event_turns, p.event_turns_near, p.case_turns,
                   p.case_turns_near, m.most, m.patients, d.most, d.days, s.same
            FROM (SELECT count(*) AS pairs, {near("true")} AS near,
                         {turns("e.lo")} AS event_turns, {near(turned("e.lo"))} AS event_turns_near,
                         {turns("c.anchor")} AS case_turns,
                         {near(turned("c.anchor"))} AS case_turns_near
                  FROM look_cases c JOIN look_events e ON e.patient_id = c.patient_id
                  WHERE e.done) p,
                 (SELECT max(n) AS most, count(*) AS patients FROM (SELECT count(*) AS n FROM look_events
                                              GROUP BY patient_id) x) m,
                 (SELECT max(n) AS most, count(*) AS days
                  FROM (SELECT count(*) AS n FROM look_events
                        WHERE done AND lo = hi AND lo <= {self.today} GROUP BY lo) x) d,
                 (SELECT coalesce(sum(n - 1), 0) AS same
                  FROM (SELECT count(*) AS n FROM look_cases WHERE status <> 'cancelled'
                        GROUP BY patient_id, anchor HAVING count(*) > 1) x) s""")
        missing, patients, own, *rest = (int(value or 0) for value in row)
        return Patients(missing, patients, *self._spelt(), own, *rest)

    def _spelt(self) -> tuple[int, int, int]:
        """Count patients with an operation who have events under another spelling of their id.

        A patient with a differently spelt id falls into another sample: if one in n patients is
        sampled, one in n of these is found, too.
        """
        owners = "SELECT DISTINCT patient_id FROM look_cases"
        strange = """SELECT DISTINCT e.patient_id FROM look_events e WHERE NOT EXISTS
                     (SELECT 1 FROM ready_cases c WHERE c.patient_id = e.patient_id)"""
        self.db.table("look_strange", self._keys(strange))
        (strangers,) = self.db.row("SELECT count(*) FROM look_strange")
        if not strangers:
            return 0, 0, 0
        self.db.table("look_owners", self._keys(owners))
        whole, digits = self.db.row("""
            SELECT (SELECT count(*) FROM look_owners
                    WHERE whole IN (SELECT whole FROM look_strange)),
                   (SELECT count(*) FROM look_owners o
                    WHERE length(digits) >= 3 AND digits IN (SELECT digits FROM look_strange)
                          AND NOT EXISTS (SELECT 1 FROM look_events e
                                          WHERE e.patient_id = o.patient_id))""")
        return int(whole) * self.one_in, int(digits) * self.one_in, int(strangers)

    def _keys(self, ids: str) -> str:
        """Return the SQL of ids, and of ids without zeros, separators and case."""
        db = self.db
        alike = f"translate(upper(patient_id), '{_ALIKE[0]}', '{_ALIKE[1]}')"
        plain = db.replace(alike, "[.]0+$", "")
        digits = f"trim(LEADING '0' FROM {db.without('plain', '[^0-9]')})"
        letters = db.without("plain", "[^A-Z]")
        return (
            f"SELECT patient_id, {letters} || '|' || {digits} AS whole, {digits} AS digits "
            f"FROM (SELECT patient_id, {plain} AS plain FROM ({ids}) i) p"
        )

    def _codes(self) -> Iterator[Codes]:
        db = self.db
        texts = " UNION ALL ".join(
            f"SELECT '{column}' AS col, {db.as_text(column)} AS text, {number} AS n "
            f"FROM {table} WHERE {db.as_text(column)} <> '' {group}"
            for column, table, number, group in (
                ("procedures", "raw_cases", "count(*)", "GROUP BY 2"),
                ("diagnoses", "raw_cases", "count(*)", "GROUP BY 2"),
                ("codes", "looks", "sum(events)", "GROUP BY 2"),
            )
        )
        system, code = db.part("item", "^(.*):[^:]*$"), db.part("item", "^.*:([^:]*)$")
        rows = db.rows(f"""
            SELECT col, lower(coalesce({db.trim(system)}, '')),
                   coalesce(nullif(upper({db.trim(code)}), ''), upper({db.trim("item")})),
                   CAST(sum(n) AS BIGINT)
            FROM (SELECT col, n, {db.pieces("text")} AS item FROM ({texts}) t) i
            WHERE {db.trim("item")} <> '' GROUP BY 1, 2, 3 ORDER BY 4 DESC LIMIT {_CODES}""")
        for column, name, text, number in rows:
            yield Codes(str(column), str(name), str(text), int(number))

    def _exceptions(self) -> tuple[int, int, int]:
        scopes = [scope for compiled in self.needs.protocols for scope in compiled.scopes]
        ids = {leaf.id for scope in scopes for leaf in scope.leaves}
        rows = self.db.rows("""
            SELECT x.requirement, count(*), count(*) FILTER (WHERE c.case_id IS NULL)
            FROM ready_exceptions x LEFT JOIN
                 (SELECT DISTINCT case_id FROM ready_cases) c ON c.case_id = x.case_id
            GROUP BY 1""")
        counts = [(str(name), int(number), int(unknown)) for name, number, unknown in rows]
        misspelt = sum(n for name, n, _ in counts if name not in ids and _nearly(name, ids))
        return sum(n for _, n, _ in counts), sum(n for _, _, n in counts), misspelt


def _nearly(name: str, ids: Collection[str]) -> bool:
    """Whether a name is spelt almost like one of these ids, or has a word of one."""
    words = set(re.findall(r"[^\W_]+", name.lower()))
    return any(words & set(re.findall(r"[^\W_]+", id.lower())) for id in ids) or bool(
        difflib.get_close_matches(name.lower(), [id.lower() for id in ids], 1)
    )


def _midnight(clock: str, day: str) -> str:
    return f"{clock} = CAST({day} AS TIMESTAMP)"


def _night(clock: str, day: str) -> str:
    """Return the SQL of whether a time is between 22:00 and 6:00, except exactly midnight."""
    hour = f"extract(hour FROM {clock})"
    return f"({hour} >= 22 OR {hour} < 6) AND NOT ({_midnight(clock, day)})"


def _turned(day: str) -> str:
    """Return the SQL of a date with day and month swapped, NULL if that gives no other date."""
    parts = {p: f"CAST(extract({p} FROM {day}) AS INTEGER)" for p in ("year", "month", "day")}
    return (
        f"CASE WHEN {parts['day']} <= 12 AND {parts['day']} <> {parts['month']} "
        f"THEN make_date({parts['year']}, {parts['day']}, {parts['month']}) END"
    )
