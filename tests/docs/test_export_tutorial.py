"""docs/export-tutorial.md: from three exports to checklists with the documentation alone.

`QI_CHECKER_GOLDEN=write python -m pytest tests/docs/test_export_tutorial.py` writes the outputs anew;
read the difference before committing it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from qi_checker.demo.exports import VERDICTS
from tests.docs.test_documentation import ROOT
from tests.docs.walkthrough import Command, Walk
from tests.helpers.commands import csv_rows

WALK = Walk(ROOT / "docs" / "export-tutorial.md")
LINES = WALK.lines


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("analyst")


@pytest.fixture(scope="module")
def done(folder: Path) -> list[Command]:
    return WALK.follow(folder)


@pytest.mark.parametrize("number", range(len(LINES)), ids=lambda n: f"{n + 1} {LINES[n]}")
def test_a_command_does_what_the_page_says(number: int, done: list[Command]) -> None:
    WALK.check(done[number], LINES[number])


@pytest.mark.parametrize("name", ["american", "german", "workbook"])
def test_the_reader_gets_the_right_verdicts(name: str, folder: Path, done: list[Command]) -> None:
    rows = csv_rows(folder / name / "cases.csv")
    assert {int(row["case_id"]): row["verdict"] for row in rows} == VERDICTS
