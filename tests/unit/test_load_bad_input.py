"""Every file of tests/bad_input holds mistakes, and says on top what must be told about them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from qi_checker.errors import UserError
from qi_checker.protocol import yaml_read
from qi_checker.protocol.examples import load_examples
from qi_checker.protocol.load import load_protocol, load_site
from qi_checker.protocol.load_mapping import load_mapping

FOLDER = Path(__file__).parents[1] / "bad_input"
GOOD = FOLDER / "good-protocol.yaml"
LOADERS: dict[str, Callable[[Path], object]] = {
    "protocols": load_protocol,
    "sites": load_site,
    "mappings": load_mapping,
    "examples": lambda file: load_examples(file, load_protocol(GOOD)),
}
FILES = sorted(f for folder in LOADERS for f in (FOLDER / folder).glob("*.yaml"))


def expected(file: Path) -> list[str]:
    """`# expect: line:column: message`, one line for each problem."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return [x.removeprefix("# expect: ") for x in lines if x.startswith("# expect: ")]


def messages(file: Path) -> list[str]:
    """What is told about a file, without its name."""
    with pytest.raises(UserError) as caught:
        LOADERS[file.parent.name](file)
    texts = [str(problem) for problem in caught.value.problems]
    assert all(text.startswith(f"{file}:") for text in texts), texts
    return [text.removeprefix(f"{file}:").strip() for text in texts]


@pytest.mark.parametrize("file", FILES, ids=lambda f: f"{f.parent.name}/{f.stem}")
def test_every_mistake_is_told_once_and_nothing_else(file: Path) -> None:
    assert messages(file) == expected(file)


@pytest.mark.parametrize("file", FILES, ids=lambda f: f"{f.parent.name}/{f.stem}")
def test_the_pure_python_parser_finds_the_same(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where libyaml is not installed; a syntax error may be placed a little differently there."""
    monkeypatch.setattr(yaml_read, "_LOADER", yaml.SafeLoader)
    ours = [text.partition(" ") for text in messages(file)]
    wanted = [text.partition(" ") for text in expected(file)]
    assert [message for _, _, message in ours] == [message for _, _, message in wanted]
    lines = [
        abs(int(a[0].split(":")[0] or 0) - int(b[0].split(":")[0] or 0))
        for a, b in zip(ours, wanted, strict=True)
        if a[0][:1].isdigit()
    ]
    assert all(off <= 1 for off in lines)


def test_there_are_enough_of_them() -> None:
    assert len([f for f in FILES if f.parent.name == "protocols"]) >= 180


def test_the_files_they_were_made_from_are_right() -> None:
    bundle = load_protocol(GOOD)
    load_protocol(FOLDER / "good-language.yaml")
    load_site(FOLDER / "good-site.yaml")
    assert len(load_examples(FOLDER / "good-examples.yaml", bundle)) == 2


def test_all_mistakes_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    text = (
        GOOD.read_text(encoding="utf-8")
        .replace("same_day: unknown", "same_day: alow")
        .replace("modality: [MR]", "modality: [MRI]")
        .replace("at_most: 1 month", "at_most: 2 moons")
        .replace("at_most: 30 days}", "at_most: 30 days, more_than: 30 days}", 1)
        .replace("lead_time: 5 working days", "count: 0")
        .replace("less_than: 4 weeks", "and: [{after: {requirement: ctt}}]")
        .replace("in: liver-metastasis", "in: liver-metastases")
        .replace('version: "2.0"', "version: 2.0")
        .replace("title: MRI of the liver", "title:")
        .replace("from: 2024-01-01", "from: 2024-01-02")
    )
    file = tmp_path / "protocol.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        load_protocol(file)
    lines = [int(p.where.split(":")[-2]) for p in caught.value.problems]
    assert len(lines) == 10
    assert lines == sorted(lines)
