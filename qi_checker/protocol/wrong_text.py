"""Text that stands where text is meant, but is not the text that is meant."""

from __future__ import annotations

import re
from typing import Any

from qi_checker.errors import did_you_mean
from qi_checker.protocol import fields as models
from qi_checker.protocol.complaints import Complaints
from qi_checker.protocol.durations import Duration
from qi_checker.protocol.field_path import Spot
from qi_checker.protocol.yaml_nodes import Sequence


def _pattern(annotated: Any) -> str:
    return str(annotated.__metadata__[0].pattern)


PERCENT = _pattern(models.Percent)
SHAPES = {
    _pattern(models.Slug): (
        "an id",
        "Write lower-case letters, digits and single hyphens, such as ct-liver",
    ),
    _pattern(models.Word): ("a word", "Leave out the blanks at its ends"),
    PERCENT: ("a percentage", "Write a number up to 100 and its sign, such as 95 %"),
    _pattern(models.KindWord): ("a kind of event", "Write one lower-case word, such as imaging"),
    _pattern(models.FeedName): ("a feed", "Write a kind, or kind.MODALITY, such as imaging.CT"),
    _pattern(models.ModalityWord): ("a DICOM modality", "Write capital letters, such as CT or MR"),
    _pattern(models.VersionName): ("a version", 'Write numbers and dots, such as "1.0"'),
    _pattern(models.CharacterRange): (
        "a range of characters",
        "Write the first and the last one, such as 1-8",
    ),
    _pattern(models.Doi): ("a DOI", "Write it without https://doi.org/, such as 10.1000/182"),
    _pattern(models.Url): ("a web address", "Begin it with https://"),
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
# What people call the two anchors; a column of the contract stands for the anchor made from it.
_ANCHORS = {
    "surgery": ("operation", "op", "incision", "procedure", "surgery_at", "started_at"),
    "admission": ("admitted", "admitted_at", "hospitalisation", "hospitalization"),
}


def explain_text(place: Spot, text: str, item: dict[str, Any], complaints: Complaints) -> None:
    """Complain about a text; `item` is the error of pydantic."""
    key = next((step for step in reversed(place.path) if isinstance(step, str)), "")
    said = item["msg"].removeprefix("Value error, ")
    if not text.strip():
        complaints.add(place.path, f"`{key}` is empty", mend="Write its text")
    elif place.words and key in ("before", "after"):
        _not_an_anchor(place, text, complaints)
    elif place.words:
        what = f"`{text}` is not a word that `{key}` accepts"
        complaints.add(place.path, what, mend=did_you_mean(text, place.words))
    elif place.wanted is Duration and not said.startswith(("is ", "cannot ")):
        complaints.add(place.path, *_not_a_length(text))
    elif item["type"] == "string_pattern_mismatch":
        shape, mend = SHAPES.get(place.pattern, ("of the right form", ""))
        complaints.add(place.path, f"`{text}` is not {shape}", mend=mend)
    elif item["type"] == "string_too_long":
        most = item["ctx"]["max_length"]
        complaints.add(place.path, f"`{key}` is longer than {most} characters")
    else:
        verb = "" if said.startswith(("is ", "cannot ")) else "is "
        complaints.add(place.path, f"`{text}` {verb}{said}")


def _not_an_anchor(place: Spot, text: str, complaints: Complaints) -> None:
    """A word that is near to surgery or admission, a requirement's id, or a column's name."""
    word = text.strip().lower()
    anchor = next((a for a, names in _ANCHORS.items() if word in names), None)
    near = f"Did you mean {anchor}?" if anchor else did_you_mean(word, _ANCHORS)
    why = "An anchor is surgery or admission, or names another date"
    if near.startswith("Did you mean"):
        why, mend = "", near
    elif text in _ids_beside(place, complaints):
        mend = f"Did you mean {{requirement: {text}}}?"
    elif re.fullmatch(r"[a-z]\w*_(at|on|date|time)", text):
        mend = f"Did you mean {{column: {text}}}?"
    else:
        mend = (
            "Write {column: ...} with the name of a date column of the cases, such as "
            "discharged_at, or {requirement: ...} with the id of another requirement"
        )
    complaints.add(place.path, f"`{text}` is not an anchor", why, mend)


def _ids_beside(place: Spot, complaints: Complaints) -> set[str]:
    """Ids of whatever the version of the place holds: requirements, mostly."""
    found: set[str] = set()
    waiting: list[Any] = [complaints.document.node((*place.path[:2], "requirements"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Sequence):
            waiting += node.items
        values = getattr(node, "values", {})
        waiting += [values[k] for k in ("all_of", "any_of") if k in values]
        found.add(getattr(values.get("id"), "text", ""))
    return found


def _not_a_length(text: str) -> tuple[str, str, str]:
    """`30days`, `30 Days`, `2h`, `a month`: what is meant can often be told."""
    mend = (
        "Write a whole number and minutes, hours, days, weeks, months, years or working days, "
        "such as 30 days"
    )
    found = re.fullmatch(r"([0-9]{1,4})[ -]*([A-Za-z -]+)\.?", text.strip())
    if found:
        unit = " ".join(found[2].lower().replace("-", " ").split())
        unit = _SHORT.get(unit) or _SHORT.get(unit.rstrip("s")) or unit.rstrip("s")
        near = did_you_mean(unit, _UNITS).removeprefix("Did you mean ").rstrip("?")
        if near in _UNITS:
            mend = f"Did you mean {Duration(int(found[1]), near)}?"
    return f"`{text}` is not a length of time", "", mend
