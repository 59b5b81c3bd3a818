"""`study` as PDF and workbook: what is written when, and that every file has the same numbers."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from python_calamine import CalamineWorkbook

from qi_checker.cli import main
from qi_checker.demo.study import COMMAND
from tests.helpers import commands
from tests.helpers.pdf import needs_pango

DATA = {
    "benchmarks.csv",
    "chart_days.csv",
    "chart_rates.csv",
    "days.csv",
    "intervals.csv",
    "manifest.json",
    "plan_change.csv",
    "published.csv",
    "rates.csv",
    "rejects.csv",
    "study.json",
    "traits.csv",
}
WITHOUT = "import sys; sys.modules['weasyprint'] = None"
Cells = list[list[Any]]


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cohort") / "data"
    assert main(["demo", "--study", "--out", str(folder)]) == 0
    with (folder / "site.yaml").open("a", encoding="utf-8") as file:
        file.write("organisation: General Hospital\n")
    return folder


def study(cohort: Path, out: Path, *more: object, **options: Any) -> commands.Ran:
    return commands.run("study", "--data", cohort, *COMMAND.split(), "--out", out, *more, **options)


@pytest.fixture(scope="module")
def out(cohort: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study") / "study"
    ran = study(cohort, folder, "--format", "all", "--paper", "letter")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.endswith(f"Report: {folder / 'index.html'}\n")
    return folder


@pytest.fixture(scope="module")
def book(out: Path) -> dict[str, Cells]:
    found = CalamineWorkbook.from_path(str(out / "study.xlsx"))
    return {name: found.get_sheet_by_name(name).to_python() for name in found.sheet_names}


@needs_pango
def test_everything_is_in_one_folder(out: Path) -> None:
    assert commands.contents(out).keys() == DATA | {"index.html", "report.pdf", "study.xlsx"}


@pytest.mark.parametrize(
    ("form", "file"), [("html", "index.html"), ("xlsx", "study.xlsx"), ("json", "study.json")]
)
def test_only_what_is_asked_for_is_written(
    cohort: Path, tmp_path: Path, form: str, file: str
) -> None:
    ran = study(cohort, tmp_path / "s", "--format", form)
    assert ran.out.endswith(f"Report: {tmp_path / 's' / file}\n")
    assert commands.contents(tmp_path / "s").keys() == DATA | {file}


@needs_pango
def test_the_pdf_is_the_page(out: Path) -> None:
    pdf = PdfReader(io.BytesIO((out / "report.pdf").read_bytes()))
    assert pdf.pages[0].mediabox[2:] == [612, 792]
    root: Any = pdf.root_object
    assert root["/MarkInfo"]["/Marked"].value is True
    said = " ".join(" ".join(p.extract_text() for p in pdf.pages).replace("\x00", "").split())
    assert "14/39 (36%, 95% CI 23–52)" in said
    assert "General Hospital, as of Sun 31 Dec 2023" in said
    assert f"Page 1 of {len(pdf.pages)}" in said and len(pdf.pages) <= 8


@needs_pango
def test_a_second_run_gives_the_same_bytes(cohort: Path, out: Path, tmp_path: Path) -> None:
    ran = study(cohort, tmp_path / "again", "--format", "all", "--paper", "letter")
    assert ran.code == 0
    assert commands.contents(tmp_path / "again") == commands.contents(out)


def _same(cell: Any, text: str) -> bool:
    """Whether a cell of the workbook is what the CSV file says."""
    if isinstance(cell, float):
        return cell == float(f"{float(text):.16g}")  # the digits that a workbook keeps
    if isinstance(cell, date):
        return cell.isoformat() == text
    return cell == text.removeprefix("'")


@needs_pango
@pytest.mark.parametrize(
    ("name", "sheet"),
    [
        ("rates", "Rates"),
        ("days", "Days from imaging to surgery"),
        ("intervals", "Operations"),
        ("rejects", "Rejected rows"),
        ("plan_change", "Change of plan"),
        ("benchmarks", "Published rates, not targets"),
        ("published", "Printed and recomputed"),
        ("chart_days", "Chart days"),
        ("chart_rates", "Chart rates"),
    ],
)
def test_a_sheet_has_the_cells_of_its_csv_file(
    out: Path, book: dict[str, Cells], name: str, sheet: str
) -> None:
    rows = commands.csv_rows(out / f"{name}.csv")
    head, *cells = book[sheet]
    assert len(rows) == len(cells)
    for row, line in zip(rows, cells, strict=True):
        assert list(row) == head
        for column, cell in zip(head, line, strict=True):
            assert _same(cell, row[column]), (column, cell, row[column])


@needs_pango
def test_the_workbook_says_what_was_found_and_from_what(book: dict[str, Cells]) -> None:
    said = {str(row[0]): str(row[1]) for row in book["About"]}
    assert "22/27 (81%" in said["Finding"]
    assert said["Organisation"] == "General Hospital"
    assert len(book) == 11


@pytest.mark.parametrize("form", ["pdf", "all"])
def test_without_weasyprint_nothing_is_written(cohort: Path, tmp_path: Path, form: str) -> None:
    ran = study(cohort, tmp_path / "s", "--format", form, code=WITHOUT)
    assert ran.code == 2 and 'python -m pip install "qi-checker[pdf]"' in ran.err
    assert not (tmp_path / "s").exists()
