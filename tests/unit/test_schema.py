"""The JSON Schema that editors use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from qi_checker.protocol.paths import rules_dir
from qi_checker.protocol.schema import FILE, schema, schema_text

GOOD = Path(__file__).parents[1] / "bad_input" / "good-protocol.yaml"
BAD = Path(__file__).parents[1] / "bad_input" / "protocols"
# One for each way in which a schema can refuse; what keys say together it cannot know.
REFUSED = (
    "unknown-key",
    "missing-key",
    "id-with-capitals",
    "misspelt-word",
    "length-without-blank",
    "hours",
    "text-where-a-list-is-meant",
    "empty-list",
    "condition-with-two-keys",
    "condition-without-key",
    "group-with-both-keys",
    "group-of-one",
    "no-value",
    "target-over-a-hundred",
    "forbidden-is-not-supported",
)


def read(file: Path) -> Any:
    """YAML as an editor reads it: version 1.2, where no date and no `no` is special."""
    text = file.read_text(encoding="utf-8")
    data = yaml.load(text, Loader=yaml.BaseLoader)  # builds text and lists only
    return _nothing(data)


def _nothing(data: Any) -> Any:
    """The base loader reads no value as empty text."""
    if isinstance(data, dict):
        return {k: _nothing(v) for k, v in data.items()}
    if isinstance(data, list):
        return [_nothing(v) for v in data]
    return None if data == "" else data


def test_the_file_is_current() -> None:
    assert (rules_dir() / FILE).read_text(encoding="utf-8") == schema_text()


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("file", [GOOD, *sorted(rules_dir().glob("*/protocol.yaml"))], ids=str)
def test_good_protocols_are_valid(file: Path) -> None:
    jsonschema.validate(read(file), schema())


@pytest.mark.parametrize("name", REFUSED)
def test_bad_protocols_are_not(name: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(read(BAD / f"{name}.yaml"), schema())


def test_every_key_is_described() -> None:
    models = {"Protocol": schema(), **schema()["$defs"]}
    bare = [
        f"{model}.{key}"
        for model, part in models.items()
        for key, about in part.get("properties", {}).items()
        if not about.get("description")
    ]
    assert bare == []


def test_lengths_of_time_are_text_of_a_shape() -> None:
    limit = schema()["$defs"]["Window"]["properties"]["at_most"]
    assert limit["type"] == "string"
    assert limit["pattern"] == "^([0-9]{1,4}) (working day|day|week|month|year)s?$"
    assert limit["description"] == "Inclusive: 30 days means 0 to 30."
    assert "default" not in limit
