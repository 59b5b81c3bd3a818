"""Records from rows of text: what tests and programs hand over."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qi_checker.errors import UserError
from qi_checker.protocol.records import CASES, TABLES
from qi_checker.protocol.site import Site
from qi_checker.sources.files import read_folder
from qi_checker.sources.memory import from_frames, from_rows


def test_rows_with_and_without_numbers() -> None:
    rows: list[dict[str, Any]] = [{"case_id": "007", 'Ward "3"': "x"}, {"case_id": None, "_row": 9}]
    records = from_rows({"cases": rows})
    found = records.con.execute('SELECT case_id, "Ward ""3""", status, _row FROM raw_cases')
    assert found.fetchall() == [("007", "x", None, 2), (None, None, None, 9)]
    assert records.tables["cases"].columns == (*CASES.names, 'Ward "3"')


def test_every_table_is_there_and_absent_ones_say_so() -> None:
    records = from_rows({"cases": [], "events": []})
    assert {name: raw.absent for name, raw in records.tables.items()} == {
        "cases": False,
        "events": False,
        "exceptions": True,
    }
    for name, table in TABLES.items():
        described = records.con.execute(f"DESCRIBE raw_{name}").fetchall()
        assert [(column, kind) for column, kind, *_ in described] == [
            *((column, "VARCHAR") for column in table.names),
            ("_row", "BIGINT"),
        ]
        assert records.con.execute(f"SELECT * FROM torn_{name}").fetchall() == []


def test_torn_rows() -> None:
    broken = [{"_row": 7, "why": "late"}, {"_row": 3, "id": "E1", "patient_id": "P1", "why": "x"}]
    records = from_rows({}, {"events": broken})
    assert records.con.execute("SELECT _row, id, patient_id, why FROM torn_events").fetchall() == [
        (3, "E1", "P1", "x"),
        (7, None, None, "late"),
    ]


def test_the_fingerprint_follows_the_content() -> None:
    one, same, other = (
        from_rows({"cases": [{"case_id": case_id}]}).tables["cases"].sha256
        for case_id in ("C1", "C1", "C2")
    )
    assert one == same != other


def test_more_rows_than_one_batch_keep_their_order() -> None:
    records = from_rows({"cases": [{"case_id": str(n)} for n in range(100_001)]})
    wrong = "SELECT count(*), sum((case_id::INT <> _row - 2)::INT) FROM raw_cases"
    assert records.con.execute(wrong).fetchall() == [(100_001, 0)]


def test_a_connection_can_be_used_again() -> None:
    con = duckdb.connect()
    con.execute("CREATE VIEW raw_cases AS SELECT 1")
    for count in (3, 1):
        from_rows({"cases": [{"case_id": "C"}] * count}, con=con)
        assert con.execute("SELECT count(*) FROM raw_cases").fetchall() == [(count,)]


EVENT = {"event_id": ["E"], "patient_id": ["P"], "kind": ["imaging"], "status": ["completed"]}
LAST = "2026-05-01 23:59:59.999999999"


@pytest.mark.parametrize(
    "at",
    [
        pd.to_datetime(pd.Series([LAST])),
        pd.Series([dt.datetime(2026, 5, 1, 23, 59, 59, 999_999)], dtype=object),
    ],
    ids=["nanoseconds", "object"],
)
def test_the_end_of_a_day_does_not_become_the_next_day(at: pd.Series) -> None:
    """Day 31 would become day 30, and compliant."""
    events = pd.DataFrame(
        {
            "event_id": ["E"],
            "patient_id": ["P"],
            "kind": ["imaging"],
            "status": ["completed"],
            "at": at,
        }
    )
    records = from_frames({"events": events})
    ((read,),) = records.con.execute('SELECT CAST("at" AS VARCHAR) FROM raw_events').fetchall()
    assert read.startswith("2026-05-01") and "23:59:59" in read


def test_instants_in_nanoseconds_stay_instants(tmp_path: Path) -> None:
    """Parquet may hold them; as clock times of the site they would be hours off."""
    moments = pd.to_datetime(pd.Series(["1955-05-01 23:59:59.999999999", LAST])).dt.tz_localize(
        "UTC"
    )
    rows = {name: values * 2 for name, values in EVENT.items()} | {"event_id": ["E", "F"]}
    table = pa.table(rows | {"at": pa.array(moments, pa.timestamp("ns", tz="UTC"))})
    pq.write_table(table, tmp_path / "events.parquet")
    pq.write_table(
        pa.table({"case_id": [], "patient_id": [], "surgery_at": [], "status": []}),
        tmp_path / "cases.parquet",
    )
    con = read_folder(tmp_path, Site(timezone="UTC")).con
    con.execute("SET TimeZone = 'UTC'")
    found = con.execute('SELECT typeof("at"), CAST("at" AS VARCHAR) FROM raw_events').fetchall()
    zone = "TIMESTAMP WITH TIME ZONE"
    assert found == [
        (zone, "1955-05-01 23:59:59.999999+00"),
        (zone, "2026-05-01 23:59:59.999999+00"),
    ]


@pytest.mark.parametrize("column", ["codes", "modality", "description"])
@pytest.mark.parametrize("value", [["A", "B"], ("A",), np.array(["A"]), {"a": 1}])
def test_a_list_in_a_cell_is_refused(column: str, value: Any) -> None:
    """It would become the text ['A', 'B'], which is no code and no word."""
    frame = pd.DataFrame(EVENT | {column: pd.Series([value], dtype=object)})
    with pytest.raises(UserError) as caught:
        from_frames({"events": frame})
    assert f"{column}: the cell holds a list; write its items as one text, separated by ;" in str(
        caught.value
    )
