"""Reading values in DuckDB: texts to dates, words and codes (docs/evaluation.md, section 1)."""

from __future__ import annotations

from dataclasses import dataclass

from qi_checker.protocol.records import FIRST_YEAR, LAST_YEAR

BLANKS = "' \t\r\n\u00a0'"  # what people and spreadsheets leave around a value
_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = "([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,9})?)?"
_OFFSET = "([zZ]| ?[+-](0[0-9]|1[0-3])(:?[0-5][0-9])?| ?[+-]14(:?00)?)"


def quote(name: str) -> str:
    """A column or table name, safe inside SQL."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """A literal, safe inside SQL."""
    return "'" + value.replace("'", "''") + "'"


def clean(column: str) -> str:
    """The trimmed text of a column, NULL where nothing is left."""
    return f"nullif(trim(CAST({column} AS VARCHAR), {BLANKS}), '')"


@dataclass(frozen=True)
class Moment:
    """SQL expressions of a date value: possible dates, clock, instant, and whether unreadable."""

    lo: str
    hi: str
    clock: str
    utc: str
    bad: str


def moment(column: str, kind: str, zone: str, parts: bool, midnight_is_date: bool) -> Moment:
    """Expressions that read `column`, whose DuckDB type is `kind`."""
    if kind == "DATE":
        return _bounded(column, column, "NULL::TIMESTAMP", "NULL::TIMESTAMP", column)
    if kind.startswith("TIMESTAMP WITH TIME ZONE"):
        local = f"timezone({text(zone)}, {column})"
        utc = f"timezone('UTC', {column})"
        return _bounded(f"{local}::DATE", f"{local}::DATE", local, utc, column)
    if kind.startswith("TIMESTAMP"):
        day = f"{column}::DATE"
        clock = f"CASE WHEN {column}::TIME <> TIME '00:00:00' THEN {column}::TIMESTAMP END"
        return _bounded(day, day, clock, "NULL::TIMESTAMP", column)
    return _from_text(clean(column), zone, parts, midnight_is_date)


def _bounded(lo: str, hi: str, clock: str, utc: str, value: str) -> Moment:
    fits = f"year({lo}) BETWEEN {FIRST_YEAR} AND {LAST_YEAR}"
    return Moment(lo, hi, clock, utc, f"({value} IS NOT NULL AND NOT coalesce({fits}, false))")


def _from_text(value: str, zone: str, parts: bool, midnight_is_date: bool) -> Moment:
    day, naive = f"'{_DATE}'", f"'{_DATE}[T ]{_TIME}'"
    offset = f"'{_DATE}[T ]{_TIME}{_OFFSET}'"
    is_day, is_naive, is_offset = (
        f"regexp_full_match({value}, {p})" for p in (day, naive, offset)
    )
    stamp = f"TRY_CAST(CASE WHEN {is_naive} THEN {value} END AS TIMESTAMP)"
    # `+05` and `-0500` are read as `+05:00`; a blank before the offset is dropped.
    plain = f"regexp_replace(replace(upper({value}), ' +', '+'), ' ?([+-][0-9]{{2}}):?([0-9]{{2}})?$', '\\1:\\2')"
    plain = f"regexp_replace({plain}, ':$', ':00')"
    instant = f"TRY_CAST(CASE WHEN {is_offset} THEN {plain} END AS TIMESTAMPTZ)"
    local = f"timezone({text(zone)}, {instant})"
    clock = f"coalesce({stamp}, {local})"
    if midnight_is_date:
        timed = f"CASE WHEN {stamp}::TIME <> TIME '00:00:00' THEN {stamp} END"
        clock_out = f"coalesce({timed}, {local})"
    else:
        clock_out = clock
    lo = f"coalesce(TRY_CAST(CASE WHEN {is_day} THEN {value} END AS DATE), ({clock})::DATE)"
    hi = lo
    if parts:
        month = f"TRY_CAST(CASE WHEN regexp_full_match({value}, '[0-9]{{4}}-[0-9]{{2}}') THEN {value} || '-01' END AS DATE)"
        year = f"TRY_CAST(CASE WHEN regexp_full_match({value}, '[0-9]{{4}}') THEN {value} || '-01-01' END AS DATE)"
        hi = f"coalesce({lo}, last_day({month}), make_date(year({year}), 12, 31))"
        lo = f"coalesce({lo}, {month}, {year})"
    return _bounded(lo, hi, clock_out, f"timezone('UTC', {instant})", value)
