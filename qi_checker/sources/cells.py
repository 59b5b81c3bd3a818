"""Convert typed cells to text: Python values, columns of Parquet and DataFrames.

Date columns keep their type. Ids and codes must be text: a number has lost its leading zeros, and a
floating-point number its last digits (386516004.0). Everything else becomes text.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from qi_checker.errors import Problem
from qi_checker.protocol.records import Table
from qi_checker.sources.raw import NO_VALUE, literal

EXACT_DIGITS = 15  # a spreadsheet number keeps no more


def cell_text(value: Any) -> str | None:
    """Return the text of a value; None if missing. Midnight is a date without a clock time."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return _date_time_text(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float | Decimal):
        if not math.isfinite(value):
            return None  # pandas writes a missing number as NaN
        return str(int(value)) if value == int(value) else str(value)
    return str(value)


def _date_time_text(value: datetime) -> str:
    """Format to the second, truncated and not rounded: 23:59:59.997 stays on the same day."""
    second = value.replace(microsecond=0)
    if second.tzinfo is None and value.time() == time():
        return second.date().isoformat()
    return second.isoformat()


# Systems whose codes never begin with a zero, with the number of digits of a code.
_WITHOUT_ZEROS = {"SNOMED": range(6, 16), "OMOP": range(1, 16), "CPT": range(5, 6)}


def why_unfit(column: str, kind: str, value: Any, system: str = "") -> str:
    """Say why a cell of this type cannot be used in the column; empty if it can.

    A number is accepted as a code if nothing is lost: `system` has no codes with a leading zero.
    """
    if not isinstance(value, str) and hasattr(value, "__len__"):
        return f"{column}: the cell holds a list; write its items as one text, separated by ;"
    if kind not in ("codes", "id") or value is None or isinstance(value, str):
        return ""
    advice = "format the column as text"
    if isinstance(value, bool):
        return f"{column}: the cell holds true or false; {advice}"
    if isinstance(value, date | time | timedelta):
        return f"{column}: the cell holds a date or time; {advice}"
    digits = _WITHOUT_ZEROS.get(system, range(0))
    if kind == "codes" and not (value == int(value) > 0 and len(str(int(value))) in digits):
        return f"{column}: the cell holds a number; {advice}"
    if value != int(value):
        return f"{column}: the cell holds a number with decimals; {advice}"
    if abs(value) >= 10**EXACT_DIGITS:
        return f"{column}: the cell holds a number of more than {EXACT_DIGITS} digits; {advice}"
    return ""


WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
WHOLE_NUMBERS = frozenset({*WHOLE, *(f"U{name}" for name in WHOLE)})
TEXTS = ("VARCHAR", "ENUM", "UUID", '"NULL"', "NULL")
INSTANT, INSTANT_NS = "TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS"
AS_TEXT = "Write the column as text in the export"


@dataclass
class TypedColumns:
    """The result of checking a table's types: refusals, notes and ids that are numbers."""

    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    number_ids: set[str] = field(default_factory=set)


def judge_types(
    table: Table, types: Mapping[str, str], is_empty: Callable[[str], bool], where: str
) -> TypedColumns:
    """Check the type of every column; an empty column may have any type."""
    found = TypedColumns()
    for name, type_name in types.items():
        kind = table[name].kind if name in table.names else "text"
        if kind == "id" and _is_whole(type_name):
            found.number_ids.add(name)
            found.notes.append(
                f"column {name} holds numbers, read as text; leading zeros may be lost"
            )
        else:
            what = _refusal(name, kind, type_name)
            if what and not is_empty(name):
                found.problems.append(Problem(where, what, "", AS_TEXT))
    return found


def _refusal(name: str, kind: str, type_name: str) -> str:
    if type_name.startswith("BLOB"):
        return f"column {name} holds bytes, not text"
    if kind == "codes" and not _is_text(type_name, lists=True):
        return (
            f"column {name} is of type {type_name}, but codes are text such as LOINC:36813-4; "
            "a number has lost leading zeros or digits"
        )
    if kind == "id" and not _is_text(type_name):
        return f"column {name} is of type {type_name}, but an id is text"
    return ""


def as_delivered(table: Table, name: str, type_name: str, expression: str) -> str:
    """Return the SQL of a column for a raw table: date types stay, lists are joined, else text."""
    if type_name.endswith("[]"):
        return f"array_to_string({expression}, ';')"
    if name in table.names and table[name].kind in ("when", "when-or-part"):
        if type_name in ("DATE", "TIMESTAMP", INSTANT):
            return expression
        if type_name == INSTANT_NS:
            return _instant(expression)
        if type_name.startswith("TIMESTAMP"):  # other units: seconds, nanoseconds
            return _moment(type_name, expression)
    return text_of(type_name, expression) if type_name == "VARCHAR" else f"{expression}::VARCHAR"


def _moment(type_name: str, expression: str) -> str:
    """Return the SQL of a time in microseconds; a cast would round 23:59:59.9999999 up."""
    if type_name == "TIMESTAMP_NS":
        return f"make_timestamp(epoch_us({expression}))"
    return f"{expression}::TIMESTAMP"


def _instant(expression: str) -> str:
    """Return the SQL of an instant in microseconds; a cast to TIMESTAMP would drop its zone."""
    nanos = f"epoch_ns({expression})"
    whole = f"{nanos} - ({nanos} % 1000 + 1000) % 1000"  # rounded down, also before 1970
    return f"make_timestamptz(({whole}) // 1000)"


def text_of(type_name: str, expression: str) -> str:
    """Return the SQL of any column as text: midnight is a date, 7.0 is 7, lists use `;`."""
    if type_name.endswith("[]"):
        return f"array_to_string({expression}, ';')"
    if type_name == "VARCHAR":
        none = ", ".join(map(literal, NO_VALUE))
        return f"CASE WHEN {expression} NOT IN ({none}) THEN {expression} END"
    if type_name.startswith("TIMESTAMP") and type_name not in (INSTANT, INSTANT_NS):
        stamp = _moment(type_name, expression)
        midnight = f"{stamp}::TIME = TIME '00:00:00'"
        return f"CASE WHEN {midnight} THEN {stamp}::DATE::VARCHAR ELSE {stamp}::VARCHAR END"
    if type_name in (INSTANT, INSTANT_NS):
        instant = expression if type_name == INSTANT else _instant(expression)
        utc = f"timezone('UTC', {instant})"
        return f"strftime({utc}, '%Y-%m-%dT%H:%M:%SZ')"
    if type_name in ("DOUBLE", "FLOAT") or type_name.startswith("DECIMAL"):
        whole = f"{expression} = floor({expression}) AND abs({expression}) < 1e15"
        return (
            f"CASE WHEN {whole} THEN {expression}::HUGEINT::VARCHAR ELSE {expression}::VARCHAR END"
        )
    return f"{expression}::VARCHAR"


def _is_text(type_name: str, lists: bool = False) -> bool:
    return type_name.startswith(TEXTS) and (lists or not type_name.endswith("[]"))


def _is_whole(type_name: str) -> bool:
    return type_name in WHOLE_NUMBERS or (
        type_name.startswith("DECIMAL") and type_name.endswith(",0)")
    )
