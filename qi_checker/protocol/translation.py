"""A protocol in another language: `translations/fr.yaml` in its folder. docs/translating.md.

A translation changes what people read but not the evaluation, so it is not part of the protocol's
SHA-256. Missing texts stay English. All its keys must be in the protocol: `words` lists every text
of a protocol that people read, and everything here uses that list.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import Field

from qi_checker.errors import Problem, UserError, did_you_mean
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.complaints import Complaints
from qi_checker.protocol.explain import build
from qi_checker.protocol.fields import Slug, Strict, Text, VersionName, Word
from qi_checker.protocol.language import LANGUAGES
from qi_checker.protocol.models import Protocol
from qi_checker.protocol.yaml_nodes import Document, Steps
from qi_checker.protocol.yaml_read import read_document

FOLDER = "translations"
OTHERS = tuple(name for name in LANGUAGES if name != "en")
_VERSIONS, _REVIEWED = "versions", "reviewed_by"


class RequirementWords(Strict):
    """What people read of a requirement."""

    title: Text | None = Field(None, description="As it reads in a sentence, without an article.")
    warn: dict[Slug, Text] = Field({}, description="Titles of advice, by id.")
    none_between: dict[Slug, Text] = Field({}, description="Titles of none_between, by id.")


class VersionWords(Strict):
    """What people read of a version."""

    exclude: dict[Slug, Text] = Field({}, description="Titles of exclusions, by id.")
    groups: dict[Text, Text] = Field({}, description="Titles of groups, by the English title.")
    requirements: dict[Slug, RequirementWords] = Field({}, description="Requirements, by id.")


class Translation(VersionWords):
    """A protocol in another language; whatever is left out stays English."""

    reviewed_by: list[Text] = Field(
        description="Native readers who have reviewed it, with the date; [] if nobody has."
    )
    title: Text | None = Field(None, description="The title of the protocol.")
    statement: Text | None = Field(None, description="The rule in one sentence.")
    owner: Text | None = Field(None, description="Who decides about the protocol.")
    owners: dict[Text, Text] = Field({}, description="Who acts, by the English words.")
    columns: dict[Word, Text] = Field({}, description="Titles of columns, with an article.")
    reasons: dict[Slug, Text] = Field({}, description="Reasons of exceptions, by id.")
    versions: dict[VersionName, VersionWords] = Field(
        {}, description="Words that hold for one version only."
    )


@dataclass(frozen=True)
class Translated:
    """A translation, the place of every key, and the texts that it leaves in English."""

    words: Translation
    document: Document
    missing: tuple[Steps, ...]

    @property
    def left_in_english(self) -> list[Problem]:
        """Return a note for each text without a translation."""
        what = "is not translated and stays English"
        names = (".".join(map(str, keys)) for keys in self.missing)
        return [Problem(self.document.name, f"`{name}` {what}") for name in names]


def translation_files(bundle: Bundle) -> tuple[Path, ...]:
    """Return the translations beside a protocol that has its own folder."""
    if bundle.path.name != "protocol.yaml":
        return ()
    return tuple(sorted((bundle.path.parent / FOLDER).glob("*.yaml")))


def translation_file(bundle: Bundle, language: str) -> Path | None:
    """Return the translation into a language; None if there is none."""
    if bundle.path.name != "protocol.yaml" or language not in OTHERS:
        return None
    file = bundle.path.parent / FOLDER / f"{language}.yaml"
    return file if file.is_file() else None


def read_translation(file: Path, protocol: Protocol) -> Translated:
    """Read a translation. Raises UserError with every problem found."""
    if file.stem not in OTHERS:
        what = f"there are no sentences in the language `{file.stem}`"
        advice = f"Name the file by a language that there is: {', '.join(OTHERS)}"
        raise UserError(Problem(str(file), what, advice=advice))
    document = read_document(file)
    complaints = Complaints(document)
    data = complaints.mapping()
    made = build(Translation, complaints, data)
    known = dict.fromkeys(keys for keys, _ in words(protocol))
    for keys in _leaves(data):
        _check(keys, known, complaints)
    complaints.raise_if_any()
    assert made is not None
    there = set(_leaves(data))
    missing = [min(_alternatives(k), key=len) for k in known if not _alternatives(k) & there]
    return Translated(made, document, tuple(dict.fromkeys(missing)))


def translated(bundle: Bundle, translation: Translation) -> Bundle:
    """Return the protocol with translated texts. Its evaluation and SHA-256 stay the same."""
    held = translation.model_dump(exclude_unset=True)

    def said(keys: Steps, english: str) -> str:
        """Return the most specific text: of the version, else of all versions."""
        found = (_at(held, steps) for steps in sorted(_alternatives(keys), key=len, reverse=True))
        return next((text for text in found if text), english)

    data = json.loads(bundle.protocol.model_dump_json(by_alias=True, exclude_defaults=True))
    _rewrite(data, said)
    return replace(bundle, protocol=Protocol.model_validate(data))


def words(protocol: Protocol) -> list[tuple[Steps, str]]:
    """Return every text of a protocol that people read: its keys in a translation, and the English.

    Keys of texts in a version start with `versions` and its name; a translation may omit these two.
    """
    found: dict[Steps, str] = {}

    def noted(keys: Steps, english: str) -> str:
        found.setdefault(keys, english)
        return english

    data = json.loads(protocol.model_dump_json(by_alias=True, exclude_defaults=True))
    _rewrite(data, noted)
    return list(found.items())


# ---- every text of a protocol --------------------------------------------------------------------

_Say = Callable[[Steps, str], str]


def _rewrite(data: dict[str, Any], say: _Say) -> None:
    """Replace every text that people read by the result of `say`."""
    for key in ("title", "statement", "owner"):
        data[key] = say((key,), data[key])
    for name, column in data.get("columns", {}).items():
        column["title"] = say(("columns", name), column["title"])
    for version in data["versions"]:
        base: Steps = (_VERSIONS, version["version"])
        for rule in version.get("exclude", ()):
            rule["title"] = say((*base, "exclude", rule["id"]), rule["title"])
        for member in version["requirements"]:
            _member(member, base, say)
        for reason in (version.get("exceptions") or {}).get("reasons", ()):
            say(("reasons", reason), reason.replace("-", " "))


def _member(member: dict[str, Any], base: Steps, say: _Say) -> None:
    inner = member.get("all_of") or member.get("any_of")
    if inner is None:
        _requirement(member, base, say)
        return
    if member.get("title"):
        member["title"] = say((*base, "groups", member["title"]), member["title"])
    for one in inner:
        _member(one, base, say)


def _requirement(leaf: dict[str, Any], base: Steps, say: _Say) -> None:
    keys: Steps = (*base, "requirements", leaf["id"])
    leaf["title"] = say((*keys, "title"), leaf["title"])
    for part in ("warn", "none_between"):
        for rule in leaf.get(part, ()):
            rule["title"] = say((*keys, part, rule["id"]), rule["title"])
    owner = leaf["owner"]
    if isinstance(owner, str):
        leaf["owner"] = say(("owners", owner), owner)
    else:
        leaf["owner"] = {kind: say(("owners", who), who) for kind, who in owner.items()}


def _alternatives(keys: Steps) -> set[Steps]:
    """Return the possible keys of a text's translation: under its version, or for all versions."""
    return {keys, keys[2:]} if keys[0] == _VERSIONS else {keys}


def _at(held: Mapping[str, Any], keys: Steps) -> str:
    value: Any = held
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, str) else ""


# ---- what a translation names ---------------------------------------------------------------------


def _leaves(value: Any, keys: Steps = ()) -> Iterator[Steps]:
    """Yield the keys of every text of a translation."""
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            if keys or name != _REVIEWED:
                yield from _leaves(inner, (*keys, name))
    elif keys:
        yield keys


def _check(keys: Steps, known: Mapping[Steps, None], complaints: Complaints) -> None:
    """Complain about the first key that is not in the protocol; the model knows those at the top."""
    every = {k for steps in known for k in _alternatives(steps)}
    for number in range(2, len(keys) + 1):
        above, key = keys[: number - 1], keys[number - 1]
        beside = {str(k[number - 1]) for k in every if k[: number - 1] == above and k[number - 1 :]}
        if key not in beside:
            what = f"the protocol has no `{key}` under `{above[-1]}`"
            complaints.add((*above, key), what, advice=did_you_mean(str(key), beside), key=True)
            return
