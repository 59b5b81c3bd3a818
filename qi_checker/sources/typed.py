"""Columns that come with a type, from Parquet or a DataFrame: which types may stand for what.

Dates keep their type. Ids and codes must be text: a number has lost its leading zeros, and a
floating-point one its last digits (386516004.0). Everything else becomes text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from qi_checker.errors import Problem
from qi_checker.protocol.records import Table
from qi_checker.sources.raw import NO_VALUE, literal

WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
WHOLE_NUMBERS = frozenset({*WHOLE, *(f"U{name}" for name in WHOLE)})
TEXTS = ("VARCHAR", "ENUM", "UUID", '"NULL"', "NULL")
INSTANT = "TIMESTAMP WITH TIME ZONE"
AS_TEXT = "Write the column as text where the file is made"


@dataclass
class TypedColumns:
    """What was found about the types of one table: refusals, remarks and ids that are numbers."""

    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    number_ids: set[str] = field(default_factory=set)


def judge_types(
    table: Table, types: Mapping[str, str], is_empty: Callable[[str], bool], where: str
) -> TypedColumns:
    """Judge the type of every column; one without a single value may have any."""
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
    """The SQL of a column as raw tables have it: date types stay, lists are joined, else text."""
    if type_name.endswith("[]"):
        return f"array_to_string({expression}, ';')"
    if name in table.names and table[name].kind in ("when", "when-or-part"):
        if type_name in ("DATE", "TIMESTAMP", INSTANT):
            return expression
        if type_name.startswith("TIMESTAMP"):  # other units: seconds, nanoseconds
            return f"{expression}::TIMESTAMP"
    return text_of(type_name, expression) if type_name == "VARCHAR" else f"{expression}::VARCHAR"


def text_of(type_name: str, expression: str) -> str:
    """The SQL of a column of any type as text: midnight is a date, 7.0 is 7, lists have `;`."""
    if type_name.endswith("[]"):
        return f"array_to_string({expression}, ';')"
    if type_name == "VARCHAR":
        none = ", ".join(map(literal, NO_VALUE))
        return f"CASE WHEN {expression} NOT IN ({none}) THEN {expression} END"
    if type_name.startswith("TIMESTAMP") and type_name != INSTANT:
        stamp = f"{expression}::TIMESTAMP"
        midnight = f"{stamp}::TIME = TIME '00:00:00'"
        return f"CASE WHEN {midnight} THEN {stamp}::DATE::VARCHAR ELSE {stamp}::VARCHAR END"
    if type_name == INSTANT:
        utc = f"timezone('UTC', {expression})"
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
