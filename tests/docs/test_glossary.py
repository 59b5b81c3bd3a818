"""docs/glossary.md: the words of findings and of the language are in it, each once."""

from __future__ import annotations

import re

import pytest

from qi_checker.protocol.vocabulary import Status, Verdict
from tests.docs.test_documentation import ROOT

GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
WORDS = re.findall(r"^- \*\*(.+?)\*\*", GLOSSARY, re.MULTILINE)
LANGUAGE = (
    "Anchor",
    "Between",
    "Booking",
    "Chosen event",
    "Condition",
    "Coverage",
    "Done",
    "Example",
    "Exclusion",
    "Forbidden",
    "Group",
    "Live",
    "Near miss",
    "Open case",
    "Pick",
    "Requirement",
    "Same day",
    "Sensitivity",
    "Span",
    "Version",
    "Window",
    "Working day",
)


def test_no_word_is_explained_twice() -> None:
    assert sorted(WORDS) == sorted(set(WORDS))


@pytest.mark.parametrize("word", LANGUAGE)
def test_a_word_of_the_language_is_explained(word: str) -> None:
    assert word in WORDS


@pytest.mark.parametrize("status", [s for s in Status if s is not Status.ERROR])
def test_a_status_is_explained(status: Status) -> None:
    assert status.replace("_", " ").capitalize() in WORDS


@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_verdict_is_named(verdict: Verdict) -> None:
    about = GLOSSARY.partition("- **Verdict**")[2].partition("\n- ")[0]
    assert verdict.replace("_", " ") in " ".join(about.split())
