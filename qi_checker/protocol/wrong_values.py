"""Explain what is wrong with a value: invalid text, or a value of the wrong kind."""

from __future__ import annotations

import re
import typing
from datetime import date
from typing import Any

from pydantic import BaseModel

from qi_checker.errors import did_you_mean
from qi_checker.protocol import fields as models
from qi_checker.protocol.complaints import Complaints, Spot, fields, is_model, plain
from qi_checker.protocol.durations import Duration
from qi_checker.protocol.yaml_nodes import Mapping, Node, Scalar, Sequence, Steps, reading


def _pattern(annotated: Any) -> str:
    return str(annotated.__metadata__[0].pattern)


PERCENT = _pattern(models.Percent)
SHAPES = {
    _pattern(models.Slug): (
        "an id",
        "Write lower-case letters, digits and single hyphens, such as ct-liver",
    ),
    _pattern(models.Word): ("a word", "Remove the blanks at its start and end"),
    PERCENT: ("a percentage", "Write a number up to 100 and its sign, such as 95%"),
    _pattern(models.KindWord): ("a kind of event", "Write one lower-case word, such as imaging"),
    _pattern(models.FeedName): ("a feed", "Write a kind, or kind.MODALITY, such as imaging.CT"),
    _pattern(models.ModalityWord): ("a DICOM modality", "Write capital letters, such as CT or MR"),
    _pattern(models.VersionName): ("a version", 'Write numbers and dots, such as "1.0"'),
    _pattern(models.CharacterRange): (
        "a range of characters",
        "Write the first and the last one, such as 1-8",
    ),
    _pattern(models.Doi): ("a DOI", "Write it without https://doi.org/, such as 10.1000/182"),
    _pattern(models.Url): ("a web address", "Start it with https://"),
}
_UNITS = ("minute", "hour", "day", "week", "month", "year", "working day")
_SHORT = {
    "d": "day",
    "h": "hour",
    "hr": "hour",
    "min": "minute",
    "mo": "month",
    "wk": "week",
    "w": "week",
    "y": "year",
    "yr": "year",
    "workday": "working day",
    "business day": "working day",
}
# Common words for the two anchors; a contract column maps to the anchor derived from it.
_ANCHORS = {
    "surgery": ("operation", "op", "incision", "procedure", "surgery_at", "started_at"),
    "admission": ("admitted", "admitted_at", "hospitalisation", "hospitalization"),
}


def explain_text(place: Spot, text: str, item: dict[str, Any], complaints: Complaints) -> None:
    """Complain about a text value; `item` is the pydantic error."""
    key = next((step for step in reversed(place.path) if isinstance(step, str)), "")
    message = item["msg"].removeprefix("Value error, ")
    if not text.strip():
        complaints.add(place.path, f"`{key}` is empty", advice="Write its text")
    elif place.words and key in ("before", "after"):
        _not_an_anchor(place, text, complaints)
    elif place.words:
        what = f"`{text}` is not a word that `{key}` accepts"
        complaints.add(place.path, what, advice=did_you_mean(text, place.words))
    elif place.wanted is Duration and not message.startswith(("is ", "cannot ")):
        complaints.add(place.path, *_not_a_length(text))
    elif item["type"] == "string_pattern_mismatch":
        shape, advice = SHAPES.get(place.pattern, ("valid", ""))
        complaints.add(place.path, f"`{text}` is not {shape}", advice=advice)
    elif item["type"] == "string_too_long":
        most = item["ctx"]["max_length"]
        complaints.add(place.path, f"`{key}` is longer than {most} characters")
    else:
        verb = "" if message.startswith(("is ", "cannot ")) else "is "
        complaints.add(place.path, f"`{text}` {verb}{message}")


def _not_an_anchor(place: Spot, text: str, complaints: Complaints) -> None:
    """Suggest surgery or admission for a similar word, a requirement's id or a column's name."""
    word = text.strip().lower()
    anchor = next((a for a, names in _ANCHORS.items() if word in names), None)
    near = f"Did you mean {anchor}?" if anchor else did_you_mean(word, _ANCHORS)
    why = "An anchor is surgery or admission, or names another date"
    if near.startswith("Did you mean"):
        why, advice = "", near
    elif text in _ids_beside(place, complaints):
        advice = f"Did you mean {{requirement: {text}}}?"
    elif re.fullmatch(r"[a-z]\w*_(at|on|date|time)", text):
        advice = f"Did you mean {{column: {text}}}?"
    else:
        advice = (
            "Write {column: ...} with the name of a date column of the cases, such as "
            "discharged_at, or {requirement: ...} with the id of another requirement"
        )
    complaints.add(place.path, f"`{text}` is not an anchor", why, advice)


def _ids_beside(place: Spot, complaints: Complaints) -> set[str]:
    """Return all ids in the version that contains the place: mostly requirements."""
    result: set[str] = set()
    waiting: list[Any] = [complaints.document.node((*place.path[:2], "requirements"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Sequence):
            waiting += node.items
        values = getattr(node, "values", {})
        waiting += [values[k] for k in ("all_of", "any_of") if k in values]
        result.add(getattr(values.get("id"), "text", ""))
    return result


def _not_a_length(text: str) -> tuple[str, str, str]:
    """Explain `30days`, `30 Days`, `2h` or `a month`, with the likely meaning if there is one."""
    advice = (
        "Write a whole number and minutes, hours, days, weeks, months, years or working days, "
        "such as 30 days"
    )
    match = re.fullmatch(r"([0-9]{1,4})[ -]*([A-Za-z -]+)\.?", text.strip())
    if match:
        unit = " ".join(match[2].lower().replace("-", " ").split())
        unit = _SHORT.get(unit) or _SHORT.get(unit.rstrip("s")) or unit.rstrip("s")
        near = did_you_mean(unit, _UNITS).removeprefix("Did you mean ").rstrip("?")
        if near in _UNITS:
            advice = f"Did you mean {Duration(int(match[1]), near)}?"
    return f"`{text}` is not a duration", "", advice


# ---- a value of another kind: text for a list, a word for a number -------------------------------


MOST_SHOWN = 100  # characters; longer text is not repeated in the advice
_NUMBERS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
# Parts of a file with one obvious key: model -> the key to put before the text.
_KEY_OF_TEXT = {
    "CodesIn": "in",
    "Reach": "at_most",
    "Apart": "at_least",
    "Window": "before: surgery, at_most",
    "Span": "before: surgery, at_most",
}


def explain_kind(place: Spot, node: Node | None, complaints: Complaints) -> None:
    """Complain about a value of the wrong kind."""
    meant, advice = _wanted(place, node)
    complaints.add(
        place.path, f"{_given(place.path, node)}, where {meant} is expected", advice=advice
    )


def explain_number(place: Spot, item: dict[str, Any], complaints: Complaints) -> None:
    """Complain about a number that is too small or too large."""
    key, number = label(place.path), item["input"]
    if item["type"] == "less_than_equal":
        complaints.add(place.path, f"{key} is {number}, and {item['ctx']['le']} is the maximum")
    elif number == 1 and place.path[-1] == "count":
        what = f"{key} is 1, and one event is required anyway"
        complaints.add(place.path, what, advice="Leave it out")
    elif number == 0 and place.path[-1] == "count":
        what = f"{key} is 0: the requirement would be met without data"
        advice = "Write forbidden: true where there must be no such event"
        complaints.add(place.path, what, advice=advice)
    else:
        complaints.add(place.path, f"{key} is {number}, and {item['ctx']['ge']} is the minimum")


def other_kind(place: Spot) -> bool:
    """Whether no text at all is accepted there."""
    wanted = place.wanted
    return is_model(wanted) or wanted in (bool, int) or typing.get_origin(wanted) in (list, dict)


def label(path: Steps) -> str:
    """Return `modality`, or item 2 of `modality`."""
    if path and isinstance(path[-1], int):
        return f"item {path[-1] + 1} of {label(path[:-1])}"
    return f"`{path[-1]}`" if path else "the file"


def _given(path: Steps, node: Node | None) -> str:
    if isinstance(node, Mapping):
        return f"{label(path)} has its own keys"
    if isinstance(node, Sequence):
        return f"{label(path)} is a list"
    if not isinstance(node, Scalar):
        return label(path)
    return f"`{node.text}` is {'text' if isinstance(node.value, str) else reading(node)}"


def _wanted(place: Spot, node: Node | None) -> tuple[str, str]:
    """Return what is expected there, and how to write it."""
    text = node.text if isinstance(node, Scalar) and len(node.text) <= MOST_SHOWN else "..."
    wanted = place.wanted
    if wanted is Duration:
        return "a duration", "Write a whole number and a unit, such as 30 days"
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
        return "a percentage", "Write it with its sign, such as 95%"
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
    """Say how to write the keys of a model; with one obvious key, include the given text."""
    key = _KEY_OF_TEXT.get(model.__name__)
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
    return "Start each item with a dash"
