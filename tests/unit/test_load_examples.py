"""Examples of protocols that name columns of a hospital's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from qi_checker.errors import UserError
from qi_checker.protocol.examples import Example, load_examples
from qi_checker.protocol.load import load_protocol

GOOD = (Path(__file__).parents[1] / "bad_input" / "good-protocol.yaml").read_text(encoding="utf-8")
OF_CASES = (
    "discharged_at",
    "referred_at",
    "planned_at",
    "listed_at",
    "programme",
    "centre",
    "ward",
)
OF_EVENTS = ("machine", "department", "protocol_name")
REQUIREMENT = """
        applies_if:
          any_of:
            - column: {name: programme, in: [A]}
            - event:
                kind: lab
                columns: [{name: department, in: [B]}]
                window: {before: {column: referred_at}}
            - chosen: {requirement: mri, window: {after: {column: listed_at}}}
        none_between:
          - id: other
            title: another scan
            event: {kind: imaging, columns: [{name: protocol_name, in: [C]}]}
            then: warn
"""
PROTOCOL = (
    GOOD.replace(
        "window: {before: surgery, at_most: 30 days}",
        "window: {before: {column: discharged_at}, and: [{after: {column: planned_at}}]}"
        + REQUIREMENT.rstrip(),
        1,
    )
    .replace("region: [liver, abdomen]}", "columns: [{name: machine, in: [D]}]}", 1)
    .replace("urgency: [emergency]", "column: {name: ward, in: [E]}")
    .replace(
        "applies_to: {procedure: {in: liver-resection}}",
        "applies_to: {any_of: [{column: {name: centre, in: [F]}}]}",
    )
)
EXAMPLE = """
examples:
  - id: own
    why: Columns of its own.
    given:
      as_of: "2026-03-01"
      site: {timezone: America/Toronto, feeds: {lab: 3 days}}
      case: {%s}
      events: [{%s}]
    expect: {verdict: not_applicable}
"""


def loaded(case: str, event: str, folder: Path) -> list[Example]:
    """The examples of the protocol with these columns."""
    (folder / "protocol.yaml").write_text(PROTOCOL, encoding="utf-8")
    (folder / "examples.yaml").write_text(EXAMPLE % (case, event), encoding="utf-8")
    return load_examples(folder, load_protocol(folder))


def test_columns_that_the_protocol_names(tmp_path: Path) -> None:
    case = ", ".join(f"{name}: 2026-01-02" for name in OF_CASES)
    event = ", ".join(f"{name}: A" for name in OF_EVENTS)
    (example,) = loaded(case, event, tmp_path)
    assert example.tables["cases"][0]["discharged_at"] == "2026-01-02"
    assert example.tables["events"][0]["machine"] == "A"
    assert (example.site.timezone, str(example.site.feeds["lab"])) == ("America/Toronto", "3 days")


@pytest.mark.parametrize("name", OF_CASES)
def test_a_misspelt_column_of_the_cases(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        loaded(f"{name}s: A", "", tmp_path)
    assert f"`cases` has no column `{name}s`. Did you mean {name}?" in str(caught.value)


@pytest.mark.parametrize("name", OF_EVENTS)
def test_a_misspelt_column_of_the_events(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        loaded("", f"{name}s: A", tmp_path)
    assert f"`events` has no column `{name}s`. Did you mean {name}?" in str(caught.value)


def test_an_own_column_of_events_is_none_of_cases(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="`events` has no column `ward`"):
        loaded("machine: A", "ward: A", tmp_path)
