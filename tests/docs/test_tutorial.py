"""docs/tutorial.md: every command prints what the page says, in the order of the page.

`QI_CHECKER_GOLDEN=write python -m pytest tests/docs/test_tutorial.py` writes the outputs anew; read
the difference before committing it.
"""

from __future__ import annotations

import os
import re

import pytest

from tests.docs.test_documentation import ROOT
from tests.docs.walkthrough import Command, follow, rewritten

FILE = ROOT / "docs" / "tutorial.md"
PAGE = FILE.read_text(encoding="utf-8")
LINES = list(re.findall(r"^\$ (.*?)(?:  # exit \d+)?$", PAGE, re.MULTILINE))


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> list[Command]:
    """The page, followed once: each step needs the ones before it."""
    followed = follow(PAGE, tmp_path_factory.mktemp("author"))
    if os.environ.get("QI_CHECKER_GOLDEN") == "write":
        FILE.write_text(rewritten(PAGE, followed), encoding="utf-8")
    return followed


@pytest.mark.parametrize("number", range(len(LINES)), ids=lambda n: f"{n + 1} {LINES[n]}")
def test_a_command_does_what_the_page_says(number: int, done: list[Command]) -> None:
    command = done[number]
    assert command.line == LINES[number]
    if os.environ.get("QI_CHECKER_GOLDEN") != "write":
        assert command.holds, f"exit {command.code}\n{command.printed}"


def test_the_reader_is_told_which_file_a_block_is() -> None:
    """What stands after the language of a block is not shown on a rendered page."""
    parts = re.split(r"^```(?!$)(.*)\n(?:.*\n)*?```$", PAGE, flags=re.MULTILINE)
    told = [
        (text, words.partition("=")[2])
        for text, words in zip(parts[::2], parts[1::2], strict=False)
        if "=" in words
    ]
    assert len(told) > 15
    assert [path for text, path in told if f"`{path}`" not in " ".join(text.split())] == []
