"""docs/protocol-language.md, -requirements.md and -windows.md: every example loads, and no key is forgotten."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from qi_checker.errors import UserError
from qi_checker.protocol import examples, models, selectors, windows
from qi_checker.protocol.fields import Strict
from qi_checker.protocol.load import load_protocol
from qi_checker.protocol.paths import rules_dir
from qi_checker.protocol.yaml_read import read_document

DOCS = rules_dir().parent / "docs"
PAGES = "\n".join(
    (DOCS / f"protocol-{name}.md").read_text(encoding="utf-8")
    for name in ("language", "requirements", "windows")
)
BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", PAGES, re.DOTALL | re.MULTILINE)
# One block may show several small things, parted by a line of hyphens.
SHOWN = [part for block in BLOCKS for part in re.split(r"^---\n", block, flags=re.MULTILINE)]
FRAGMENTS = [text for text in SHOWN if "\nexamples:" not in text]
EXAMPLES = next(text for text in SHOWN if "\nexamples:" in text)
MODELS = sorted(
    {
        found
        for module in (models, selectors, windows, examples)
        for found in vars(module).values()
        if isinstance(found, type) and issubclass(found, Strict) and found is not Strict
    },
    key=lambda model: model.__name__,
)


def _keys(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


def _own_keys(model: type[BaseModel]) -> set[str]:
    """Without those of the part that it extends."""
    return {f.alias or n for n, f in model.model_fields.items() if n in model.__annotations__}


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


def _loaded(text: str, folder: Path) -> models.Protocol:
    protocol = _completed(yaml.safe_load(text))
    file = folder / str(protocol["id"]) / "protocol.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(yaml.safe_dump(protocol, sort_keys=False), encoding="utf-8")
    return load_protocol(file.parent).protocol


def _used(value: Any) -> Iterator[tuple[str, str]]:
    """Model and key of everything that a loaded file says."""
    if isinstance(value, BaseModel):
        for name in value.model_fields_set:
            field = type(value).model_fields[name]
            owner = next(m for m in type(value).__mro__ if name in m.__annotations__)
            yield owner.__name__, field.alias or name
            yield from _used(getattr(value, name))
    if isinstance(value, dict):
        value = list(value.values())
    for item in value if isinstance(value, list) else ():
        yield from _used(item)


@pytest.mark.parametrize("text", FRAGMENTS, ids=lambda text: text.split(":")[0])
def test_example_on_the_page_loads(text: str, tmp_path: Path) -> None:
    assert _loaded(text, tmp_path)


def test_the_file_of_examples_on_the_page_loads(tmp_path: Path) -> None:
    _loaded(BLOCKS[0], tmp_path)
    folder = tmp_path / "liver-ct"
    (folder / "examples.yaml").write_text(EXAMPLES, encoding="utf-8")
    assert len(examples.load_examples(folder, load_protocol(folder))) == 2


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_key_is_on_the_page(model: type[BaseModel]) -> None:
    assert [k for k in sorted(_keys(model)) if not re.search(rf"`{k}[`:]", PAGES)] == []


def test_every_key_of_every_part_is_in_an_example(tmp_path: Path) -> None:
    used = {
        key for n, text in enumerate(FRAGMENTS) for key in _used(_loaded(text, tmp_path / str(n)))
    }
    file = tmp_path / "examples.yaml"
    file.write_text(EXAMPLES, encoding="utf-8")
    used |= set(_used(examples.ExampleFile.model_validate(read_document(file).data)))
    keys_of_models = {(model.__name__, key) for model in MODELS for key in _own_keys(model)}
    assert sorted(keys_of_models - used) == []


def test_the_checks_of_this_page_see_every_part_of_the_language() -> None:
    """A part that is defined elsewhere one day must be looked at here, too."""
    names = {model.__name__ for model in MODELS}
    assert {"AnchorRef", "Reach", "Span", "Window", "EventWithin", "ChosenWithin"} <= names
    assert {"Apart", "NoneBetween", "RequirementCondition", "EventSelector", "Given"} <= names


REFUSED = (
    "event: {kind: lab}",
    "window: {before: surgery, less_than: 0 days}",
    "window: {before: surgery, at_most: 30 days, less_than: 30 days}",
    "window: {before: surgery, at_least: 7 days, more_than: 7 days}",
    "window: {before: surgery, at_least: 31 days, at_most: 30 days}",
    "window: {before: surgery, at_least: 2 days, or_after: {at_most: 2 days}}",
    "window: {after: surgery, at_most: 2 days, or_after: {at_most: 2 days}}",
    "window: {before: surgery, after: admission}",
    "window: {after: {requirement: ct}, at_most: 2 days}",
    "window: {after: surgery, at_least: 2 days, and: [{before: surgery}]}",
    "apart: {at_least: 42 days}",
    "{count: 2, forbidden: true}",
    "{lead_time: 5 working days, forbidden: true}",
    "{count: 2, apart: {at_least: 42 days}}",
    "event: {kind: visit, columns: [{name: codes, in: [X]}]}",
)


@pytest.mark.parametrize("text", REFUSED)
def test_what_the_page_says_is_refused_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(UserError):
        _loaded(text, tmp_path)
