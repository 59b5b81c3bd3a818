"""Workbooks: cells are what they are, texts stay texts, and the bytes are the same every time."""

from __future__ import annotations

import dataclasses
import io
import re
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from qi_checker.monthly.tables import tables
from qi_checker.render import xlsx
from qi_checker.render.sheet_names import sheet_names
from qi_checker.render.tables import Cell, Table
from qi_checker.render.xlsx import LONGEST, Properties, clean, write_workbook
from tests.helpers import monthly
from tests.helpers.sheets import PROVENANCE

ABOUT = Properties(
    "Study",
    "27 of 30 operations were in time.",
    dataclasses.replace(PROVENANCE, organisation="General Hospital & Sons"),
    ("Made-up records.",),
)
RATES = Table(
    "rates",
    "Rates in both periods",
    ("key", "n", "rate", "low", "at", "p"),
    (
        ("compliant", 30, 0.9, 0.7438, date(2026, 2, 23), 0.000123),
        ("=cmd|' /C calc'!A0", 0, None, 1.0, None, float("inf")),
    ),
)
HOSTILE = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "007",
    "1e5",
    "http://example.org",
    "mailto:x@example.org",
    "＝1",
    "{=1+1}",
    "<b>&amp;</b>",
    "_x0041_",
    "שלום 肝臓 🫀",
    "'quoted",
    "a\nb",
)


def written(folder: Path, *tables: Table, about: Properties = ABOUT) -> Path:
    path = folder / "book.xlsx"
    write_workbook(path, tables, about)
    return path


def cells(path: Path, sheet: str) -> list[list[Any]]:
    return CalamineWorkbook.from_path(str(path)).get_sheet_by_name(sheet).to_python()


def part(path: Path, name: str) -> str:
    with zipfile.ZipFile(path) as archive:
        return archive.read(name).decode()


def column(*values: Cell, name: str = "value") -> Table:
    return Table("values", "Values", (name,), tuple((v,) for v in values))


def test_numbers_dates_and_texts_come_back_as_what_they_are(tmp_path: Path) -> None:
    path = written(tmp_path, RATES)
    assert cells(path, "Rates in both periods") == [
        ["key", "n", "rate", "low", "at", "p"],
        ["compliant", 30.0, 0.9, 0.7438, date(2026, 2, 23), 0.000123],
        ["=cmd|' /C calc'!A0", 0.0, "", 1.0, "", "inf"],
    ]


def test_the_first_sheet_says_what_it_is_and_where_it_comes_from(tmp_path: Path) -> None:
    path = written(tmp_path, RATES, column(1))
    book = CalamineWorkbook.from_path(str(path))
    assert book.sheet_names == ["About", "Rates in both periods", "Values"]
    said = {row[0]: row[1] for row in cells(path, "About") if row[0]}
    assert "Study" in said
    assert said["Finding"] == ABOUT.finding
    assert said["Purpose"].startswith("For quality improvement")
    assert said["Organisation"] == "General Hospital & Sons"
    assert said["As of"] == "Tue 10 Feb 2026, end of the day, time zone America/Toronto"
    assert said["Protocol SHA-256"] == "a1" * 32
    assert said["Data SHA-256"] == "b2" * 32
    assert said["Sheet Values"] == "Values: 1 row"
    assert said["Note"] == "Made-up records."


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_is_a_text_and_runs_nothing(tmp_path: Path, text: str) -> None:
    path = written(tmp_path, column(text))
    sheet = part(path, "xl/worksheets/sheet2.xml")
    assert "<f>" not in sheet and "hyperlink" not in sheet
    assert re.findall(r'<c r="A2"[^>]* t="s"', sheet)
    shown = cells(path, "Values")[1][0]
    assert shown == text.replace("\r", "\n") or text == "_x0041_"


def test_what_xml_cannot_hold_is_shown_as_such(tmp_path: Path) -> None:
    path = written(tmp_path, column("a\x00b\x1b[31m\x7f", "torn \ud83e", "end\ufffe"))
    assert [row[0] for row in cells(path, "Values")[1:]] == ["a�b�[31m�", "torn �", "end�"]


@pytest.mark.parametrize("letter", ["x", "🫀"])
def test_a_text_too_long_for_a_cell_is_cut_and_says_so(tmp_path: Path, letter: str) -> None:
    assert clean(letter * 16_000) == letter * 16_000
    shown = cells(written(tmp_path, column(letter * 40_000)), "Values")[1][0]
    assert len(shown.encode("utf-16-le")) // 2 in (LONGEST - 1, LONGEST)
    length = len((letter * 40_000).encode("utf-16-le")) // 2
    assert shown.endswith(f"{letter} … (cut: {length:,} characters)")


def test_numbers_that_a_spreadsheet_would_change_are_texts(tmp_path: Path) -> None:
    path = written(tmp_path, column(12345678901234567, float("nan"), date(1832, 1, 9), 3))
    assert [r[0] for r in cells(path, "Values")[1:]] == [
        "12345678901234567",
        "nan",
        "1832-01-09",
        3,
    ]


def test_fractions_show_as_per_cent_and_only_they_do(tmp_path: Path) -> None:
    named = ("before_rate", "before_low", "difference_low", "low", "rates")
    path = written(tmp_path, Table("t", "T", named, ((0.5, 0.4, 0.1, 9.0, 1.0),)))
    styles = re.findall(r'<c r="[A-E]2" s="(\d+)"', part(path, "xl/worksheets/sheet2.xml"))
    assert styles[0] == styles[1] != styles[2] == styles[3] == styles[4]
    assert 'formatCode="[=0]0%;[=1]0%;0.0%"' in part(path, "xl/styles.xml")


def test_the_header_stays_in_sight_filters_and_is_printed_on_every_page(tmp_path: Path) -> None:
    path = written(tmp_path, RATES)
    sheet = part(path, "xl/worksheets/sheet2.xml")
    assert 'state="frozen"' in sheet and 'ySplit="1"' in sheet
    assert '<autoFilter ref="A1:F3"/>' in sheet
    assert "Print_Titles" in part(path, "xl/workbook.xml")
    assert 'width="9.7109375"' in sheet or 'customWidth="1"' in sheet


def test_names_of_sheets_are_legal_and_told_apart() -> None:
    long = "Requirements of the protocol that were not met"
    names = sheet_names(
        [long, long.upper(), "a/b[c]*?:\\", "", "'", "History", "about", "🫀" * 20, "x\x00y"]
    )
    assert names == [
        "Requirements of the protocol th",
        "REQUIREMENTS OF THE PROTOCO (2)",
        "a b c",
        "Table",
        "Table (2)",
        "History (2)",
        "about (2)",
        "🫀" * 15,
        "x y",
    ]


def test_hostile_titles_make_a_workbook_that_opens(tmp_path: Path) -> None:
    evil = '=HYPERLINK("http://x")&P\'][*?\x00\ud83e'
    provenance = dataclasses.replace(PROVENANCE, protocol_title=evil, organisation=evil)
    about = Properties(evil * 20, evil * 3000, provenance, (evil,))
    path = written(tmp_path, Table("k", evil, (evil, ""), ((evil, 1),)), about=about)
    book = CalamineWorkbook.from_path(str(path))
    assert len(book.sheet_names) == 2
    assert cells(path, book.sheet_names[1])[1][0].startswith("=HYPERLINK")
    assert "<f>" not in part(path, "xl/worksheets/sheet1.xml")


def test_the_footer_of_a_printed_sheet_is_short_enough_for_excel(tmp_path: Path) -> None:
    path = written(tmp_path, dataclasses.replace(RATES, title="&" * 300))
    footer = re.search("<oddFooter>(.*)</oddFooter>", part(path, "xl/worksheets/sheet2.xml"))
    assert footer
    text = footer[1].replace("&amp;", "&")
    assert len(text) <= 255 and text == f"&L{'&' * 200}&RPage &P of &N"


def test_more_rows_than_a_sheet_holds_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xlsx, "ROWS", 10)
    full, more = column(*range(9)), column(*range(12))
    assert [r[0] for r in cells(written(tmp_path, full), "Values")[1:]] == list(range(9))
    path = written(tmp_path, more)
    shown = [r[0] for r in cells(path, "Values")[1:]]
    note = "4 more rows do not fit into a sheet; values.csv has every row"
    assert shown == [*range(8), note]
    said = dict(row[:2] for row in cells(path, "About"))
    assert said["Sheet Values"] == (
        "Values: 12 rows, of which 4 do not fit; values.csv has every row"
    )


def test_a_table_without_rows_or_columns_is_a_sheet_all_the_same(tmp_path: Path) -> None:
    path = written(tmp_path, Table("a", "Empty", ("x",), ()), Table("b", "Bare", (), ()))
    assert cells(path, "Empty") == [["x"]]
    assert cells(path, "Bare") == []


def test_the_same_tables_give_the_same_bytes_at_any_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = written(tmp_path, RATES, column(*HOSTILE)).read_bytes()
    monkeypatch.setattr("time.time", lambda: 4e9)
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    assert written(tmp_path, RATES, column(*HOSTILE)).read_bytes() == first
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert {i.date_time[0] for i in archive.infolist()} == {1980}
        assert b"2026-02-10T00:00:00Z" in archive.read("docProps/core.xml")


def test_a_month_has_native_charts_of_its_own_cells_and_filters(tmp_path: Path) -> None:
    found = tables(monthly.report(monthly.typical(), "2026-02", monthly.FULL, by="surgeon"))
    path = written(tmp_path, *found)
    names = CalamineWorkbook.from_path(str(path)).sheet_names
    assert names[:2] == ["About", "Charts"]
    numbers = {table.key: table for table in found}
    trend, causes = (part(path, f"xl/charts/chart{n}.xml") for n in (1, 2))
    assert "<c:lineChart>" in trend and "<c:barChart>" in causes
    last = len(numbers["trend"].rows) + 1
    assert f"<c:f>'Chart trend'!$A$2:$A${last}</c:f>" in trend
    assert f"<c:f>'Chart trend'!$D$2:$D${last}</c:f>" in trend  # the column `rate`
    assert numbers["trend"].columns[3] == "rate"
    last = len(numbers["causes"].rows) + 1
    assert f"<c:f>'Chart causes'!$C$2:$C${last}</c:f>" in causes
    assert numbers["causes"].columns[2] == "count"
    # The most frequent cause is on top: the axis of the names is turned, not that of the numbers.
    axis = causes[causes.index("<c:catAx>") : causes.index("</c:catAx>")]
    assert 'orientation val="maxMin"' in axis
    for number in range(3, len(names) + 1):
        assert "<autoFilter ref=" in part(path, f"xl/worksheets/sheet{number}.xml")


def test_a_trend_without_a_target_has_no_line_for_it(tmp_path: Path) -> None:
    columns = ("month", "rate", "centre", "target")
    trend = Table("trend", "Chart trend", columns, (("2026-01", 0.5, 0.4, None),))
    chart = part(written(tmp_path, trend), "xl/charts/chart1.xml")
    assert "Median of the baseline" in chart and "Target" not in chart


def test_a_month_is_a_date_that_is_shown_as_its_name(tmp_path: Path) -> None:
    """It sorts and filters as a date; the chart's axis has the names, too."""
    columns = ("month", "rate", "centre", "target")
    rows = tuple((f"2026-{n:02}", 0.5, 0.4, None) for n in (1, 2))
    path = written(tmp_path, Table("trend", "Chart trend", columns, rows))
    assert [row[0] for row in cells(path, "Chart trend")[1:]] == [
        date(2026, 1, 1),
        date(2026, 2, 1),
    ]
    assert 'formatCode="mmm yyyy"' in part(path, "xl/styles.xml")
    chart = part(path, "xl/charts/chart1.xml")
    assert "<c:dateAx>" in chart and '<c:numFmt formatCode="mmm yyyy"' in chart
    odd = Table("odd", "Odd", ("month",), (("2026-13",), ("soon",), (None,)))
    assert cells(written(tmp_path, odd), "Odd")[1:3] == [["2026-13"], ["soon"]]


def test_a_table_without_rows_is_not_drawn(tmp_path: Path) -> None:
    empty = Table("causes", "Charts", ("cause", "owner", "count"), ())
    path = written(tmp_path, empty)
    assert CalamineWorkbook.from_path(str(path)).sheet_names == ["About", "Charts (2)"]
