"""`import omop`: OMOP CDM tables -> a data folder of the records contract.

Every row of procedure_occurrence whose concept is an operation becomes a case, and rows of the
event tables whose concept is listed become events, of patients who have a case. OMOP knows what
happened, not what is planned: no case is scheduled or cancelled and no event is ordered or booked,
so the result is for looking back only. A row without a readable date is written as it is, so that
the audit lists it.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from qi_checker.errors import Problem, UserError
from qi_checker.sources.omop_choice import choose
from qi_checker.sources.omop_concepts import read_concepts
from qi_checker.sources.omop_queries import cases_query, events_query
from qi_checker.sources.omop_tables import OmopTables
from qi_checker.sources.raw import literal

RETROSPECTIVE = (
    "OMOP records what was done: there are no scheduled or cancelled operations and no ordered or "
    "booked examinations. Use these records to look back, not for a checklist."
)


@dataclass(frozen=True)
class Imported:
    """How many rows were written, and what a person should know about them."""

    cases: int
    events: int
    notes: tuple[str, ...]


def import_omop(
    path: Path, out: Path, concepts: Path, schema: str = "", force: bool = False
) -> Imported:
    """Write cases.csv, events.csv and about.txt into the folder `out`.

    `path` is a DuckDB file, opened read-only, or a folder with one CSV or Parquet file per table;
    `concepts` says which concepts are operations and events, see `omop_concepts`. A folder that
    holds files is refused without `force`; with it these three files are replaced and others
    stay. Raises UserError.
    """
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not force)):
        mend = "Give a new folder, or say that the files in it may be replaced"
        raise UserError(Problem(str(out), "it is there already, and not empty", "", mend))
    listed = read_concepts(concepts)
    tables = OmopTables(path, schema)
    try:
        notes = (RETROSPECTIVE, *choose(tables, listed, concepts))
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as building:
            imported = _write(tables, Path(building), notes)
            _put_in_place(Path(building), out)
    finally:
        tables.con.close()
    return imported


def _write(tables: OmopTables, folder: Path, notes: tuple[str, ...]) -> Imported:
    counts = []
    for name, query in (("cases", cases_query(tables)), ("events", events_query(tables))):
        target = literal(str(folder / f"{name}.csv"))
        written = tables.con.execute(f"COPY ({query}) TO {target} (FORMAT csv, HEADER)").fetchall()
        counts.append(int(written[0][0]))
    (folder / "about.txt").write_text("\n".join(notes) + "\n", encoding="utf-8")
    return Imported(counts[0], counts[1], notes)


def _put_in_place(building: Path, out: Path) -> None:
    """Each file appears whole or not at all; the cases last, for without them nothing is read."""
    out.mkdir(exist_ok=True)
    for name in ("about.txt", "events.csv", "cases.csv"):
        shutil.move(building / name, out / name)
