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
from collections.abc import Callable
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
        concept = _concept(line, row, lambda what, n=line: problems.append(_at(path, n, what)))
        concepts += [concept] if concept else []
    if not problems and not any(concept.kind == CASE for concept in concepts):
        what = "no line has the kind 'case', so that nothing is an operation"
        problems.append(Problem(str(path), what, "", "Mark the operations with kind case"))
    if problems:
        raise UserError(problems)
    return concepts


def _concept(
    line: int, row: dict[str, str | None], complain: Callable[[str], None]
) -> Concept | None:
    cells = {name: (row.get(name) or "").strip() for name in COLUMNS}
    codes = split_codes(cells["code"])
    if len(codes) != 1:
        complain("code is not of the form SYSTEM:CODE, such as SNOMED:45595009 or OMOP:4163971")
        return None
    if not cells["kind"]:
        complain("kind is empty; it is case, imaging, lab, therapy or another kind of event")
    if cells["descendants"].lower() not in (*YES, *NO):
        complain("descendants is neither yes nor no")
    system, code = codes[0]
    if system == "OMOP" and not code.isdigit():
        complain("an OMOP concept id is a whole number")
    return Concept(
        line,
        system,
        code,
        cells["kind"].lower(),
        cells["modality"],
        cells["region"],
        cells["descendants"].lower() in YES,
    )


def _at(path: Path, line: int, what: str) -> Problem:
    return Problem(f"{path}, line {line}", what)
