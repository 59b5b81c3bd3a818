"""`rules coverage`: gaps with their place, and a limit for a build."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from qi_checker.cli import main
from qi_checker.protocol.paths import rules_dir

SHIPPED = rules_dir() / "hepatic-metastasectomy-imaging"


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """The shipped protocol with its first two examples only."""
    folder = tmp_path / "rules" / "mine"
    shutil.copytree(SHIPPED, folder)
    text = (folder / "examples.yaml").read_text("utf-8")
    third = text.index("  - id: thirty-one-days-is-too-old")
    (folder / "examples.yaml").write_text(text[:third], "utf-8")
    return folder


def coverage(*arguments: object) -> int:
    return main(["rules", "coverage", *map(str, arguments)])


def test_a_gap_names_protocol_requirement_and_place(
    mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert coverage(mine) == 0
    said = capsys.readouterr().out
    assert f"{mine}/protocol.yaml: 2 examples reach" in said
    lines = (mine / "protocol.yaml").read_text("utf-8").splitlines()
    line = next(n for n, text in enumerate(lines, 1) if "window:" in text)
    column = lines[line - 1].index("at_most") + 1
    place = f"{mine}/protocol.yaml:{line}:{column}"
    assert f"{place}: ct, version 1.0: no event on the first day outside at_most: 30 days" in said
    assert ": mri: never exempt: " in said


def test_json_has_the_same_gaps(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert coverage(mine) == 0
    text = capsys.readouterr().out
    assert coverage(mine, "--format", "json") == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["reached"] == found["points"] - len(found["gaps"])
    assert f"{found['reached']} of {found['points']} points" in text
    for gap in found["gaps"]:
        assert gap["where"] in text and gap["words"] in text


def test_a_limit_for_a_build(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert coverage(mine, "--format", "json") == 0
    (found,) = json.loads(capsys.readouterr().out)
    share = 100 * found["reached"] / found["points"]
    assert coverage(mine, "--fail-under", f"{int(share)}%") == 0
    assert coverage(mine, "--fail-under", f"{int(share) + 1}%") == 1
    assert coverage(mine, "--fail-under", "100") == 1
    assert coverage(mine, "--fail-under", "most") == 2
    assert "--fail-under: `most` is not a percentage" in capsys.readouterr().err


def test_without_examples_everything_is_a_gap(
    mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (mine / "examples.yaml").unlink()
    assert coverage(mine) == 0
    said = capsys.readouterr().out
    assert "0 examples reach 0 of " in said
    assert coverage(mine, "--fail-under", "1") == 1
    capsys.readouterr()


def test_a_broken_protocol_does_not_hide_the_others(
    mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = mine.parent / "broken"
    shutil.copytree(SHIPPED, broken)
    (broken / "protocol.yaml").write_text("id: broken\n", "utf-8")
    assert coverage(mine.parent) == 2
    said = capsys.readouterr()
    assert f"{mine}/protocol.yaml: 2 examples" in said.out
    assert "broken/protocol.yaml" in said.err
    assert coverage("no-such-folder") == 2
    assert "no-such-folder: there is no such file or folder" in capsys.readouterr().err


def test_the_shipped_rules_are_covered(capsys: pytest.CaptureFixture[str]) -> None:
    assert coverage("--fail-under", "80") == 0
    capsys.readouterr()
