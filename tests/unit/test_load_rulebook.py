"""A folder of protocols is read at once: every problem together, every code list once."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from qi_checker.errors import UserError
from qi_checker.protocol.catalogue import read_table
from qi_checker.protocol.load import load_protocol, load_rulebook
from qi_checker.protocol.paths import rules_dir

BAD_INPUT = Path(__file__).parents[1] / "bad_input"
GOOD = (BAD_INPUT / "good-protocol.yaml").read_text(encoding="utf-8")


@pytest.fixture
def rulebook(tmp_path: Path) -> Path:
    """Five protocols that name the same code lists."""
    shutil.copytree(rules_dir() / "codelists", tmp_path / "codelists")
    for n in range(5):
        file = tmp_path / f"rule-{n}" / "protocol.yaml"
        file.parent.mkdir()
        file.write_text(GOOD.replace("id: liver-imaging", f"id: rule-{n}"), encoding="utf-8")
    return tmp_path


def test_they_are_what_each_is_alone(rulebook: Path) -> None:
    bundles = load_rulebook(rulebook)
    assert [b.protocol.id for b in bundles] == [f"rule-{n}" for n in range(5)]
    assert bundles == [load_protocol(rulebook / f"rule-{n}") for n in range(5)]


def test_every_code_list_is_read_once(rulebook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: Counter[str] = Counter()

    def counted(file: Path, columns: tuple[str, ...]) -> Any:
        read[file.stem] += 1
        return read_table(file, columns)

    monkeypatch.setattr("qi_checker.protocol.catalogue.read_table", counted)
    load_rulebook(rulebook)
    names = ("imaging", "liver-metastasis", "liver-resection", "modalities", "regions")
    assert read == dict.fromkeys(names, 1)


def test_the_problems_of_all_are_told_at_once(rulebook: Path) -> None:
    for n in (1, 3):
        file = rulebook / f"rule-{n}" / "protocol.yaml"
        file.write_text(GOOD.replace("same_day: unknown", "same_day: alow"), encoding="utf-8")
    with pytest.raises(UserError) as caught:
        load_rulebook(rulebook)
    places = [Path(p.where.split(":")[0]).parent.name for p in caught.value.problems]
    assert places == ["rule-1", "rule-3"]


def test_a_mistake_in_a_code_list_is_told_once(rulebook: Path) -> None:
    with (rulebook / "codelists" / "liver-resection.csv").open("a", encoding="utf-8") as out:
        out.write("ICD-10-PCS,1.23E+10,,\n")
    with pytest.raises(UserError) as caught:
        load_rulebook(rulebook)
    assert len(caught.value.problems) == 1


def test_a_folder_without_protocols(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no protocol"):
        load_rulebook(tmp_path)
