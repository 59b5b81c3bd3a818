"""Text as a key of the table of words with its values, to be written in any language later.

The desk stores the text of actions in this form: the night writes it in English, the web
application in the language of its reader.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from qi_checker.protocol.language import Words, filled, many, short_day
from qi_checker.protocol.windows import column_words

WHY_NOT = "why_"  # before a reason: `too_late` is also the key of an action
Where = Callable[[str, int], str]  # table and row number -> "events.csv, row 14"


@dataclass(frozen=True)
class Ref:
    """A name that differs by language or by place.

    sort: title (of a requirement, by its id), column, anchor, kind (of events), fault (of a row),
    days (a number of them), row (of events). name: which one.
    """

    sort: str
    name: str | int


@dataclass(frozen=True)
class Phrase:
    """A template of `Words.ACTIONS`, or of NOT_COUNTED by WHY_NOT and a reason, and its values.

    A plain text among the values is shown unchanged.
    """

    key: str
    values: Mapping[str, Phrase | Ref | date | str]

    def to_json(self) -> list[Any]:
        """Return it as plain JSON values: [key, values]."""
        return [self.key, {name: _plain(value) for name, value in self.values.items()}]

    @classmethod
    def from_json(cls, value: list[Any]) -> Phrase:
        """Read the result of `to_json`."""
        key, values = value
        return cls(key, {name: _read(held) for name, held in values.items()})


def phrase(key: str, **values: Phrase | Ref | date | str) -> Phrase:
    """Make text from a key and its values."""
    return Phrase(key, values)


NOTHING = phrase("nothing")


def _plain(value: Phrase | Ref | date | str) -> Any:
    if isinstance(value, Phrase):
        return value.to_json()
    if isinstance(value, Ref):
        return {value.sort: value.name}
    return {"day": value.isoformat()} if isinstance(value, date) else value


def _read(value: Any) -> Phrase | Ref | date | str:
    if isinstance(value, list):
        return Phrase.from_json(value)
    if isinstance(value, dict):
        ((sort, name),) = value.items()
        return date.fromisoformat(name) if sort == "day" else Ref(sort, name)
    return str(value)


@dataclass(frozen=True)
class PhraseWriter:
    """Writes text in a language.

    titles: of requirements by id and of columns, as `Version.titles`. today: days of its year are
    written without a year. where: names a row.
    """

    words: Words
    titles: Mapping[str, str]
    today: date
    where: Where

    def text(self, text: Phrase) -> str:
        """Write the text of a key with its values."""
        template = self.words.ACTIONS.get(text.key)
        if template is None:  # nights of earlier versions stored the reason without the mark
            key = text.key.removeprefix(WHY_NOT)
            template = {str(k): v for k, v in self.words.NOT_COUNTED.items()}[key]
        return filled(template, lambda name, form: self._written(text.values[name], form))

    def _written(self, value: Phrase | Ref | date | str, form: str) -> str:
        if isinstance(value, date):
            if form == "day_of_month":
                return self.words.day_of_month(value)
            return short_day(value, self.today, self.words)
        if isinstance(value, Ref):
            return self._named(value)
        text = self.text(value) if isinstance(value, Phrase) else value
        return text[:1].lower() + text[1:] if form == "lower" else text

    def _named(self, ref: Ref) -> str:
        words, name = self.words, str(ref.name)
        match ref.sort:
            case "title":
                return self.titles.get(name, name)
            case "column":
                return column_words(name, self.titles, words)
            case "anchor":
                return words.ANCHORS[name]
            case "days":
                return many(int(name), "day", words, thousands=True)
            case "row":
                return self.where("events", int(name))
            case "fault":
                return words.FAULTS.get(name, name)
        return words.KINDS.get(name, name)
