"""Commands in the documentation run, and every command and option is documented."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from qi_checker.cli import main
from qi_checker.cli.parser import build_parser
from qi_checker.demo import write_demo
from qi_checker.errors import EXTRAS
from qi_checker.protocol.load import load_site

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")


def blocks(text: str, kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


README_LINES = [
    line.removeprefix("$ ")
    for block in blocks(README, "console")
    for line in block.splitlines()
    if line.startswith("$ qi-checker ")
]


MADE = {"--study": "study-data", "--exports": "exports"}  # what the README calls each folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the README's reader stands after `make demo` and an audit: commands run in any order."""
    folder = tmp_path_factory.mktemp("reader")
    data, out = folder / "build" / "demo-data", folder / "build" / "audit"
    write_demo(data)
    audit = ["audit", "--data", str(data), "--as-of", "2026-03-02", "--out", str(out)]
    assert main(audit) == 0
    for option in ("--study", "--exports"):
        made = folder / "build" / MADE[option]
        assert main(["demo", option, "--out", str(made)]) == 0
    return folder


def test_the_readme_shows_commands() -> None:
    assert len(README_LINES) >= 5


@pytest.mark.parametrize("line", README_LINES)
def test_a_command_of_the_readme_works(
    line: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    words = shlex.split(line)[1:]
    if words[0] == "demo":
        words[-1] += "-again"  # another line may be reading the folder that it names
    assert main(words) == 0
    assert capsys.readouterr().out


def test_the_readme_names_every_extra() -> None:
    assert [x for x in {*EXTRAS.values()} if f"qi-checker[{x}]" not in README] == []


def test_the_site_settings_of_the_readme_load(tmp_path: Path) -> None:
    shown = [b for b in blocks(README, "yaml") if "timezone:" in b]
    for text in shown:
        (tmp_path / "site.yaml").write_text(text, encoding="utf-8")
        assert load_site(tmp_path / "site.yaml").timezone
    assert shown


def parsers(
    parser: argparse.ArgumentParser, name: str
) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    yield name, parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for word, inner in action.choices.items():
                yield from parsers(inner, f"{name} {word}")


EVERY = list(parsers(build_parser(), "qi-checker"))


@pytest.mark.parametrize(("name", "parser"), EVERY, ids=[name for name, _ in EVERY])
def test_a_command_and_its_options_are_documented_with_an_example(
    name: str, parser: argparse.ArgumentParser
) -> None:
    has_tools = any(isinstance(a, argparse._SubParsersAction) for a in parser._actions)
    if not has_tools:
        assert f"{name} " in COMMANDS
    options = [o for a in parser._actions for o in a.option_strings if o.startswith("--")]
    assert [o for o in options if o not in COMMANDS and o != "--help"] == []
    assert "example" in parser.format_help()
