"""Which OMOP concepts are operations and which are events: a small CSV that the site writes.

    code,kind,modality,region,descendants
    SNOMED:45595009,case,,,yes
    OMOP:42535580,imaging,US,abdomen,

`code` is a concept of the site's own vocabulary tables, by its OMOP concept id or by vocabulary
and code. `kind` is `case` for an operation, else the kind of event. With `descendants` every
concept below it counts too. Where two lines name one concept, the upper line decides.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from qi_checker.errors import Problem, UserError
from qi_checker.protocol.codes import canonical_system, split_codes
from qi_checker.sources.raw import insert

if TYPE_CHECKING:
    from qi_checker.sources.omop import OmopTables

COLUMNS = ("code", "kind", "modality", "region", "descendants")
CASE = "case"
YES, NO = ("yes", "true", "1"), ("no", "false", "0", "")


@dataclass(frozen=True)
class Concept:
    """One line of the list."""

    line: int
    system: str
    code: str
    kind: str
    modality: str = ""
    region: str = ""
    descendants: bool = False


def read_concepts(path: Path) -> list[Concept]:
    """Read the list; raises UserError with all errors."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        advice = "Give a CSV file in UTF-8 with the columns " + ", ".join(COLUMNS)
        raise UserError(Problem(str(path), "the list cannot be read", "", advice)) from None
    reader = csv.DictReader(text.splitlines())
    missing = [name for name in ("code", "kind") if name not in (reader.fieldnames or ())]
    if missing:
        what = f"the required column {' and '.join(missing)} is missing"
        raise UserError(Problem(str(path), what, "", "The columns are " + ", ".join(COLUMNS)))
    problems: list[Problem] = []
    concepts = []
    for line, row in enumerate(reader, start=2):
        concept, complaints = _concept(line, row)
        problems += [Problem(f"{path}, line {line}", what) for what in complaints]
        concepts += [concept] if concept else []
    if not problems and not any(concept.kind == CASE for concept in concepts):
        what = "no line has the kind 'case', so there are no operations"
        problems.append(Problem(str(path), what, "", "Mark the operations with kind case"))
    if problems:
        raise UserError(problems)
    return concepts


def _concept(line: int, row: dict[str, str | None]) -> tuple[Concept | None, list[str]]:
    """Return the concept of one line, and the errors of the line."""
    cells = {name: (row.get(name) or "").strip() for name in COLUMNS}
    codes = split_codes(cells["code"])
    if len(codes) != 1:
        return None, ["code is not SYSTEM:CODE, such as SNOMED:45595009 or OMOP:4163971"]
    system, code = codes[0]
    complaints = []
    if system == "OMOP" and not code.isdigit():
        complaints.append("an OMOP concept id is a whole number")
    if not cells["kind"]:
        complaints.append("kind is empty; it is case, imaging, lab or another kind of event")
    if cells["descendants"].lower() not in (*YES, *NO):
        complaints.append("descendants is neither yes nor no")
    kind, below = cells["kind"].lower(), cells["descendants"].lower() in YES
    return Concept(line, system, code, kind, cells["modality"], cells["region"], below), complaints


BARE = "regexp_replace(upper({}::VARCHAR), '[ .^-]', '', 'g')"  # since codes differ in punctuation


def choose(tables: OmopTables, concepts: Sequence[Concept], path: Path) -> list[str]:
    """Fill the table `chosen`: every concept that counts, as case or as event. Return notes."""
    if any(c.descendants for c in concepts) and "concept_ancestor" not in tables.sql:
        what = "descendants are requested, but there is no table concept_ancestor"
        advice = "Add the table, or list every concept"
        raise UserError(Problem(tables.source, what, "", advice))
    if any(c.system != "OMOP" for c in concepts) and "concept" not in tables.sql:
        what = "codes of a vocabulary are requested, but there is no table concept"
        advice = "Add the table, or list concepts by OMOP:<concept id>"
        raise UserError(Problem(tables.source, what, "", advice))
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
    """Return our name of a code system -> its vocabulary_ids."""
    names: dict[str, list[str]] = {}
    if "concept" in tables.sql:
        query = f"SELECT DISTINCT vocabulary_id FROM {tables.sql['concept']} ORDER BY 1"
        for (vocabulary,) in tables.con.execute(query).fetchall():
            names.setdefault(canonical_system(str(vocabulary)), []).append(vocabulary)
    return names


def _is_known(tables: OmopTables, concepts: set[int]) -> bool:
    """Whether the vocabulary has one of these concepts; without a vocabulary, all are accepted."""
    if "concept" not in tables.sql:
        return True
    query = (
        f"SELECT 1 FROM {tables.sql['concept']} "
        "WHERE list_contains(?::BIGINT[], concept_id::BIGINT) LIMIT 1"
    )
    return bool(tables.con.execute(query, [sorted(concepts)]).fetchall())


def _look_up(tables: OmopTables, concept: Concept, names: dict[str, list[str]]) -> set[int]:
    if concept.system == "OMOP":
        concepts = {int(concept.code)}
    else:
        rows = tables.con.execute(
            f"SELECT concept_id::BIGINT FROM {tables.sql['concept']} "
            "WHERE list_contains(?::VARCHAR[], vocabulary_id) "
            f"AND {BARE.format('concept_code')} = {BARE.format('?')}",
            [names.get(concept.system, []), concept.code],
        ).fetchall()
        concepts = {number for (number,) in rows}
    if concept.descendants and concepts:
        rows = tables.con.execute(
            f"SELECT descendant_concept_id::BIGINT FROM {tables.sql['concept_ancestor']} "
            "WHERE list_contains(?::BIGINT[], ancestor_concept_id::BIGINT)",
            [sorted(concepts)],
        ).fetchall()
        concepts |= {number for (number,) in rows}
    return concepts
