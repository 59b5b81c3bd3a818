"""Tables and queries of a database through mapping.yaml: read as files are, and never written."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from qi_checker.errors import UserError
from qi_checker.protocol.load_mapping import load_mapping
from qi_checker.protocol.records import Records
from qi_checker.sources import database as module
from qi_checker.sources.database import PostgreSQL, SQLAlchemy, SQLite, checked, place_of
from qi_checker.sources.files import read_folder
from tests.helpers.commands import csv_rows, run
from tests.helpers.folders import SITE
from tests.helpers.postgres import Server

TABLES = """
    CREATE TABLE or_case (case_id INTEGER, mrn VARCHAR(20), "Start" TIMESTAMP, room TEXT, cost NUMERIC(10,2));
    INSERT INTO or_case VALUES (1, '12345', '2026-03-14 07:30:00', 'OR 1', 10.50),
        (2, '67890', '2026-03-20 00:00:00', 'OR 2', NULL), (3, '11111', NULL, 'Endoscopy', NULL);
    CREATE TABLE proc (case_id INTEGER, code VARCHAR(10));
    INSERT INTO proc VALUES (1, '47120'), (1, '44140'), (2, '47122');
    CREATE TABLE rad (id VARCHAR(10), mrn VARCHAR(20), name TEXT, taken TIMESTAMP, state TEXT);
    INSERT INTO rad VALUES ('A1', '00012345', 'CT LIVER: triple phase; 100%', '2026-03-01 10:00:00.999999', 'Final');
"""
MAPPING: dict[str, Any] = {
    "cases": {
        "table": "or_case",
        "where": [{"column": "ROOM", "begins_with": "OR"}],
        "join": [{"table": "proc", "by": "CASE_ID", "columns": "CODE"}],
        "group_by": "CASE_ID",
        "columns": {
            "case_id": {"column": "CASE_ID", "prefix": "OR-"},
            "patient_id": {"column": "MRN", "pad": 8},
            "surgery_at": "START",
            "status": {"constant": "performed"},
            "procedures": {"column": "CODE", "system": "CPT"},
            "cost": "COST",
        },
    },
    "events": {
        "query": "SELECT id, mrn, name, taken AS at, state FROM rad WHERE state LIKE 'F%' -- :x",
        "exam_name": "name",
        "columns": {
            "event_id": "id",
            "patient_id": "mrn",
            "at": "at",
            "status": {"column": "state", "words": {"Final": "completed"}},
        },
    },
}
CASES = [
    ("OR-1", "00012345", "2026-03-14 07:30:00", "CPT:44140;CPT:47120", "10.50"),
    ("OR-2", "00067890", "2026-03-20", "CPT:47122", None),
]


@pytest.fixture(scope="module")
def filled(postgres: Server) -> str:
    """The address of a PostgreSQL database with the tables."""
    url = postgres.new_database()
    with psycopg.connect(url, autocommit=True) as con:
        con.execute(TABLES)
    return url


@pytest.fixture
def sqlite_file(tmp_path: Path) -> Path:
    path = tmp_path / "a#b?c.db"
    with sqlite3.connect(path) as con:
        con.executescript(TABLES)
    return path


@pytest.fixture(params=["postgresql", "postgresql+psycopg", "sqlite", "sqlite+pysqlite"])
def url(request: pytest.FixtureRequest) -> str:
    """A database through each way of reading one: ADBC, SQLAlchemy, and Python's own."""
    scheme = request.param
    if scheme.startswith("postgresql"):
        address: str = request.getfixturevalue("filled")
        return scheme + address.removeprefix("postgresql")
    path: Path = request.getfixturevalue("sqlite_file")
    if scheme == "sqlite":
        return "sqlite:///a%23b%3Fc.db"
    plain = path.rename(path.with_name("plain.db"))
    return f"sqlite+pysqlite:///{plain}"


def read(folder: Path, url: str, **changes: Any) -> Records:
    mapping = MAPPING | {"database": {"url": url}} | changes
    (folder / "mapping.yaml").write_text(yaml.safe_dump(mapping), encoding="utf-8")
    return read_folder(folder, SITE)


def test_a_database_is_read_as_files_are(url: str, tmp_path: Path) -> None:
    records = read(tmp_path, url)
    columns = "case_id, patient_id, surgery_at, procedures, cost"
    rows = records.con.execute(f"SELECT {columns} FROM raw_cases ORDER BY _row").fetchall()
    # SQLite has no types for dates and numbers: what was written is what is read.
    expected = [(*CASES[0][:2], "2026-03-14 07:30:00", CASES[0][3], "10.50"), CASES[1]]
    if url.startswith("sqlite"):
        expected = [
            (*expected[0][:4], "10.5"),
            (*CASES[1][:2], "2026-03-20 00:00:00", *CASES[1][3:]),
        ]
    elif "psycopg" in url:
        expected[0] = (*expected[0][:2], "2026-03-14T07:30:00", *expected[0][3:])
    assert rows == expected
    ((at, modality, region),) = records.con.execute(
        'SELECT "at", modality, region FROM raw_events'
    ).fetchall()
    assert (at[:10], modality, region) == ("2026-03-01", "CT", "liver")
    assert records.tables["cases"].where(1) == "or_case, row 1"
    assert records.tables["events"].places[0].name == "a query of mapping.yaml"


def test_the_same_rows_have_the_same_hash_and_others_another(filled: str, tmp_path: Path) -> None:
    def hashed(query: str) -> str:
        part = MAPPING["events"] | {"query": query}
        return read(tmp_path, filled, events=part).tables["events"].sha256

    one = hashed("SELECT id, mrn, name, taken AS at, state FROM rad")
    assert one != hashed("SELECT id, mrn, name || 'x' AS name, taken AS at, state FROM rad")


@pytest.mark.parametrize("how", [PostgreSQL, SQLAlchemy, SQLite])
def test_nothing_can_be_written(how: type, filled: str, sqlite_file: Path, tmp_path: Path) -> None:
    """Even where the query gets past the check."""
    if how is SQLite:
        source: Any = SQLite("sqlite:///a%23b%3Fc.db", tmp_path)
    else:
        address = filled if how is PostgreSQL else filled.replace("://", "+psycopg://", 1)
        source = how(address, None)
    with pytest.raises(UserError) as caught, source.errors("rad"):
        source.header("DELETE FROM rad RETURNING *")
    source.close()
    assert "the database did not return rad" in str(caught.value)


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM rad",
        "SELECT 1; DROP TABLE rad",
        "WITH x AS (DELETE FROM rad RETURNING *) SELECT * FROM x",
        "SELECT * INTO copy FROM rad",
        "CREATE TABLE x AS SELECT 1",
        "COPY rad TO '/tmp/x'",
        "",
        "PRAGMA x",
    ],
)
def test_only_one_select_is_a_query(query: str) -> None:
    with pytest.raises(UserError):
        checked(query)


def test_a_select_is_a_query() -> None:
    assert (
        checked("WITH a AS (SELECT 1 x) SELECT * FROM a;")
        == "WITH a AS (SELECT 1 x) SELECT * FROM a"
    )


PROBLEMS = [
    ({"table": "or_cases"}, "the database did not return or_cases"),
    (
        {"query": "SELECT nonsense FROM or_case"},
        "the database did not return a query of mapping.yaml",
    ),
    (
        {"columns": {"case_id": "CASEID"}},
        "there is no column 'CASEID'. mapping.yaml names it under cases.columns.case_id.",
    ),
]


@pytest.mark.parametrize(("change", "expected"), PROBLEMS)
def test_what_is_not_there_is_told_without_a_word_of_the_server(
    change: dict[str, Any], expected: str, url: str, tmp_path: Path
) -> None:
    block = {k: v for k, v in MAPPING["cases"].items() if k not in ("where", "join", "group_by")}
    block["columns"] = {
        "case_id": "case_id",
        "patient_id": "mrn",
        "surgery_at": "Start",
        "status": "room",
    }
    block = block | change | {"columns": block["columns"] | change.get("columns", {})}
    block = {k: v for k, v in block.items() if k != "table" or "query" not in change}
    with pytest.raises(UserError) as caught:
        read(tmp_path, url, cases=block)
    assert expected in str(caught.value)


ADDRESSES = [
    (
        "postgresql://nobody@127.0.0.1:1/x",
        "postgresql://127.0.0.1:1/x: the database cannot be reached",
    ),
    ("postgresql+psycopg://nobody@127.0.0.1:1/x", "the database cannot be reached"),
    ("sqlite:///not-there.db", "not-there.db: there is no such file"),
    ("klingon://host/x", "SQLAlchemy knows no database klingon"),
    ("mssql+pymssql://host/x", "the driver pymssql is not installed"),
]


@pytest.mark.parametrize(("address", "expected"), ADDRESSES)
def test_a_database_that_cannot_be_opened(address: str, expected: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        read(tmp_path, address)
    assert expected in str(caught.value)


def test_a_password_is_taken_from_where_the_mapping_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = []
    monkeypatch.setattr(module, "PostgreSQL", lambda url, password: given.append(password))
    (tmp_path / "secret").write_text("from a file\n")
    for key, value in (("password_env", "QI_TEST_PASSWORD"), ("password_file", "secret")):
        monkeypatch.setenv("QI_TEST_PASSWORD", "from the environment")
        named = {"url": "postgresql://reader@host/x", key: value}
        (tmp_path / "mapping.yaml").write_text(yaml.safe_dump(MAPPING | {"database": named}))
        loaded = load_mapping(tmp_path / "mapping.yaml")
        assert loaded.mapping.database is not None
        module.open_database(loaded.mapping.database, tmp_path)
    assert given == ["from the environment", "from a file"]


def test_a_place_says_nothing_of_users() -> None:
    assert place_of("postgresql://elm:secret@host:5432/name") == "postgresql://host:5432/name"


def test_import_sql_writes_records(filled: str, tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(yaml.safe_dump(MAPPING), encoding="utf-8")
    out = tmp_path / "records"
    ran = run("import", "sql", filled, "--mapping", mapping, "--out", out)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"{out}: 2 cases, 1 event")
    assert [row["case_id"] for row in csv_rows(out / "cases.csv")] == ["OR-1", "OR-2"]
    again = run("import", "sql", filled, "--mapping", mapping, "--out", out)
    assert again.code == 2 and "already exists, and not empty" in again.err


def test_import_files_keeps_what_is_evidence(tmp_path: Path) -> None:
    """A torn row is written so that it is rejected again, for the same patient."""
    export = tmp_path / "export"
    export.mkdir()
    (export / "c.csv").write_text("ID,MRN,D\nC1,P1,2026-03-10\n")
    (export / "e.csv").write_text("ID,MRN,NAME\nE1,CT, liver,P1\n")
    columns = {
        "case_id": "ID",
        "patient_id": "MRN",
        "surgery_at": "D",
        "status": {"constant": "performed"},
    }
    events = {"event_id": "ID", "patient_id": "MRN", "status": {"constant": "completed"}}
    mapping = {
        "cases": {"file": "c.csv", "columns": columns},
        "events": {"file": "e.csv", "exam_name": "NAME", "columns": events},
    }
    (export / "mapping.yaml").write_text(yaml.safe_dump(mapping))
    ran = run("import", "files", export, "--out", tmp_path / "out", "--format", "parquet")
    assert ran.code == 0, ran.err
    records = read_folder(tmp_path / "out", SITE)
    row = records.con.execute(
        "SELECT event_id, patient_id, kind, description FROM raw_events"
    ).fetchall()
    assert row == [("torn-2", "P1", None, "4 cells where the header has 3")]
    assert "4 cells" not in (tmp_path / "out" / "about.txt").read_text()
