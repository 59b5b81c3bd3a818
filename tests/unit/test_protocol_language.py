"""docs/protocol-language.md: every example on the page loads, and no key is forgotten."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from qi_checker.protocol import models, selectors
from qi_checker.protocol.examples import load_examples
from qi_checker.protocol.load import load_protocol
from qi_checker.protocol.paths import rules_dir

PAGE = (rules_dir().parent / "docs" / "protocol-language.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
WHOLE = yaml.safe_load(BLOCKS[0])


def _keys(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


def _completed(fragment: dict[str, Any]) -> dict[str, Any]:
    """The whole protocol of the page with a fragment in the place where its keys belong."""
    protocol: dict[str, Any] = yaml.safe_load(BLOCKS[0])
    version = protocol["versions"][0]
    requirement = version["requirements"][0]
    for key, value in fragment.items():
        holder: dict[str, Any] = next(
            part
            for part, model in (
                (protocol, models.Protocol),
                (version, models.Version),
                (requirement, models.Requirement),
            )
            if key in _keys(model)
        )
        holder[key] = value
    return protocol


def _write(folder: Path, protocol: dict[str, Any]) -> Path:
    file = folder / str(protocol["id"]) / "protocol.yaml"
    file.parent.mkdir()
    file.write_text(yaml.safe_dump(protocol, sort_keys=False), encoding="utf-8")
    return file.parent


@pytest.mark.parametrize("block", BLOCKS, ids=lambda text: text.split(":")[0])
def test_example_on_the_page_loads(block: str, tmp_path: Path) -> None:
    fragment = yaml.safe_load(block)
    if "examples" in fragment:
        folder = _write(tmp_path, WHOLE)
        (folder / "examples.yaml").write_text(block, encoding="utf-8")
        assert load_examples(folder, load_protocol(folder))
    else:
        assert load_protocol(_write(tmp_path, _completed(fragment)))


def test_every_key_is_on_the_page() -> None:
    found = [
        m
        for m in vars(models).values()
        if isinstance(m, type) and issubclass(m, BaseModel) and m.__module__ == models.__name__
    ]
    assert models.Requirement in found
    for model in found:
        for key in _keys(model):
            assert re.search(rf"`{key}[`:]", PAGE), f"{model.__name__}.{key} is not explained"


def test_every_key_is_in_an_example() -> None:
    shown = "\n".join(BLOCKS)
    for model in (models.Protocol, models.Version, models.Requirement, selectors.Condition):
        for key in _keys(model):
            assert re.search(rf"\b{key}:", shown), f"{key} has no example"
