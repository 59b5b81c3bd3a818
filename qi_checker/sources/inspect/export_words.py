"""Names of columns and values that exports use, in English, German and French."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from qi_checker.protocol.date_format import fold
from qi_checker.protocol.paths import rules_dir
from qi_checker.protocol.yaml_read import read_document
from qi_checker.sources.inspect.profiles import Profile


@dataclass(frozen=True)
class Words:
    """Known names of columns and values in exports: rules/export-words.yaml."""

    columns: dict[str, tuple[re.Pattern[str], ...]]
    case_status: dict[str, str]
    event_status: dict[str, str]
    modality: dict[str, str]
    urgency: dict[str, str]


@cache
def known_words() -> Words:
    """Read the shipped list, once."""
    data = read_document(rules_dir() / "export-words.yaml").data
    by_value = {
        key: {value: word for word, values in data[key].items() for value in values}
        for key in ("case_status", "event_status", "modality", "urgency")
    }
    columns = {role: tuple(map(re.compile, some)) for role, some in data["columns"].items()}
    return Words(columns, **by_value)


def plain_word(text: str) -> str:
    """Return a value in the form used in the lists of words."""
    return " ".join(re.sub(r"[^a-z0-9]+", " ", fold(text.replace("ß", "ss"))).split())


def word_of(value: str, words: dict[str, str]) -> str | None:
    """Return the word of the contract that a value means, or None."""
    return words.get(plain_word(value))


def share_known(column: Profile, words: dict[str, str]) -> float:
    return column.share_of({v for v, _ in column.values if word_of(v, words)})


def name_score(column: Profile, role: str) -> float:
    """Score how well the name of a column fits a role: 1 at best."""
    patterns = known_words().columns[role]
    for rank, pattern in enumerate(patterns):
        if pattern.fullmatch(column.words):
            return 1 - 0.25 * rank
    # `Diagnosis ICD`, `1. Operateur`: the last word names the content of a column, and a header of
    # two rows puts the name of a group in front.
    for end, best in ((" (?:{})$", 0.75), (r"\b(?:{})\b", 0.5)):
        for rank, pattern in enumerate(patterns[:2]):
            if re.search(end.format(pattern.pattern), column.words):
                return best - 0.15 * rank
    return 0
