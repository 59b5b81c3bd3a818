"""Exports read through mapping.yaml: the traps, and where a row that cannot be used stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
import xlsxwriter
import yaml

from qi_checker.engines.duckdb import evaluate
from qi_checker.engines.duckdb.database import set_apart
from qi_checker.errors import UserError
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.date_format import written_as
from qi_checker.protocol.load_mapping import load_mapping
from qi_checker.protocol.records import ALL_TABLES, ROWS_OF_A_PLACE, Records
from qi_checker.protocol.site import Site
from qi_checker.sources.csv_file import FOOTER_ROWS
from qi_checker.sources.files import read_folder
from qi_checker.sources.mapped import read_mapped
from qi_checker.sources.memory import from_rows
from qi_checker.sources.raw import connect
from tests.helpers.folders import SITE, rows_read, write_csv
from tests.helpers.protocols import liver

Mapping = dict[str, Any]
Made = tuple[list[tuple[Any, ...]], list[tuple[Any, ...]], list[str]]


def completed(table: str, block: Mapping) -> Mapping:
    """With the required columns that a test does not name."""
    columns = {name: {"constant": "completed"} for name in ALL_TABLES[table].needed}
    return block | {"columns": columns | block["columns"]}


def read(folder: Path, table: str, block: Mapping, *columns: str) -> Made:
    """What becomes of an export: the columns and `_row` of the rows, torn rows, and notes."""
    file = folder / "mapping.yaml"
    file.write_text(yaml.safe_dump({table: completed(table, block)}), encoding="utf-8")
    con = connect()
    delivered = read_mapped(con, ALL_TABLES[table], load_mapping(file), folder)
    names = ", ".join(f'"{column}"' for column in columns)
    rows = con.execute(f"SELECT {names}, _row FROM raw_{table} ORDER BY _row").fetchall()
    torn = con.execute(f"SELECT _row, why FROM torn_{table} ORDER BY _row").fetchall()
    return rows, torn, delivered.notes


def refused(folder: Path, table: str, block: Mapping) -> str:
    with pytest.raises(UserError) as caught:
        read(folder, table, block)
    return str(caught.value)


def write(folder: Path, name: str, text: str, encoding: str = "utf-8") -> None:
    (folder / name).write_bytes(text.encode(encoding))


def workbook(path: Path, fill: Callable[[Any, Any], None]) -> None:
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet("Plan")
        fill(page, book.add_format({"num_format": "dd.mm.yyyy hh:mm"}))


# ---- rows keep their place -----------------------------------------------------------------------


def test_a_rejected_row_is_named_by_file_row_and_column_of_the_export(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", "ID,MRN,WHEN,ST\nC1,P1,2026-05-31,performed\n")
    write(tmp_path, "b.csv", "title\n\nID,MRN,WHEN,ST\nC2,P2,tomorrow,performed\nC3,P3,x\n")
    columns = {"case_id": "ID", "patient_id": "MRN", "surgery_at": "WHEN", "status": "ST"}
    mapping = {
        "cases": [
            {"file": "a.csv", "columns": dict(columns)},
            {"file": "b.csv", "skip": 2, "columns": dict(columns)},
        ]
    }
    write(tmp_path, "mapping.yaml", yaml.safe_dump(mapping))
    write(
        tmp_path,
        "events.csv",
        "event_id,patient_id,kind,status,at\nE1,P1,imaging,completed,2026-05-01\n",
    )
    rejects = evaluate(
        liver(), read_folder(tmp_path, SITE), AsOf.parse("2026-06-30"), SITE
    ).rejects()
    assert [(r["file"], r["row"], r["column"], r["id"], r["reason"]) for r in rejects] == [
        ("b.csv", 4, "surgery_at (WHEN)", "C2", "unreadable date"),
        ("b.csv", 5, "", None, "3 cells where the header has 4"),
    ]


def test_a_sheet_is_named_and_its_row_is_that_of_excel(tmp_path: Path) -> None:
    def fill(page: Any, _: Any) -> None:
        page.write_row(0, 0, ["Operating list"])
        page.write_row(3, 0, ["ID", "WHEN"])
        page.write_row(4, 0, ["C1", "2026-05-31"])
        page.write_row(6, 0, ["C2", "2026-06-01"])

    workbook(tmp_path / "plan.xlsx", fill)
    block = {"file": "plan.xlsx", "skip": 1, "columns": {"case_id": "ID", "surgery_at": "WHEN"}}
    rows, _, _ = read(tmp_path, "cases", block, "case_id", "surgery_at")
    assert rows == [("C1", "2026-05-31", 5), ("C2", "2026-06-01", 7)]


def test_the_second_file_of_a_pattern_has_rows_of_its_own(tmp_path: Path) -> None:
    for n in (1, 2):
        write(tmp_path, f"c{n}.csv", f"ID\nC{n}\n")
    rows, _, _ = read(
        tmp_path, "cases", {"file": "c*.csv", "columns": {"case_id": "ID"}}, "case_id"
    )
    assert rows == [("C1", 2), ("C2", ROWS_OF_A_PLACE + 2)]


# ---- what is wrong with an export as a whole -----------------------------------------------------


def test_every_missing_column_is_told_with_the_key_that_names_it(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", "CASE_ID,SURGON\n1,x\n")
    block = {
        "file": "a.csv",
        "columns": {"case_id": "CASEID", "surgeon": "SURGEON", "site": "HOUSE"},
    }
    refusal = refused(tmp_path, "cases", block)
    assert (
        "there is no column 'CASEID'. mapping.yaml names it under cases.columns.case_id. Did you mean 'CASE_ID'?"
        in refusal
    )
    assert "Did you mean 'SURGON'?" in refusal
    assert "there is no column 'HOUSE'" in refusal and "skip and header_rows" in refusal


def test_a_message_names_no_cell_of_a_file_without_a_header(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", "1,P-SECRET-1\n2,P-SECRET-2\n")
    refusal = refused(tmp_path, "cases", {"file": "a.csv", "columns": {"case_id": "ID"}})
    assert "SECRET" not in refusal


def test_a_column_that_is_there_twice_is_named_by_its_place(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", "ID,DATE,DATE\n1,2026-05-31,2026-05-01\n")
    refusal = refused(tmp_path, "cases", {"file": "a.csv", "columns": {"surgery_at": "DATE"}})
    assert "the column 'DATE' is in the header 2 times" in refusal and 'such as "#2"' in refusal
    rows, _, _ = read(
        tmp_path, "cases", {"file": "a.csv", "columns": {"surgery_at": "#2"}}, "surgery_at"
    )
    assert rows == [("2026-05-31", 2)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "or_case.csv",
            "there is no file or_case.csv. mapping.yaml names it under cases.file. Did you mean or_cases.csv?",
        ),
        ("x*.csv", "there is no file x*.csv"),
        ("../a.csv", "../a.csv is not inside the folder of the data"),
        ("/etc/passwd", "/etc/passwd is not inside the folder of the data"),
    ],
)
def test_a_file_that_is_not_there(name: str, expected: str, tmp_path: Path) -> None:
    write(tmp_path, "or_cases.csv", "ID\n1\n")
    assert expected in refused(tmp_path, "cases", {"file": name, "columns": {"case_id": "ID"}})


def test_what_both_the_site_and_the_mapping_say_is_refused(tmp_path: Path) -> None:
    write_csv(tmp_path)
    block = completed("events", {"file": "events.csv", "columns": {"event_id": "event_id"}})
    write(tmp_path, "mapping.yaml", yaml.safe_dump({"events": block}))
    site = Site.model_validate(
        {"timezone": "UTC", "values": {"events.status": {"Final": "completed"}}}
    )
    with pytest.raises(UserError) as caught:
        read_folder(tmp_path, site)
    assert str(caught.value) == (
        "site settings, values: events: mapping.yaml also makes events from an export. "
        "Move these lines to mapping.yaml."
    )


def test_a_table_that_the_mapping_does_not_name_is_read_as_before(tmp_path: Path) -> None:
    write_csv(tmp_path)
    block = completed("events", {"file": "events.csv", "columns": {"event_id": "event_id"}})
    write(tmp_path, "mapping.yaml", yaml.safe_dump({"events": block}))
    records = read_folder(tmp_path, SITE)
    assert records.tables["cases"].places == () and records.tables["events"].places != ()


# ---- text ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "stated"),
    [
        ("utf-8", ""),
        ("utf-8-sig", ""),
        ("windows-1252", "windows-1252"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
    ],
)
def test_the_encoding_is_found_out_and_stated(encoding: str, stated: str, tmp_path: Path) -> None:
    write(tmp_path, "a.csv", "ID;CHIRURG\n1;Müller\n2;Zoë\n", encoding)
    block = {"file": "a.csv", "columns": {"case_id": "ID", "surgeon": "CHIRURG"}}
    rows, _, notes = read(tmp_path, "cases", block, "surgeon")
    assert [row[0] for row in rows] == ["Müller", "Zoë"]
    assert notes == ([f"a.csv: the text is read as {stated}"] if stated else [])


def test_a_byte_that_the_encoding_does_not_have(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"ID\n1\x81\n")
    refusal = refused(tmp_path, "cases", {"file": "a.csv", "columns": {"case_id": "ID"}})
    assert "byte 5 of the file is not a character of windows-1252" in refusal


def test_a_footer_is_looked_for_among_the_last_rows_only(tmp_path: Path) -> None:
    body = "Total,x\n" + "".join(f"{n},x\n" for n in range(FOOTER_ROWS + 5))
    write(tmp_path, "a.csv", f"ID,S\n{body}Total: 9,\nprinted by Elm\n")
    block = {"file": "a.csv", "footer": "Total", "columns": {"case_id": "ID"}}
    rows, torn, notes = read(tmp_path, "cases", block, "case_id")
    assert len(rows) == FOOTER_ROWS + 6 and rows[0][0] == "Total" and not torn
    assert notes == ["a.csv: left out as a footer: 2 rows at the end"]


def test_a_torn_row_costs_only_itself_and_titles_are_no_rows(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", 'List\n\nID,S\n1,"Elm"\n2,Oak,Ash\n3,Birch\n')
    block = {"file": "a.csv", "skip": 1, "columns": {"case_id": "ID", "surgeon": "S"}}
    rows, torn, _ = read(tmp_path, "cases", block, "case_id", "surgeon")
    assert rows == [("1", "Elm", 4), ("3", "Birch", 6)]
    assert torn == [(5, "3 cells where the header has 2")]


def test_a_file_of_fixed_width_with_a_blank_line(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", 'LIST\n01AB"C\n\n02DE\n')
    block = {
        "file": "a.txt",
        "skip": 1,
        "widths": {"id": "1-2", "s": "3-6"},
        "columns": {"case_id": "id", "surgeon": "s"},
    }
    rows, _, _ = read(tmp_path, "cases", block, "case_id", "surgeon")
    assert rows == [("01", 'AB"C', 2), ("02", "DE", 4)]


# ---- values --------------------------------------------------------------------------------------

DATES = [
    ("MM/DD/YYYY hh:mm AM", "3/4/2026 12:05 am", "2026-03-04 00:05:00"),
    ("MM/DD/YYYY hh:mm AM", "03/04/2026", "2026-03-04"),
    ("MM/DD/YYYY hh:mm AM", "2026-03-04T07:30", "2026-03-04T07:30"),
    ("MM/DD/YYYY hh:mm AM", "14/03/2026", "14/03/2026"),
    ("DD.MM.YYYY HH:mm", "14.03.2026 07:30:15", "2026-03-14 07:30:15"),
    ("DD.MM.YYYY HH:mm:ss", "14.03.2026 23:59:59.9999999", "2026-03-14 23:59:59"),
    ("DD.MM.YYYY", "29.02.2026", "29.02.2026"),
    ("DD.MM.YY", "14.03.26", "2026-03-14"),
    ("DD.MM.YYYY", "14.03.26", "0026-03-14"),
    ("DD-MMM-YYYY HH:mm", "14-Mär-2026 07:30", "2026-03-14 07:30:00"),
    ("DD MMM YYYY", "14. août 2026", "2026-08-14"),
    ("DD-MMM-YY", "14-XYZ-26", "14-XYZ-26"),
    ("YYYYMMDDHHmm", "202603140730", "2026-03-14 07:30:00"),
    ("YYYY-DD-MM", "2026-03-04", "2026-04-03"),
    ("YYYY-DD-MM", "2026-03-14", "? 2026-03-14"),
    ("excel", "46095", "2026-03-14"),
    ("excel", "46095.298611111", "2026-03-14 07:10:00"),
    ("excel", "46095.99999", "2026-03-14 23:59:59"),
    ("excel", "20260314", "20260314"),
    ("epoch", "1773473400", "2026-03-14T07:30:00Z"),
    ("epoch ms", "1773473400123", "2026-03-14T07:30:00Z"),
    ("epoch", "1773532799.9999", "2026-03-14T23:59:59Z"),
    ("epoch", "1773532799,5", "2026-03-14T23:59:59Z"),
    ("epoch ms", "1773532799999.9999", "2026-03-14T23:59:59Z"),
    ("epoch", "1.77353E+09", "1.77353E+09"),
    ("epoch", "99999999999999", "99999999999999"),
    ("ISO", "2026-03-14", "2026-03-14"),
]


@pytest.mark.parametrize(("written", "value", "read_as"), DATES)
def test_a_date_is_read_as_it_is_written(
    written: str, value: str, read_as: str, tmp_path: Path
) -> None:
    """What does not fit the format stays as it is, and is rejected as unreadable."""
    write(tmp_path, "a.csv", f'WHEN\n"{value}"\n')
    block = {"file": "a.csv", "columns": {"surgery_at": {"column": "WHEN", "date": written}}}
    rows, _, _ = read(tmp_path, "cases", block, "surgery_at")
    assert rows == [(read_as, 2)]


CLOCKS = [
    ("2026-03-14 00:00:00", "07:30", "DD.MM.YYYY HH:mm", "2026-03-14 07:30"),
    ("03/14/2026 12:00:00 AM", "7:30 AM", "MM/DD/YYYY hh:mm AM", "2026-03-14 07:30:00"),
    ("14.03.2026", "1899-12-30 07:30:00", "DD.MM.YYYY HH:mm", "2026-03-14 07:30:00"),
    ("20260314", "730", "YYYYMMDDHHmm", "2026-03-14 07:30:00"),
    ("20260314", "0730", "YYYYMMDD HHmm", "2026-03-14 07:30:00"),
    ("14.03.2026", "", "DD.MM.YYYY HH:mm", "2026-03-14"),
    ("", "07:30", "DD.MM.YYYY HH:mm", None),
]


@pytest.mark.parametrize(("day", "clock", "written", "read_as"), CLOCKS)
def test_a_day_and_a_time_in_two_columns(
    day: str, clock: str, written: str, read_as: str | None, tmp_path: Path
) -> None:
    write(tmp_path, "a.csv", f"D,T,X\n{day},{clock},x\n")
    block = {"file": "a.csv", "columns": {"surgery_at": {"columns": ["D", "T"], "date": written}}}
    rows, _, _ = read(tmp_path, "cases", block, "surgery_at")
    assert rows == [(read_as, 2)]


def test_an_id_of_blanks_gets_no_prefix_and_no_zeros(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", "ID,MRN\n 7 , \n000,12\n")
    block = {
        "file": "a.csv",
        "columns": {
            "case_id": {"column": "ID", "strip": "leading zeros", "prefix": "OR-"},
            "patient_id": {"column": "MRN", "pad": 4},
        },
    }
    rows, _, _ = read(tmp_path, "cases", block, "case_id", "patient_id")
    assert rows == [("OR-7", "", 2), ("OR-0", "0012", 3)]


def test_codes_of_lists_get_their_system_and_their_word(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", 'CODE\n"47120; CCI:1.OA.87"\nLAPHEP\n 47122 \n;\n""\n')
    block = {
        "file": "a.csv",
        "columns": {
            "procedures": {
                "column": "CODE",
                "system": "CPT",
                "words": {"laphep": "ICD-10-PCS:0FB04ZZ"},
            }
        },
    }
    rows, _, _ = read(tmp_path, "cases", block, "procedures")
    assert [r[0] for r in rows] == [
        "CPT:47120; CCI:1.OA.87",
        "ICD-10-PCS:0FB04ZZ",
        "CPT:47122",
        ";",
        None,
    ]


def test_a_number_in_a_code_column_of_a_workbook_is_read_where_nothing_is_lost(
    tmp_path: Path,
) -> None:
    def fill(page: Any, _: Any) -> None:
        page.write_row(0, 0, ["ID", "CPT", "SCT", "OWN", "OTHER"])
        page.write_row(1, 0, ["1", 47120, 45595009, 12, "x"])
        page.write_row(2, 0, ["2", 1234, 45595009, 12, "x"])
        page.write_row(3, 0, ["3", 47120.5, 45595009, 12, "x"])
        page.write_row(4, 0, ["4", 47120, 45595009, 12, 7])

    workbook(tmp_path / "a.xlsx", fill)
    block = {
        "file": "a.xlsx",
        "columns": {
            "case_id": "ID",
            "procedures": {"column": "CPT", "system": "CPT"},
            "diagnoses": {"column": "SCT", "system": "SNOMED"},
            "patient_id": {"column": "OWN", "pad": 4},
            "site": "OTHER",
        },
    }
    rows, torn, notes = read(
        tmp_path, "cases", block, "case_id", "procedures", "diagnoses", "patient_id", "site"
    )
    assert rows == [
        ("1", "CPT:47120", "SNOMED:45595009", "0012", "x", 2),
        ("4", "CPT:47120", "SNOMED:45595009", "0012", "7", 5),
    ]
    assert torn == [
        (n, "procedures: the cell holds a number; format the column as text") for n in (3, 4)
    ]
    assert notes == []


def test_parquet_columns_keep_what_they_hold(tmp_path: Path) -> None:
    duckdb.connect().execute(f"""
        COPY (SELECT 7 AS id, 386516004.0::DOUBLE AS code, TIMESTAMP '2026-05-31 00:00:00' AS d,
              TIMESTAMPTZ '2026-05-31 12:00:00+02' AS t, ['a', 'b'] AS l, 'NULL' AS s)
        TO '{tmp_path / "a.parquet"}'""")
    block = {
        "file": "a.parquet",
        "columns": {
            "case_id": "id",
            "procedures": {"column": "code", "system": "SNOMED"},
            "surgery_at": "d",
            "started_at": "t",
            "ward": "l",
            "surgeon": "s",
        },
    }
    names = ("case_id", "procedures", "surgery_at", "started_at", "ward", "surgeon")
    assert read(tmp_path, "cases", block, *names)[0] == [
        ("7", "SNOMED:386516004", "2026-05-31", "2026-05-31T10:00:00Z", "a;b", None, 2)
    ]


# ---- rows that belong together -------------------------------------------------------------------


def test_merged_cells_of_a_workbook_are_filled_and_empty_ones_are_not(tmp_path: Path) -> None:
    """An empty cell that is not merged is empty: it must not become the patient above."""

    def fill(page: Any, date: Any) -> None:
        page.merge_range(0, 0, 0, 1, "Patient")
        page.write_row(1, 0, ["Id", "Name", "Date"])
        page.merge_range(2, 0, 3, 0, "P1")
        for row in (2, 3, 4, 5):
            page.write_datetime(row, 2, dt.datetime(2026, 5, 25 + row, 7, 30), date)
        page.write(5, 0, "P2")

    workbook(tmp_path / "a.xlsx", fill)
    block = {
        "file": "a.xlsx",
        "header_rows": 2,
        "fill_down": "Patient Id",
        "columns": {"patient_id": "Patient Id", "surgery_at": "Date"},
    }
    rows, _, _ = read(tmp_path, "cases", block, "patient_id", "surgery_at")
    assert rows == [
        ("P1", "2026-05-27T07:30:00", 3),
        ("P1", "2026-05-28T07:30:00", 4),
        (None, "2026-05-29T07:30:00", 5),
        ("P2", "2026-05-30T07:30:00", 6),
    ]


def test_nothing_is_filled_past_a_torn_row(tmp_path: Path) -> None:
    """The torn row was perhaps the first of another patient."""
    write(tmp_path, "a.csv", "P,ID\nP1,1\n,2\nP2,3,x\n,4\nP3,5\n,6\n")
    block = {"file": "a.csv", "fill_down": "P", "columns": {"case_id": "ID", "patient_id": "P"}}
    rows, torn, _ = read(tmp_path, "cases", block, "case_id", "patient_id")
    assert rows == [("1", "P1", 2), ("2", "P1", 3), ("5", "P3", 6), ("6", "P3", 7)]
    assert torn == [
        (4, "3 cells where the header has 2"),
        (5, "a merged cell above it is in a row that cannot be read"),
    ]


def test_a_join_that_makes_several_rows_of_one_needs_a_group(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", "ID\n1\n2\n")
    write(tmp_path, "b.csv", "ID,CODE\n1,47120\n1,44140\n")
    block = {
        "file": "a.csv",
        "join": [{"file": "b.csv", "by": "ID", "columns": "CODE"}],
        "columns": {"case_id": "ID", "procedures": {"column": "CODE", "system": "CPT"}},
    }
    refusal = refused(tmp_path, "cases", block)
    assert (
        "mapping.yaml, cases: the tables that are joined have several rows for one (1 more in all)"
        in refusal
    )
    rows, _, notes = read(tmp_path, "cases", block | {"group_by": "ID"}, "case_id", "procedures")
    assert rows == [("1", "CPT:44140;CPT:47120", 2), ("2", None, 3)]
    assert notes == ["a.csv: 3 rows are 2 cases"]


def test_a_torn_row_of_a_joined_file_is_named_there(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", "ID\n1\n")
    write(tmp_path, "b.csv", "ID,CODE\n1,47120,x\n")
    block = {
        "file": "a.csv",
        "join": [{"file": "b.csv", "by": "ID", "columns": "CODE"}],
        "group_by": "ID",
        "columns": {"case_id": "ID", "procedures": "CODE"},
    }
    rows, torn, _ = read(tmp_path, "cases", block, "case_id", "procedures")
    assert rows == [("1", None, 2)]
    assert torn == [(ROWS_OF_A_PLACE + 2, "3 cells where the header has 2")]


def test_rows_of_a_group_that_disagree(tmp_path: Path) -> None:
    """About who or when: rejected. About anything else: told, and the first counts."""
    rows_written = (
        "ID,P,D,S\n1,P1,2026-05-31,Elm\n1,P1,2026-05-31,Oak\n2,P2,2026-05-31,\n"
        "2,P2,2026-06-01,Elm\n,P3,2026-06-02,\n,P4,2026-06-02,\n"
    )
    write(tmp_path, "a.csv", rows_written)
    block = {
        "file": "a.csv",
        "group_by": "ID",
        "columns": {"case_id": "ID", "patient_id": "P", "surgery_at": "D", "surgeon": "S"},
    }
    rows, torn, notes = read(tmp_path, "cases", block, "case_id", "patient_id", "surgeon")
    assert rows == [("1", "P1", "Elm", 2), (None, "P3", None, 6), (None, "P4", None, 7)]
    assert torn == [(4, "rows 4 to 5 are one case_id and disagree about surgery_at")]
    assert notes == [
        "a.csv: the rows of 1 case disagree about surgery_at; they are rejected",
        "a.csv: the rows of 1 case disagree about surgeon; the first row counts",
        "a.csv: 6 rows are 4 cases",
    ]


# ---- torn rows and rows without an id --------------------------------------------------------------


def records_of(folder: Path, events: str) -> Records:
    write_csv(folder, events=events.encode())
    return read_folder(folder, SITE)


HEAD = "event_id,patient_id,kind,status,at,modality,region,codes,description\n"
LOST = [
    # the row, and whose evidence it may be
    ("E9,CT, liver,P1,imaging,completed,2026-05-10,CT,liver,,x", "P1"),
    ("E9,P1,imaging,completed,2026-05-10,CT,liver,,a scan, of P2 perhaps", "P1"),
    ("E9,P1,P2,imaging,completed,2026-05-10,CT,liver,,x", None),
    ("E9,P9,imaging,completed,2026-05-10,CT,liver,,x,y", None),
    ("P2", "P2"),
    ("E9,,imaging,completed,2026-05-10,CT,liver,,P1", "P1"),
    ("E9,,imaging,completed,2026-05-10,CT,liver,,somebody", None),
]


@pytest.mark.parametrize(("row", "patient"), LOST)
def test_a_row_is_evidence_of_the_one_patient_whose_id_stands_in_it(
    row: str, patient: str | None, tmp_path: Path
) -> None:
    records = records_of(tmp_path, f"{HEAD}E1,P1,imaging,completed,2026-05-01,CT,liver,,x\n{row}\n")
    notes = set_apart(records)
    torn = [r[0] for r in records.con.execute("SELECT patient_id FROM torn_events").fetchall()]
    named = [r[0] for r in records.con.execute("SELECT patient_id FROM raw_events").fetchall()]
    assert torn == [patient] or (patient is None and torn == [] and named == ["P1", None])
    whose = "It contains the id of a patient" if patient else "It cannot be assigned to a patient"
    assert f"1 of 2 rows is torn or has no patient_id. {whose}" in notes[0]
    assert set_apart(records) == notes, "a second evaluation says the same"


def test_nothing_is_said_where_every_row_is_somebodys(tmp_path: Path) -> None:
    write_csv(tmp_path)
    assert set_apart(read_folder(tmp_path, SITE)) == []


KINDS = [
    # how often each kind occurs, and the rows that are set apart
    ({"imaging": 30, "imagng": 2}, 2),
    ({"imaging": 30, "Imaging ": 2}, 0),
    ({"imaging": 10, "imagng": 2}, 0),
    ({"imaging": 30, "therapy": 1}, 0),
    ({"imagng": 30}, 0),
    ({"lab": 40, "labs": 2, "imaging": 40, "imagine": 1}, 3),
]


@pytest.mark.parametrize(("kinds", "apart"), KINDS)
def test_a_misspelt_kind_is_told_and_may_be_evidence(
    kinds: dict[str, int], apart: int, tmp_path: Path
) -> None:
    """Passed over, it would make a requirement missing of which the records hold the event."""
    rows = [
        f"{kind}{n},P1,{kind},completed,2026-05-01,,,,"
        for kind, m in kinds.items()
        for n in range(m)
    ]
    records = records_of(tmp_path, HEAD + "\n".join(rows) + "\n")
    notes = set_apart(records)
    torn = records.con.execute("SELECT patient_id, why FROM torn_events").fetchall()
    assert len(torn) == apart and all(patient == "P1" for patient, _ in torn)
    assert rows_read(records, "events") == len(rows)
    assert [note for note in notes if "misspelt kind" in note] == notes
    assert len(notes) == (1 if apart else 0)
    assert set_apart(records) == notes, "a second evaluation says the same"


def test_a_column_called_rowid_is_a_column(tmp_path: Path) -> None:
    cases = b"rowid,case_id,patient_id,surgery_at,status\nx,C1,P1,2026-05-31,performed\ny,C2,P2,2026-05-31,performed\n"
    records = read_folder(write_csv(tmp_path, cases=cases), SITE)
    assert records.con.execute("SELECT rowid, case_id, _row FROM raw_cases").fetchall() == [
        ("x", "C1", 2),
        ("y", "C2", 3),
    ]


WRITTEN = [
    (["03/14/2026 07:30 AM", "03/02/2026 01:00 PM"], "MM/DD/YYYY hh:mm AM"),
    (["03/04/2026", "05/06/2026"], "DD/MM/YYYY or MM/DD/YYYY"),
    (["14.03.2026 07:30", "soon"], "DD.MM.YYYY HH:mm"),
    (["46095.3125", "46096"], "excel"),
    (["soon", "", "2026-02-30"], ""),
]


@pytest.mark.parametrize(("values", "expected"), WRITTEN)
def test_the_format_that_unreadable_dates_seem_to_have(values: list[str], expected: str) -> None:
    assert written_as(values) == expected


def test_unreadable_dates_name_what_is_accepted_and_what_they_look_like() -> None:
    cases = [
        {
            "case_id": str(n),
            "patient_id": f"P{n}",
            "surgery_at": f"0{n}/14/2026",
            "status": "performed",
        }
        for n in range(1, 4)
    ]
    site = Site(timezone="UTC")
    done = evaluate(
        liver(), from_rows({"cases": cases, "events": []}), AsOf.parse("2026-03-01"), site
    )
    assert (
        "3 dates of cases.surgery_at cannot be read. Accepted are YYYY-MM-DD, YYYY-MM-DDTHH:mm and "
        "the latter with an offset; the values look like MM/DD/YYYY. If they are, write in "
        "mapping.yaml: date: MM/DD/YYYY."
    ) in done.prepared.notes
