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
from typing import Any

from qi_checker.errors import Problem, UserError
from qi_checker.sources.omop_choice import choose
from qi_checker.sources.omop_concepts import read_concepts
from qi_checker.sources.omop_tables import CLINICAL, OmopTables
from qi_checker.sources.raw import literal

# table -> what the names of its columns begin with, and those of its date and date-time
EVENT_TABLES = {
    "procedure_occurrence": ("procedure", "procedure_date", "procedure_datetime"),
    "measurement": ("measurement", "measurement_date", "measurement_datetime"),
    "observation": ("observation", "observation_date", "observation_datetime"),
    "drug_exposure": ("drug", "drug_exposure_start_date", "drug_exposure_start_datetime"),
}
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
        _name_concepts(tables)
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as building:
            imported = _write(tables, Path(building), notes)
            _put_in_place(Path(building), out)
    finally:
        tables.con.close()
    return imported


def _write(tables: OmopTables, folder: Path, notes: tuple[str, ...]) -> Imported:
    counts: list[Any] = []
    for name, query in (("cases", _cases(tables)), ("events", _events(tables))):
        target = literal(str(folder / f"{name}.csv"))
        written = tables.con.execute(f"COPY ({query}) TO {target} (FORMAT csv, HEADER)").fetchall()
        counts += written[0]
    (folder / "about.txt").write_text("\n".join(notes) + "\n", encoding="utf-8")
    return Imported(int(counts[0]), int(counts[1]), notes)


def _put_in_place(building: Path, out: Path) -> None:
    """Each file appears whole or not at all; the cases last, for without them nothing is read."""
    out.mkdir(exist_ok=True)
    for name in ("about.txt", "events.csv", "cases.csv"):
        shutil.move(building / name, out / name)


def _name_concepts(tables: OmopTables) -> None:
    """`named`: the codes and the name of a concept. Without a vocabulary there is only its id."""
    body = "SELECT NULL::BIGINT AS concept_id, NULL AS code, NULL AS name LIMIT 0"
    if "concept" in tables.sql:
        body = (
            "SELECT concept_id::BIGINT AS concept_id, "
            "vocabulary_id || ':' || concept_code::VARCHAR AS code, concept_name AS name "
            f"FROM {tables.sql['concept']}"
        )
    tables.con.execute(f"CREATE TEMP VIEW named AS {body}")


def _occurrences(tables: OmopTables, table: str, is_case: bool) -> str:
    """The chosen rows of one table, with text columns under the names of the contract."""
    stem, day, moment = EVENT_TABLES[table]

    def column(name: str) -> str:
        return tables.column(table, name, "o")

    concept = f"try_cast({column(f'{stem}_concept_id')} AS BIGINT)"
    source = f"try_cast({column(f'{stem}_source_concept_id')} AS BIGINT)"
    number = f"try_cast({column(f'{table}_id')} AS BIGINT)"
    return f"""
        SELECT '{stem}-' || {number} AS id,
            try_cast({column("person_id")} AS BIGINT)::VARCHAR AS patient_id,
            {_when(column(day), column(moment))} AS moment,
            concat_ws(';', 'OMOP:' || {concept}, standard.code,
                CASE WHEN original.code <> standard.code THEN original.code END) AS codes,
            chosen.kind, chosen.modality, chosen.region, standard.name AS description,
            {column("provider_id")}::VARCHAR AS provider,
            try_cast({column("visit_occurrence_id")} AS BIGINT) AS visit,
            {number} AS number
        FROM {tables.sql[table]} AS o
        JOIN chosen ON chosen.is_case = {is_case} AND chosen.concept_id =
            (SELECT min(c.concept_id) FROM chosen AS c WHERE c.is_case = {is_case}
             AND c.concept_id IN ({concept}, {source}))
        LEFT JOIN named AS standard ON standard.concept_id = {concept}
        LEFT JOIN named AS original ON original.concept_id = {source}"""


def _when(day: str, moment: str) -> str:
    """A date-time; a date where the clock is at midnight, as it is where no time was recorded."""
    stamp = f"try_cast({moment} AS TIMESTAMP)"
    plain = f"coalesce(try_cast({day} AS DATE), try_strptime({day}::VARCHAR, '%Y%m%d')::DATE)"
    return (
        f"CASE WHEN {stamp}::TIME <> TIME '00:00:00' "
        f"THEN strftime({stamp}, '%Y-%m-%dT%H:%M:%S') "
        f"ELSE coalesce({plain}::VARCHAR, {stamp}::DATE::VARCHAR, {day}::VARCHAR) END"
    )
