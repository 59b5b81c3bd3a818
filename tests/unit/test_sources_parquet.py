"""Parquet files and DataFrames: typed columns, read where they are or copied."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from qi_checker.errors import UserError
from qi_checker.protocol.site import Site
from qi_checker.sources.files import read_folder
from qi_checker.sources.memory import from_frames
from tests.helpers.folders import MIXED_IDS, SITE, account, write_csv

GOOD = "'C1' AS case_id, 'P1' AS patient_id, DATE '2026-05-31' AS surgery_at, 'performed' AS status"


def write_parquet(folder: Path, *selects: str, table: str = "cases") -> Path:
    """A folder whose table is the rows of these queries; the other table is good."""
    write_csv(folder)
    (folder / f"{table}.csv").unlink()
    target = str(folder / f"{table}.parquet").replace("'", "''")
    query = " UNION ALL BY NAME ".join(f"SELECT {select}" for select in selects)
    duckdb.sql(f"COPY ({query}) TO '{target}' (FORMAT parquet)")
    return folder


def refused(folder: Path) -> str:
    with pytest.raises(UserError) as caught:
        read_folder(folder, SITE)
    return str(caught.value)


def test_a_view_that_copies_nothing(tmp_path: Path) -> None:
    records = read_folder(write_parquet(tmp_path, GOOD), SITE)
    kind = records.con.execute(
        "SELECT table_type FROM information_schema.tables WHERE table_name = 'raw_cases'"
    ).fetchall()
    assert kind == [("VIEW",)]
    assert account(records)[1]["cases"] == (1, 1)


def test_types_of_dates_stay_and_all_else_is_text(tmp_path: Path) -> None:
    more = (
        ", TIMESTAMP_NS '2026-05-31 08:00:00' AS started_at, 64.5 AS age, true AS smoker, "
        "TIMESTAMPTZ '2026-05-30 08:00:00Z' AS admitted_at, ['A:1', 'B:2'] AS procedures, "
        "DATE '1960-01-01' AS born, 'x'::BLOB::VARCHAR AS surgeon"
    )
    records = read_folder(write_parquet(tmp_path, GOOD + more), SITE)
    described = records.con.execute("DESCRIBE raw_cases").fetchall()
    types = {name: kind for name, kind, *_ in described if kind != "VARCHAR"}
    assert types == {
        "surgery_at": "DATE",
        "started_at": "TIMESTAMP",
        "admitted_at": "TIMESTAMP WITH TIME ZONE",
        "_row": "BIGINT",
    }
    row = records.con.execute("SELECT procedures, age, smoker, born, _row FROM raw_cases")
    assert row.fetchall() == [("A:1;B:2", "64.5", "true", "1960-01-01", 2)]


REFUSED = {
    "codes-as-whole-numbers": (
        GOOD + ", 387713003 AS procedures",
        "cases.parquet: column procedures is of type INTEGER, but codes are text",
    ),
    "codes-as-floats": (
        GOOD + ", 386516004.0::DOUBLE AS diagnoses",
        "cases.parquet: column diagnoses is of type DOUBLE, but codes are text",
    ),
    "ids-as-floats": (
        GOOD.replace("'P1'", "1234567.0::DOUBLE"),
        "cases.parquet: column patient_id is of type DOUBLE, but an id is text",
    ),
    "ids-as-decimals": (
        GOOD.replace("'P1'", "1.50::DECIMAL(9, 2)"),
        "cases.parquet: column patient_id is of type DECIMAL(9,2), but an id is text",
    ),
    "ids-as-dates": (
        GOOD.replace("'C1'", "DATE '2026-01-02'"),
        "cases.parquet: column case_id is of type DATE, but an id is text",
    ),
    "bytes": (
        GOOD.replace("'performed'", "'performed'::BLOB"),
        "cases.parquet: column status holds bytes, not text",
    ),
    "name-that-is-taken": (
        GOOD + ", 7 AS File_Row_Number",
        "cases.parquet: two columns have the same name. Rename column file_row_number",
    ),
    "missing-column": (
        "'C1' AS case_id, 'P1' AS patient_id, 'performed' AS state",
        "cases.parquet: the required column surgery_at is missing",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str, tmp_path: Path) -> None:
    select, message = REFUSED[name]
    assert message in refused(write_parquet(tmp_path, select))


@pytest.mark.parametrize("keep", [0, 4, 100, -1])
def test_cut_off(keep: int, tmp_path: Path) -> None:
    path = write_parquet(tmp_path, GOOD) / "cases.parquet"
    path.write_bytes(path.read_bytes()[:keep])
    assert "cases.parquet: the file cannot be read as Parquet. It is truncated" in refused(tmp_path)


def test_a_column_without_a_value_may_have_any_type(tmp_path: Path) -> None:
    empty = ", NULL::DOUBLE AS procedures, NULL::INTEGER AS diagnoses, NULL::BLOB AS surgeon"
    records = read_folder(write_parquet(tmp_path, GOOD + empty), SITE)
    assert records.notes == []
    assert account(records)[1]["cases"] == (1, 1)


def test_ids_that_are_whole_numbers_are_remarked(tmp_path: Path) -> None:
    select = GOOD.replace("'P1'", "7").replace("'C1'", "1::DECIMAL(9, 0)")
    records = read_folder(write_parquet(tmp_path, select), SITE)
    assert records.con.execute("SELECT case_id, patient_id FROM raw_cases").fetchall() == [
        ("1", "7")
    ]
    lost = "holds numbers, read as text; leading zeros may be lost"
    assert records.notes == [
        f"cases.parquet: column case_id {lost}",
        f"cases.parquet: column patient_id {lost}",
        MIXED_IDS.format("cases.parquet"),
    ]


def test_rejected_rows_of_parquet_are_numbered(tmp_path: Path) -> None:
    bad = GOOD.replace("'C1'", "'C2'").replace("DATE '2026-05-31'", "NULL")
    rejects, rows = account(read_folder(write_parquet(tmp_path, GOOD, bad, GOOD), SITE))
    assert rejects == [
        ["cases", 3, "surgery_at", "C2", "missing value"],
        ["cases", 4, "case_id", "C1", "duplicate id, same content"],
    ]
    assert rows["cases"] == (3, 1)


def test_no_rows_are_remarked(tmp_path: Path) -> None:
    records = read_folder(write_parquet(tmp_path, GOOD + " WHERE false"), SITE)
    assert records.notes == ["cases.parquet: there are columns but no row"]


def test_mapping_of_values(tmp_path: Path) -> None:
    site = Site(timezone="UTC", values={"cases.status": {"9": "performed"}})
    select = GOOD.replace("'performed'", "9")
    records = read_folder(write_parquet(tmp_path, select), site)
    assert records.con.execute("SELECT status FROM raw_cases").fetchall() == [("performed",)]


def frame(**columns: Any) -> pd.DataFrame:
    good: dict[str, Any] = {
        "case_id": ["C1", "C2"],
        "patient_id": ["P1", "P2"],
        "surgery_at": ["2026-05-31T08:00", "2026-06-02"],
        "status": ["performed", "performed"],
    }
    return pd.DataFrame(good | columns)


def test_frames_of_every_kind_of_column() -> None:
    cases = frame(
        surgery_at=[dt.datetime(2026, 5, 31, 8), dt.date(2026, 6, 2)],
        started_at=[pd.Timestamp("2026-05-31 08:12"), pd.NaT],
        procedures=[None, float("nan")],
        urgency=pd.Categorical(["elective", None]),
        ward=[3, 4.5],
    )
    before = cases.copy()
    records = from_frames({"cases": cases})
    query = "SELECT surgery_at, started_at, procedures, urgency, ward, _row FROM raw_cases"
    assert records.con.execute(query).fetchall() == [
        ("2026-05-31T08:00:00", dt.datetime(2026, 5, 31, 8, 12), None, "elective", "3.0", 2),
        ("2026-06-02", None, None, None, "4.5", 3),
    ]
    assert records.tables["events"].absent
    pd.testing.assert_frame_equal(cases, before)
    assert from_frames({"cases": before}).tables == records.tables


def test_frames_with_a_filtered_index_are_numbered_by_position() -> None:
    records = from_frames({"cases": frame().query("case_id == 'C2'")})
    assert records.con.execute("SELECT case_id, _row FROM raw_cases").fetchall() == [("C2", 2)]


def test_frames_are_refused_all_at_once() -> None:
    with pytest.raises(UserError) as caught:
        from_frames({"cases": frame(procedures=[1, 2]), "events": frame(codes=["A:1", 2])})
    of_cases, of_events = str(caught.value).splitlines()[:2]
    assert of_cases.startswith("DataFrame cases: column procedures is of type BIGINT, but codes")
    assert of_events.startswith("DataFrame events: the required column event_id is missing")


def test_numbers_among_the_codes_of_a_frame() -> None:
    with pytest.raises(UserError, match="DataFrame cases: diagnoses: the cell holds a number"):
        from_frames({"cases": frame(diagnoses=["A:1", 2])})
