"""docs/tutorial.md: every command prints what the page says, in the order of the page.

`QI_CHECKER_GOLDEN=write python -m pytest tests/docs/test_tutorial.py` writes the outputs anew; read
the difference before committing it.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from tests.docs.test_documentation import ROOT
from tests.docs.walkthrough import Command, follow, rewritten

FILE = ROOT / "docs" / "tutorial.md"
PAGE = FILE.read_text(encoding="utf-8")
LINES = list(re.findall(r"^\$ (.*?)(?:  # exit \d+)?$", PAGE, re.MULTILINE))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the reader of the page works."""
    return tmp_path_factory.mktemp("author")


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


def test_the_reader_is_told_which_file_a_block_is() -> None:
    """Not every page that shows the text shows the title of a block, too."""
    parts = re.split(r"^```(?!$)(.*)\n(?:.*\n)*?```$", PAGE, flags=re.MULTILINE)
    lines = [
        (text, words.partition("=")[2].strip('"').removeprefix("add to "))
        for text, words in zip(parts[::2], parts[1::2], strict=False)
        if "=" in words
    ]
    assert len(lines) > 15
    assert [path for text, path in lines if f"`{path}`" not in " ".join(text.split())] == []


@pytest.mark.parametrize("name", ["protocol", "examples"])
def test_an_editor_finds_the_schema_and_nothing_to_underline(
    name: str, folder: Path, done: list[Command]
) -> None:
    file = folder / "my-rules" / "liver-surgery-samples" / f"{name}.yaml"
    text = file.read_text(encoding="utf-8")
    named = text.splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    schema = json.loads((file.parent / named).read_text(encoding="utf-8"))
    assert [e.message for e in Draft202012Validator(schema).iter_errors(yaml.safe_load(text))] == []
    assert not Draft202012Validator(schema).is_valid({"idd": "x"})
