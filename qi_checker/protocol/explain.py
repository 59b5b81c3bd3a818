"""Errors of pydantic in the words of the file: what is wrong, and how to mend it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from qi_checker.protocol.complaints import Complaints
from qi_checker.protocol.field_path import Spot, fields, is_model, spot
from qi_checker.protocol.unknown_keys import article, explain_unknown_key
from qi_checker.protocol.wrong_kind import explain_kind, explain_number, label, other_kind
from qi_checker.protocol.wrong_text import SHAPES, explain_text
from qi_checker.protocol.yaml_nodes import Mapping, Scalar, Steps

_Model = TypeVar("_Model", bound=BaseModel)


def build(
    model: type[_Model], complaints: Complaints, data: Any, base: Steps = ()
) -> _Model | None:
    """Data found at `base` of the document as a model, or None after complaining."""
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
    # Unknown keys first: a key that is misspelt or misplaced is not missing as well.
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
    """Whether a missing key stands misspelt in its place, or misplaced above or below it."""
    short, long = sorted((missing[:-1], meant[:-1]), key=len)
    return missing[-1] == meant[-1] and long[: len(short)] == short


def _missing(place: Spot, complaints: Complaints) -> None:
    if place.owner is not None:
        key = str(place.path[-1])
        about = fields(place.owner)[key].description or ""
        what = f"the key `{key}` is missing from {article(place.owner)}"
        complaints.add(place.path, what, mend=f"Add {key}: {about}")


def _wrong(place: Spot, item: dict[str, Any], complaints: Complaints) -> None:
    path, kind = place.path, item["type"]
    node = complaints.document.node(path)
    said = item["msg"].removeprefix("Value error, ")
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
            complaints.add(path, said, mend=_one_key(said))
    else:
        explain_kind(place, node, complaints)


def _wrong_key(place: Spot, complaints: Complaints) -> None:
    """A key that is chosen freely, such as the name of a feed, but not of the right form."""
    shape, mend = SHAPES.get(place.pattern, ("a key of the right form", ""))
    key = str(place.path[-2])
    complaints.add(place.path[:-1], f"`{key}` is not {shape}", mend=mend, key=True)


def _one_key(said: str) -> str:
    """How to mend a part that must have exactly one of some keys; what can be said of all."""
    none = said.endswith("none is given")
    if "one of before, after" in said:
        return (
            "Add the anchor, such as before: surgery" if none else "Put the other one under `and`"
        )
    if ", all_of, any_of is needed" in said and not none:
        return "Put them under all_of, each with a dash, or list one only"
    return ""


def _too_few(path: Steps, least: int, complaints: Complaints) -> None:
    if least == 1:
        complaints.add(path, f"{label(path)} is empty", mend="Fill it, or leave the key out")
    else:
        mend = "Write more, or list the one without a group"
        complaints.add(path, f"{label(path)} needs at least {least} items", mend=mend)
