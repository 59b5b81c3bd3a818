"""Translate pydantic errors into the terms of the file: what is wrong, and how to fix it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from qi_checker.errors import did_you_mean
from qi_checker.protocol.complaints import Complaints, Spot, fields, is_model, models_in, spot
from qi_checker.protocol.wrong_values import (
    SHAPES,
    explain_kind,
    explain_number,
    explain_text,
    label,
    other_kind,
)
from qi_checker.protocol.yaml_nodes import Mapping, Scalar, Sequence, Steps

_Model = TypeVar("_Model", bound=BaseModel)


def build(
    model: type[_Model], complaints: Complaints, data: Any, base: Steps = ()
) -> _Model | None:
    """Build a model from data at `base` of the document; None after complaining."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        _explain(model, error, complaints, base)
        return None


def _explain(
    model: type[BaseModel], error: ValidationError, complaints: Complaints, base: Steps
) -> None:
    meant: list[Steps] = []
    found = error.errors(include_url=False)
    # Unknown keys first: a misspelt or misplaced key is not reported as missing too.
    for item in sorted(found, key=lambda e: e["type"] != "extra_forbidden"):
        place = spot(model, item["loc"])
        place = replace(place, path=(*base, *place.path))
        if item["type"] == "extra_forbidden":
            target = explain_unknown_key(model, place, complaints)
            meant += [] if target is None else [target]
        elif item["type"] == "missing":
            if not any(_same_key(place.path, m) for m in meant):
                _missing(place, complaints)
        else:
            _wrong(place, dict(item), complaints)


def _same_key(missing: Steps, meant: Steps) -> bool:
    """Whether a missing key is present but misspelt, or misplaced above or below its place."""
    short, long = sorted((missing[:-1], meant[:-1]), key=len)
    return missing[-1] == meant[-1] and long[: len(short)] == short


def _missing(place: Spot, complaints: Complaints) -> None:
    if place.owner is not None:
        key = str(place.path[-1])
        about = fields(place.owner)[key].description or ""
        what = f"the key `{key}` is missing from {article(place.owner)}"
        complaints.add(place.path, what, advice=f"Add {key}: {about}")


def _wrong(place: Spot, item: dict[str, Any], complaints: Complaints) -> None:
    path, kind = place.path, item["type"]
    node = complaints.document.node(path)
    message = item["msg"].removeprefix("Value error, ")
    if path[-1:] == ("[key]",):
        _wrong_key(place, complaints)
    elif kind == "too_short":
        _too_few(path, item["ctx"]["min_length"], complaints)
    elif kind in ("greater_than_equal", "less_than_equal"):
        explain_number(place, item, complaints)
    elif isinstance(node, Scalar) and isinstance(node.value, str) and not other_kind(place):
        explain_text(place, node.text, item, complaints)
    elif kind == "value_error" and isinstance(node, Mapping) and is_model(place.wanted):
        if not complaints.spoilt_inside(path):
            complaints.add(path, message, advice=_one_key(message))
    else:
        explain_kind(place, node, complaints)


def _wrong_key(place: Spot, complaints: Complaints) -> None:
    """Complain about an invalid name in a key that users choose, such as the name of a feed."""
    shape, advice = SHAPES.get(place.pattern, ("a valid key", ""))
    key = str(place.path[-2])
    complaints.add(place.path[:-1], f"`{key}` is not {shape}", advice=advice, key=True)


def _one_key(message: str) -> str:
    """Say how to fix a part that must have exactly one of several keys; empty if unclear."""
    none = message.endswith("none is written")
    if "one of before, after" in message:
        return (
            "Add the anchor, such as before: surgery" if none else "Put the other one under `and`"
        )
    if ", all_of, any_of is required" in message and not none:
        return "Put them under all_of, each with a dash, or keep only one"
    return ""


def _too_few(path: Steps, least: int, complaints: Complaints) -> None:
    if least == 1:
        complaints.add(path, f"{label(path)} is empty", advice="Fill it, or remove the key")
    else:
        advice = "Add another, or write the single one without a group"
        complaints.add(path, f"{label(path)} needs at least {least} items", advice=advice)


# ---- misplaced keys ----------------------------------------------------


_CALLED = {
    "Owners": "the map of owners",
    "Protocol": "the protocol",
    "CodesIn": "a reference to a code list",
    "ColumnIn": "`column`",
    "Window": "a window",
    "Span": "a span of `and`",
    "AnchorRef": "an anchor",
    "Reach": "`or_after`",
    "EventSelector": "`event`",
    "EventWithin": "`event` of `applies_if`",
    "ChosenWithin": "`chosen`",
    "RequirementCondition": "`applies_if`",
    "Apart": "`apart`",
    "NoneBetween": "`none_between`",
    "WarningWhen": "`when`",
    "Period": "`in_force`",
    "ExceptionPolicy": "`exceptions`",
    "Site": "the site's settings",
    "Nightly": "the nightly job's settings",
    "Digest": "`digest`",
    "Smtp": "`smtp`",
    "Store": "`store`",
    "WrittenExample": "an example",
    "ExampleFile": "the examples",
    "Expect": "`expect`",
    "Given": "`given`",
    "Defaults": "`defaults`",
    "Expected": "what is expected of a requirement",
    "Mapping": "the mapping",
    "TableMapping": "a table of the mapping",
    "Source": "the source of a column",
    "Join": "`join`",
    "RowsThat": "`where`",
    "Database": "`database`",
    "SiteExamNames": "`exam_names`",
    "ExamNames": "the list of exam names",
    "ExamName": "an entry of the exam names",
}


def article(model: type[BaseModel]) -> str:
    """Return the everyday name of the part of the file that a model describes: `a requirement`."""
    name = model.__name__
    word = name.lower()
    return _CALLED.get(name, f"an {word}" if word[0] in "aeiou" else f"a {word}")


def _homes(root: type[BaseModel], place: Spot, key: str) -> list[type[BaseModel]]:
    """Return the models that have the key: the enclosing one if it is nested too deep, else all."""
    above = [model for model in place.above if key in fields(model)]
    return above[-1:] or [model for model in models_in(root) if key in fields(model)]


def _indentation(place: Spot, key: str, complaints: Complaints) -> str:
    """Say in which column a key that is nested too deep should start; empty if that is not clear.

    Inside braces indentation means nothing, and a key in a list item may belong to any item.
    """
    document, path = complaints.document, place.path[:-1]
    here = document.node(path)
    for model in reversed(place.above):
        path = path[:-1]
        while isinstance(document.node(path), Sequence):
            path = path[:-1]
        home = document.node(path)
        if not isinstance(home, Mapping) or not isinstance(here, Mapping):
            return ""
        if key in fields(model):
            columns = {column for _, column in home.keys.values()}
            lines = {line for line, _ in home.keys.values()}
            own = {line for line, _ in here.keys.values()}
            block = len(columns) == 1 and len(lines) == len(home.keys) and len(own) > 1
            return f"start it in column {columns.pop()}, like the others" if block else ""
    return ""


def explain_unknown_key(root: type[BaseModel], place: Spot, complaints: Complaints) -> Steps | None:
    """Complain about a key; return the path it was meant for, if that is clear."""
    key, owner, above = str(place.path[-1]), place.owner, place.path[:-1]
    if owner is None:
        return None
    known = fields(owner)
    free = [k for k in known if complaints.document.node((*above, k)) is None]
    hint = did_you_mean(key, free)
    homes = list(dict.fromkeys(article(m) for m in _homes(root, place, key)))
    what = f"`{key}` is not a key of {article(owner)}"
    if hint.startswith("Did you mean"):
        complaints.add(place.path, what, advice=hint, key=True)
        return (*above, hint.removeprefix("Did you mean ").rstrip("?"))
    if homes:
        where = _indentation(place, key, complaints) or "check its place and its indentation"
        advice = f"It is a key of {' or '.join(homes)}; {where}"
        complaints.add(place.path, what, advice=advice, key=True)
        return place.path
    complaints.add(place.path, what, advice=f"Known keys: {', '.join(known)}", key=True)
    return None
