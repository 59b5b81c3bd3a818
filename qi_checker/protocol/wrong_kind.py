"""A value of another kind than the one that is meant: text for a list, a word for a number ..."""

from __future__ import annotations

import typing
from datetime import date
from typing import Any

from pydantic import BaseModel

from qi_checker.protocol.complaints import Complaints
from qi_checker.protocol.durations import Duration
from qi_checker.protocol.field_path import Spot, fields, is_model, plain
from qi_checker.protocol.wrong_text import PERCENT
from qi_checker.protocol.yaml_nodes import Mapping, Node, Scalar, Sequence, Steps, reading

MOST_SHOWN = 100  # characters; a longer text is not written out in what to do
_NUMBERS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
# Parts of a file with one key that everybody means: model -> the key before a text.
_SHORT = {
    "CodesIn": "in",
    "Reach": "at_most",
    "Apart": "at_least",
    "Window": "before: surgery, at_most",
    "Span": "before: surgery, at_most",
}


def explain_kind(place: Spot, node: Node | None, complaints: Complaints) -> None:
    """Complain about a value of another kind."""
    meant, mend = _wanted(place, node)
    complaints.add(place.path, f"{_given(place.path, node)}, where {meant} is meant", mend=mend)


def explain_number(place: Spot, item: dict[str, Any], complaints: Complaints) -> None:
    """Complain about a number that is too small or too large."""
    key, number = label(place.path), item["input"]
    if item["type"] == "less_than_equal":
        complaints.add(place.path, f"{key} is {number}, and {item['ctx']['le']} is the most")
    elif number == 1 and place.path[-1] == "count":
        what = f"{key} is 1, and one event is asked for anyway"
        complaints.add(place.path, what, mend="Leave it out")
    elif number == 0 and place.path[-1] == "count":
        what = f"{key} is 0: the requirement would be met on no data"
        mend = "Write forbidden: true where there must be no such event"
        complaints.add(place.path, what, mend=mend)
    else:
        complaints.add(place.path, f"{key} is {number}, and {item['ctx']['ge']} is the least")


def other_kind(place: Spot) -> bool:
    """Whether no text at all can stand there."""
    wanted = place.wanted
    return is_model(wanted) or wanted in (bool, int) or typing.get_origin(wanted) in (list, dict)


def label(path: Steps) -> str:
    """`modality`, or item 2 of `modality`."""
    if path and isinstance(path[-1], int):
        return f"item {path[-1] + 1} of {label(path[:-1])}"
    return f"`{path[-1]}`" if path else "the file"


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
    text = node.text if isinstance(node, Scalar) and len(node.text) <= MOST_SHOWN else "..."
    wanted = place.wanted
    if wanted is Duration:
        return "a length of time", "Write a whole number and a unit, such as 30 days"
    if wanted is date:
        return "a date", "Write year, month and day, such as 2026-05-31"
    if wanted is bool:
        return "true or false", "Write true or false, without quotes"
    if wanted is int:
        return "a whole number", _digits(text)
    if place.words:
        return f"one of {', '.join(place.words)}", "" if isinstance(
            node, Scalar
        ) else "Write one word"
    if place.pattern == PERCENT:
        return "a percentage", "Write it with its sign, such as 95 %"
    if is_model(wanted):
        return "a set of keys", _keys(wanted, node)
    if typing.get_origin(wanted) is list:
        return "a list", _list(wanted, node, text)
    if typing.get_origin(wanted) is dict:
        return "a set of keys", ""
    return "text", f'Put it in quotes: "{text}"' if isinstance(node, Scalar) else "Write one text"


def _digits(text: str) -> str:
    word = text.strip().lower()
    if word in _NUMBERS:
        return f"Write it in digits: {_NUMBERS.index(word) + 2}"
    return f"Write it without quotes: {word}" if word.isdigit() else "Write it in digits, such as 2"


def _keys(model: type[BaseModel], node: Node | None) -> str:
    """How the keys of a model are written; where one is obvious, with the text that stands there."""
    key = _SHORT.get(model.__name__)
    if key and isinstance(node, Scalar) and isinstance(node.value, str):
        try:
            text = node.text[:MOST_SHOWN] if key == "in" else str(Duration.parse(node.text))
        except ValueError:
            pass
        else:
            return f"Write {{{key}: {text}}}"
    known = fields(model)
    needed = [name for name, info in known.items() if info.is_required()]
    return f"Write them below it, without a dash: {', '.join(needed or known)}"


def _list(wanted: Any, node: Node | None, text: str) -> str:
    item = plain(typing.get_args(wanted)[0])
    if isinstance(node, Scalar) and not is_model(item):
        return f"Write it in brackets: [{text.strip('[] ')}]"
    return "Begin each item with a dash"
