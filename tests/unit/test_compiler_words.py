"""The sentence of a rule: one for its page, the sheet of a case, and the comments of its SQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from qi_checker.authoring.rule_page import rule_page, rule_sheet
from qi_checker.protocol.selectors import Condition
from qi_checker.protocol.words import (
    condition_words,
    exclusion_words,
    group_words,
    population_words,
    requirement_sentence,
    structure_words,
    titles_of,
)
from tests.helpers.pages import read_page
from tests.helpers.protocols import ct_rule, liver, protocol_with
from tests.helpers.rich_rules import rich

RICH = rich().protocol.versions[0]
SENTENCES = {leaf.id: requirement_sentence(leaf, titles_of(RICH)) for leaf in RICH.leaves}


@pytest.mark.parametrize(
    ("requirement", "sentence"),
    [
        (
            "visit",
            (
                "Needs a completed or booked visit event (provenance internal; grade resident or "
                "consultant) within 30 days before, or within 24 hours after, admission, and before "
                "surgery."
            ),
        ),
        (
            "update",
            (
                "Needs a completed visit event (a code of the list liver-ct-codes) less than 24 hours "
                "after admission; applies only if the event found for History and physical was at any "
                "time before admission and (there is a completed therapy event (a code of the list "
                "biopsy-codes) within 6 months before surgery or urgency is elective or urgent or "
                "own ward is A)."
            ),
        ),
        (
            "ct",
            (
                "Needs a completed imaging event (modality CT or MR; region liver; no code of the list "
                "biopsy-codes; codes of the list liver-ct-codes are allowed) at least 2 working days "
                "after History and physical, and more than 1 month before discharge, and no "
                "chemotherapy (completed therapy event: a code of the list biopsy-codes) between it "
                "and History and physical."
            ),
        ),
        (
            "twice",
            (
                "Needs 2 completed lab events less than 4 weeks before surgery, at least 42 days apart."
            ),
        ),
        (
            "free",
            (
                "There must be no completed therapy event (a code of the list biopsy-codes) within "
                "6 weeks before surgery."
            ),
        ),
    ],
)
def test_a_requirement_is_one_sentence(requirement: str, sentence: str) -> None:
    assert SENTENCES[requirement] == sentence


def test_page_and_case_sheet_print_the_same_sentence() -> None:
    page = read_page(rule_page(rule_sheet(rich()))).words
    for leaf in RICH.leaves:
        assert SENTENCES[leaf.id] in page


def test_groups_are_said_with_brackets_and_their_titles() -> None:
    assert structure_words(RICH) == (
        "History and physical and Update of the examination and Pictures (CT of the liver or "
        "(Two blood counts and MRI of the liver)) and no Chemotherapy"
    )
    leaves = {leaf.id: leaf for leaf in RICH.leaves}
    assert group_words(RICH, leaves["twice"]) == "Pictures"
    assert group_words(RICH, leaves["visit"]) == ""


def test_population_and_exclusions() -> None:
    assert population_words(RICH) == (
        "operations where a procedure code is in the list liver-resection and a diagnosis code is "
        "in the list liver-metastasis"
    )
    assert exclusion_words(RICH) == [("Emergency surgery", "urgency is emergency")]


def test_every_case() -> None:
    everybody = protocol_with(*_members(), applies_to={"every": "case"}).protocol.versions[0]
    assert population_words(everybody) == "all operations"
    either = Condition.model_validate({"any_of": [{"every": "case"}, {"site": ["A"]}]})
    assert condition_words(either, {}) == "it is any operation or site is A"


def test_conditions_nest_in_brackets() -> None:
    rule = Condition.model_validate(
        {
            "any_of": [
                {"site": ["North", "South"]},
                {
                    "all_of": [
                        {"column": {"name": "ward", "in": ["A", "B", "C"]}},
                        {"surgeon": ["S"]},
                    ]
                },
                {"all_of": [{"any_of": [{"surgeon": ["T"]}]}]},
            ]
        }
    )
    assert condition_words(rule, {}) == (
        "site is North or South or (ward is A, B or C and surgeon is S) or surgeon is T"
    )


def test_the_rich_protocol_uses_every_key_of_a_requirement() -> None:
    """A key that is added to the language must be put into words, and be shown here."""
    parts = [part for leaf in RICH.leaves for part in _parts(leaf)]
    every = {name for part in parts for name in type(part).model_fields}
    used = {
        name
        for part in parts
        for name, field in type(part).model_fields.items()
        if getattr(part, name) not in (field.default, None, [])
    }
    assert every - used == {"pet_ct", "every", "procedure", "diagnosis", "site", "surgeon"}


def _parts(part: object) -> Iterator[BaseModel]:
    if isinstance(part, BaseModel):
        yield part
        for name in type(part).model_fields:
            yield from _parts(getattr(part, name))
    elif isinstance(part, list):
        for item in part:
            yield from _parts(item)


def test_a_change_of_any_clause_changes_the_sentence() -> None:
    said = {
        requirement_sentence(ct_rule(**change).protocol.versions[0].leaves[0], {})
        for change in (
            {},
            {"window": {"before": "surgery", "at_most": "4 weeks"}},
            {"window": {"before": "surgery", "less_than": "30 days"}},
            {"window": {"after": "surgery", "at_most": "30 days"}},
            {"forbidden": True},
            {"count": 2},
            {"event": {"kind": "imaging", "modality": ["CT"]}},
            {"event": {"kind": "imaging", "status": ["ordered"]}},
        )
    }
    assert len(said) == 8


def test_one_requirement_needs_no_brackets() -> None:
    assert structure_words(protocol_with(*_members()).protocol.versions[0]) == (
        "CT of the liver and MRI of the liver"
    )


def _members() -> list[dict[str, object]]:
    version = liver().protocol.model_dump(mode="json", by_alias=True, exclude_none=True)
    found: list[dict[str, object]] = version["versions"][0]["requirements"]
    return found
