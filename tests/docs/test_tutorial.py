"""docs/tutorial.md: every command prints what the page says, in the order of the page.

`QI_CHECKER_GOLDEN=write python -m pytest tests/docs/test_tutorial.py` writes the outputs anew; read
the difference before committing it.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from tests.docs.test_documentation import ROOT
from tests.docs.walkthrough import Command, Walk

WALK = Walk(ROOT / "docs" / "tutorial.md")
LINES = WALK.lines


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the reader of the page works."""
    return tmp_path_factory.mktemp("author")


@pytest.fixture(scope="module")
def done(folder: Path) -> list[Command]:
    return WALK.follow(folder)


@pytest.mark.parametrize("number", range(len(LINES)), ids=lambda n: f"{n + 1} {LINES[n]}")
def test_a_command_does_what_the_page_says(number: int, done: list[Command]) -> None:
    WALK.check(done[number], LINES[number])


def test_the_reader_is_told_which_file_a_block_is() -> None:
    """Not every page that shows the text shows the title of a block, too."""
    parts = re.split(r"^```(?!$)(.*)\n(?:.*\n)*?```$", WALK.page, flags=re.MULTILINE)
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
