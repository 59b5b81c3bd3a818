"""The JSON Schema of a protocol, for editors: completion, and descriptions of every key."""

from __future__ import annotations

import json
from typing import Any

from qi_checker.protocol.models import Protocol

DIALECT = "https://json-schema.org/draft/2020-12/schema"
FILE = "protocol.schema.json"  # in the rules folder


def schema() -> dict[str, Any]:
    """The schema of `protocol.yaml` as plain data.

    It says what one key may hold. What keys say together (versions in order, code lists that
    exist) only `qi-checker rules validate` can tell.
    """
    found: dict[str, Any] = _tidy(Protocol.model_json_schema(by_alias=True))
    found.pop("title")
    head = {"$schema": DIALECT, "title": "Protocol of qi-checker"}
    return head | found


def schema_text() -> str:
    """The schema as the text of `rules/protocol.schema.json`."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _tidy(part: Any) -> Any:
    """Without `null`, which a protocol must not hold, and without titles that repeat the keys."""
    if isinstance(part, list):
        return [_tidy(item) for item in part]
    if not isinstance(part, dict):
        return part
    choices = [c for c in part.get("anyOf", []) if c != {"type": "null"}]
    if len(choices) < len(part.get("anyOf", [])):
        rest = {k: v for k, v in part.items() if k not in ("anyOf", "default")}
        return _tidy({**choices[0], **rest})
    found = {}
    for key, value in part.items():
        named = key in ("properties", "$defs")  # names of keys and models, not of the schema
        found[key] = {k: _untitled(v) for k, v in value.items()} if named else _tidy(value)
    return found


def _untitled(part: dict[str, Any]) -> Any:
    return _tidy({k: v for k, v in part.items() if k != "title"})
