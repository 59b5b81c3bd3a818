"""Join a separate table of codes to the operations they belong to.

It has the ids of operations, but lacks a patient or a date. A column that names the system of each
code, such as `CPT` or `ICD10`, selects the rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from qi_checker.protocol.codes import SYSTEM_ALIASES, canonical_system
from qi_checker.sources.inspect.code_systems import (
    AMERICAN,
    OF_DIAGNOSES,
    OF_PROCEDURES,
    codes_of,
    is_american,
)
from qi_checker.sources.inspect.export_words import name_score
from qi_checker.sources.inspect.patient_ids import distinct_ids, shared_ids
from qi_checker.sources.inspect.profiles import Profile, dates_of
from qi_checker.sources.inspect.proposal import Doubt
from qi_checker.sources.inspect.roles import CASE_ROLES
from qi_checker.sources.inspect.tables import InspectedTable
from qi_checker.sources.layout import plain

if TYPE_CHECKING:
    import duckdb

_ROLES = (("procedures", OF_PROCEDURES), ("diagnoses", OF_DIAGNOSES))


class _CodeColumn(NamedTuple):
    """A column with codes of one role; the rows where `where` has one of `words`, or all."""

    role: str  # procedures or diagnoses
    column: Profile
    system: str
    where: Profile | None = None
    words: tuple[str, ...] = ()


def join_codes(
    con: duckdb.DuckDBPyConnection,
    main: InspectedTable,
    mapping: dict[str, Any],
    inspected: InspectedTable,
) -> set[str]:
    """Join a table that only has codes of operations; return its columns that are used.

    main: the table of operations. mapping: its block of the mapping, which gets the join.
    """
    roles = inspected.table.roles(CASE_ROLES)
    case_id = mapping["columns"].get("case_id")
    if {"patient_id", "surgery_at"} <= roles.keys() or not isinstance(case_id, str):
        return set()
    key = _same_ids(con, main, case_id, inspected)
    if key is None:
        return set()
    code_columns = list(_code_columns([c for c in inspected.table.columns if c is not key]))
    by = case_id if plain(case_id) == plain(key.name) else f"{case_id} = {key.name}"
    joins, used = [], {key.name}
    american = any(codes.system in AMERICAN for codes in code_columns)
    american = american or is_american(mapping["columns"])
    for role, column, system, where, words in code_columns:
        if role in mapping["columns"]:
            continue
        if system == "ICD-10" and american:
            system = "ICD-10-CM"
        title = inspected.table.title.partition(".")[0]
        prefix = f"{title} {system} " if where is not None else f"{title} "
        join = dict(inspected.place) | {"by": by, "columns": column.name, "prefix": prefix}
        if where is not None:
            join["where"] = [{"column": where.name, "is": list(words)}]
            used.add(where.name)
        joins.append(join)
        used.add(column.name)
        mapping["columns"][role] = {"column": f"{prefix}{column.name}", "system": system}
    if not joins:
        return set()
    columns = mapping.pop("columns")  # the last key
    if any(c.marked and c.name in used for c in inspected.table.columns):
        mapping["text_marks"] = True
    mapping["join"] = [*mapping.get("join", []), *joins]
    mapping.setdefault("group_by", case_id)
    mapping["columns"] = columns
    return used


def _code_columns(columns: Sequence[Profile]) -> Iterator[_CodeColumn]:
    """Yield columns of codes, at the most one of procedures and one of diagnoses."""
    naming = [c for c in columns if c.distinct <= 20 and c.share_of(_systems_in(c)) > 0.5]
    others = [c for c in columns if c not in naming and not dates_of(c).share]
    if naming:
        best = max(others, key=lambda c: (name_score(c, "codes"), c.distinct), default=None)
        if best is None:
            return
        words: dict[str, list[str]] = {}
        for value in sorted(_systems_in(naming[0])):
            words.setdefault(canonical_system(value), []).append(value)
        for role, systems in _ROLES:
            if system := next((s for s in systems if s in words), None):
                yield _CodeColumn(role, best, system, naming[0], tuple(words[system]))
        return
    for role, systems in _ROLES:
        for column in others:
            codes = codes_of(column)
            if codes is not None and codes.system in systems and not codes.separator:
                yield _CodeColumn(role, column, codes.system)
                break


def _systems_in(column: Profile) -> set[str]:
    """Return the values of a column that are names of code systems."""
    return {v for v, _ in column.values if v.lower() in SYSTEM_ALIASES}


def _same_ids(
    con: duckdb.DuckDBPyConnection, main: InspectedTable, case_id: str, inspected: InspectedTable
) -> Profile | None:
    """Return the column with the ids of operations, recognised by its name or its values."""
    here = main.table.column(case_id)
    for column in inspected.table.columns:
        if plain(column.name) != plain(case_id) and name_score(column, "case_id") < 0.5:
            continue
        there = distinct_ids(inspected, column)
        if shared_ids(con, there, distinct_ids(main, here), "v", "v") > 0.8:
            return column
    return None


def about_joined_codes(mapping: dict[str, Any], inspected: InspectedTable) -> Iterator[Doubt]:
    """Ask whether the codes belong to the system that their shape or name suggests."""
    title = inspected.table.title
    for role, _ in _ROLES:
        source = mapping["columns"].get(role)
        if isinstance(source, dict) and str(source["column"]).startswith(
            f"{title.partition('.')[0]} "
        ):
            yield Doubt(
                ("cases", 0, "columns", role),
                f"The {role} are in {title}, as codes of {source['system']}: is that right?",
                (("yes", source), ("no, leave them out", None)),
                0,
            )
