"""The concepts of a list, looked up in the vocabulary tables of an OMOP source."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qi_checker.errors import Problem, UserError
from qi_checker.protocol.codes import canonical_system
from qi_checker.sources.omop_concepts import CASE, Concept
from qi_checker.sources.omop_tables import OmopTables
from qi_checker.sources.raw import insert

BARE = "regexp_replace(upper({}::VARCHAR), '[ .^-]', '', 'g')"  # as codes differ in punctuation


def choose(tables: OmopTables, concepts: Sequence[Concept], path: Path) -> list[str]:
    """Fill the table `chosen`: every concept that counts, as case or as event. Returns notes."""
    if any(c.descendants for c in concepts) and "concept_ancestor" not in tables.sql:
        what = "descendants are asked for, but there is no table concept_ancestor"
        mend = "Add the table, or list every concept"
        raise UserError(Problem(tables.source, what, "", mend))
    if any(c.system != "OMOP" for c in concepts) and "concept" not in tables.sql:
        what = "codes of a vocabulary are asked for, but there is no table concept"
        mend = "Add the table, or list concepts by OMOP:<concept id>"
        raise UserError(Problem(tables.source, what, "", mend))
    names = _vocabularies(tables)
    taken: set[tuple[int, bool]] = set()
    rows: list[list[str]] = []
    notes = []
    for concept in concepts:
        found = _look_up(tables, concept, names)
        if not _is_known(tables, found):
            code = f"{concept.system}:{concept.code}"
            notes.append(f"{path.name}, line {concept.line}: {code} is not in this vocabulary")
        is_case = concept.kind == CASE
        for number in sorted(found):
            if (number, is_case) not in taken:
                taken.add((number, is_case))
                row = [str(number), str(is_case), concept.kind, concept.modality, concept.region]
                rows.append(row)
    columns = ("concept_id", "is_case", "kind", "modality", "region")
    tables.con.execute(
        "CREATE TABLE chosen "
        "(concept_id BIGINT, is_case BOOLEAN, kind VARCHAR, modality VARCHAR, region VARCHAR)"
    )
    insert(tables.con, "chosen", columns, rows)
    return notes


def _vocabularies(tables: OmopTables) -> dict[str, list[str]]:
    """Our name of a code system -> the vocabulary_ids that stand for it."""
    names: dict[str, list[str]] = {}
    if "concept" in tables.sql:
        query = f"SELECT DISTINCT vocabulary_id FROM {tables.sql['concept']} ORDER BY 1"
        for (vocabulary,) in tables.con.execute(query).fetchall():
            names.setdefault(canonical_system(str(vocabulary)), []).append(vocabulary)
    return names


def _is_known(tables: OmopTables, found: set[int]) -> bool:
    """Whether the vocabulary has one of these concepts; without a vocabulary, all are believed."""
    if "concept" not in tables.sql:
        return True
    query = (
        f"SELECT 1 FROM {tables.sql['concept']} "
        "WHERE list_contains(?::BIGINT[], concept_id::BIGINT) LIMIT 1"
    )
    return bool(tables.con.execute(query, [sorted(found)]).fetchall())


def _look_up(tables: OmopTables, concept: Concept, names: dict[str, list[str]]) -> set[int]:
    if concept.system == "OMOP":
        found = {int(concept.code)}
    else:
        rows = tables.con.execute(
            f"SELECT concept_id::BIGINT FROM {tables.sql['concept']} "
            "WHERE list_contains(?::VARCHAR[], vocabulary_id) "
            f"AND {BARE.format('concept_code')} = {BARE.format('?')}",
            [names.get(concept.system, []), concept.code],
        ).fetchall()
        found = {number for (number,) in rows}
    if concept.descendants and found:
        rows = tables.con.execute(
            f"SELECT descendant_concept_id::BIGINT FROM {tables.sql['concept_ancestor']} "
            "WHERE list_contains(?::BIGINT[], ancestor_concept_id::BIGINT)",
            [sorted(found)],
        ).fetchall()
        found |= {number for (number,) in rows}
    return found
