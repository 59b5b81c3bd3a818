"""Errors of pydantic in the words of the file: what is wrong, and how to mend it."""

from __future__ import annotations

import typing
from dataclasses import replace
from datetime import date
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from qi_checker.protocol.complaints import Complaints
from qi_checker.protocol.durations import Duration
from qi_checker.protocol.field_path import Spot, fields, is_model, spot
from qi_checker.protocol.unknown_keys import article, explain_unknown_key
from qi_checker.protocol.wrong_text import PERCENT, explain_text
from qi_checker.protocol.yaml_nodes import Mapping, Node, Scalar, Sequence, Steps, reading

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
    if kind == "too_short":
        _too_few(path, item["ctx"]["min_length"], complaints)
    elif isinstance(node, Scalar) and isinstance(node.value, str) and not _other_kind(place):
        explain_text(place, node.text, item, complaints)
    elif kind == "value_error" and isinstance(node, Mapping) and is_model(place.wanted):
        if not complaints.spoilt_inside(path):
            complaints.add(path, said)
    else:
        meant, mend = _wanted(place, node)
        complaints.add(path, f"{_given(path, node)}, where {meant} is meant", mend=mend)


def _other_kind(place: Spot) -> bool:
    """Whether no text at all can stand there."""
    wanted = place.wanted
    return is_model(wanted) or wanted is bool or typing.get_origin(wanted) in (list, dict)


def _too_few(path: Steps, least: int, complaints: Complaints) -> None:
    if least == 1:
        complaints.add(path, f"{label(path)} is empty", mend="Fill it, or leave the key out")
    else:
        mend = "Write more, or list the one without a group"
        complaints.add(path, f"{label(path)} needs at least {least} items", mend=mend)


def _given(path: Steps, node: Node | None) -> str:
    if isinstance(node, Mapping):
        return f"{label(path)} has keys of its own"
    if isinstance(node, Sequence):
        return f"{label(path)} is a list"
    if not isinstance(node, Scalar):
        return label(path)
    return f"`{node.text}` is {'text' if isinstance(node.value, str) else reading(node)}"


def _wanted(place: Spot, node: Node | None) -> tuple[str, str]:
    """What is meant to stand there, and how it is written."""
    text = node.text if isinstance(node, Scalar) else "..."
    wanted = place.wanted
    if wanted is Duration:
        return "a length of time", "Write a whole number and a unit, such as 30 days"
    if wanted is date:
        return "a date", "Write year, month and day, such as 2026-05-31"
    if wanted is bool:
        return "true or false", "Write it without quotes"
    if place.words:
        return f"one of {', '.join(place.words)}", ""
    if place.pattern == PERCENT:
        return "a percentage", "Write it with its sign, such as 95 %"
    if is_model(wanted):
        return "a set of keys", f"Write them below it, without a dash: {', '.join(fields(wanted))}"
    if typing.get_origin(wanted) is list:
        dash = "Begin each item with a dash"
        return "a list", f"Write it in brackets: [{text}]" if isinstance(node, Scalar) else dash
    if typing.get_origin(wanted) is dict:
        return "a set of keys", ""
    return "text", f'Put it in quotes: "{text}"' if isinstance(node, Scalar) else "Write one text"


def label(path: Steps) -> str:
    """`modality`, or item 2 of `modality`."""
    if path and isinstance(path[-1], int):
        return f"item {path[-1] + 1} of {label(path[:-1])}"
    return f"`{path[-1]}`" if path else "the file"
