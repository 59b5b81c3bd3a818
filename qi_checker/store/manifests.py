"""Manifests in parts: parts that many nights share are stored once, by their hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from qi_checker.store.models import Document
from qi_checker.store.naming import problem_renamed

_SHORT = 80  # a part that is no longer than its hash is stored inline


def save_parts(alias: str, document: Mapping[str, Mapping[str, Any] | list[Any]]) -> str:
    """Store the parts; return the text from which `load_parts` restores the document."""
    parts = {
        name: {key: _saved(alias, part) for key, part in value.items()}
        if isinstance(value, Mapping)
        else _saved(alias, value)
        for name, value in document.items()
    }
    return json.dumps(parts, separators=(",", ":"))


def _saved(alias: str, part: Any) -> list[Any]:
    text = json.dumps(part, separators=(",", ":"))
    if len(text) <= _SHORT:
        return [part]
    digest = hashlib.sha256(text.encode()).hexdigest()
    Document.objects.using(alias).get_or_create(digest=digest, defaults={"text": text})
    return ["sha256", digest]


def load_parts(alias: str, parts: str) -> dict[str, Any]:
    """Restore the document that `save_parts` stored."""
    found = json.loads(parts)
    return {
        name: {key: _loaded(alias, part) for key, part in value.items()}
        if isinstance(value, dict)
        else _loaded(alias, value)
        for name, value in found.items()
    }


def _loaded(alias: str, part: list[Any]) -> Any:
    if len(part) == 1:
        return part[0]
    return json.loads(Document.objects.using(alias).get(digest=part[1]).text)


def digests(parts: Any) -> Iterator[str]:
    """Yield the documents that the parts of a run name."""
    for value in parts.values() if isinstance(parts, dict) else ():
        if isinstance(value, dict):
            yield from digests(value)
        elif len(value) == 2:
            yield value[1]


def renamed_problems(alias: str, parts: str, case_id: str, new: str) -> tuple[str, set[str]]:
    """Replace the id of a case in a run's data problems; return the new parts and the replaced
    documents."""
    found = json.loads(parts)
    part = found["manifest"].get("problems")
    if part is None:
        return parts, set()
    said = _loaded(alias, part)
    renamed = [problem_renamed(words, case_id, new) for words in said]
    if renamed == said:
        return parts, set()
    found["manifest"]["problems"] = _saved(alias, renamed)
    return json.dumps(found, separators=(",", ":")), set(part[1:])
