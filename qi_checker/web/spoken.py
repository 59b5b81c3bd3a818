"""Protocols, findings and actions in the language of the page.

A case is judged here by the protocol in that language, so every sentence comes out in it. What the night
keeps is English: owners are translated by their words, and actions by the key that lies beside their
text. Where a protocol has no translation its titles stay English.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qi_checker.cases.said import Said, Speaker, Where
from qi_checker.errors import Problem, UserError
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.language import LANGUAGES
from qi_checker.protocol.translation import (
    Translated,
    read_translation,
    translated,
    translation_file,
    translation_files,
)
from qi_checker.store.desk.models import Known, WorkItem
from qi_checker.web import i18n
from qi_checker.web.i18n import gettext
from qi_checker.web.runtime import held


@dataclass(frozen=True)
class Spoken:
    """A protocol in a language; `translation` is None where nobody has translated it."""

    bundle: Bundle
    translation: Translated | None

    @property
    def titles(self) -> dict[str, str]:
        """What requirements and columns are called, those of the latest version last."""
        versions = sorted(self.bundle.protocol.versions, key=lambda v: v.in_force.from_)
        return {name: title for version in versions for name, title in version.titles.items()}

    @property
    def unreviewed(self) -> bool:
        """Whether no native reader has reviewed the translation."""
        return self.translation is not None and not self.translation.words.reviewed_by


def spoken(bundle: Bundle) -> Spoken:
    """A protocol in the language of the page."""
    file = translation_file(bundle, i18n.current())
    if file is None:
        return Spoken(bundle, None)
    try:
        changed = file.stat().st_mtime_ns
    except OSError:
        return Spoken(bundle, None)
    at, key = (changed, bundle.sha256), str(file)
    known = _kept.get(key)
    if known is None or known[0] != at:
        _kept[key] = known = at, _read(file, bundle)
    return known[1]


# By the file of a translation: its time and the SHA-256 of its protocol, and what was made of them.
_kept: dict[str, tuple[tuple[int, str], Spoken]] = {}


def _read(file: Path, bundle: Bundle) -> Spoken:
    """Read a translation. One that became wrong while it is served is left out until it is right."""
    try:
        found = read_translation(file, bundle.protocol)
    except UserError:
        return Spoken(bundle, None)
    return Spoken(translated(bundle, found.words), found)


def check_translations() -> None:
    """Read every translation into a language of the pages. UserError with everything wrong in them."""
    problems: list[Problem] = []
    for bundle in held().values():
        for file in translation_files(bundle):
            try:
                read_translation(file, bundle.protocol)
            except UserError as error:
                problems += error.problems
    if problems:
        raise UserError(problems)


def _protocols() -> Iterator[Spoken]:
    return (spoken(bundle) for bundle in held().values())


def unreviewed() -> bool:
    """Whether something on French pages has had no native reader: their messages, or a protocol."""
    language = i18n.current()
    return language in i18n.UNREVIEWED or any(one.unreviewed for one in _protocols())


def titles_of(protocol: str) -> dict[str, str]:
    """What the requirements of a protocol are called; empty for a protocol that is not there."""
    found = held().get(protocol)
    return spoken(found).titles if found is not None else {}


def titled(text: str) -> list[str]:
    """The requirements whose title has a text in it; English titles stand in the actions themselves."""
    if i18n.current() == "en":
        return []
    found = (one.titles.items() for one in _protocols())
    return sorted({id for pairs in found for id, title in pairs if text.lower() in title.lower()})


def title_of(protocol: str) -> str:
    """What a protocol is called; its id where it is not there."""
    found = held().get(protocol)
    return spoken(found).bundle.protocol.title if found is not None else protocol


def owner_words(owner: str) -> str:
    """A desk as it is called; the desk keeps its English words."""
    if i18n.current() == "en":
        return owner
    return next((said for said in _translations("owners", owner) if said), owner)


def exception_reason(reason: str) -> str:
    """The reason of an exception."""
    said = (text for text in _translations("reasons", reason) if text)
    return next(said, "") or gettext(reason.replace("-", " "))


def _translations(part: str, key: str) -> Iterator[str]:
    for one in _protocols():
        if one.translation is not None:
            yield getattr(one.translation.words, part).get(key, "")


@dataclass(frozen=True)
class Text:
    """A text, and its language where that is not the one of the page."""

    text: str
    language: str = ""


def _speaker(item: WorkItem, known: Known | None) -> Speaker | None:
    if known is None:
        return None
    words = LANGUAGES[i18n.current()]
    return Speaker(words, titles_of(item.protocol), AsOf.parse(known.as_of).date, _rows(known))


def _rows(known: Known) -> Where:
    """Name a row by the file that it came from."""
    origin = json.loads(known.origin)
    return lambda table, row: source_of(origin, table, row)


def actions_of(item: WorkItem, known: Known | None) -> list[tuple[dict[str, Any], Text]]:
    """The actions of a work item as they are kept, each with its text in the language of the page.

    What a night before translations wrote has English words only.
    """
    actions = json.loads(item.actions)
    if i18n.current() == "en":
        return [(action, Text(action["text"])) for action in actions]
    said, speaker = json.loads(item.said), _speaker(item, known)
    if speaker is None or len(said) != len(actions):
        return [(action, Text(action["text"], "en")) for action in actions]
    return [(a, _text(a, one, speaker)) for a, one in zip(actions, said, strict=True)]


def _text(action: dict[str, Any], said: list[Any], speaker: Speaker) -> Text:
    """Write an action; in English if another version of the program kept a key that is not known here."""
    try:
        return Text(speaker.text(Said.from_json(said)))
    except (KeyError, TypeError, ValueError):
        return Text(action["text"], "en")


def source_of(origin: dict[str, Any], table: str, row: int) -> str:
    """`events.csv, row 14`; a number below 0 is a row of the other place of a joined table."""
    places: Sequence[str] = origin.get(table) or [table]
    place = places[-1] if row < 0 and len(places) > 1 else places[0]
    return gettext("%(file)s, row %(row)d") % {"file": place, "row": abs(row)}
