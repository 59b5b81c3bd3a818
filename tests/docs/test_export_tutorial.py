"""docs/export-tutorial.md: from three exports to checklists with the documentation alone.

`QI_CHECKER_GOLDEN=write python -m pytest tests/docs/test_export_tutorial.py` writes the outputs anew;
read the difference before committing it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from qi_checker.demo.exports import VERDICTS
from tests.docs.test_documentation import ROOT
from tests.docs.walkthrough import Command, follow, rewritten
from tests.helpers.commands import csv_rows

FILE = ROOT / "docs" / "export-tutorial.md"
PAGE = FILE.read_text(encoding="utf-8")
LINES = list(re.findall(r"^\$ (.*?)(?:  # exit \d+)?$", PAGE, re.MULTILINE))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("analyst")


@pytest.fixture(scope="module")
def done(folder: Path) -> list[Command]:
    """The page, followed once: each step needs the ones before it."""
    followed = follow(PAGE, folder)
    if os.environ.get("QI_CHECKER_GOLDEN") == "write":
        FILE.write_text(rewritten(PAGE, followed), encoding="utf-8")
    return followed


@pytest.mark.parametrize("number", range(len(LINES)), ids=lambda n: f"{n + 1} {LINES[n]}")
def test_a_command_does_what_the_page_says(number: int, done: list[Command]) -> None:
    command = done[number]
    assert command.line == LINES[number]
    if os.environ.get("QI_CHECKER_GOLDEN") != "write":
        assert command.holds, f"exit {command.code}\n{command.printed}"


@pytest.mark.parametrize("name", ["american", "german", "workbook"])
def test_the_reader_gets_the_right_verdicts(name: str, folder: Path, done: list[Command]) -> None:
    rows = csv_rows(folder / name / "cases.csv")
    assert {int(row["case_id"]): row["verdict"] for row in rows} == VERDICTS
