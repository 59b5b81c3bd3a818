"""Text that stands where text is meant, but is not the text that is meant."""

from __future__ import annotations

import re
from typing import Any

from qi_checker.errors import did_you_mean
from qi_checker.protocol import fields as models
from qi_checker.protocol.complaints import Complaints
from qi_checker.protocol.durations import Duration
from qi_checker.protocol.field_path import Spot


def _pattern(annotated: Any) -> str:
    return str(annotated.__metadata__[0].pattern)


PERCENT = _pattern(models.Percent)
_SHAPES = {
    _pattern(models.Slug): (
        "an id",
        "Write lower-case letters, digits and single hyphens, such as ct-liver",
    ),
    _pattern(models.Word): ("a word", "Leave out the blanks at its ends"),
    PERCENT: ("a percentage", "Write a number up to 100 and its sign, such as 95 %"),
    _pattern(models.KindWord): ("a kind of event", "Write one lower-case word, such as imaging"),
    _pattern(models.ModalityWord): ("a DICOM modality", "Write capital letters, such as CT or MR"),
    _pattern(models.VersionName): ("a version", 'Write numbers and dots, such as "1.0"'),
    _pattern(models.Doi): ("a DOI", "Write it without https://doi.org/, such as 10.1000/182"),
    _pattern(models.Url): ("a web address", "Begin it with https://"),
}
_CALENDAR = ("day", "week", "month", "year", "working day")


def explain_text(place: Spot, text: str, item: dict[str, Any], complaints: Complaints) -> None:
    """Complain about a text; `item` is the error of pydantic."""
    key = next((step for step in reversed(place.path) if isinstance(step, str)), "")
    said = item["msg"].removeprefix("Value error, ")
    if not text.strip():
        complaints.add(place.path, f"`{key}` is empty", mend="Write its text")
    elif key == "before":
        why = "The anchor of a window is surgery"
        complaints.add(place.path, f"`before: {text}` is not supported yet", why)
    elif place.words:
        what = f"`{text}` is not a word that `{key}` accepts"
        complaints.add(place.path, what, mend=did_you_mean(text, place.words))
    elif place.wanted is Duration and not said.startswith(("is ", "cannot ")):
        complaints.add(place.path, *_not_a_length(text))
    elif item["type"] == "string_pattern_mismatch":
        shape, mend = _SHAPES.get(place.pattern, ("of the right form", ""))
        complaints.add(place.path, f"`{text}` is not {shape}", mend=mend)
    elif item["type"] == "string_too_long":
        most = item["ctx"]["max_length"]
        complaints.add(place.path, f"`{key}` is longer than {most} characters")
    else:
        verb = "" if said.startswith(("is ", "cannot ")) else "is "
        complaints.add(place.path, f"`{text}` {verb}{said}")


def _not_a_length(text: str) -> tuple[str, str, str]:
    """`30days`, `30 Days`, `120 minutes`, `a month`: what is meant can often be told."""
    what, why = f"`{text}` is not a length of time", ""
    mend = "Write a whole number and days, weeks, months, years or working days, such as 30 days"
    if re.search(r"\b(h|hr|hours?|min|mins|minutes?)$", text.strip().lower()):
        return f"`{text}`: minutes and hours are not supported yet", "Days are counted", mend
    found = re.fullmatch(r"([0-9]{1,4})[ -]*([A-Za-z -]+)", text.strip())
    if found:
        unit = found[2].strip().lower().rstrip("s")
        near = did_you_mean(unit, _CALENDAR).removeprefix("Did you mean ").rstrip("?")
        if near in _CALENDAR:
            mend = f"Did you mean {Duration(int(found[1]), near)}?"
    return what, why, mend
