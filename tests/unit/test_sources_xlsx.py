"""Excel workbooks: typed cells, formulas, sheets, and what spreadsheets do to codes and dates."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from qi_checker.errors import UserError
from qi_checker.protocol.records import Records
from qi_checker.sources.files import read_folder
from tests.helpers.folders import CASE_1, CASE_2, CASES, MIXED_IDS, SITE, account, write_csv

Row = tuple[Any, ...]
Write = Callable[[Any, Any], None]  # sheet, date format


def workbook(folder: Path, *rows: Row, sheet: str = "cases", more: Write | None = None) -> Path:
    """A folder with cases.xlsx; `more` writes further cells."""
    write_csv(folder)
    (folder / "cases.csv").unlink()
    with xlsxwriter.Workbook(folder / "cases.xlsx", {"remove_timezone": True}) as book:
        date_format = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        page = book.add_worksheet(sheet)
        for at, row in enumerate(rows):
            for column, value in enumerate(row):
                if isinstance(value, dt.date | dt.time):
                    page.write_datetime(at, column, value, date_format)
                elif value is not None:
                    page.write(at, column, value)
        if more:
            more(page, date_format)
    return folder


def raw_rows(records: Records, *columns: str) -> list[tuple[Any, ...]]:
    query = f"SELECT {', '.join(columns)}, _row FROM raw_cases ORDER BY _row"
    return records.con.execute(query).fetchall()


def refused(folder: Path) -> str:
    with pytest.raises(UserError) as caught:
        read_folder(folder, SITE)
    return str(caught.value)


def test_text_is_text(tmp_path: Path) -> None:
    records = read_folder(workbook(tmp_path, CASES, CASE_1, ("007", *CASE_2[1:])), SITE)
    assert raw_rows(records, *CASES) == [(*CASE_1, 2), ("007", *CASE_2[1:], 3)]
    assert records.notes == []
    assert account(records)[1]["cases"] == (2, 2)


def test_date_cells_become_iso_text(tmp_path: Path) -> None:
    """Midnight is a date: a spreadsheet cannot say otherwise."""
    dates = [
        (dt.datetime(2026, 1, 31, 8, 0), "2026-01-31T08:00:00"),
        (dt.datetime(2026, 1, 31, 7, 59, 59), "2026-01-31T07:59:59"),
        (dt.datetime(2026, 1, 31), "2026-01-31"),
        (dt.datetime(2024, 2, 29, 23, 59), "2024-02-29T23:59:00"),
        # Rounded, the last moment of a day would be the next day, and day 31 would be day 30.
        (dt.datetime(2026, 1, 31, 23, 59, 59, 997_000), "2026-01-31T23:59:59"),
    ]
    rows = [("C", "P", date, "performed") for date, _ in dates]
    records = read_folder(workbook(tmp_path, CASES[:4], *rows), SITE)
    assert [row[0] for row in raw_rows(records, "surgery_at")] == [text for _, text in dates]


def test_numbers_where_dates_belong_are_unreadable(tmp_path: Path) -> None:
    rows = [("C1", "P1", 46173, "performed"), ("C2", "P2", dt.time(8, 30), "performed")]
    rejects, rows_found = account(read_folder(workbook(tmp_path, CASES[:4], *rows), SITE))
    assert rejects == [
        ["cases", 2, "surgery_at", "C1", "unreadable date"],
        ["cases", 3, "surgery_at", "C2", "unreadable date"],
    ]
    assert rows_found["cases"] == (2, 0)


TORN = {
    "number-as-code": (4, 387713003, "procedures: the cell holds a number"),
    "float-as-code": (5, 78.7, "diagnoses: the cell holds a number"),
    "date-as-code": (5, dt.date(2026, 3, 4), "diagnoses: the cell holds a date or time"),
    "truth-as-code": (4, True, "procedures: the cell holds true or false"),
    "date-as-id": (0, dt.date(2026, 1, 2), "case_id: the cell holds a date or time"),
    "decimals-as-id": (1, 12.5, "patient_id: the cell holds a number with decimals"),
    "sixteen-digits-as-id": (
        1,
        1234567890123456,
        "patient_id: the cell holds a number of more than 15 digits",
    ),
}


@pytest.mark.parametrize("name", TORN)
def test_cells_of_the_wrong_kind_tear_their_row(name: str, tmp_path: Path) -> None:
    column, value, why = TORN[name]
    broken: list[Any] = [*CASE_2]
    broken[column] = value
    records = read_folder(workbook(tmp_path, CASES, CASE_1, tuple(broken)), SITE)
    rejects, rows = account(records)
    assert [(row[0], row[1], row[-1]) for row in rejects] == [
        ("cases", 3, f"{why}; format the column as text")
    ]
    assert rows["cases"] == (2, 1)


def test_error_values_tear_their_row_unless_in_free_text(tmp_path: Path) -> None:
    def formulas(sheet: Any, _: Any) -> None:
        sheet.write_formula(2, 5, "=NA()", value="#N/A")
        sheet.write_formula(1, 6, "=1/0", value="#DIV/0!")

    header = (*CASES, "surgeon")
    rejects, rows = account(
        read_folder(workbook(tmp_path, header, CASE_1, CASE_2, more=formulas), SITE)
    )
    assert rejects == [
        ["cases", 3, "", "C2", "diagnoses: the cell holds an error value such as #N/A"]
    ]
    assert rows["cases"] == (2, 1)


def test_error_values_are_found_under_blank_rows_and_columns(tmp_path: Path) -> None:
    def table(sheet: Any, _: Any) -> None:
        sheet.write_row(3, 2, CASES)
        sheet.write_row(5, 2, CASE_1[:5])
        sheet.write_formula(5, 7, "=NA()", value="#N/A")
        sheet.write_row(6, 2, CASE_2)

    records = read_folder(workbook(tmp_path, more=table), SITE)
    assert raw_rows(records, "case_id") == [("C2", 7)]
    assert [row[1] for row in account(records)[0]] == [6]


def test_formulas_give_their_last_value(tmp_path: Path) -> None:
    def formulas(sheet: Any, date_format: Any) -> None:
        sheet.write_formula(1, 1, '="P"&1', value="P1")
        sheet.write_formula(1, 2, "=TODAY()", date_format, value=46173)
        sheet.write_formula(1, 4, '=""', value="")

    records = read_folder(workbook(tmp_path, CASES, (*CASE_1[:4],), more=formulas), SITE)
    found = raw_rows(records, "patient_id", "surgery_at", "procedures")
    assert found == [("P1", "2026-05-31", None, 2)]


def test_ids_that_are_whole_numbers_are_remarked(tmp_path: Path) -> None:
    records = read_folder(workbook(tmp_path, CASES[:4], ("C1", 7, *CASE_1[2:4])), SITE)
    assert raw_rows(records, "patient_id") == [("7", 2)]
    lost = "column patient_id holds numbers, read as text; leading zeros may be lost"
    assert records.notes == [
        f"cases.xlsx: {lost}",
        MIXED_IDS.format("cases.xlsx"),
    ]


def test_blank_and_merged_rows_are_no_rows(tmp_path: Path) -> None:
    def formatting(sheet: Any, date_format: Any) -> None:
        sheet.write_blank(9, 3, None, date_format)
        sheet.write_string(10, 0, "   ")
        sheet.merge_range(4, 0, 4, 3, "checked by Dr Adams")

    rows = (CASES, CASE_1, (), CASE_2)
    records = read_folder(workbook(tmp_path, *rows, more=formatting), SITE)
    assert raw_rows(records, "case_id")[:2] == [("C1", 2), ("C2", 4)]
    rejects, counts = account(records)
    assert rejects == [["cases", 5, "patient_id", "checked by Dr Adams", "missing value"]]
    assert counts["cases"] == (3, 2)


def test_two_header_rows(tmp_path: Path) -> None:
    second = ("OP-Nummer", "Patient", "OP-Datum", "Status", "Prozeduren", "Diagnosen")
    rejects, _ = account(read_folder(workbook(tmp_path, CASES, second, CASE_1), SITE))
    assert rejects == [["cases", 2, "status", "OP-Nummer", "unknown word"]]


def test_title_above_the_header(tmp_path: Path) -> None:
    refusal = refused(workbook(tmp_path, ("Operations of Dr Adams",), CASES, CASE_1))
    assert "cases.xlsx: the first row holds no column name of the contract" in refusal
    assert "Adams" not in refusal


def test_other_columns_and_numbers(tmp_path: Path) -> None:
    header = (*CASES[:4], "age", "weight", "smoker", None)
    row = (*CASE_1[:4], 64, 71.5, True, "no header")
    records = read_folder(workbook(tmp_path, header, row), SITE)
    assert raw_rows(records, "age", "weight", "smoker") == [("64", "71.5", "true", 2)]
    assert records.notes == ["cases.xlsx: column 8 without a name in the header: left out"]


def test_the_sheet_named_like_the_table_is_read(tmp_path: Path) -> None:
    workbook(tmp_path)
    with xlsxwriter.Workbook(tmp_path / "cases.xlsx") as book:
        book.add_worksheet("Notes").write(0, 0, "nothing here")
        page = book.add_worksheet("Cases ")
        page.write_row(0, 0, CASES)
        page.write_row(1, 0, CASE_1)
    records = read_folder(tmp_path, SITE)
    assert raw_rows(records, "case_id") == [("C1", 2)]
    assert records.notes == []


def test_else_the_first_sheet_with_a_remark(tmp_path: Path) -> None:
    workbook(tmp_path)
    with xlsxwriter.Workbook(tmp_path / "cases.xlsx") as book:
        book.add_worksheet("Export").write_row(0, 0, CASES)
        book.add_worksheet("Notes")
    assert read_folder(tmp_path, SITE).notes == [
        "cases.xlsx: the first of 2 sheets is read, 'Export'",
        "cases.xlsx: there is a header but no row",
    ]


def test_empty_sheet(tmp_path: Path) -> None:
    assert "cases.xlsx: the sheet 'cases' is empty" in refused(workbook(tmp_path))


@pytest.mark.parametrize("content", [b"", b"case_id,patient_id\n", b"PK\x03\x04rest"])
def test_no_workbook(content: bytes, tmp_path: Path) -> None:
    (workbook(tmp_path, CASES) / "cases.xlsx").write_bytes(content)
    assert "cases.xlsx: the file cannot be read as an Excel workbook" in refused(tmp_path)


def test_cut_off(tmp_path: Path) -> None:
    path = workbook(tmp_path, CASES, CASE_1) / "cases.xlsx"
    path.write_bytes(path.read_bytes()[:-30])
    assert "cases.xlsx: the file cannot be read as an Excel workbook" in refused(tmp_path)


def test_broken_sheet(tmp_path: Path) -> None:
    path = workbook(tmp_path, CASES, CASE_1) / "cases.xlsx"
    with zipfile.ZipFile(path) as whole:
        parts = {name: whole.read(name) for name in whole.namelist()}
    with zipfile.ZipFile(path, "w") as broken:
        for name, content in parts.items():
            broken.writestr(name, content[:300] if "sheet1" in name else content)
    assert "cases.xlsx: the file cannot be read as an Excel workbook" in refused(tmp_path)


def test_password(tmp_path: Path) -> None:
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
    (workbook(tmp_path, CASES) / "cases.xlsx").write_bytes(ole)
    assert "cases.xlsx: this is an old .xls file or a workbook with a password" in refused(tmp_path)


def test_a_hidden_sheet_is_not_read(tmp_path: Path) -> None:
    """Excel keeps what a person hid: an old list, a pivot table's data."""
    write_csv(tmp_path)
    (tmp_path / "cases.csv").unlink()
    with xlsxwriter.Workbook(tmp_path / "cases.xlsx") as book:
        old, new = book.add_worksheet("old list"), book.add_worksheet("list")
        for page, case in ((old, CASE_1), (new, CASE_2)):
            for at, row in enumerate((CASES, case)):
                page.write_row(at, 0, row)
        new.activate()
        old.hide()
    records = read_folder(tmp_path, SITE)
    assert raw_rows(records, *CASES) == [(*CASE_2, 2)]
    assert records.notes == ["cases.xlsx: 1 hidden sheet is not read"]


# ---- sheets that reach too far -------------------------------------------------------------------


SIZES = {"told": None, "A1": "A1", "of a template": "A1:M1", "of a long template": "A1:M250"}


def tells(path: Path, size: str | None, cell: str = "", other: str = "") -> None:
    """Give the sheet another declared size, as some programs do; name a cell differently."""
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    if size is not None:
        told = f'<dimension ref="{size}"'.encode()
        parts[sheet] = re.sub(rb'<dimension ref="[^"]*"', told, parts[sheet])
    if other:
        parts[sheet] = parts[sheet].replace(f'"{cell}"'.encode(), f'"{other}"'.encode())
    with zipfile.ZipFile(path, "w") as book:
        for name, content in parts.items():
            book.writestr(name, content)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("cell", ["XFD1048576", "ALL200000", "BA1048576"])
def test_a_stray_cell_far_away_is_refused_before_the_sheet_is_read(
    tmp_path: Path, cell: str, size: str
) -> None:
    """A reader makes a full grid of it: 17 billion cells, or 13 GB."""
    folder = workbook(
        tmp_path, CASES, CASE_1, more=lambda page, _: page.write_string(cell, "stray")
    )
    tells(folder / "cases.xlsx", SIZES[size])
    said = refused(folder)
    assert f"the sheet 'cases' reaches to {cell}" in said
    assert "Delete the empty rows and columns after the table" in said


@pytest.mark.parametrize("cell", ["xfd1048576", "ZZZZ1048576", "A99999999", "B9999999999"])
def test_a_cell_that_no_spreadsheet_has_does_not_end_the_process(tmp_path: Path, cell: str) -> None:
    folder = workbook(tmp_path, CASES, CASE_1, more=lambda page, _: page.write("Z99", "stray"))
    tells(folder / "cases.xlsx", "A1:M2", "Z99", cell)
    assert "which is too large to read" in refused(folder)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("more", ["AB1", "BC1", "AAA1"])
def test_a_long_sheet_is_read_whatever_size_it_tells(tmp_path: Path, more: str, size: str) -> None:
    rows = [(f"C{n}", *CASE_1[1:]) for n in range(3_000)]
    folder = workbook(tmp_path, CASES, *rows, more=lambda page, _: page.write(more, "more"))
    tells(folder / "cases.xlsx", SIZES[size])
    assert len(raw_rows(read_folder(folder, SITE), "case_id")) == 3_000


def test_too_many_columns_are_refused_whatever_the_kind_of_file(tmp_path: Path) -> None:
    names = [*CASES, *(f"c{n}" for n in range(6_000))]
    cells = [*CASE_1, *["x"] * 6_000]
    workbook(tmp_path, tuple(names), tuple(cells))
    said = refused(tmp_path)
    assert f"there are {len(names):,} columns, and at most 5,000 are read" in said
    (tmp_path / "cases.xlsx").unlink()
    (tmp_path / "cases.csv").write_text(f"{','.join(names)}\n{','.join(cells)}\n")
    assert f"there are {len(names):,} columns, and at most 5,000 are read" in refused(tmp_path)
