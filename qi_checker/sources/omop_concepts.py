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
from dataclasses import dataclass
from pathlib import Path

from qi_checker.errors import Problem, UserError
from qi_checker.protocol.codes import split_codes

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
    """Read the list; raises UserError with everything that is wrong with it."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        mend = "Give a CSV file in UTF-8 with the columns " + ", ".join(COLUMNS)
        raise UserError(Problem(str(path), "the list cannot be read", "", mend)) from None
    reader = csv.DictReader(text.splitlines())
    missing = [name for name in ("code", "kind") if name not in (reader.fieldnames or ())]
    if missing:
        what = f"the needed column {' and '.join(missing)} is missing"
        raise UserError(Problem(str(path), what, "", "The columns are " + ", ".join(COLUMNS)))
    problems: list[Problem] = []
    concepts = []
    for line, row in enumerate(reader, start=2):
        concept, complaints = _concept(line, row)
        problems += [Problem(f"{path}, line {line}", what) for what in complaints]
        concepts += [concept] if concept else []
    if not problems and not any(concept.kind == CASE for concept in concepts):
        what = "no line has the kind 'case', so that nothing is an operation"
        problems.append(Problem(str(path), what, "", "Mark the operations with kind case"))
    if problems:
        raise UserError(problems)
    return concepts


def _concept(line: int, row: dict[str, str | None]) -> tuple[Concept | None, list[str]]:
    """The concept of one line, and what is wrong with the line."""
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
