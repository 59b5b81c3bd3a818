"""`import omop`: OMOP CDM tables -> a data folder of the records contract.

Every row of procedure_occurrence with the concept of an operation becomes a case, and rows of the
event tables with a listed concept become events, for patients who have a case. OMOP records what
happened, not what is planned: no case is scheduled or cancelled and no event is ordered or booked,
so the result is for retrospective use only. A row without a readable date is written unchanged, so
that the audit lists it.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from qi_checker.errors import Problem, UserError
from qi_checker.sources.cells import text_of
from qi_checker.sources.omop_concepts import choose, read_concepts
from qi_checker.sources.raw import connect, literal, path_literal, quoted

if TYPE_CHECKING:
    import duckdb


RETROSPECTIVE = (
    "OMOP records what was done: there are no scheduled or cancelled operations and no ordered or "
    "booked examinations. Use these records to look back, not for a checklist."
)


@dataclass(frozen=True)
class Imported:
    """The number of rows written, and notes for the user."""

    cases: int
    events: int
    notes: tuple[str, ...]


def import_omop(
    path: Path, out: Path, concepts: Path, schema: str = "", force: bool = False
) -> Imported:
    """Write cases.csv, events.csv and about.txt into the folder `out`.

    `path` is a DuckDB file, opened read-only, or a folder with one CSV or Parquet file per table;
    `concepts` lists the concepts of operations and events, see `omop_concepts`. A folder that is
    not empty is refused without `force`; with it these three files are replaced and others stay.
    Raises UserError.
    """
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not force)):
        advice = "Give a new folder, or say that the files in it may be replaced"
        raise UserError(Problem(str(out), "already exists, and not empty", "", advice))
    listed = read_concepts(concepts)
    tables = OmopTables(path, schema)
    import duckdb

    try:
        notes = (RETROSPECTIVE, *choose(tables, listed, concepts))
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as building:
            imported = _write(tables, Path(building), notes)
            _put_in_place(Path(building), out)
    except duckdb.InterruptException:
        raise
    except duckdb.Error:
        raise tables.unreadable() from None
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
    """Move each file atomically; the cases last, since nothing is read without them."""
    out.mkdir(exist_ok=True)
    for name in ("about.txt", "events.csv", "cases.csv"):
        shutil.move(building / name, out / name)


CLINICAL = "procedure_occurrence"  # the table from which cases are made


class OmopTables:
    """The tables of one connection; the source itself is never written."""

    def __init__(self, path: Path, schema: str = "") -> None:
        self.con: duckdb.DuckDBPyConnection = connect()
        self.source = str(path)
        self.sql: dict[str, str] = {}  # table -> FROM clause
        self._columns: dict[str, dict[str, str]] = {}  # table -> its columns with their types
        self._csv_files: list[Path] = []
        if path.is_dir():
            self._open_folder(path)
        else:
            self._open_database(path, schema)
        if CLINICAL not in self.sql:
            advice = "Give a database or folder with the tables of the OMOP CDM"
            raise UserError(Problem(self.source, f"there is no table {CLINICAL}", "", advice))

    def column(self, table: str, name: str, alias: str) -> str:
        """Return the SQL of a column, NULL if this version of the CDM lacks it."""
        return f"{alias}.{quoted(name)}" if name in self._known(table) else "NULL"

    def text(self, table: str, name: str, alias: str) -> str:
        """Return the SQL of a column as text: times are truncated, instants keep their offset."""
        type_name = self._known(table).get(name)
        return "NULL" if type_name is None else text_of(type_name, self.column(table, name, alias))

    def _known(self, table: str) -> dict[str, str]:
        if table not in self._columns:
            rows = self.con.execute(f"DESCRIBE SELECT * FROM {self.sql[table]}").fetchall()
            self._columns[table] = {str(row[0]).lower(): str(row[1]) for row in rows}
        return self._columns[table]

    def _open_database(self, path: Path, schema: str) -> None:
        import duckdb

        if not path.is_file():
            advice = "Give a DuckDB file, or a folder with one CSV or Parquet file per table"
            raise UserError(Problem(self.source, "there is no such file or folder", "", advice))
        try:
            self.con.execute(f"ATTACH {literal(str(path))} AS omop (READ_ONLY)")
        except duckdb.Error:
            what = "the file cannot be opened as a DuckDB database"
            advice = "Export the tables as CSV or Parquet into one folder and give that"
            raise UserError(Problem(self.source, what, "", advice)) from None
        found = self.con.execute(
            "SELECT table_schema, table_name FROM information_schema.tables "
            "WHERE table_catalog = 'omop' AND (? = '' OR table_schema = ?) ORDER BY ALL",
            [schema, schema],
        ).fetchall()
        schemas = {where for where, name in found if name.lower() == CLINICAL}
        if len(schemas) > 1:
            what = f"there is more than one {CLINICAL}, in {', '.join(sorted(schemas))}"
            raise UserError(Problem(self.source, what, "", "Say which schema to read"))
        for where, name in found:
            if where in schemas or name.lower() not in self.sql:
                self.sql[name.lower()] = f"omop.{quoted(where)}.{quoted(name)}"

    def unreadable(self) -> UserError:
        """Return an error for a failed query that names CSV files with inseparable rows."""
        import duckdb

        problems = []
        for path in self._csv_files:
            try:
                self.con.execute(f"SELECT count(*) FROM {_csv(path)}").fetchall()
            except duckdb.Error:
                what = "the rows of the file cannot be separated"
                why = "A quote is not closed, or a row has too few or too many cells"
                problems.append(Problem(str(path), what, why, "Export the table again"))
        what = "a table cannot be read as one of the OMOP CDM"
        return UserError(problems or Problem(self.source, what, "", "Export it again"))

    def _open_folder(self, folder: Path) -> None:
        for path in sorted(folder.iterdir()):
            name = path.stem.lower()
            if path.suffix.lower() == ".parquet":
                self.sql[name] = f"read_parquet({path_literal(path)}, hive_partitioning = false)"
            elif path.suffix.lower() == ".csv":
                self.sql.setdefault(name, _csv(path))
                self._csv_files.append(path)


def _csv(path: Path) -> str:
    """Return the SQL that reads a CSV file.

    Athena separates the vocabulary by tabs, and a quote in a name is an ordinary character there.
    """
    with path.open("rb") as file:
        header = file.readline().decode("utf-8", "replace")
    delimiter = max(",;\t|", key=header.count)
    quote = "quote = '', escape = ''" if delimiter == "\t" else "quote = '\"'"
    written = f"delim = {literal(delimiter)}, {quote}"
    return (
        f"read_csv({path_literal(path)}, header = true, all_varchar = true, {written}, "
        "hive_partitioning = false)"
    )


# table -> prefix of its column names, and the names of its date and date-time columns
EVENT_TABLES = {
    CLINICAL: ("procedure", "procedure_date", "procedure_datetime"),
    "measurement": ("measurement", "measurement_date", "measurement_datetime"),
    "observation": ("observation", "observation_date", "observation_datetime"),
    "drug_exposure": ("drug", "drug_exposure_start_date", "drug_exposure_start_datetime"),
}


def cases_query(tables: OmopTables) -> str:
    """Select one case for every procedure that is an operation, ordered by id.

    Its diagnoses are the conditions of the same visit and those open on the day.
    """
    return f"""
        WITH operation AS ({_chosen_rows(tables, CLINICAL, is_case=True)})
        SELECT id AS case_id, patient_id, moment AS surgery_at, moment AS started_at,
            'performed' AS status, codes AS procedures,
            ({_diagnoses(tables)}) AS diagnoses,
            ({_admission(tables)}) AS admitted_at,
            provider AS surgeon
        FROM operation ORDER BY number"""


def events_query(tables: OmopTables) -> str:
    """Select every chosen event of a patient who has a case, table by table, ordered by id."""
    parts = [
        f"SELECT {position} AS position, * FROM ({_chosen_rows(tables, table, is_case=False)})"
        for position, table in enumerate(EVENT_TABLES)
        if table in tables.sql
    ]
    return f"""
        WITH operation AS ({_chosen_rows(tables, CLINICAL, is_case=True)}),
        happened AS ({" UNION ALL ".join(parts)})
        SELECT id AS event_id, patient_id, kind, 'completed' AS status, moment AS "at",
            modality, region, codes, description, 'internal' AS provenance
        FROM happened WHERE patient_id IN (SELECT patient_id FROM operation)
        ORDER BY position, number"""


def _chosen_rows(tables: OmopTables, table: str, is_case: bool) -> str:
    """Select rows of one table by their standard concept or, failing that, their source concept."""
    stem, day, moment = EVENT_TABLES[table]

    def column(name: str) -> str:
        return tables.column(table, name, "o")

    concept = f"try_cast({column(f'{stem}_concept_id')} AS BIGINT)"
    source = f"try_cast({column(f'{stem}_source_concept_id')} AS BIGINT)"
    number = f"try_cast({column(f'{table}_id')} AS BIGINT)"
    return f"""
        SELECT '{stem}-' || {number} AS id,
            try_cast({column("person_id")} AS BIGINT)::VARCHAR AS patient_id,
            {_when(column(day), tables.text(table, moment, "o"))} AS moment,
            {_codes(concept)} AS codes,
            coalesce(a.kind, b.kind) AS kind, coalesce(a.modality, b.modality) AS modality,
            coalesce(a.region, b.region) AS region, coalesce(standard.name, original.name) AS description,
            {column("provider_id")}::VARCHAR AS provider,
            try_cast({column("visit_occurrence_id")} AS BIGINT) AS visit, {number} AS number
        FROM {tables.sql[table]} AS o
        LEFT JOIN chosen AS a ON a.is_case = {is_case} AND a.concept_id = {concept}
        LEFT JOIN chosen AS b ON b.is_case = {is_case} AND b.concept_id = {source}
        LEFT JOIN ({_names(tables)}) AS standard ON standard.concept_id = {concept}
        LEFT JOIN ({_names(tables)}) AS original ON original.concept_id = {source}
        WHERE coalesce(a.kind, b.kind) IS NOT NULL"""


def _codes(concept: str) -> str:
    """Return the SQL of the concept id, its code, and the recorded code if different.

    Concept 0 means that there is no standard concept.
    """
    return (
        f"nullif(concat_ws(';', 'OMOP:' || nullif({concept}, 0), standard.code, "
        "CASE WHEN original.code IS DISTINCT FROM standard.code THEN original.code END), '')"
    )


def _names(tables: OmopTables) -> str:
    """Select the code and name of every concept. Without a vocabulary there are only ids."""
    if "concept" not in tables.sql:
        return "SELECT NULL::BIGINT AS concept_id, NULL AS code, NULL AS name LIMIT 0"
    return (
        "SELECT concept_id::BIGINT AS concept_id, concept_name AS name, "
        "vocabulary_id || ':' || concept_code::VARCHAR AS code "
        f"FROM {tables.sql['concept']} WHERE concept_id::BIGINT <> 0"
    )


def _when(day: str, moment: str) -> str:
    """Return the SQL of a date-time; a date if midnight. An unreadable date stays as written.

    `moment` is text. With an offset it also stays as written: DuckDB's cast would drop the offset,
    and 01:30 UTC is still the day before in America.
    """
    stamp = f"try_cast({moment} AS TIMESTAMP)"
    local = f"regexp_matches({moment}, '^\\s*[0-9-]+[ T]+[0-9:.]+\\s*$')"
    date = f"coalesce(try_cast({day} AS DATE), try_strptime({day}::VARCHAR, '%Y%m%d')::DATE)"
    return (
        f"CASE WHEN {stamp}::TIME <> TIME '00:00:00' "
        f"THEN CASE WHEN {local} THEN strftime({stamp}, '%Y-%m-%dT%H:%M:%S') ELSE {moment} END "
        f"ELSE coalesce({date}::VARCHAR, {stamp}::DATE::VARCHAR, {day}::VARCHAR) END"
    )


def _diagnoses(tables: OmopTables) -> str:
    table = "condition_occurrence"
    if table not in tables.sql:
        return "NULL"

    def column(name: str) -> str:
        return tables.column(table, name, "o")

    concept = f"try_cast({column('condition_concept_id')} AS BIGINT)"
    source = f"try_cast({column('condition_source_concept_id')} AS BIGINT)"
    begins = _when(column("condition_start_date"), "NULL")
    ends = _when(column("condition_end_date"), "NULL")
    return f"""
        SELECT string_agg(DISTINCT {_codes(concept)}, ';' ORDER BY {_codes(concept)})
        FROM {tables.sql[table]} AS o
        LEFT JOIN ({_names(tables)}) AS standard ON standard.concept_id = {concept}
        LEFT JOIN ({_names(tables)}) AS original ON original.concept_id = {source}
        WHERE try_cast({column("person_id")} AS BIGINT)::VARCHAR = operation.patient_id
            AND (try_cast({column("visit_occurrence_id")} AS BIGINT) = operation.visit
                OR left(operation.moment, 10) BETWEEN {begins} AND coalesce({ends}, '9999'))"""


def _admission(tables: OmopTables) -> str:
    table = "visit_occurrence"
    if table not in tables.sql:
        return "NULL"
    day = tables.column(table, "visit_start_date", "o")
    moment = tables.text(table, "visit_start_datetime", "o")
    visit = tables.column(table, "visit_occurrence_id", "o")
    return f"""
        SELECT min({_when(day, moment)}) FROM {tables.sql[table]} AS o
        WHERE try_cast({visit} AS BIGINT) = operation.visit"""
