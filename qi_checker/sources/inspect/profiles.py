"""Profile the columns of a table: how many rows have a value, which values, and how dates are written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qi_checker.protocol.date_format import EXCEL, fold, looks_like
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
