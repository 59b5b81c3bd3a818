"""What the name of an examination means: an ordered list of patterns that a hospital edits.

A name is compared in lower case, without accents, and with every character other than letters and
digits replaced by a blank. A pattern is one or more terms that must all occur, in any order:

    ct              this word
    abdom*          a word with this beginning; * matches any letters, also in front: *leber*
    chest|thorax    either word
    x_ray           these words next to each other
    {ct}            one of the words in the group `ct`
    !guid*          must not occur

Each of kind, modality, region, role, provenance and codes comes from the first matching pattern
that gives it. A value that no pattern gives is not recorded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from pydantic import Field, model_validator

from qi_checker.errors import did_you_mean
from qi_checker.protocol.codes import NEVER_EXAM
from qi_checker.protocol.complaints import Complaints
from qi_checker.protocol.date_format import fold
from qi_checker.protocol.fields import KindWord, ModalityWord, Slug, Strict, Text
from qi_checker.protocol.yaml_nodes import Steps

GIVEN = ("kind", "modality", "region", "role", "provenance", "codes")
NEVER = f"{NEVER_EXAM[0]}:{NEVER_EXAM[1]}"  # the code of an examination that never counts
_PART = r"(\{[a-z_-]+\}|[a-z0-9*]+(_[a-z0-9*]+)*)"
_TERM = re.compile(rf"!?{_PART}(\|{_PART})*")


class ExamName(Strict):
    """A pattern, and the properties of an examination whose name matches it."""

    name: Text = Field(description="Terms that must all occur in the name: {ct} liver|abdom*.")
    kind: KindWord | None = Field(None, description="Kind of event, if not imaging.")
    modality: list[ModalityWord] | None = Field(
        None, min_length=1, description="DICOM modalities: [CT], [PT, CT]."
    )
    region: list[Slug] | None = Field(
        None, min_length=1, description="Regions of regions.csv: [liver]."
    )
    role: Literal["never", "counts"] | None = Field(
        None,
        description="never: it fulfils no requirement, such as guidance of a needle; counts: it "
        "may, although a later pattern says never.",
    )
    provenance: Literal["internal", "external"] | None = Field(
        None,
        description="external: made elsewhere; the date of the row is that of the reading, and is "
        "not taken for the date of the examination.",
    )
    codes: Text | None = Field(None, description="Codes to record: LOINC:30670-4.")
    open: list[Literal["modality", "region"]] | None = Field(
        None,
        min_length=1,
        description="Columns that the name leaves open: no later pattern fills them.",
    )

    @model_validator(mode="after")
    def _check(self) -> ExamName:
        if not any(getattr(self, key) is not None for key in (*GIVEN, "open")):
            raise ValueError(f"gives nothing for the name: add one of {', '.join(GIVEN)}, open")
        return self


class ExamNames(Strict):
    """A list of patterns, with names for groups of words."""

    words: dict[KindWord, list[Text]] = Field(
        {}, description="Groups of words that patterns name in braces: {ct: [ct, scanner]}."
    )
    region_ends_at: list[Text] = Field(
        [],
        description="Words that introduce the reason for the exam, not its region: [for, hx].",
    )
    names: list[ExamName] = Field([], description="Patterns; the first match decides.")


@dataclass(frozen=True)
class Term:
    """One term of a pattern, as a regular expression on a name with a blank at both ends."""

    pattern: str
    absent: bool = False


# A few hundred words make up the shipped list, but its groups repeat them 100,000 times: folding each
# time took `inspect` of a small export 0.3 s of 0.8.
@lru_cache(10_000)
def fold_name(text: str) -> str:
    """Return a word of a pattern in the form in which names are compared."""
    plain = text.strip().lower().replace("ß", "ss").replace("œ", "oe").replace("æ", "ae")
    return re.sub(r"[^a-z0-9*_!|{} -]+", " ", fold(plain)).replace("-", "_")


def terms(name: str, words: Mapping[str, list[str]]) -> tuple[Term, ...]:
    """Parse the terms of a pattern; ValueError says what is wrong with it."""
    result = []
    for term in fold_name(name).split():
        if not _TERM.fullmatch(term):
            raise ValueError(f"`{term}` is not a term: write words, |, *, _, {{group}} or !word")
        absent = term.startswith("!")
        alternatives: list[str] = []
        for part in term.removeprefix("!").split("|"):
            if part.startswith("{"):
                group = part.strip("{}")
                if group not in words:
                    raise KeyError(group)
                alternatives += [fold_name(w).strip().replace(" ", "_") for w in words[group]]
            else:
                alternatives.append(part)
        result.append(Term(f" (?:{'|'.join(map(_word, alternatives))}) ", absent))
    if not result or all(term.absent for term in result):
        raise ValueError("excludes words but requires none: add a word that must occur")
    return tuple(result)


def _word(word: str) -> str:
    return word.replace("*", "[a-z0-9]*").replace("_", " ")


def check_exam_names(
    data: Any, words: Mapping[str, list[str]], complaints: Complaints, path: Steps = ()
) -> None:
    """Complain about patterns that cannot be read, and about groups that do not exist."""
    for number, entry in enumerate(data if isinstance(data, list) else ()):
        name = entry.get("name") if isinstance(entry, dict) else None
        if not isinstance(name, str):
            continue
        try:
            terms(name, words)
        except KeyError as error:
            group = str(error.args[0])
            advice = did_you_mean(group, words)
            complaints.add((*path, number, "name"), f"there is no group {{{group}}}", advice=advice)
        except ValueError as error:
            complaints.add((*path, number, "name"), str(error))


@dataclass(frozen=True)
class Pattern:
    """An entry of a list, parsed: its terms, and the values it gives by column."""

    terms: tuple[Term, ...]
    gives: dict[str, str]


@dataclass(frozen=True)
class ExamList:
    """Several lists as one, in order of precedence."""

    patterns: tuple[Pattern, ...]
    region_ends_at: tuple[str, ...]

    @classmethod
    def of(cls, lists: Sequence[ExamNames]) -> ExamList:
        """Concatenate lists; groups of words with the same name become one group."""
        words: dict[str, list[str]] = {}
        for one in lists:
            for group, some in one.words.items():
                words[group] = [*words.get(group, []), *some]
        ends = dict.fromkeys(fold_name(w).strip() for one in lists for w in one.region_ends_at)
        patterns = [
            Pattern(terms(entry.name, words), dict(given(entry)))
            for one in lists
            for entry in one.names
        ]
        return cls(tuple(patterns), tuple(ends))


def given(entry: ExamName) -> Iterator[tuple[str, str]]:
    """Yield column and text of each value that an entry gives; empty text if left open."""
    yield from ((key, "") for key in entry.open or ())
    for key in GIVEN:
        value = getattr(entry, key)
        if value is not None:
            yield key, ";".join(value) if isinstance(value, list) else value
