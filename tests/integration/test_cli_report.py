"""`report`: what it writes, what it says, and what it refuses."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path

import pytest
from pypdf import PdfReader

from qi_checker.monthly.folder import OURS
from tests.helpers import commands
from tests.helpers.pages import read_page
from tests.helpers.records import case, scan
from tests.integration.conftest import WriteFolder

MONTH = ("--month", "2026-02", "--as-of", "2026-03-02")


@pytest.fixture(scope="module")
def out(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("monthly") / "report"
    ran = commands.run(
        "report", *MONTH, "--data", demo, "--out", folder, "--by", "surgeon", "--format", "all"
    )
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[0].startswith(
        "In February 2026 10 of 13 operations complied; 110/142"
    )
    return folder


def test_every_file_is_documented_and_ours(out: Path) -> None:
    written = {f.name for f in out.iterdir()}
    assert written <= set(OURS)
    assert {"index.html", "report.pdf", "report.xlsx", "report.json", "trend.csv"} <= written
    documented = Path("docs/commands.md").read_text("utf-8")
    assert all(f"`{name}`" in documented for name in OURS)


def test_page_pdf_and_json_say_the_same(out: Path) -> None:
    page = read_page((out / "index.html").read_text("utf-8"))
    finding = page.all("h1")[0]
    assert "77% (110 of 142), target 95%: not met" in finding.words
    pdf = PdfReader(io.BytesIO((out / "report.pdf").read_bytes()))
    assert "77% (110 of 142)" in re.sub(r"\s+", " ", pdf.pages[0].extract_text())
    lead = json.loads((out / "report.json").read_text("utf-8"))["standards"][0]
    assert (lead["month"]["part"], lead["month"]["whole"]) == (10, 13)
    assert (lead["year"]["part"], lead["year"]["whole"]) == (110, 142)


def test_no_surgeon_is_named(demo: Path, out: Path) -> None:
    names = {row["surgeon"] for row in commands.csv_rows(demo / "cases.csv") if row["surgeon"]}
    assert names
    shown = [f.read_text("utf-8") for f in out.iterdir() if f.suffix in (".csv", ".json", ".html")]
    with zipfile.ZipFile(out / "report.xlsx") as book:
        shown += [book.read(name).decode("utf-8") for name in book.namelist()]
    assert not [name for name in names if any(name in text for text in shown)]


def test_no_patient_is_named(demo: Path, out: Path) -> None:
    patients = {row["patient_id"] for row in commands.csv_rows(demo / "cases.csv")} - {""}
    text = (out / "index.html").read_text("utf-8") + (out / "report.json").read_text("utf-8")
    assert not [p for p in patients if re.search(rf"\b{re.escape(p)}\b", text)]


def test_a_second_run_writes_the_same_bytes(demo: Path, out: Path, tmp_path: Path) -> None:
    """In the place of other files of an earlier one."""
    again = tmp_path / "again"
    more = ("--data", demo, "--out", again)
    assert commands.run("report", *MONTH, *more, "--format", "json").code == 0
    assert commands.run("report", *MONTH, *more, "--by", "surgeon", "--format", "all").code == 0
    assert commands.contents(again) == commands.contents(out)


def test_json_only(demo: Path, tmp_path: Path) -> None:
    ran = commands.run(
        "report", "--month", "2026-02", "--data", demo, "--out", tmp_path / "r", "--format", "json"
    )
    assert ran.code == 0
    assert not list((tmp_path / "r").glob("*.html"))
    assert (tmp_path / "r" / "report.json").is_file()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--month", "2026-13"), "--month: 2026-13 is not a month. Write year and month"),
        (("--month", "02/2026"), "--month: 02/2026 is not a month"),
        (("--month", "0001-01"), "--month: 0001-01 is not a month"),
        (("--month", "2026-02", "--as-of", "2026-02-27"), "2026-02 is not over on 2026-02-27"),
        (("--month", "2026-02", "--settings", "absent.yaml"), "absent.yaml: does not exist"),
    ],
)
def test_what_is_refused(arguments: tuple[str, ...], said: str, demo: Path, tmp_path: Path) -> None:
    ran = commands.run("report", *arguments, "--data", demo, "--out", tmp_path / "r")
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert not (tmp_path / "r").exists()


def test_a_comparison_that_is_left_out_is_said(demo: Path, tmp_path: Path) -> None:
    asked = ("report", *MONTH, "--data", demo, "--format", "json", "--by", "site")
    ran = commands.run(*asked, "--small-numbers", "nhs", "--out", tmp_path / "out")
    assert ran.code == 0
    assert "--by: surgeons and sites are not compared where small numbers are withheld" in ran.err
    assert "(nhs)" in ran.err


def test_slides_are_refused_where_small_numbers_are_withheld(demo: Path, tmp_path: Path) -> None:
    slide_options = ("--format", "pptx", "--small-numbers", "lt5", "--out", tmp_path / "r")
    ran = commands.run("report", *MONTH, "--data", demo, *slide_options)
    assert (ran.code, ran.out) == (2, "")
    assert "--format pptx: slides are not made where small numbers are withheld (lt5)" in ran.err
    assert not (tmp_path / "r").exists()


def test_every_mistake_of_the_settings_is_told_at_once(demo: Path, tmp_path: Path) -> None:
    file = tmp_path / "report.yaml"
    file.write_text(
        "organization: Hospital\n"
        "baseline: {first: 2025-12, last: 2025-13}\n"
        "targets:\n  - {from: 2025-01-01, target: 95}\n"
        "phases:\n  - {from: 2025-01-01, reason: ''}\n"
        "actions:\n  - {action: a, owner: b, due: soon}\n"
        "fewest_cases: 2\n"
        "small_numbers: some\n",
        encoding="utf-8",
    )
    ran = commands.run(
        "report", "--month", "2026-02", "--data", demo, "--settings", file, "--out", tmp_path / "r"
    )
    assert ran.code == 2
    places = [line.split("report.yaml:")[1].split(":")[0] for line in ran.err.splitlines()]
    assert sorted(map(int, places)) == [1, 2, 4, 6, 6, 8, 9, 10]


def test_the_order_of_a_baseline_and_double_targets(demo: Path, tmp_path: Path) -> None:
    file = tmp_path / "report.yaml"
    file.write_text(
        "baseline: {first: 2025-12, last: 2025-10}\n"
        "targets:\n  - {from: 2025-01-01, target: 95 %}\n  - {from: 2025-01-01, target: 90 %}\n",
        encoding="utf-8",
    )
    ran = commands.run(
        "report", "--month", "2026-02", "--data", demo, "--settings", file, "--out", tmp_path / "r"
    )
    assert ran.code == 2
    assert "report.yaml:1:" in ran.err and "is before the first month" in ran.err
    assert "report.yaml:4:" in ran.err and "2025-01-01 is listed twice" in ran.err


def test_a_foreign_folder_is_left_alone(demo: Path, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear", encoding="utf-8")
    ran = commands.run("report", *MONTH, "--data", demo, "--out", tmp_path)
    assert ran.code == 2 and "letter.txt" in ran.err
    assert [f.name for f in tmp_path.iterdir()] == ["letter.txt"]


def test_hostile_names_stay_text(folder: WriteFolder, tmp_path: Path) -> None:
    nasty = '=HYPERLINK("http://x")<script>alert(1)</script>'
    data = folder(
        [case(nasty, "2026-02-10T08:00")],
        [scan("2026-01-01", "E1")],
    )
    ran = commands.run("report", "--month", "2026-02", "--data", data, "--out", tmp_path / "r")
    assert ran.code == 0
    page = (tmp_path / "r" / "index.html").read_text("utf-8")
    assert "<script" not in page
    failed = (tmp_path / "r" / "failed.csv").read_text("utf-8")
    assert "\"'=HYPERLINK" in failed
