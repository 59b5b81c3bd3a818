"""JSON Schemas of the files that rule authors and analysts write, for editors: completion, and descriptions.

A schema defines the values of each key and which keys may be combined. Checks across parts of a
file (versions in order, code lists that exist) need `qi-checker rules validate`.
"""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import BaseModel

from qi_checker.protocol.exam_names import ExamNames
from qi_checker.protocol.examples import ExampleFile
from qi_checker.protocol.mapping import Mapping
from qi_checker.protocol.models import Protocol
from qi_checker.protocol.site import Site
from qi_checker.protocol.translation import Translation

DIALECT = "https://json-schema.org/draft/2020-12/schema"
What = Literal["protocol", "examples", "mapping", "exam-names", "translation"]
# In the rules folder; the first line of a file names its schema to editors.
FILES: dict[What, str] = {
    "protocol": "protocol.schema.json",
    "examples": "examples.schema.json",
    "mapping": "mapping.schema.json",
    "exam-names": "exam-names.schema.json",
    "translation": "translation.schema.json",
}
_TITLES: dict[What, str] = {
    "protocol": "Protocol of qi-checker",
    "examples": "Examples of a protocol of qi-checker",
    "mapping": "How an export becomes records of qi-checker",
    "exam-names": "What names of examinations say, for qi-checker",
    "translation": "A protocol of qi-checker in another language",
}


def schema(what: What = "protocol") -> dict[str, Any]:
    """Return the schema of one kind of file as plain data."""
    models: dict[What, type[BaseModel]] = {
        "protocol": Protocol,
        "mapping": Mapping,
        "exam-names": ExamNames,
        "translation": Translation,
    }
    found = _examples() if what == "examples" else schema_of(models[what])
    return {"$schema": DIALECT, "title": _TITLES[what]} | found


def schema_text(what: What = "protocol") -> str:
    """Return the schema as text, as in its file in the rules folder."""
    return json.dumps(schema(what), indent=2, ensure_ascii=False) + "\n"


def _examples() -> dict[str, Any]:
    """Return the schema of examples; defaults and an example may each give some site settings."""
    found = schema_of(ExampleFile)
    site = schema_of(Site)
    found["$defs"] |= site.pop("$defs", {})
    found["$defs"]["Site"] = {k: v for k, v in site.items() if k != "required"}
    for model in ("Defaults", "Given"):
        holder = found["$defs"][model]["properties"]["site"]
        found["$defs"][model]["properties"]["site"] = {
            "$ref": "#/$defs/Site",
            "description": holder["description"],
        }
    return found


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """Return the schema of a model, without parts that no file may contain."""
    found: dict[str, Any] = _tidy(model.model_json_schema(by_alias=True))
    del found["title"]
    return found


def _tidy(part: Any) -> Any:
    """Remove `null`, which no file may contain, and titles that repeat the keys."""
    if isinstance(part, list):
        return [_tidy(item) for item in part]
    if not isinstance(part, dict):
        return part
    choices = [c for c in part.get("anyOf", []) if c != {"type": "null"}]
    if len(choices) < len(part.get("anyOf", [])):
        rest = {k: v for k, v in part.items() if k not in ("anyOf", "default")}
        return _tidy({**choices[0], **rest})
    result = {}
    for key, value in part.items():
        named = key in ("properties", "$defs")  # names of keys and models, not schema keywords
        result[key] = {k: _untitled(v) for k, v in value.items()} if named else _tidy(value)
    if "patternProperties" in result:  # keys that do not match are errors, not free
        result.setdefault("additionalProperties", False)
    return result


def _untitled(part: Any) -> Any:
    if not isinstance(part, dict):
        return part
    return _tidy({k: v for k, v in part.items() if k != "title"})
