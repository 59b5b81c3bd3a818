"""Map columns of words: each value to its word of the contract."""

from __future__ import annotations

import re
from collections.abc import Sequence

from qi_checker.errors import count
from qi_checker.sources.inspect.block import Block
from qi_checker.sources.inspect.export_words import known_words, plain_word, word_of
from qi_checker.sources.inspect.proposal import OPEN

_MOST_WORDS = 60
_STATUS = r"\b(status|state|zustand|etat|statut)\b"


def add_status(block: Block, words: dict[str, str], statuses: Sequence[str]) -> None:
    """Map the status, or ask for the status of all rows."""
    if "status" in block.roles:
        add_words(block, "status", words, statuses)
        _ask_about_other_status(block, words)
        return
    block.columns["status"] = {"constant": OPEN}
    block.ask(
        "status",
        f"No column of {block.title} gives the status of the {block.kind}. What are all of "
        "its rows?",
        [(word, {"constant": word}) for word in statuses[:3]],
    )


def _ask_about_other_status(block: Block, words: dict[str, str]) -> None:
    """Ask if another column has the name of a status, too."""
    others = [
        c
        for c in block.table.columns
        if c.name not in block.with_role and 0 < c.distinct <= 60 and re.search(_STATUS, c.words)
    ]
    if not others:
        return
    # Of the other columns only known words are translated; the others need a person.
    translated = [{w: word_of(w, words) or OPEN for w, _ in c.values[:_MOST_WORDS]} for c in others]
    block.ask(
        "status",
        f"Which column of {block.title} is the status?",
        [
            (block.roles["status"][0].name, block.columns["status"]),
            *(
                (c.name, {"column": c.name, "words": mapped})
                for c, mapped in zip(others, translated, strict=True)
            ),
        ],
        0,
    )


def add_words(block: Block, role: str, words: dict[str, str], known: Sequence[str]) -> None:
    """Map a column of words: each value to its word of the contract."""
    if role not in block.roles:
        return
    column = block.roles[role][0]
    block.used.add(column.name)
    mapped: dict[str, str] = {}
    for value, number in column.values[:_MOST_WORDS]:
        word = word_of(value, words)
        if plain_word(value) == word or value in words.values():
            continue
        if word is not None:
            mapped[value] = word
        elif known:
            mapped[value] = OPEN
            question = (
                f"What does {value!r} mean as {role} ({count(number, 'row')} of {block.title})?"
            )
            block.ask(role, question, [(word, word) for word in known], None, "words", value)
    block.columns[role] = {"column": column.name, "words": mapped} if mapped else column.name


def add_modality(block: Block) -> None:
    """Map modalities; for other values, such as a scanner's name, the exam name decides."""
    words = known_words().modality
    add_words(block, "modality", words, tuple(dict.fromkeys(words.values())))
    source = block.columns.get("modality")
    if "exam_name" not in block.mapping or not isinstance(source, dict):
        return
    for doubt in block.doubts:
        if doubt.path[-3:-1] == ("modality", "words") and "words" in source:
            source["words"][doubt.path[-1]] = ""
            doubt.answers = (("nothing: the exam name says it", ""), *doubt.answers)
            doubt.usual = 0
