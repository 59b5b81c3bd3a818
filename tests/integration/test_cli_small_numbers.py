"""`study` and `report` for readers outside: what is written, and what is not in any of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from qi_checker.demo.study import COMMAND
from tests.helpers import commands

MONTH = ("--month", "2026-02", "--as-of", "2026-03-02")


def texts(folder: Path) -> str:
    return "".join(f.read_text("utf-8") for f in sorted(folder.iterdir()))


@pytest.mark.parametrize("profile", ["lt5", "nhs", "cms11"])
def test_a_report_shows_twelve_months_and_no_case(profile: str, demo: Path, tmp_path: Path) -> None:
    out = tmp_path / "r"
    ran = commands.run(
        "report",
        *MONTH,
        "--data",
        demo,
        "--out",
        out,
        "--by",
        "surgeon",
        "--small-numbers",
        profile,
    )
    warning = f"surgeons and sites are not compared where small numbers are withheld ({profile})."
    assert (ran.code, ran.err) == (0, f"qi-checker: warning: --by: {warning}\n")
    names = {f.name for f in out.iterdir()}
    assert names == {"index.html", "report.json", "manifest.json", "standards.csv"}
    assert not re.search(r"SYN-C-\d+", texts(out))
    assert ran.out.startswith("March 2025 to February 2026: ")


def test_a_plain_report_and_a_protected_one_replace_each_other(few: Path, tmp_path: Path) -> None:
    out = tmp_path / "r"
    for profile in ("none", "lt5", "none"):
        ran = commands.run(
            "report", *MONTH, "--data", few, "--out", out, "--small-numbers", profile
        )
        assert ran.code == 0
        assert (out / "failed.csv").is_file() == (profile == "none")


def test_the_settings_can_ask_for_it(demo: Path, tmp_path: Path) -> None:
    file = tmp_path / "report.yaml"
    file.write_text("small_numbers: cms11\n", encoding="utf-8")
    ran = commands.run(
        "report", *MONTH, "--data", demo, "--settings", file, "--out", tmp_path / "r"
    )
    assert ran.code == 0
    assert not (tmp_path / "r" / "failed.csv").exists()


def test_a_study_withholds_what_is_small(cohort: Path, tmp_path: Path) -> None:
    out = tmp_path / "study"
    ran = commands.run(
        "study", "--data", cohort, *COMMAND.split(), "--out", out, "--small-numbers", "cms11"
    )
    assert (ran.code, ran.err) == (0, "")
    names = {f.name for f in out.iterdir()}
    assert names == {"index.html", "study.json", "rates.csv", "days.csv", "manifest.json"}
    rates = commands.csv_rows(out / "rates.csv")
    changed = next(row for row in rates if row["key"].startswith("plan_change"))
    assert (changed["before_part"], changed["after_part"]) == ("*", "*")  # 10 and 5
    assert "10/39" not in texts(out) and "5/27" not in texts(out)


def test_a_protected_study_on_paper_and_as_a_workbook(cohort: Path, tmp_path: Path) -> None:
    out = tmp_path / "study"
    arguments = (
        "study",
        "--data",
        cohort,
        *COMMAND.split(),
        "--out",
        out,
        "--small-numbers",
        "cms11",
    )
    assert commands.run(*arguments, "--format", "all").code == 0
    names = {f.name for f in out.iterdir()}
    assert {"report.pdf", "study.xlsx"} <= names
    first = commands.contents(out)
    assert commands.run(*arguments, "--format", "all").code == 0  # replaces what it wrote itself
    assert commands.contents(out) == first
    assert commands.run(*arguments[:-1], "everything").code == 2
