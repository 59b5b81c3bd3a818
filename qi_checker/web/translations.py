"""Protocols, findings and actions in the language of the page.

A case is judged with the translated protocol, so every sentence is in that language. The night stores
English: owners are translated by their text, and actions by the keys stored beside their text. Without
a translation of the protocol its titles stay English.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qi_checker.cases.phrases import Phrase, PhraseWriter, Where
from qi_checker.errors import Problem, UserError
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.language import words_of
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
class Localised:
    """A protocol in a language; `translation` is None if nobody has translated it."""

    bundle: Bundle
    translation: Translated | None

    @property
    def titles(self) -> dict[str, str]:
        """Return the titles of requirements and columns; those of the latest version win."""
        versions = sorted(self.bundle.protocol.versions, key=lambda v: v.in_force.from_)
        return {name: title for version in versions for name, title in version.titles.items()}

    @property
    def unreviewed(self) -> bool:
        """Whether no native reader has reviewed the translation."""
        return self.translation is not None and not self.translation.words.reviewed_by


def localised(bundle: Bundle) -> Localised:
    """Return a protocol in the language of the page."""
    file = translation_file(bundle, i18n.current())
    if file is None:
        return Localised(bundle, None)
    try:
        changed = file.stat().st_mtime_ns
    except OSError:
        return Localised(bundle, None)
    at, key = (changed, bundle.sha256), str(file)
    known = _kept.get(key)
    if known is None or known[0] != at:
        _kept[key] = known = at, _read(file, bundle)
    return known[1]


# By file of a translation: its time of change and the SHA-256 of its protocol, and the result.
_kept: dict[str, tuple[tuple[int, str], Localised]] = {}


def _read(file: Path, bundle: Bundle) -> Localised:
    """Read a translation. One with errors (edited while the server runs) is ignored."""
    try:
        found = read_translation(file, bundle.protocol)
    except UserError:
        return Localised(bundle, None)
    return Localised(translated(bundle, found.words), found)


def check_translations() -> None:
    """Read every translation. Raise UserError with all errors in them."""
    problems: list[Problem] = []
    for bundle in held().values():
        for file in translation_files(bundle):
            try:
                read_translation(file, bundle.protocol)
            except UserError as error:
                problems += error.problems
    if problems:
        raise UserError(problems)


def _protocols() -> Iterator[Localised]:
    return (localised(bundle) for bundle in held().values())


def unreviewed() -> bool:
    """Whether no native reader has reviewed the messages, or a protocol, in this language."""
    language = i18n.current()
    return language in i18n.UNREVIEWED or any(one.unreviewed for one in _protocols())


def titles_of(protocol: str) -> dict[str, str]:
    """Return the titles of the requirements of a protocol; {} if it is not loaded."""
    found = held().get(protocol)
    return localised(found).titles if found is not None else {}


def titled(text: str) -> list[str]:
    """Return the requirements whose translated title contains a text.

    English needs no look-up: actions are stored with English titles.
    """
    if i18n.current() == "en":
        return []
    found = (one.titles.items() for one in _protocols())
    return sorted({id for pairs in found for id, title in pairs if text.lower() in title.lower()})


def title_of(protocol: str) -> str:
    """Return the title of a protocol; its id if it is not loaded."""
    found = held().get(protocol)
    return localised(found).bundle.protocol.title if found is not None else protocol


def owner_words(owner: str) -> str:
    """Translate an owner, which is stored in English."""
    if i18n.current() == "en":
        return owner
    return next((text for text in _translations("owners", owner) if text), owner)


def exception_reason(reason: str) -> str:
    """Translate the reason of an exception."""
    texts = (text for text in _translations("reasons", reason) if text)
    return next(texts, "") or gettext(reason.replace("-", " "))


def _translations(part: str, key: str) -> Iterator[str]:
    for one in _protocols():
        if one.translation is not None:
            yield getattr(one.translation.words, part).get(key, "")


@dataclass(frozen=True)
class Text:
    """A text, and its language if it differs from that of the page."""

    text: str
    language: str = ""


def _writer(item: WorkItem, known: Known | None) -> PhraseWriter | None:
    if known is None:
        return None
    words = words_of(i18n.current())
    return PhraseWriter(words, titles_of(item.protocol), AsOf.parse(known.as_of).date, _rows(known))


def _rows(known: Known) -> Where:
    """Return a function that names a row by its file."""
    origin = json.loads(known.origin)
    return lambda table, row: source_of(origin, table, row)


def actions_of(item: WorkItem, known: Known | None) -> list[tuple[dict[str, Any], Text]]:
    """Return the stored actions of a work item, each with its text in the language of the page.

    Actions stored before translations existed have English text only.
    """
    actions = json.loads(item.actions)
    if i18n.current() == "en":
        return [(action, Text(action["text"])) for action in actions]
    texts, writer = json.loads(item.said), _writer(item, known)
    if writer is None or len(texts) != len(actions):
        return [(action, Text(action["text"], "en")) for action in actions]
    return [(a, _text(a, one, writer)) for a, one in zip(actions, texts, strict=True)]


def _text(action: dict[str, Any], text: list[Any], writer: PhraseWriter) -> Text:
    """Write an action; in English if its key is unknown (stored by another version)."""
    try:
        return Text(writer.text(Phrase.from_json(text)))
    except (KeyError, TypeError, ValueError):
        return Text(action["text"], "en")


def source_of(origin: dict[str, Any], table: str, row: int) -> str:
    """Return `events.csv, row 14`; a negative number is a row of the second source of a table."""
    places: Sequence[str] = origin.get(table) or [table]
    place = places[-1] if row < 0 and len(places) > 1 else places[0]
    return gettext("%(file)s, row %(row)d") % {"file": place, "row": abs(row)}
