"""Rows of `ious`: which can be used, which are rejected and why, and in which files they come."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from qi_checker.errors import UserError
from qi_checker.protocol.records import ALL_TABLES, IOUS, TABLES, Records
from qi_checker.protocol.site import Site
from qi_checker.protocol.vocabulary import PLAN_CHANGES
from qi_checker.sources.files import read_folder, read_ious
from qi_checker.sources.raw import connect
from qi_checker.study.ious import Registry, read_registry
from tests.helpers.commands import write_rows

SITE = Site(timezone="UTC")
GOOD = {
    "case_id": "C1",
    "performed": "yes",
    "plan_recorded_before": "yes",
    "plan_change": "no_change",
}


def registry(folder: Path, *rows: dict[str, Any], site: Site = SITE, text: str = "") -> Registry:
    """The table of these rows, or of this text, beside cases C1 to C3."""
    if text:
        (folder / "ious.csv").write_text(text, "utf-8")
    else:
        write_rows(folder / "ious.csv", IOUS.names, list(rows))
    records = Records(connect())
    raw = read_ious(folder, site, records)
    return read_registry(records.con, raw, ["C1", "C2", "C3"])


def test_a_good_row(tmp_path: Path) -> None:
    found = registry(tmp_path, GOOD | {"lesions_new": "2", "new_within_planned_resection": "1"})
    row = found.rows["C1"]
    assert (row.counted, row.changed) == (True, False)
    assert (row.lesions_new, row.new_within_planned_resection) == (2, True)
    assert (found.read, found.rejects) == (1, ())


@pytest.mark.parametrize(
    ("change", "column", "reason"),
    [
        ({"case_id": ""}, "case_id", "missing value"),
        ({"performed": ""}, "performed", "missing value"),
        ({"performed": "perhaps"}, "performed", "unknown word"),
        ({"plan_recorded_before": "soon"}, "plan_recorded_before", "unknown word"),
        ({"plan_change": "bigger"}, "plan_change", "unknown word"),
        ({"plan_change": "abandoned;bigger"}, "plan_change", "unknown word"),
        ({"plan_change": "no_change;abandoned"}, "plan_change", "no_change together with a change"),
        ({"lesions_new": "two"}, "lesions_new", "not a whole number"),
        ({"lesions_preop": "-1"}, "lesions_preop", "not a whole number"),
        ({"case_id": "C9"}, "case_id", "no such case in the cases"),
    ],
)
def test_a_row_that_cannot_be_used(
    change: dict[str, str], column: str, reason: str, tmp_path: Path
) -> None:
    found = registry(tmp_path, GOOD | {"case_id": "C2"}, GOOD | change)
    assert list(found.rows) == ["C2"]
    (reject,) = found.rejects
    assert reject == {
        "table": "ious",
        "file": "ious.csv",
        "row": 3,
        "column": column,
        "id": change.get("case_id", "C1"),
        "reason": reason,
    }


def test_of_rows_with_one_id_the_first_counts(tmp_path: Path) -> None:
    found = registry(tmp_path, GOOD, GOOD | {"plan_change": "abandoned"}, GOOD)
    assert found.rows["C1"].changed is False
    assert [(r["row"], r["reason"]) for r in found.rejects] == [
        (3, "duplicate id"),
        (4, "duplicate id, same content"),
    ]


def test_a_torn_row_is_rejected_and_the_rest_read(tmp_path: Path) -> None:
    text = "case_id,performed,plan_change\nC1,yes,no_change,extra\nC2,yes,abandoned\n"
    found = registry(tmp_path, text=text)
    assert list(found.rows) == ["C2"]
    assert [(r["row"], r["id"]) for r in found.rejects] == [(2, "C1")]
    assert found.read == 2


@pytest.mark.parametrize(
    ("row", "counted", "changed"),
    [
        ({}, True, False),
        ({"plan_change": "extended_resection"}, True, True),
        ({"plan_change": ""}, True, None),
        ({"performed": "no"}, False, False),
        ({"plan_recorded_before": "no"}, False, False),
        ({"plan_recorded_before": ""}, False, False),
        ({"lesions_new": "3", "new_within_planned_resection": "yes"}, True, False),
        ({"lesions_new": "3", "new_within_planned_resection": "no"}, True, False),
    ],
)
def test_the_denominator_and_what_is_a_change(
    row: dict[str, str], counted: bool, changed: bool | None, tmp_path: Path
) -> None:
    found = registry(tmp_path, GOOD | row).rows["C1"]
    assert (found.counted, found.changed) == (counted, changed)


@pytest.mark.parametrize("word", PLAN_CHANGES)
def test_every_word_is_known(word: str, tmp_path: Path) -> None:
    found = registry(tmp_path, GOOD | {"plan_change": word.upper()}).rows["C1"]
    assert found.plan_change == (word,)
    assert found.changed is (word != "no_change")


def test_a_hospital_maps_its_own_names_and_words(tmp_path: Path) -> None:
    site = Site(
        timezone="UTC",
        columns={"ious": {"performed": "IOUS done"}},
        values={"ious.performed": {"J": "yes"}, "ious.plan_change": {"none": "no_change"}},
    )
    text = "case_id;IOUS done;plan_recorded_before;plan_change\nC1;j;yes;None\n"
    found = registry(tmp_path, site=site, text=text)
    assert (found.rows["C1"].counted, found.rows["C1"].changed) == (True, False)


def test_parquet_and_workbooks(tmp_path: Path) -> None:
    import duckdb
    import xlsxwriter

    (tmp_path / "p").mkdir()
    duckdb.execute(
        "COPY (SELECT 'C1' AS case_id, true AS performed, true AS plan_recorded_before, "
        "'abandoned' AS plan_change, 2 AS lesions_new) "
        f"TO '{tmp_path / 'p' / 'ious.parquet'}' (FORMAT PARQUET)"
    )
    (tmp_path / "x").mkdir()
    book = xlsxwriter.Workbook(tmp_path / "x" / "ious.xlsx")
    sheet = book.add_worksheet("ious")
    sheet.write_row(
        0, 0, ["case_id", "performed", "plan_recorded_before", "plan_change", "lesions_new"]
    )
    sheet.write_row(1, 0, ["C1", "yes", "yes", "abandoned", 2])
    book.close()
    for folder in ("p", "x"):
        records = Records(connect())
        raw = read_ious(tmp_path / folder, SITE, records)
        row = read_registry(records.con, raw, ["C1"]).rows["C1"]
        assert (row.counted, row.changed, row.lesions_new) == (True, True, 2)


def test_without_a_file_it_is_absent_and_a_near_name_is_told(tmp_path: Path) -> None:
    (tmp_path / "IOUS.csv").write_text("case_id\n", "utf-8")
    records = Records(connect())
    raw = read_ious(tmp_path, SITE, records)
    assert raw.absent
    assert read_registry(records.con, raw, []).read == 0
    assert records.notes == [
        "IOUS.csv is not read. Rename IOUS.csv to ious.csv if you want to use it"
    ]


def test_a_file_without_a_needed_column_stops(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="the required column performed is missing"):
        registry(tmp_path, text="case_id,plan_change\nC1,no_change\n")


def test_engines_are_not_given_it(tmp_path: Path) -> None:
    """A broken registry disturbs no audit."""
    for name, needed in (("cases", TABLES["cases"].needed), ("events", TABLES["events"].needed)):
        (tmp_path / f"{name}.csv").write_text(",".join(needed) + "\n", "utf-8")
    (tmp_path / "ious.csv").write_bytes(b"\xff\xfe nothing")
    assert "ious" not in read_folder(tmp_path, SITE).tables
    assert set(ALL_TABLES) - set(TABLES) == {"ious"}
