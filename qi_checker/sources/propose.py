"""Propose a first mapping.yaml for an export, with a question for each doubt.

Certain values are written; if two readings are possible the mapping contains both or a `?`, and is
refused until a person has answered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace as changed
from typing import TYPE_CHECKING, Any

from qi_checker.protocol.codes import SYSTEM_ALIASES, canonical_system
from qi_checker.protocol.date_format import EXCEL
from qi_checker.protocol.records import CASES, EVENTS
from qi_checker.protocol.vocabulary import CASE_STATUSES, EVENT_STATUSES
from qi_checker.sources.inspection import InspectedTable
from qi_checker.sources.layout import BLANKS, plain
from qi_checker.sources.patient_ids import about_ids, about_ids_of_feed, distinct_ids, shared_ids
from qi_checker.sources.proposal import OPEN, Doubt, Part, Path, Proposal
from qi_checker.sources.raw import literal
from qi_checker.sources.recognise import (
    CASE_ROLES,
    EVENT_ROLES,
    OF_DIAGNOSES,
    OF_PROCEDURES,
    Codes,
    Profile,
    codes_in_text,
    codes_of,
    dates_of,
    is_birth,
    is_clock,
    is_part_of_a_day,
    kind_of,
    known_words,
    may_be_id,
    name_score,
    plain_word,
    word_of,
)

if TYPE_CHECKING:
    import duckdb

_MOST_WORDS = 60
_APPOINTMENT = re.compile(
    r"\b(app(oin)?t\w*|termin\w*|sched\w*|planned|geplant|gepl|rdv|rendez vous|booked|prevu\w*)\b"
)
_STATUS = r"\b(status|state|zustand|etat|statut)\b"
_NEAR = 0.35  # two columns whose scores differ by less are both offered


def propose(
    con: duckdb.DuckDBPyConnection, seen: Sequence[InspectedTable], url: str = ""
) -> Proposal:
    """Propose a mapping for the given tables; `url` is the address of their database."""
    proposal = Proposal()
    if url:
        proposal.mapping["database"] = {"url": url}
    blocks: dict[str, list[tuple[InspectedTable, dict[str, Any]]]] = {"cases": [], "events": []}
    kinds = [kind_of(one.table) for one in seen]
    for one, (kind, sure) in sorted(zip(seen, kinds, strict=True), key=lambda pair: -pair[1][1]):
        part = Part(one.table.title, _rows(one), kind, sure, torn=one.torn)
        proposal.parts.append(part)
        if not kind or (kind == "cases" and blocks["cases"] and sure < 0.4):
            part.kind = ""
            continue
        if kind == "cases" and blocks["cases"]:
            main, block = blocks["cases"][0]
            if used := _beside(con, main, block, one):
                part.kind = f"codes of {main.table.title}"
                part.unused = [c.name for c in one.table.columns if c.name not in used and c.filled]
                proposal.doubts += _about_beside(block, one)
                continue
        number = len(blocks[kind])
        path: Path = (kind, number)
        block, doubts, used = _Block(con, one, kind, path).made()
        blocks[kind].append((one, block))
        proposal.doubts += doubts
        part.unused = [c.name for c in one.table.columns if c.name not in used and c.filled]
    for kind, found in blocks.items():
        if found:
            made = [block for _, block in found]
            proposal.mapping[kind] = made[0] if len(made) == 1 else made
            if len(made) == 1:
                _without_number(proposal.doubts, kind)
    if blocks["cases"] and blocks["events"]:
        # Most patients have examinations; of the other feeds, fewer may.
        feeds = blocks["events"]
        largest = max(
            range(len(feeds)), key=lambda n: ("exam_name" in feeds[n][1], _rows(feeds[n][0]), -n)
        )
        proposal.doubts += about_ids(con, proposal, blocks["cases"][0], feeds[largest], largest)
        for number, feed in enumerate(feeds):
            if number != largest:
                proposal.doubts += about_ids_of_feed(
                    con, proposal, blocks["cases"][0], feed, number
                )
    return proposal


def _rows(one: InspectedTable) -> int:
    return one.table.columns[0].rows if one.table.columns else 0


def _without_number(doubts: list[Doubt], kind: str) -> None:
    """Replace a list of one part by the part itself."""
    for doubt in doubts:
        if doubt.path[:2] == (kind, 0):
            doubt.path = (kind, *doubt.path[2:])


class _Block:
    """One part of a table, column by column."""

    def __init__(
        self, con: duckdb.DuckDBPyConnection, seen: InspectedTable, kind: str, path: Path
    ) -> None:
        self.con, self.seen, self.kind, self.path = con, seen, kind, path
        self.roles = seen.table.roles(CASE_ROLES if kind == "cases" else EVENT_ROLES)
        self.columns: dict[str, Any] = {}
        self.block: dict[str, Any] = dict(seen.place)
        self.doubts: list[Doubt] = []
        self.used: set[str] = set()

    def made(self) -> tuple[dict[str, Any], list[Doubt], set[str]]:
        """Return the block of mapping.yaml, its questions, and the columns it uses."""
        if self.kind == "cases":
            self._cases()
        else:
            self._events()
        if any(c.marked and c.name in self.used for c in self.seen.table.columns):
            self.block["text_marks"] = True
        if merged := [name for name in self.seen.merged if name in self.used]:
            self.block["fill_down"] = merged
        self.block["columns"] = self.columns
        return self.block, self.doubts, self.used

    # ---- cases -----------------------------------------------------------------------------------

    def _cases(self) -> None:
        self._id("case_id", ("patient_id", "surgery_at"))
        self._plain("patient_id")
        self._date("surgery_at", needed=True)
        self._date("started_at")
        self._status(CASES.name, known_words().case_status, CASE_STATUSES)
        for role in ("procedures", "diagnoses"):
            self._codes(role)
        self._words("urgency", known_words().urgency, ("elective", "urgent", "emergency"))
        self._date("admitted_at")
        for role in ("surgeon", "site"):
            self._plain(role, optional=True)
        self._group()

    def _group(self) -> None:
        """Ask whether several rows make one operation."""
        given = self.columns["case_id"]
        if given == OPEN:
            return
        names = [given] if isinstance(given, str) else given["columns"]
        keys = [self.seen.table.column(name) for name in names]
        rows, operations = self._counted(keys)
        if rows == operations:
            return
        value = names[0] if len(names) == 1 else names
        self.block["group_by"] = value
        self.doubts.append(
            Doubt(
                (*self.path, "group_by"),
                f"{rows} rows have {operations} values of {' and '.join(names)}: is each of "
                "them one operation with several rows, such as one for each procedure?",
                (("yes, one operation", value), ("no, each row is an operation", None)),
                0,
            )
        )
        conflicting = self._apart(keys)
        if conflicting:
            self.doubts.append(
                Doubt(
                    (*self.path, "columns", "surgery_at"),
                    f"The rows of {conflicting} operations have several values for the time of surgery: "
                    "which one counts? Without an answer these operations are rejected",
                    (("the earliest", {"pick": "earliest"}), ("the latest", {"pick": "latest"})),
                )
            )

    def _filled(self, column: Profile) -> str:
        """Return the SQL of a column's cells, with merged cells filled from above."""
        cell = f"nullif(trim(k{column.place - 1}, {literal(BLANKS)}), '')"
        if column.name not in self.seen.merged:
            return cell
        return f"last_value({cell} IGNORE NULLS) OVER (ORDER BY _row)"

    def _grouped(self, keys: Sequence[Profile], value: str) -> str:
        """Return a query of `k`, which identifies operations, and a value of each row."""
        parts = ", ".join(self._filled(key) for key in keys)
        return f"SELECT concat_ws('/', {parts}) AS k, {value} AS v FROM {self.seen.grid}"

    def _counted(self, keys: Sequence[Profile]) -> tuple[int, int]:
        """Count rows with an id, and distinct ids."""
        query = (
            f"SELECT count(*), count(DISTINCT k) FROM ({self._grouped(keys, '0')}) g WHERE k <> ''"
        )
        rows, operations = self.con.execute(query).fetchall()[0]
        return int(rows), int(operations)

    def _apart(self, keys: Sequence[Profile]) -> int:
        """Count operations whose rows disagree about the time of surgery."""
        given = self.columns.get("surgery_at")
        if given is None or given == OPEN:
            return 0
        source = {"column": given} if isinstance(given, str) else given
        names = [source["column"]] if "column" in source else source.get("columns", [])
        parts = [f"coalesce({self._filled(self.seen.table.column(n))}, '')" for n in names]
        grouped = self._grouped(keys, " || ".join(parts))
        query = (
            f"SELECT count(*) FROM (SELECT k FROM ({grouped}) r WHERE k <> '' GROUP BY k "
            "HAVING count(DISTINCT v) > 1) g"
        )
        return int(self.con.execute(query).fetchall()[0][0])

    # ---- events ----------------------------------------------------------------------------------

    def _events(self) -> None:
        self._id("event_id", ("patient_id", "exam_name", "at"))
        self._plain("patient_id")
        if "exam_name" in self.roles and self.seen.table.exam_share.get(
            self.roles["exam_name"][0].name, 0
        ):
            self.block["exam_name"] = self._use("exam_name")
        else:
            self._kind()
        self._status(EVENTS.name, known_words().event_status, EVENT_STATUSES)
        self._date("at", needed=True)
        self._modality()
        self._plain("region", optional=True)
        self._codes("codes")
        self._date("ordered_at")

    def _kind(self) -> None:
        imaging = "modality" in self.roles
        self.columns["kind"] = {"constant": "imaging" if imaging else OPEN}
        answers = tuple(
            (word, {"constant": word}) for word in ("imaging", "therapy", "visit", "lab")
        )
        question = f"What are the rows of {self.seen.table.title}?"
        if not imaging:
            self.doubts.append(Doubt((*self.path, "columns", "kind"), question, answers))

    # ---- columns ---------------------------------------------------------------------------------

    def _use(self, role: str) -> str:
        name = self.roles[role][0].name
        self.used.add(name)
        return name

    def _plain(self, role: str, optional: bool = False) -> None:
        if role in self.roles and not (optional and self.roles[role][1] < 0.7):
            self.columns[role] = self._use(role)
        elif not optional:
            self._missing(role)

    def _missing(self, role: str) -> None:
        """Ask for a required column that was not recognised in the export."""
        self.columns[role] = OPEN
        columns = [c for c in self.seen.table.columns if c.filled and c.name not in self.used]
        if role in ("surgery_at", "at"):
            columns = [c for c in columns if dates_of(c).share > 0.6 and not is_birth(c)] or columns
        self.doubts.append(
            Doubt(
                (*self.path, "columns", role),
                f"Which column of {self.seen.table.title} is {role}?",
                tuple(
                    (c.name, self._dated(c) if dates_of(c).share > 0.6 else c.name)
                    for c in columns[:20]
                ),
            )
        )

    def _id(self, role: str, otherwise: Sequence[str]) -> None:
        """Map an id; if there is none, build it from columns that identify a row."""
        if role in self.roles:
            self.columns[role] = self._use(role)
            return
        unique = [
            c
            for c in self.seen.table.columns
            if c.distinct == c.filled == c.rows > 1 and may_be_id(c)
            if c not in [other for other, _ in self.roles.values()]
        ]
        if unique:
            self.used.add(unique[0].name)
            self.columns[role] = unique[0].name
            self.doubts.append(
                Doubt(
                    (*self.path, "columns", role),
                    f"{unique[0].name} is different in every row of {self.seen.table.title}: is it "
                    f"the {role}?",
                    (("yes", unique[0].name), *((f"no, {c.name}", c.name) for c in unique[1:4])),
                    0,
                )
            )
            return
        names = [self.roles[other][0].name for other in otherwise if other in self.roles]
        if len(names) < 2:
            self._missing(role)
            return
        self.columns[role] = {"columns": names, "join_with": "/"}
        self.doubts.append(
            Doubt(
                (*self.path, "columns", role),
                f"No column of {self.seen.table.title} numbers its rows: is a row identified by "
                f"{' and '.join(names)}?",
                (
                    ("yes", self.columns[role]),
                    ("no: the mapping is refused until one is named", OPEN),
                ),
                0,
            )
        )

    def _date(self, role: str, needed: bool = False) -> None:
        if role not in self.roles:
            if needed:
                self._missing(role)
            return
        column, score = self.roles[role]
        if not needed and score < 0.7:
            return
        self.used.add(column.name)
        dates, clock = dates_of(column), self._clock_beside(column)
        if clock is not None:
            self.used.add(clock.name)
        names = [column.name] + ([clock.name] if clock else [])
        formats = [self._with_clock(text, clock) for text in dates.formats]
        source: dict[str, Any] = {"columns": names} if clock else {"column": column.name}
        if formats != [""]:
            source["date"] = " or ".join(formats)
        self.columns[role] = source if len(source) > 1 or clock else column.name
        if len(formats) > 1:
            first, second = (column.values[0][0], formats)
            self.doubts.append(
                Doubt(
                    (*self.path, "columns", role),
                    f"{column.name} can be read in {len(second)} ways ({first} ...): which?",
                    tuple((text, {"date": text}) for text in formats),
                )
            )
        if role == "at" and self._appointments(column, source):
            return
        if needed:
            self._others(role, column, score)

    def _appointments(self, done: Profile, source: dict[str, Any]) -> bool:
        """Take the appointment for rows that have no time of the examination yet.

        Many systems have two columns: the start, empty until the examination is done, and the
        appointment. Without the latter no booked event has a date.
        """
        if "columns" in source or done.filled > 0.98 * done.rows:
            return False
        taken = {c.name for c, _ in self.roles.values()}
        empty = f"trim(coalesce(k{done.place - 1}, ''), {literal(BLANKS)}) = ''"
        for column in self.seen.table.columns:
            if column.name in taken or column is done or _APPOINTMENT.search(column.words) is None:
                continue
            filled = f"trim(coalesce(k{column.place - 1}, ''), {literal(BLANKS)}) <> ''"
            (rows,) = self.con.execute(
                f"SELECT count(*) FROM {self.seen.grid} WHERE {empty} AND {filled}"
            ).fetchall()[0]
            formats = dates_of(column).formats
            if not rows or not formats:
                continue
            both: dict[str, Any] = {"first_of": [done.name, column.name]}
            dates = [" or ".join(f) for f in (dates_of(done).formats, formats)]
            if written := [text for text in dict.fromkeys(dates) if text]:
                both["date"] = written[0] if len(written) == 1 else written
            self.used.add(column.name)
            self.columns["at"] = both
            self.doubts.append(
                Doubt(
                    (*self.path, "columns", "at"),
                    f"{done.name} is empty in {rows} rows of {self.seen.table.title} that have "
                    f"{column.name}: is that the appointment of an examination not yet done?",
                    (("yes", both), ("no, leave those rows without a date", self._dated(done))),
                    0,
                )
            )
            return True
        return False

    def _clock_beside(self, column: Profile) -> Profile | None:
        """Return the column with the time of day, if a date column has no time."""
        if any(re.search(r":|\dh", value) for value, _ in column.values[:20]):
            return None
        serial = dates_of(column).formats == (EXCEL,)
        clocks = [
            c
            for c in self.seen.table.columns
            if c.name not in self.used and (is_clock(c) or (serial and is_part_of_a_day(c)))
        ]
        near = [c for c in clocks if abs(c.place - column.place) <= 2 and c.place > column.place]
        return near[0] if near else None

    @staticmethod
    def _with_clock(text: str, clock: Profile | None) -> str:
        if clock is None:
            return text
        values = [value for value, _ in clock.values[:20]]
        if text == EXCEL:
            return text
        if all(re.fullmatch(r"\d{3,4}", value) for value in values):
            return f"{text or 'YYYY-MM-DD'} HHmm"
        if any(re.search(r"[AaPp][Mm]", value) for value in values):
            blank = " " if any(re.search(r" [AaPp][Mm]", value) for value in values) else ""
            return f"{text or 'YYYY-MM-DD'} hh:mm{blank}AM"
        if any(value.endswith(" Uhr") for value in values):
            return f"{text or 'YYYY-MM-DD'} HH:mm Uhr"
        if any("h" in value for value in values):
            return f"{text or 'YYYY-MM-DD'} HHhmm"
        return f"{text} HH:mm" if text else ""

    def _others(self, role: str, column: Profile, score: float) -> None:
        """Ask about other columns that may be the required date."""
        others = [
            c
            for c in self.seen.table.columns
            if c is not column and c.name not in self.used
            if dates_of(c).share > 0.6 and not is_birth(c)
        ]
        taken = {c.name for r, (c, _) in self.roles.items() if r != role}
        others = [c for c in others if c.name not in taken]
        if others and score < 1 + _NEAR:
            named = [column, *others[:4]]
            self.doubts.append(
                Doubt(
                    (*self.path, "columns", role),
                    f"Which column of {self.seen.table.title} is the "
                    f"{'day of surgery' if role == 'surgery_at' else 'time of the examination'}?",
                    tuple((c.name, self._dated(c)) for c in named),
                    0,
                )
            )

    def _dated(self, column: Profile) -> dict[str, Any]:
        """Return how a date column is read, with the time of day beside it."""
        clock = self._clock_beside(column)
        formats = [self._with_clock(text, clock) for text in dates_of(column).formats]
        source: dict[str, Any] = {"column": column.name}
        if clock is not None:
            source = {"columns": [column.name, clock.name]}
        return source if formats == [""] else source | {"date": " or ".join(formats)}

    def _status(self, table: str, words: dict[str, str], known: tuple[str, ...]) -> None:
        if "status" in self.roles:
            self._words("status", words, known)
            self._other_status(words)
            return
        self.columns["status"] = {"constant": OPEN}
        self.doubts.append(
            Doubt(
                (*self.path, "columns", "status"),
                f"No column of {self.seen.table.title} gives the status of the {table}. What are all of "
                "its rows?",
                tuple((word, {"constant": word}) for word in known[:3]),
            )
        )

    def _other_status(self, words: dict[str, str]) -> None:
        """Ask if another column has the name of a status, too."""
        chosen = self.roles["status"][0]
        taken = {c.name for c, _ in self.roles.values()}
        others = [
            c
            for c in self.seen.table.columns
            if c.name not in taken and 0 < c.distinct <= 60 and re.search(_STATUS, c.words)
        ]
        if not others:
            return
        # Of the other columns only known words are translated; the others need a person.
        translated = [
            {w: word_of(w, words) or OPEN for w, _ in c.values[:_MOST_WORDS]} for c in others
        ]
        self.doubts.append(
            Doubt(
                (*self.path, "columns", "status"),
                f"Which column of {self.seen.table.title} is the status?",
                (
                    (chosen.name, self.columns["status"]),
                    *(
                        (c.name, {"column": c.name, "words": mapped})
                        for c, mapped in zip(others, translated, strict=True)
                    ),
                ),
                0,
            )
        )

    def _words(self, role: str, words: dict[str, str], known: tuple[str, ...]) -> None:
        """Map a column of words: each value to its word of the contract."""
        if role not in self.roles:
            return
        column = self.roles[role][0]
        self.used.add(column.name)
        mapped: dict[str, str] = {}
        for value, number in column.values[:_MOST_WORDS]:
            word = word_of(value, words)
            if plain_word(value) == word or value in words.values():
                continue
            if word is not None:
                mapped[value] = word
            elif known:
                mapped[value] = OPEN
                self._word(role, value, number, known)
        self.columns[role] = {"column": column.name, "words": mapped} if mapped else column.name

    def _modality(self) -> None:
        """Map modalities; for other values, such as a scanner's name, the exam name decides."""
        words = known_words().modality
        self._words("modality", words, tuple(dict.fromkeys(words.values())))
        source = self.columns.get("modality")
        if "exam_name" not in self.block or not isinstance(source, dict):
            return
        for doubt in self.doubts:
            if doubt.path[-3:-1] == ("modality", "words") and "words" in source:
                source["words"][doubt.path[-1]] = ""
                doubt.answers = (("nothing: the exam name says it", ""), *doubt.answers)
                doubt.usual = 0

    def _word(self, role: str, value: str, number: int, known: tuple[str, ...]) -> None:
        self.doubts.append(
            Doubt(
                (*self.path, "columns", role, "words", value),
                f"What does {value!r} mean as {role} ({number} rows of {self.seen.table.title})?",
                tuple((word, word) for word in known),
            )
        )

    def _codes(self, role: str) -> None:
        if role not in self.roles:
            return
        column = self.roles[role][0]
        codes = codes_of(column) or codes_in_text(column, role)
        if codes is None:
            return
        self.used.add(column.name)
        source: dict[str, Any] = {"column": column.name}
        more = self._more_codes(role, column, codes)
        if more:
            source = {"columns": [column.name, *(c.name for c, _ in more)]}
            self.used |= {c.name for c, _ in more}
            separators = {codes.separator, *(s for _, s in more)} - {""}
            codes = changed(codes, separator=min(separators, default=""))
        if codes.separator:
            source["list"] = codes.separator
        if codes.system:
            source["system"] = codes.system
        if codes.strip:
            source["strip"] = codes.strip[0] if len(codes.strip) == 1 else list(codes.strip)
        if codes.in_text:
            source["in_text"] = True
        self.columns[role] = source if len(source) > 1 or more else column.name
        if more:
            alone = {"column": column.name, "columns": None}
            others = ", ".join(c.name for c, _ in more)
            self.doubts.append(
                Doubt(
                    (*self.path, "columns", role),
                    f"Codes of {role} are in {column.name} and in {others}: do all of them count?",
                    (("yes", {}), (f"no, only {column.name}", alone)),
                    0,
                )
            )
        if codes.system in ("CPT", "SNOMED", "ICD-10"):
            named = {"CPT": ("CPT", "LOCAL"), "SNOMED": ("SNOMED", "LOCAL")}
            systems = named.get(codes.system, ("ICD-10", "ICD-10-CM"))
            usual = 1 if codes.system == "ICD-10" and _is_american(self.columns) else 0
            if codes.system == "ICD-10" and usual:
                source["system"] = "ICD-10-CM"
            self.doubts.append(
                Doubt(
                    (*self.path, "columns", role),
                    f"The codes {'in the texts ' if codes.in_text else ''}of {column.name} have the "
                    f"shape of {codes.system}: which system are they from?",
                    tuple((system, {"system": system}) for system in systems),
                    usual,
                )
            )

    def _more_codes(self, role: str, column: Profile, codes: Codes) -> list[tuple[Profile, str]]:
        """Return further columns with codes of the same kind: `OPS 2`, secondary diagnoses.

        An empty column counts if its name differs in the number only.
        """
        if role not in ("procedures", "diagnoses") or codes.in_text:
            return []
        taken = {c.name for c, _ in self.roles.values()}
        stem = re.sub(r" ?\d+$", "", column.words)
        result = []
        for other in self.seen.table.columns:
            if other.name in taken or not (other.filled or _numbered(other, stem)):
                continue
            found = codes_of(other)
            if found is None and not other.filled:
                result.append((other, ""))
            elif found is not None and not found.in_text and found.system == codes.system:
                result.append((other, found.separator))
        return result


def _numbered(column: Profile, stem: str) -> bool:
    return column.words != stem and re.sub(r" ?\d+$", "", column.words) == stem


# ---- codes in a separate table ---------------------------------------------------------------

_AMERICAN = {"CPT", "ICD-10-PCS"}  # systems that only hospitals in the United States use


def _beside(
    con: duckdb.DuckDBPyConnection, main: InspectedTable, block: dict[str, Any], one: InspectedTable
) -> set[str]:
    """Join a table that only has codes of operations; return its columns that are used.

    It has the ids of operations, but lacks a patient or a date. A column that names the system of
    each code, such as `CPT` or `ICD10`, selects the rows.
    """
    roles = one.table.roles(CASE_ROLES)
    case_id = block["columns"].get("case_id")
    if {"patient_id", "surgery_at"} <= roles.keys() or not isinstance(case_id, str):
        return set()
    key = _same_ids(con, main, case_id, one)
    columns = [c for c in one.table.columns if key is not None and c is not key]
    found = list(_coded(columns))
    if key is None or not found:
        return set()
    by = case_id if plain(case_id) == plain(key.name) else f"{case_id} = {key.name}"
    joins, used = [], {key.name}
    american = any(system in _AMERICAN for _, _, system, _ in found)
    american = american or _is_american(block["columns"])
    for role, codes, system, where in found:
        if role in block["columns"]:
            continue
        if system == "ICD-10" and american:
            system = "ICD-10-CM"
        title = one.table.title.partition(".")[0]
        prefix = f"{title} {system} " if where is not None else f"{title} "
        join = dict(one.place) | {"by": by, "columns": codes.name, "prefix": prefix}
        if where is not None:
            join["where"] = [{"column": where[0].name, "is": list(where[1])}]
            used.add(where[0].name)
        joins.append(join)
        used.add(codes.name)
        block["columns"][role] = {"column": f"{prefix}{codes.name}", "system": system}
    if joins:
        columns_of = block.pop("columns")
        if any(c.marked and c.name in used for c in one.table.columns):
            block["text_marks"] = True
        block["join"] = [*block.get("join", []), *joins]
        block.setdefault("group_by", case_id)
        block["columns"] = columns_of
    return used if joins else set()


def _coded(
    columns: Sequence[Profile],
) -> Iterator[tuple[str, Profile, str, tuple[Profile, tuple[str, ...]] | None]]:
    """Yield columns of codes: contract column, column, its system, and the rows to select."""
    named = [c for c in columns if c.distinct <= 20 and c.share_of(_systems_in(c)) > 0.5]
    others = [c for c in columns if c not in named and not dates_of(c).share]
    if named:
        best = max(others, key=lambda c: (name_score(c, "codes"), c.distinct), default=None)
        if best is None:
            return
        words: dict[str, list[str]] = {}
        for value in sorted(_systems_in(named[0])):
            words.setdefault(canonical_system(value), []).append(value)
        for role, systems in (("procedures", OF_PROCEDURES), ("diagnoses", OF_DIAGNOSES)):
            if system := next((s for s in systems if s in words), None):
                yield role, best, system, (named[0], tuple(words[system]))
        return
    for role, systems in (("procedures", OF_PROCEDURES), ("diagnoses", OF_DIAGNOSES)):
        for column in others:
            codes = codes_of(column)
            if codes is not None and codes.system in systems and not codes.separator:
                yield role, column, codes.system, None
                break


def _is_american(columns: dict[str, Any]) -> bool:
    """Whether the procedures of a block are coded as in the United States."""
    source = columns.get("procedures")
    return isinstance(source, dict) and source.get("system") in _AMERICAN


def _systems_in(column: Profile) -> set[str]:
    """Return the values of a column that are names of code systems."""
    return {v for v, _ in column.values if v.lower() in SYSTEM_ALIASES}


def _same_ids(
    con: duckdb.DuckDBPyConnection, main: InspectedTable, case_id: str, one: InspectedTable
) -> Profile | None:
    """Return the column with the ids of operations, recognised by its name or its values."""
    here = main.table.column(case_id)
    for column in one.table.columns:
        if plain(column.name) != plain(case_id) and name_score(column, "case_id") < 0.5:
            continue
        if shared_ids(con, distinct_ids(one, column), distinct_ids(main, here), "v", "v") > 0.8:
            return column
    return None


def _about_beside(block: dict[str, Any], one: InspectedTable) -> Iterator[Doubt]:
    """Ask whether the codes belong to the system that their shape or name suggests."""
    for role in ("procedures", "diagnoses"):
        source = block["columns"].get(role)
        title = one.table.title.partition(".")[0]
        if isinstance(source, dict) and str(source["column"]).startswith(f"{title} "):
            yield Doubt(
                ("cases", 0, "columns", role),
                f"The {role} are in {one.table.title}, as codes of {source['system']}: is that right?",
                (("yes", source), ("no, leave them out", None)),
                0,
            )
