"""Translate the mapping of one column to SQL on the text of the export.

A value that cannot be converted stays as written, so that the row is rejected and a person can find
it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from qi_checker.protocol.code_shapes import IN_TEXT
from qi_checker.protocol.codes import canonical_system
from qi_checker.protocol.date_format import EPOCH, EPOCH_MS, EXCEL, MONTHS, DateFormat
from qi_checker.protocol.mapping import (
    ALL_BLANKS,
    LEADING_ZEROS,
    TRAILING_ZERO,
    RowsThat,
    Source,
    TableMapping,
    many,
)
from qi_checker.protocol.records import Table
from qi_checker.sources.layout import plain
from qi_checker.sources.raw import literal

LISTED = ("words", "codes")  # kinds of columns that contain items separated by `;`
_COLUMN = re.compile(r"\w+\.\w+")
_BLANKS = " \t\r\n\u00a0"
# A midnight beside a separate time, and the day zero that spreadsheets put before a bare time.
_MIDNIGHT = "[ T]+(0{1,2}:00(:00([.]0+)?)?|12:00(:00)? ?[Aa][Mm])$"
_LONGEST_TIME = 11  # characters: 07:30:00 AM
_DAY_ZERO = "^(1899-12-3[01]|1900-01-0[01]|30[.]12[.]1899|12/30/1899)[ T]+"
# ="0012" and '0012, which preserve zeros in spreadsheets
MARKS = """^\\s*(?:="([^"]*)"|'(.*))\\s*$"""
# Excel's day 1 is 1 January 1900, and it treats 1900 as a leap year; later days count from here.
_EXCEL_ZERO = "TIMESTAMP '1899-12-30 00:00:00'"
_SERIALS = (61, 109_575)  # 1 March 1900 to 31 December 2199
_LAST_EPOCH = 7_258_118_399  # seconds since 1970, at the end of 2199


def trim(sql: str) -> str:
    """Return the SQL of a text without surrounding blanks.

    `trim` with a set of characters takes four times as long as everything else done with a value,
    and hardly any value needs it: the first and last characters of a column are checked first.
    Those of an expression are not, since it would be computed for each check.
    """
    trimmed = f"trim({sql}, {literal(_BLANKS)})"
    if not _COLUMN.fullmatch(sql):
        return trimmed
    clean = " AND ".join(f"{end}({sql}, 1) BETWEEN '!' AND '~'" for end in ("left", "right"))
    return f"CASE WHEN {clean} THEN {sql} ELSE {trimmed} END"


def folded(sql: str) -> str:
    """Return the SQL of a text for comparing: trimmed, in lower case, never NULL."""
    return f"coalesce(lower({trim(sql)}), '')"


def among(sql: str, words: Sequence[str]) -> str:
    """Return the SQL of whether a text is one of some words."""
    return f"{folded(sql)} IN ({', '.join(literal(w.strip().lower()) for w in words)})"


class Expressions:
    """The columns of one part of a table. `columns` gives SQL by the name in the export."""

    def __init__(self, table: Table, block: TableMapping, columns: Mapping[str, str]) -> None:
        self.table, self.block, self.columns = table, block, columns
        self.empty = many(block.empty)

    def text(self, name: str) -> str:
        """Return the SQL of a column of the export; NULL for words that mean no value."""
        sql = self.unmarked(self.columns[plain(name)])
        return f"CASE WHEN {among(sql, self.empty)} THEN NULL ELSE {sql} END" if self.empty else sql

    def unmarked(self, sql: str) -> str:
        """Remove the marks that keep a spreadsheet from treating a value as a number."""
        if not self.block.text_marks:
            return sql
        return f"regexp_replace({sql}, {literal(MARKS)}, '\\1\\2')"

    def given(self, name: str) -> str:
        """Return the same without surrounding blanks; NULL if empty."""
        return f"nullif({trim(self.text(name))}, '')"

    def holds(self, condition: RowsThat) -> str:
        """Return the SQL of whether a row fulfils a condition."""
        sql = self.unmarked(self.columns[plain(condition.column)])
        test, words = condition.test
        if test == "is":
            return among(sql, words)
        if test == "is_not":
            return f"NOT {among(sql, words)}"
        if test == "begins_with":
            begins = [f"starts_with({folded(sql)}, {literal(w.strip().lower())})" for w in words]
            return f"({' OR '.join(begins)})"
        empty = f"({self.given(condition.column)} IS NULL)"
        return empty if words == ("yes",) else f"NOT {empty}"

    def column(self, name: str, source: Source) -> str:
        """Return the SQL of a column of the contract."""
        kind = self.table[name].kind if name in self.table.names else "text"
        dated = kind.startswith("when") or source.date is not None
        listed = kind in LISTED
        sql = self._items_of(source) if listed and source.columns else self._taken(source, dated)
        if dated:
            return worded(self._date(sql, source), source.words)
        if listed:
            return self._list(sql, source)
        if kind == "count" and self.block.decimal == "comma":
            sql = f"replace({sql}, ',', '.')"
        if kind == "count":
            sql = f"regexp_replace({sql}, '[.]0+$', '')"
        return worded(self.identity(sql, source), source.words)

    def identity(self, sql: str, source: Source) -> str:
        """Return the SQL of an id with zeros and separators as specified."""
        strips = many(source.strip)
        for text in strips:
            if text == LEADING_ZEROS:
                sql = f"regexp_replace(ltrim({trim(sql)}, '0'), '^$', '0')"
            elif text == ALL_BLANKS:
                sql = f"regexp_replace({sql}, '[ \t\u00a0]', '', 'g')"
            elif text == TRAILING_ZERO:
                sql = f"regexp_replace({trim(sql)}, '[.]0+$', '')"
            else:
                sql = f"replace({sql}, {literal(text)}, '')"
        if strips or source.pad is not None:
            sql = trim(sql)  # at the end: a stripped text may have been next to a blank
        if source.pad is not None:
            short = f"length({sql}) BETWEEN 1 AND {source.pad - 1}"
            sql = f"CASE WHEN {short} THEN lpad({sql}, {source.pad}, '0') ELSE {sql} END"
        if source.prefix is not None:
            sql = f"{literal(source.prefix)} || nullif({trim(sql)}, '')"
        return sql

    def _taken(self, source: Source, dated: bool) -> str:
        """Return the SQL of the text in the export."""
        if source.constant is not None:
            return literal(source.constant)
        if source.column is not None:
            return self.text(source.column)
        if source.first_of is not None:
            return f"coalesce({', '.join(map(self.given, source.first_of))})"
        parts = [self.given(name) for name in source.columns or ()]
        if not dated:
            between = literal(source.join_with)
            return f" || {between} || ".join(parts)
        day, *others = parts
        clock = [
            f"CASE WHEN length({part}) > {_LONGEST_TIME} "
            f"THEN regexp_replace({part}, {literal(_DAY_ZERO)}, '') ELSE {part} END"
            for part in others
        ]
        if any(f.compact_time for f in source.formats):  # 730 is half past seven
            clock = [
                f"CASE WHEN regexp_full_match({c}, '[0-9]{{3}}') THEN '0' || {c} ELSE {c} END"
                for c in clock
            ]
        midnight = f"regexp_replace({day}, {literal(_MIDNIGHT)}, '')"
        day = f"CASE WHEN contains({day}, ':') THEN {midnight} ELSE {day} END"
        between = "" if any(_glued(f) for f in source.formats) else source.join_with
        joined = f"concat_ws({literal(between)}, {', '.join([day, *clock])})"
        whens = f"WHEN {parts[0]} IS NULL THEN NULL"
        if any(f.text == EXCEL for f in source.formats):
            whens += f" {self._serial(parts)}"
        return f"CASE {whens} ELSE {joined} END"

    def _serial(self, parts: Sequence[str]) -> str:
        """Add a serial day and a time of day from a separate column: 46095 and 0.3125 or 07:30.

        A day that already has a time is not changed.
        """
        comma = self.block.decimal == "comma"
        texts = [f"replace({part}, ',', '.')" if comma else part for part in parts]
        day, *clock = (f"try_cast({text} AS DOUBLE)" for text in texts)
        parted = [
            f"coalesce({c}, epoch(try_cast({t} AS TIME)) / 86400)"
            for c, t in zip(clock, texts[1:], strict=True)
        ]
        added = [f"CASE WHEN {p} >= 0 AND {p} < 1 THEN {p} ELSE 0 END" for p in parted]
        return f"WHEN {day} = floor({day}) THEN ({' + '.join([day, *added])})::VARCHAR"

    def _items_of(self, source: Source) -> str:
        """Return the SQL of the items of several columns as one list; empty cells add nothing."""
        cells = ", ".join(map(self.given, source.columns or ()))
        return f"nullif(concat_ws({literal(source.list_ or ';')}, {cells}), '')"

    def _date(self, sql: str, source: Source) -> str:
        formats = source.formats
        if not formats:
            return sql
        tried = [attempt for f in formats for attempt in self._attempts(sql, f)]
        # ISO text is always accepted, except where another order would look the same.
        rest = f"'? ' || {sql}" if any(f.order == "YDM" for f in formats) else sql
        whole = f"coalesce({', '.join([*tried, rest])})"
        quick = [f for f in formats[:1] if f.whole and not f.compact_time and not _glued(f)]
        if source.columns is None or not quick:
            return whole
        # Nearly all days and times can be read as written; only the others need more tests. The CASE
        # changes nothing (without a day there is no date), but DuckDB computes what occurs repeatedly
        # in a coalesce for every row, also where the first argument is enough: 0.65 s a million
        # rows instead of 0.33.
        there = [self.columns[plain(name)] for name in source.columns]
        plainly = f" || {literal(source.join_with)} || ".join(there)
        others = f"CASE WHEN {there[0]} IS NOT NULL THEN {whole} END"
        return f"coalesce({self._attempts(plainly, quick[0])[0]}, {others})"

    def _attempts(self, sql: str, date: DateFormat) -> list[str]:
        if date.text == EXCEL:
            return [
                excel_date(f"replace({sql}, ',', '.')" if self.block.decimal == "comma" else sql)
            ]
        if date.text in (EPOCH, EPOCH_MS):
            unit = 1_000_000 if date.text == EPOCH else 1_000
            number = f"try_cast({_whole_number(trim(sql))} AS BIGINT)"
            moment = f"strftime(make_timestamp({number} * {unit}), '%Y-%m-%dT%H:%M:%SZ')"
            last = _LAST_EPOCH * 1_000_000 // unit
            return [f"CASE WHEN {number} BETWEEN 0 AND {last} THEN {moment} END"]
        if not date.day:
            return []
        text = _numbered_month(sql) if date.named_month else sql
        found = [f"try_strptime({text}, {literal(date.day)})::DATE::VARCHAR"]
        if date.whole:
            patterns = f"[{', '.join(map(literal, date.whole))}]"
            cut = rf"regexp_replace({text}, '(:[0-9]{{2}})[.,][0-9]+', '\1')"
            found = [
                f"try_strptime({text}, {patterns})::VARCHAR",
                *found,
                f"try_strptime({cut}, {patterns})::VARCHAR",
            ]
        return found

    def _list(self, sql: str, source: Source) -> str:
        """Return the SQL of items separated by `;`, each with its word and its code system."""
        if source.in_text and source.system is not None:
            return worded(sql, source.words, _found_in_text(sql, source.system))
        item = self.identity("item", source)
        system = None
        if source.system_column is not None:
            system = self.given(source.system_column)
        elif source.system is not None:
            system = literal(source.system)
        if system is not None:
            bare = f"CASE WHEN contains({item}, ':') OR {trim(item)} = '' THEN {item} "
            item = f"{bare}ELSE coalesce({system} || ':', '') || {trim(item)} END"
        item = worded("item", source.words, item) if source.words else item
        if item == "item":
            return sql if source.list_ is None else f"replace({sql}, {literal(source.list_)}, ';')"
        items = f"string_split({sql}, {literal(source.list_ or ';')})"
        each = f"array_to_string(list_transform({items}, lambda item: {item}), ';')"
        if source.words:
            # A word of the export may contain the separator, so the whole text is looked up first.
            return worded(sql, source.words, each)
        if source.list_ is None and system is not None and not _changes(source):
            plain_code = f"contains({sql}, ';') OR contains({sql}, ':')"
            one = f"{system} || ':' || nullif({trim(sql)}, '')"
            if source.system is not None:  # most texts are one code, which needs no list
                return f"CASE WHEN {plain_code} THEN {each} ELSE {one} END"
        return each


def _found_in_text(sql: str, system: str) -> str:
    """Return the SQL of a system's codes inside a text; a word without a digit is not a code."""
    shape = literal(rf"\b({IN_TEXT[canonical_system(system)]})\b")
    found = f"regexp_extract_all({sql}, {shape}, 1)"
    codes = f"list_filter({found}, lambda code: regexp_matches(code, '[0-9]'))"
    named = f"list_transform({codes}, lambda code: {literal(system + ':')} || code)"
    return f"nullif(array_to_string({named}, ';'), '')"


def _changes(source: Source) -> bool:
    return bool(source.strip or source.pad)


def _glued(date: DateFormat) -> bool:
    """Whether the time follows the date without a blank: YYYYMMDDHHmm."""
    return any(pattern.startswith(date.day + "%") for pattern in date.whole)


def worded(sql: str, words: Mapping[str, str], otherwise: str = "") -> str:
    """Return the SQL of a text with words of the export replaced, ignoring case."""
    if not words:
        return otherwise or sql
    whens = " ".join(
        f"WHEN {literal(local.strip().lower())} THEN {literal(word) if word else 'NULL'}"
        for local, word in words.items()
    )
    whole = f"CASE {folded(sql)} {whens} ELSE {otherwise or sql} END"
    if not _COLUMN.fullmatch(sql):
        return whole
    # Nearly every value is written exactly as in the mapping, so this is tried before folding.
    exact = " ".join(
        f"WHEN {literal(local.strip())} THEN {literal(word) if word else 'NULL'}"
        for local, word in words.items()
    )
    return f"CASE {sql} {exact} ELSE {whole} END"


def excel_date(sql: str) -> str:
    """Convert days since the end of 1899, with a fraction as time of day, to a date or date-time.

    The number is exact to a few microseconds only: 07:10 may be slightly less. It is rounded to a
    tenth of a millisecond, and then truncated to the second.
    """
    number = f"try_cast({sql} AS DOUBLE)"
    first, last = _SERIALS
    ticks = f"CAST(round({number} * 864000000) AS BIGINT)"
    moment = f"({_EXCEL_ZERO} + to_microseconds({ticks} * 100))"
    return (
        f"CASE WHEN {number} BETWEEN {first} AND {last} THEN "
        f"CASE WHEN {number} = floor({number}) THEN {moment}::DATE::VARCHAR "
        f"ELSE date_trunc('second', {moment})::VARCHAR END END"
    )


def _whole_number(sql: str) -> str:
    """Return the SQL of a number without its fraction, empty for other text.

    A cast to BIGINT would round 23:59:59.9 up to the next day, and accept 1.77E+09.
    """
    return f"regexp_extract({sql}, '^([0-9]+)([.,][0-9]*)?$', 1)"


def _numbered_month(sql: str) -> str:
    """Replace the name of a month in a date by its number: 14-MAR-2026 becomes 14-3-2026."""
    text = f"lower(strip_accents({sql}))"
    word = f"regexp_extract({text}, '[a-z]+')"
    whens = " ".join(
        f"WHEN {word} IN ({', '.join(map(literal, names))}) THEN '{number}'"
        for number, names in enumerate(MONTHS, start=1)
    )
    no_dots = f"regexp_replace({text}, '([0-9])[.] ', '\\1 ')"
    return f"regexp_replace({no_dots}, '[a-z]+[.]?', CASE {whens} ELSE 'x' END)"
