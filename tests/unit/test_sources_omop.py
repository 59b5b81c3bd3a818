"""Small OMOP tables made here: versions of the model, dates, vocabularies, and lists of concepts."""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb
import pytest

from qi_checker.errors import UserError
from qi_checker.sources.omop import import_omop
from qi_checker.sources.omop_concepts import Concept, read_concepts

CONCEPT_TABLE = """
    CREATE TABLE {schema}concept AS SELECT * FROM (VALUES
        (1, 'Operation', 'SNOMED', '111'), (2, 'Operation on the liver', 'ICD10PCS', '0FB0.0ZZ'),
        (3, 'CT of the liver', 'LOINC', '333-3'), (4, 'Albumin', 'LOINC', '444-4'),
        (5, 'Metastasis', 'ICD10CM', 'C78.7'), (0, 'No matching concept', 'None', 'x')
    ) AS t(concept_id, concept_name, vocabulary_id, concept_code);
    CREATE TABLE {schema}concept_ancestor AS SELECT 1 AS ancestor_concept_id,
        2 AS descendant_concept_id;
"""
PROCEDURES = """
    CREATE TABLE {schema}procedure_occurrence AS SELECT * FROM (VALUES
        (10, 7, 2, 0, DATE '2026-05-31', TIMESTAMP '2026-05-31 08:15:00', 70, 9),
        (11, 7, 0, 3, DATE '2026-05-20', TIMESTAMP '2026-05-20 00:00:00', 71, NULL),
        (12, 8, 3, 3, DATE '2026-05-20', NULL, NULL, NULL),
        (13, 7, 3, 3, NULL, NULL, NULL, NULL)
    ) AS t(procedure_occurrence_id, person_id, procedure_concept_id, procedure_source_concept_id,
           procedure_date, procedure_datetime, visit_occurrence_id, provider_id);
"""
REST = """
    CREATE TABLE {schema}measurement AS SELECT 20 AS measurement_id, 7 AS person_id,
        4 AS measurement_concept_id, DATE '2026-05-01' AS measurement_date;
    CREATE TABLE {schema}visit_occurrence AS SELECT 70 AS visit_occurrence_id,
        DATE '2026-05-30' AS visit_start_date, TIMESTAMP '2026-05-30 17:00' AS visit_start_datetime;
    CREATE TABLE {schema}condition_occurrence AS SELECT * FROM (VALUES
        (7, 5, DATE '2026-01-01', NULL, NULL), (7, 1, DATE '2026-01-01', DATE '2026-02-01', NULL),
        (7, 0, DATE '2026-06-02', NULL, 70), (8, 2, DATE '2026-01-01', NULL, 70)
    ) AS t(person_id, condition_concept_id, condition_start_date, condition_end_date,
           visit_occurrence_id);
"""
LIST = "code,kind,modality,region,descendants\nSNOMED:111,case,,,yes\n"
IMAGING = "http://loinc.org:333-3,imaging,CT,liver,\nOMOP:4,lab,,,no\n"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "it's.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute((CONCEPT_TABLE + PROCEDURES + REST).format(schema=""))
    return path


def concepts(folder: Path, text: str) -> Path:
    path = folder / "concepts.csv"
    path.write_text(text, encoding="utf-8")
    return path


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def refused(folder: Path, text: str) -> list[str]:
    with pytest.raises(UserError) as caught:
        read_concepts(concepts(folder, text))
    return [str(problem).replace(str(folder), "") for problem in caught.value.problems]


def test_an_operation_with_everything_around_it(database: Path, tmp_path: Path) -> None:
    import_omop(database, tmp_path / "out", concepts(tmp_path, LIST + IMAGING))
    assert table(tmp_path / "out" / "cases.csv") == [
        {
            "case_id": "procedure-10",
            "patient_id": "7",
            "surgery_at": "2026-05-31T08:15:00",
            "started_at": "2026-05-31T08:15:00",
            "status": "performed",
            "procedures": "OMOP:2;ICD10PCS:0FB0.0ZZ",
            "diagnoses": "OMOP:5;ICD10CM:C78.7",
            "admitted_at": "2026-05-30T17:00:00",
            "surgeon": "9",
        }
    ]


def test_events_of_patients_with_a_case(database: Path, tmp_path: Path) -> None:
    """By source concept where there is no standard one; without a date they are written too."""
    import_omop(database, tmp_path / "out", concepts(tmp_path, LIST + IMAGING))
    columns = ("event_id", "kind", "at", "modality", "codes", "description")
    events = [tuple(row[c] for c in columns) for row in table(tmp_path / "out" / "events.csv")]
    assert events == [
        ("procedure-11", "imaging", "2026-05-20", "CT", "LOINC:333-3", "CT of the liver"),
        ("procedure-13", "imaging", "", "CT", "OMOP:3;LOINC:333-3", "CT of the liver"),
        ("measurement-20", "lab", "2026-05-01", "", "OMOP:4;LOINC:444-4", "Albumin"),
    ]


LATE = [
    ("TIMESTAMP_NS '2026-05-20 23:59:59.999999999'", "2026-05-20T23:59:59"),
    ("TIMESTAMP '2026-05-20 23:59:59.999999'", "2026-05-20T23:59:59"),
    ("TIMESTAMPTZ '2026-05-21 03:59:59.9+00'", "2026-05-21T03:59:59Z"),
    ("'2026-05-20T23:59:59.9999999'", "2026-05-20T23:59:59"),
    ("'2026-05-21T01:30:00Z'", "2026-05-21T01:30:00Z"),
    ("'2026-05-20 20:30:00-05:00'", "2026-05-20 20:30:00-05:00"),
    ("'2026-05-20 20:30 America/Toronto'", "2026-05-20 20:30 America/Toronto"),
]


@pytest.mark.parametrize(("moment", "at"), LATE)
def test_a_late_time_stays_on_its_day(moment: str, at: str, database: Path, tmp_path: Path) -> None:
    """It is truncated, and an offset is written too: the audit converts it to the site's zone."""
    with duckdb.connect(str(database)) as con:
        con.execute(f"""CREATE OR REPLACE TABLE procedure_occurrence AS
            SELECT * EXCLUDE procedure_datetime, CASE WHEN person_id = 7 THEN {moment} END
            AS procedure_datetime FROM procedure_occurrence""")
    import_omop(database, tmp_path / "out", concepts(tmp_path, LIST + IMAGING))
    assert {row["surgery_at"] for row in table(tmp_path / "out" / "cases.csv")} == {at}
    events = table(tmp_path / "out" / "events.csv")
    assert {row["at"] for row in events if row["kind"] == "imaging"} == {at}


def test_the_upper_line_decides(database: Path, tmp_path: Path) -> None:
    text = LIST + "OMOP:3,imaging,MR,abdomen,\n" + IMAGING
    import_omop(database, tmp_path / "out", concepts(tmp_path, text))
    found = {row["modality"] for row in table(tmp_path / "out" / "events.csv")}
    assert found == {"MR", ""}


def test_unknown_concepts_are_remarked(database: Path, tmp_path: Path) -> None:
    text = LIST + "SNOMED:999,imaging,,,\nOMOP:999,lab,,,\n"
    notes = import_omop(database, tmp_path / "out", concepts(tmp_path, text)).notes
    assert notes[1:] == (
        "concepts.csv, line 3: SNOMED:999 is not in this vocabulary",
        "concepts.csv, line 4: OMOP:999 is not in this vocabulary",
    )


def test_a_schema_has_to_be_named_where_there_are_two(tmp_path: Path) -> None:
    path = tmp_path / "store.duckdb"
    with duckdb.connect(str(path)) as con:
        for schema in ("cdm", "old"):
            con.execute(f"CREATE SCHEMA {schema}")
            con.execute((CONCEPT_TABLE + PROCEDURES).format(schema=f"{schema}."))
        con.execute("DELETE FROM old.procedure_occurrence")
    listed = concepts(tmp_path, LIST)
    with pytest.raises(UserError, match="more than one procedure_occurrence, in cdm, old"):
        import_omop(path, tmp_path / "out", listed)
    assert import_omop(path, tmp_path / "out", listed, schema="cdm").cases == 1
    assert import_omop(path, tmp_path / "none", listed, schema="old").cases == 0


def test_tables_that_are_not_there(tmp_path: Path) -> None:
    """Concept ids do without a vocabulary; codes and descendants do not."""
    source = tmp_path / "cdm"
    source.mkdir()
    (source / "procedure_occurrence.csv").write_text(
        "procedure_occurrence_id,person_id,procedure_concept_id,procedure_date\n"
        "1,7,2.0,20260531\n2,7,3,31/05/2026\n"
    )
    listed = concepts(tmp_path, "code,kind\nOMOP:2,case\nOMOP:3,imaging\n")
    import_omop(source, tmp_path / "out", listed)
    case = table(tmp_path / "out" / "cases.csv")[0]
    assert (case["procedures"], case["surgery_at"], case["diagnoses"]) == (
        "OMOP:2",
        "2026-05-31",
        "",
    )
    assert table(tmp_path / "out" / "events.csv")[0]["at"] == "31/05/2026"
    for text, missing in (
        ("code,kind,descendants\nOMOP:2,case,yes\n", "no table concept_ancestor"),
        ("code,kind\nSNOMED:111,case\n", "no table concept"),
    ):
        with pytest.raises(UserError, match=missing):
            import_omop(source, tmp_path / "again", concepts(tmp_path, text))
    assert not (tmp_path / "again").exists()


def test_a_list_of_concepts(tmp_path: Path) -> None:
    text = "\ufeffcode,kind,region,modality\n http://snomed.info/sct:111 , Case,,\nOMOP:3,imaging,liver,CT\n"
    assert read_concepts(concepts(tmp_path, text)) == [
        Concept(2, "SNOMED", "111", "case"),
        Concept(3, "OMOP", "3", "imaging", "CT", "liver"),
    ]


def test_everything_wrong_with_a_list_is_said(tmp_path: Path) -> None:
    text = "code,kind,descendants\n111,case,\nOMOP:x,,perhaps\n"
    assert refused(tmp_path, text) == [
        "/concepts.csv, line 2: code is not SYSTEM:CODE, such as SNOMED:45595009 or OMOP:4163971.",
        "/concepts.csv, line 3: an OMOP concept id is a whole number.",
        "/concepts.csv, line 3: kind is empty; it is case, imaging, lab or another kind of event.",
        "/concepts.csv, line 3: descendants is neither yes nor no.",
    ]


def test_lists_that_cannot_be_used(tmp_path: Path) -> None:
    assert "no line has the kind 'case'" in refused(tmp_path, "code,kind\nOMOP:1,imaging\n")[0]
    assert "the required column code and kind is missing" in refused(tmp_path, "a,b\n")[0]
    with pytest.raises(UserError, match="the list cannot be read"):
        read_concepts(tmp_path / "none.csv")


def as_text(database: Path, folder: Path, delimiter: str) -> Path:
    """The tables of a database as text files, as Athena and most exports write them."""
    folder.mkdir()
    with duckdb.connect(str(database), read_only=True) as con:
        for (name,) in con.execute("SELECT table_name FROM information_schema.tables").fetchall():
            columns = [str(row[0]) for row in con.execute(f"DESCRIBE {name}").fetchall()]
            rows = [columns, *con.execute(f"FROM {name}").fetchall()]
            lines = [delimiter.join("" if c is None else str(c) for c in row) for row in rows]
            (folder / f"{name.upper()}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def test_a_lone_quote_in_athenas_concepts_stands_for_itself(database: Path, tmp_path: Path) -> None:
    """Athena's files are separated by tabs and quote nothing: 5" nail is a name."""
    folder = as_text(database, tmp_path / "athena", "\t")
    concept = folder / "CONCEPT.csv"
    concept.write_text(concept.read_text().replace("Albumin", 'Albumin "fast'), encoding="utf-8")
    import_omop(folder, tmp_path / "out", concepts(tmp_path, LIST + IMAGING))
    assert [row["description"] for row in table(tmp_path / "out" / "events.csv")][
        -1
    ] == 'Albumin "fast'


def test_a_table_whose_rows_cannot_be_told_apart_is_named(database: Path, tmp_path: Path) -> None:
    folder = as_text(database, tmp_path / "cdm", ",")
    concept = folder / "CONCEPT.csv"
    concept.write_text(concept.read_text().replace("Albumin", '"Albumin'), encoding="utf-8")
    with pytest.raises(UserError) as caught:
        import_omop(folder, tmp_path / "out", concepts(tmp_path, LIST + IMAGING))
    assert f"{concept}: the rows of the file cannot be separated" in str(caught.value)
