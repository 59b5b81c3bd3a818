"""Rows from the store beside a table that was read: under the same checks, and gone when they are."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from qi_checker.engines.duckdb import Evaluation, evaluate
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.records import EXCEPTIONS, Records
from qi_checker.protocol.site import Site
from qi_checker.sources.files import read_folder
from qi_checker.sources.joined import join_rows
from qi_checker.sources.memory import from_rows
from tests.helpers.commands import write_rows
from tests.helpers.protocols import liver
from tests.helpers.records import case, exception

SITE = Site(timezone="America/Toronto")
RULE = liver(exceptions={"reasons": ["contraindication-mri"]})
FILE = [exception("X1"), exception("X2", approved_at="2026-05-20T23:30:00-04:00", revoked_at="?")]
READY = "SELECT * FROM ready_exceptions ORDER BY exception_id"


def judged(records: Records) -> Evaluation:
    return evaluate(RULE, records, AsOf.parse("2026-06-01"), SITE)


def test_a_row_of_the_store_is_judged_as_one_of_a_file() -> None:
    records = from_rows({"cases": [case()], "events": [], "exceptions": FILE})
    rows = {7: exception("qi-7", requirement="ct"), 9: exception("qi-9", expires_on="soon")}
    done = judged(join_rows(records, "exceptions", "the store", rows))  # type: ignore[arg-type]
    assert {f["requirement"]: f["status"] for f in done.findings()} == {
        "ct": "exempt",
        "mri": "exempt",
    }
    assert [(r["file"], r["row"], r["id"], r["reason"]) for r in done.rejects()] == [
        ("exceptions", 3, "X2", "unreadable date"),
        ("the store", 9, "qi-9", "unreadable date"),
    ]
    census = done.prepared.census["exceptions"]
    assert (census.read, census.used, census.rejected) == (4, 2, 2)
    assert done.joined_exceptions() == {"qi-7"}


def test_of_an_id_that_both_have_the_stores_is_used() -> None:
    records = from_rows({"cases": [case()], "events": [], "exceptions": [exception("qi-1")]})
    rows = {1: exception("qi-1", requirement="ct")}
    done = judged(join_rows(records, "exceptions", "the store", rows))  # type: ignore[arg-type]
    assert done.joined_exceptions() == {"qi-1"}
    assert [(r["file"], r["row"], r["reason"]) for r in done.rejects()] == [
        ("exceptions", 2, "duplicate id")
    ]


def test_what_an_earlier_night_joined_is_gone() -> None:
    records = from_rows({"cases": [case()], "events": []})
    rows = {1: exception("qi-1"), 2: exception("qi-2")}
    first = join_rows(records, "exceptions", "the store", rows)  # type: ignore[arg-type]
    assert (first.tables["exceptions"].file, first.tables["exceptions"].absent) == (
        "the store",
        False,
    )
    assert judged(first).prepared.census["exceptions"].read == 2
    assert records.tables["exceptions"].absent
    again = join_rows(records, "exceptions", "the store", rows)  # type: ignore[arg-type]
    assert again.tables == first.tables
    assert judged(again).prepared.census["exceptions"].read == 2
    none = join_rows(records, "exceptions", "the store", {})
    assert none is records and judged(none).prepared.census["exceptions"].read == 0


@pytest.mark.parametrize("kind", ["VARCHAR", "DATE", "TIMESTAMP", "TIMESTAMPTZ"])
@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata"])
def test_a_file_is_read_the_same_with_and_without_a_neighbour(
    kind: str, zone: str, tmp_path: Path
) -> None:
    """Parquet holds dates as such; they must mean the same when text stands beside them."""
    write_rows(tmp_path / "cases.csv", tuple(case()), [case()])
    (tmp_path / "events.csv").write_text("event_id,patient_id,kind,status\n")
    times = ["2026-05-20 23:30:00", "2026-05-21 00:00:00", "1999-12-31 04:00:00.123456", None]
    rows = [exception(f"X{n}", approved_at=at) for n, at in enumerate(times)]
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        columns = ", ".join(
            f"r['{c}']::{kind if c == 'approved_at' else 'VARCHAR'} AS {c}"
            for c in EXCEPTIONS.names
        )
        con.execute(
            f"COPY (SELECT {columns} FROM (SELECT unnest(?::MAP(VARCHAR, VARCHAR)[]) AS r)) "
            f"TO '{tmp_path / 'exceptions.parquet'}'",
            [[{"key": list(row), "value": list(row.values())} for row in rows]],
        )
    records = read_folder(tmp_path, SITE)
    records.con.execute(f"SET TimeZone = '{zone}'")
    before = judged(records).con.execute(READY).fetchall()
    assert len(before) == len(times)
    rows_of_store = {1: exception("qi-1", "ct")}
    joined = join_rows(records, "exceptions", "the store", rows_of_store)  # type: ignore[arg-type]
    after = judged(joined).con.execute(READY).fetchall()
    assert [row for row in after if row[0] > 0] == before and len(after) == len(times) + 1
