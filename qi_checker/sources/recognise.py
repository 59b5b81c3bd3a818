"""Recognise the content of an unknown table by the names and values of its columns.

A column has a role if its name suggests it in English, German or French, and if its values fit.
Both count; a name alone counts less than fitting values.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from qi_checker.protocol.code_shapes import IN_TEXT, SHAPES
from qi_checker.protocol.codes import SYSTEM_ALIASES
from qi_checker.protocol.date_format import EXCEL, fold, looks_like
from qi_checker.protocol.paths import rules_dir
from qi_checker.protocol.yaml_read import read_document
from qi_checker.sources.expressions import MARKS
from qi_checker.sources.layout import BLANKS
from qi_checker.sources.raw import literal

if TYPE_CHECKING:
    import duckdb

MOST_VALUES = 400  # checked per column, the most frequent first
_ISO = re.compile(r"(19|20)\d\d-\d\d-\d\d([T ]\d\d:\d\d.*)?")
_PART_OF_A_DAY = re.compile(r"0?[.,]\d+")
_MARKED = re.compile(MARKS)
_CLOCK = re.compile(r"\d{1,2}[:h]\d{2}(:\d{2})?( ?[AaPp][Mm]| Uhr)?|([01]\d|2[0-3])[0-5]\d")
_ID = re.compile(r"[\w./#-]{1,40}|\d{2,4}( \d{2,4}){1,4}")


@dataclass(frozen=True)
class Profile:
    """One column of a table with its values: how many rows have one, and the most frequent."""

    name: str
    place: int  # from 1
    rows: int
    filled: int
    distinct: int
    values: tuple[tuple[str, int], ...]
    marked: bool = False  # values have marks that keep a spreadsheet from reading them as numbers

    def share(self, pattern: re.Pattern[str]) -> float:
        """Return the share of values that fully match a pattern."""
        return self.share_of({v for v, _ in self.values if pattern.fullmatch(v)})

    def share_of(self, values: set[str]) -> float:
        total = sum(number for _, number in self.values)
        return sum(n for v, n in self.values if v in values) / total if total else 0.0

    @property
    def words(self) -> str:
        """Return the name in lower case and without accents, its parts separated by one blank."""
        parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", self.name)
        return " ".join(re.sub(r"[^a-z0-9]+", " ", fold(parted.replace("ß", "ss"))).split())


@dataclass(frozen=True)
class Dates:
    """How the dates of a column are written; several formats if it is ambiguous."""

    formats: tuple[str, ...] = ()
    share: float = 0.0  # of the values that are dates


def profiles(con: duckdb.DuckDBPyConnection, table: str, names: Sequence[str]) -> list[Profile]:
    """Profile every column of a table whose columns are k0, k1 ..."""
    result = []
    (rows,) = con.execute(f"SELECT count(*) FROM {table}").fetchall()[0]
    for place, name in enumerate(names, start=1):
        value = f"trim(k{place - 1}, {literal(BLANKS)})"
        counted = (
            f"SELECT v, count(*) AS n FROM (SELECT {value} AS v FROM {table}) t "
            "WHERE v <> '' GROUP BY v"
        )
        filled, distinct = con.execute(
            f"SELECT coalesce(sum(n), 0), count(*) FROM ({counted}) c"
        ).fetchall()[0]
        most = con.execute(f"{counted} ORDER BY n DESC, v LIMIT {MOST_VALUES}").fetchall()
        values = tuple((str(v), int(n)) for v, n in most)
        marked = bool(values) and all(_MARKED.fullmatch(v) for v, _ in values[:20])
        if marked:
            values = tuple((_MARKED.sub(r"\1\2", v), n) for v, n in values)
        result.append(Profile(name, place, int(rows), int(filled), int(distinct), values, marked))
    return result


def dates_of(column: Profile) -> Dates:
    """Detect how the dates of a column are written, if it contains any."""
    total = sum(n for _, n in column.values)
    if not total:
        return Dates()
    iso = sum(n for v, n in column.values if _ISO.fullmatch(v))
    if iso >= 0.8 * total:
        return Dates(("",), iso / total)
    read = {v: looks_like(v) for v, _ in column.values}
    if any(f == (EXCEL,) for f in read.values()) and not _names_a_date(column):
        return Dates()
    dated = sum(n for v, n in column.values if read[v])
    if dated < 0.6 * total:
        return Dates()
    orders: dict[str, set[str]] = {}
    for formats in read.values():
        if len(formats) == 1:
            orders.setdefault(_order(formats[0]), set()).add(formats[0])
    sure = {f for some in orders.values() for f in some}
    possible = {f for formats in read.values() for f in formats}
    if orders:
        possible = {f for f in possible if _order(f) in orders} or sure
    return Dates(tuple(_longest(possible)), dated / total)


def _order(text: str) -> str:
    """Return day and month of a format, and the separator between them: DD/MM."""
    return text.partition(" ")[0]


def _longest(formats: set[str]) -> list[str]:
    """Keep the format with the longest time of day, of those that differ only in it."""
    best: dict[str, str] = {}
    for text in sorted(formats, key=len):
        best[_order(text)] = text.replace(":ss", "")
    return sorted(best.values())


def _names_a_date(column: Profile) -> bool:
    parts = (
        "date",
        "datum",
        "day",
        "tag",
        "time",
        "zeit",
        "heure",
        "start",
        "beginn",
        "debut",
        "jour",
    )
    return any(part in column.words for part in parts)


def is_clock(column: Profile) -> bool:
    """Whether a column contains times of day."""
    return column.filled > 0 and column.share(_CLOCK) > 0.8


def is_part_of_a_day(column: Profile) -> bool:
    """Whether a column contains times of day as spreadsheet fractions: 0.3125 is 07:30."""
    return column.filled > 0 and column.share(_PART_OF_A_DAY) > 0.8


def is_birth(column: Profile) -> bool:
    """Whether a column's name says that it is a date of birth, which has no other role."""
    return re.search(r"\b(dob|birth\w*|geb|geburts?\w*|naiss\w*|ddn)\b", column.words) is not None


def may_be_id(column: Profile) -> bool:
    """Whether the values of a column can be ids."""
    return column.filled > 0 and dates_of(column).share <= 0.6 and column.share(_ID) >= 0.9


# ---- codes ---------------------------------------------------------------------------------------

_SYSTEMS = {
    # from the most specific shape to the least
    "CCI": r"\d\.[A-Z]{2}\.\d{2}.*",
    "CCAM": r"[A-Z]{4}\d{3}",
    "OPS": r"[1-9]-\d{2,3}[0-9a-z]?(\.[0-9a-z]{1,3})?#?",
    "LOINC": r"\d{1,5}-\d",
    "ICD-10-PCS": r"(?=[A-Z0-9]*[A-Z])(?=[A-Z0-9]*\d)[0-9A-HJ-NP-Z]{7}",
    "OPCS-4": r"[A-HJ-Z]\d{2}\.[0-9]",
    "ICD-10": r"[A-Z]\d{2}(\.[0-9A-Z]{1,4})?[+*!-]?",
    "CPT": r"\d{4}[0-9AFTU]",
    "SNOMED": r"[1-9]\d{5,17}",
}
_LISTS = (";", ",", "|", "/", "~")
OF_PROCEDURES = ("CPT", "OPS", "CCAM", "CCI", "ICD-10-PCS", "OPCS-4")
OF_DIAGNOSES = ("ICD-10", "ICD-10-CM", "ICD-10-CA")


@dataclass(frozen=True)
class Codes:
    """The code system of a column of codes, and the separator of several codes in one cell."""

    system: str = ""  # empty if each code names its own
    separator: str = ""
    share: float = 0.0
    strip: tuple[str, ...] = ()  # suffixes of codes
    in_text: bool = False  # codes are inside free text


def codes_of(column: Profile) -> Codes | None:
    """Detect the codes of a column; None if it contains none."""
    texts = [v for v, _ in column.values]
    if not texts:
        return None
    separator = next((s for s in _LISTS if sum(s in t for t in texts) > 0.02 * len(texts)), "")
    items = [i.strip() for t in texts for i in (t.split(separator) if separator else [t])]
    items = [i for i in items if i]
    named = [i for i in items if i.rpartition(":")[0].strip().lower() in SYSTEM_ALIASES]
    if len(named) > 0.8 * len(items):
        return Codes("", "" if separator == ";" else separator, len(named) / len(items))
    # German hospitals append to a diagnosis how certain it is. G is certain and is removed; V
    # (suspected), Z (former) and A (excluded) stay, so that no code list matches them.
    # The side of an operation (R, L, B) does not change its code.
    strip: tuple[str, ...] = ()
    if any(i.endswith(" G") for i in items):
        strip = (" G",)
        items = [re.sub(" [GVZA]$", "", i) for i in items]
    elif sided := [i for i in items if re.fullmatch(r"\d-.+:[RLB]", i)]:
        strip = tuple(sorted({i[-2:] for i in sided} | {":B", ":L", ":R"}))
        items = [re.sub(":[RLB]$", "", i) for i in items]
    for system, pattern in _SYSTEMS.items():
        if system == "ICD-10" and re.search(r"\b(diag\w*|dx|icd|cim)\b|diagnose", column.words):
            pattern = pattern.replace(r"\.", r"\.?")  # C787, if the name leaves no doubt
        # Any long number has the shape of SNOMED CT; its check digit tells.
        checked = SHAPES[system] if system in ("SNOMED", "LOINC") else lambda code: True
        fitting = sum(bool(re.fullmatch(pattern, i) and checked(i)) for i in items)
        if fitting > 0.8 * len(items):
            # ICD-10 and OPCS-4 have the same shape; the name of the column tells them apart.
            if system == "OPCS-4" and not re.search(r"opcs|proc|oper", column.words):
                system = "ICD-10"
            return Codes(system, "" if separator == ";" else separator, fitting / len(items), strip)
    return None


def codes_in_text(column: Profile, role: str) -> Codes | None:
    """Detect codes inside the texts of a column whose name suggests them: `... [C78.7]`."""
    systems = {
        "diagnoses": ("ICD-10",),
        "procedures": ("CPT", "OPS", "CCAM", "CCI", "ICD-10-PCS"),
    }.get(role, ())
    if not column.values or not name_score(column, role):
        return None
    for system in systems:
        code = re.compile(rf"\b(?=\S*\d){IN_TEXT[system]}\b")
        share = column.share_of({v for v, _ in column.values if code.search(v)})
        if share > 0.8:
            return Codes(system, share=share, in_text=True)
    return None


# ---- words ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Words:
    """Known names of columns and values in exports: rules/export-words.yaml."""

    columns: dict[str, tuple[re.Pattern[str], ...]]
    case_status: dict[str, str]
    event_status: dict[str, str]
    modality: dict[str, str]
    urgency: dict[str, str]


@cache
def known_words() -> Words:
    """Read the shipped list, once."""
    data = read_document(rules_dir() / "export-words.yaml").data
    by_value = {
        key: {value: word for word, values in data[key].items() for value in values}
        for key in ("case_status", "event_status", "modality", "urgency")
    }
    columns = {role: tuple(map(re.compile, some)) for role, some in data["columns"].items()}
    return Words(columns, **by_value)


def plain_word(text: str) -> str:
    """Return a value in the form used in the lists of words."""
    return " ".join(re.sub(r"[^a-z0-9]+", " ", fold(text.replace("ß", "ss"))).split())


def word_of(value: str, words: dict[str, str]) -> str | None:
    """Return the word of the contract that a value means, or None."""
    return words.get(plain_word(value))


def share_known(column: Profile, words: dict[str, str]) -> float:
    return column.share_of({v for v, _ in column.values if word_of(v, words)})


# ---- roles ---------------------------------------------------------------------------------------

CASE_ROLES = (
    "case_id",
    "patient_id",
    "surgery_at",
    "started_at",
    "status",
    "procedures",
    "diagnoses",
    "surgeon",
    "urgency",
    "admitted_at",
    "site",
)
EVENT_ROLES = (
    "event_id",
    "patient_id",
    "status",
    "at",
    "ordered_at",
    "exam_name",
    "modality",
    "region",
    "codes",
)


def name_score(column: Profile, role: str) -> float:
    """Score how well the name of a column fits a role: 1 at best."""
    patterns = known_words().columns[role]
    for rank, pattern in enumerate(patterns):
        if pattern.fullmatch(column.words):
            return 1 - 0.25 * rank
    # `Diagnosis ICD`, `1. Operateur`: the last word names the content of a column, and a header of
    # two rows puts the name of a group in front.
    for end, best in ((" (?:{})$", 0.75), (r"\b(?:{})\b", 0.5)):
        for rank, pattern in enumerate(patterns[:2]):
            if re.search(end.format(pattern.pattern), column.words):
                return best - 0.15 * rank
    return 0


@dataclass
class Table:
    """A table of an export with the likely roles of its columns."""

    title: str
    columns: list[Profile]
    exam_share: dict[str, float] = field(default_factory=dict)  # column -> share of exam names

    def column(self, name: str) -> Profile:
        return next(c for c in self.columns if c.name == name)

    def roles(self, wanted: Sequence[str]) -> dict[str, tuple[Profile, float]]:
        """Return the best column for each role, with its score; no column has two roles."""
        scored = [
            (self._score(column, role), -column.place, role, column)
            for role in wanted
            for column in self.columns
        ]
        result: dict[str, tuple[Profile, float]] = {}
        taken: set[int] = set()
        for score, _, role, column in sorted(scored, key=lambda s: s[:2], reverse=True):
            if score >= 0.5 and role not in result and column.place not in taken:
                result[role] = (column, score)
                taken.add(column.place)
        return result

    def _score(self, column: Profile, role: str) -> float:
        """Score name and values together; below 0 if the values cannot have the role."""
        name = name_score(column, role)
        if not column.filled:
            return 0.3 * name
        fits = self._fits(column, role)
        return -1 if fits < 0 else name + fits

    def _fits(self, column: Profile, role: str) -> float:
        """Score how well the values fit a role: 0 if inconclusive, below 0 if they do not fit."""
        if role in ("surgery_at", "started_at", "admitted_at", "at", "ordered_at"):
            return 0.3 if dates_of(column).share > 0.6 and not is_birth(column) else -1
        if role == "status":
            words = known_words()
            known = max(share_known(column, w) for w in (words.case_status, words.event_status))
            # The same word in every row tells less than any other status.
            constant = 0.3 if column.distinct == 1 and column.filled > 5 else 0
            return -1 if column.distinct > 60 else 0.6 * known - constant
        if role in ("procedures", "diagnoses", "codes"):
            return self._codes(column, role)
        if role == "modality":
            return 0.8 * share_known(column, known_words().modality) - 0.2
        if role == "exam_name":
            return 0.9 * self.exam_share.get(column.name, 0) - 0.1
        if role in ("case_id", "event_id", "patient_id"):
            return self._id(column, role)
        return -1 if dates_of(column).share > 0.6 else 0

    def _codes(self, column: Profile, role: str) -> float:
        codes = codes_of(column)
        if codes is None:
            return 0.2 if codes_in_text(column, role) else -1
        diagnosis, procedure = codes.system in OF_DIAGNOSES, codes.system in OF_PROCEDURES
        fits = {"diagnoses": diagnosis, "procedures": procedure, "codes": not diagnosis}
        return 0.5 if fits[role] else 0.0 if codes.system in ("", "SNOMED") else -1

    def _id(self, column: Profile, role: str) -> float:
        if not may_be_id(column):
            return -1
        if role == "event_id":
            return 0.2 if column.distinct >= 0.98 * column.filled else -0.3
        if role == "case_id":
            return 0.2 if column.distinct >= 0.3 * column.filled else -0.4
        return 0.1 if column.distinct >= 0.1 * column.filled else -0.3


def kind_of(table: Table) -> tuple[str, float]:
    """Return `cases`, `events` or nothing, and how certain that is: from 0 to 1."""
    words = " ".join(re.sub(r"[^a-z]+", " ", fold(table.title)).split())
    cases = _strength(
        table.roles(CASE_ROLES), ("case_id", "surgery_at", "procedures", "diagnoses", "surgeon")
    )
    events = _strength(table.roles(EVENT_ROLES), ("event_id", "exam_name", "modality", "at"))
    if max(table.exam_share.values(), default=0) > 0.5:
        events += 1
    if re.search(
        r"\b(or|op|surg\w*|operat\w*|case|cases|theatre|bloc|interventions?|eingriff\w*|waiting)\b",
        words,
    ):
        cases += 0.7
    if re.search(
        r"\b(rad\w*|ris|pacs|exam\w*|imag\w*|untersuch\w*|order\w*|events?|chemo\w*|onko\w*|onco\w*)\b",
        words,
    ):
        events += 0.7
    best = max(cases, events)
    if best < 1.2:
        return "", 0
    return ("cases" if cases > events else "events"), min(0.95, abs(cases - events) / 2 + best / 6)


def _strength(roles: dict[str, tuple[Profile, float]], telling: Sequence[str]) -> float:
    return sum(min(score, 1) for role, (_, score) in roles.items() if role in telling)
