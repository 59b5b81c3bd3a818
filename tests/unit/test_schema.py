"""The JSON Schemas that editors use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest
import yaml

from qi_checker.protocol.paths import rules_dir
from qi_checker.protocol.schema import FILES, What, schema, schema_text

BAD_INPUT = Path(__file__).parents[1] / "bad_input"
KINDS: tuple[What, ...] = get_args(What)
SHIPPED = sorted(
    f
    for pattern in (*(f"*/{kind}.yaml" for kind in KINDS), "*/translations/*.yaml")
    for f in rules_dir().glob(pattern)
)
GOOD = [
    *(BAD_INPUT / f"good-{name}.yaml" for name in ("protocol", "examples", "mapping", "language")),
    rules_dir() / "exam-names.yaml",
    *sorted((BAD_INPUT / "ten_mistakes").glob("*/fixed.yaml")),
    *SHIPPED,
]
BAD = sorted(f for kind in KINDS for f in (BAD_INPUT / f"{kind.rstrip('s')}s").glob("*.yaml"))

# Mistakes that a schema cannot see, by what it does not know. Everything else it must refuse.
READING = """
anchor tag duplicate-key duplicate-key-in-braces clock-time no-where-text-is-meant
yes-where-text-is-meant
"""  # words that only YAML 1.1 reads as something else, and what the parser has lost
OTHER_KEYS = """
advice-id-twice exclusion-id-twice requirement-id-twice requirement-id-twice-in-a-group
none-between-id-twice id-twice version-name-twice version-without-end versions-leave-a-gap
versions-out-of-order versions-overlap period-backwards pet-ct-without-ct
any-imaging-but-some-counts any-imaging-counts applies-if-any-imaging none-between-any-therapy
every-code-refused same-list-asked-and-refused allow-codes-and-not-codes allow-codes-of-a-therapy
applies-if-column-with-a-key event-column-description event-column-of-the-contract
anchor-column-is-no-date anchor-requirement-is-forbidden anchor-requirement-is-itself
anchor-requirement-misspelt anchor-requirement-of-another-version anchors-in-a-circle
chosen-counted-from-itself chosen-in-a-circle chosen-is-itself chosen-is-unknown apart-that-does-not-fit
no-evaluation-date expects-nothing unknown-event unknown-requirement unknown-requirement-no-guess
"""
LENGTHS = """
applies-if-window-that-never-opens at-least-beyond-at-most at-least-equals-less-than
at-least-in-hours-beyond-days at-least-in-months-beyond-days before-and-after-one-anchor
more-than-equals-at-most no-minutes-before spans-that-exclude-each-other window-that-never-opens
window-of-two-hundred-years date-in-another-century date-that-does-not-exist
unreadable-evaluation-date unknown-time-zone unquoted-date-that-is-none
"""  # how long a length is, and what the calendar has
FILES_BESIDE = """
unknown-code-list imaging-is-no-code-list allow-codes-unknown-list applies-if-unknown-code-list
applies-if-unknown-modality misspelt-modality unknown-region forbidden-that-nothing-can-break
misspelt-case-column misspelt-event-column unknown-event-column
"""
MAPPINGS = """
column-and-constant column-from-nowhere date-half-day-without-am date-in-lower-case date-left-open
date-of-an-id date-of-another-tool dates-that-contradict exam-group-unknown exam-name-of-cases
exam-only-absent exam-region-unknown exam-says-nothing exam-term-unknown file-and-query
kind-missing-without-exam-name misspelt-column modality-unknown needed-column-missing no-file
password-in-url pick-without-group query-without-database sheet-of-a-query system-misspelt system-of-an-id
join-with-of-codes where-with-two-tests where-without-test widths-with-a-header word-is-a-number word-twice word-unknown
"""  # which keys stand together, and what the words are of what a key is about
BEYOND = sorted(f"{READING} {OTHER_KEYS} {LENGTHS} {FILES_BESIDE} {MAPPINGS}".split())


class Core(yaml.SafeLoader):
    """YAML as an editor reads it: version 1.2, where neither `no` nor a date is special."""


Core.yaml_implicit_resolvers = {}
for tag, pattern, first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
):
    Core.add_implicit_resolver(
        f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), list(first)
    )


def read(file: Path) -> Any:
    return yaml.load(file.read_text(encoding="utf-8"), Loader=Core)


def kind(file: Path) -> What:
    """Which of the files it is."""
    if file.stem == "exam-names":
        return "exam-names"
    named = (file.stem.split("-")[-1], file.parent.name.removesuffix("s"))
    return next((k for k in KINDS if k.removesuffix("s") in named or k in named), "protocol")


@pytest.mark.parametrize("what", KINDS)
def test_the_files_are_current(what: What) -> None:
    text = (rules_dir() / FILES[what]).read_text(encoding="utf-8")
    assert text == schema_text(what), f"write it anew: qi-checker rules schema, for {what}"


@pytest.mark.parametrize("what", KINDS)
def test_they_are_schemas(what: What) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(what))


@pytest.mark.parametrize("file", SHIPPED, ids=lambda f: f"{f.parent.name}/{f.name}")
def test_the_first_line_names_the_schema_to_editors(file: Path) -> None:
    line = file.read_text(encoding="utf-8").splitlines()[0]
    up = "../" * (len(file.relative_to(rules_dir()).parts) - 1)
    assert line == f"# yaml-language-server: $schema={up}{FILES[kind(file)]}"
    assert (file.parent / line.partition("$schema=")[2]).resolve() == rules_dir() / FILES[
        kind(file)
    ]


@pytest.mark.parametrize("file", GOOD, ids=lambda f: f"{f.parent.name}/{f.name}")
def test_good_files_are_valid(file: Path) -> None:
    jsonschema.validate(read(file), schema(kind(file)))


def test_it_refuses_every_mistake_that_a_schema_can_see() -> None:
    validators = {what: jsonschema.Draft202012Validator(schema(what)) for what in KINDS}
    passed, seen = [], 0
    for file in BAD:
        try:
            data = read(file)
        except yaml.YAMLError:
            continue  # an editor shows what the parser says
        seen += 1
        if validators[kind(file)].is_valid(data):
            passed.append(file.stem)
    assert sorted(passed) == BEYOND
    assert seen > 150


def keys(part: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every key that a schema names, however deep, with what it says about it."""
    if isinstance(part, list):
        for item in part:
            yield from keys(item, name)
    if isinstance(part, dict):
        for word, value in part.items():
            conditional = word in ("if", "then", "not")
            if word == "properties":
                yield from ((f"{name}.{key}", about) for key, about in value.items())
            if word in ("properties", "$defs"):
                for key, about in value.items():
                    yield from keys(about, f"{name}.{key}")
            elif not conditional:
                yield from keys(value, name)


@pytest.mark.parametrize("what", KINDS)
def test_every_key_and_every_part_is_described(what: What) -> None:
    found = dict(keys(schema(what)))
    assert len(found) > {"exam-names": 8, "translation": 15}.get(what, 25)
    assert [name for name, about in found.items() if not about.get("description")] == []
    assert [
        name for name, part in schema(what)["$defs"].items() if not part.get("description")
    ] == []


def test_lengths_of_time_are_text_of_a_shape() -> None:
    limit = schema()["$defs"]["Window"]["properties"]["at_most"]
    assert limit["type"] == "string"
    units = "working day|minute|hour|day|week|month|year"
    assert limit["pattern"] == f"^([0-9]{{1,4}}) ({units})s?$"
    assert limit["description"] == "Inclusive: 30 days means 0 to 30."
    assert "default" not in limit


def test_lead_times_are_in_working_days() -> None:
    lead_time = schema()["$defs"]["Requirement"]["properties"]["lead_time"]
    assert lead_time["pattern"] == "^[0-9]{1,4} working days?$"
    assert lead_time["description"].startswith("Time needed")
