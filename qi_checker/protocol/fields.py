"""Types of the values in a file, and the strict base model of its parts."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    WithJsonSchema,
)

from qi_checker.protocol.durations import Duration
from qi_checker.protocol.records import FIRST_YEAR, LAST_YEAR


def _pattern(pattern: str, **more: Any) -> StringConstraints:
    return StringConstraints(strict=True, pattern=pattern, **more)


Slug = Annotated[str, _pattern(r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=60)]
Text = Annotated[str, StringConstraints(strict=True, min_length=1, strip_whitespace=True)]
Word = Annotated[str, _pattern(r"^\S(.*\S)?$", min_length=1)]
Percent = Annotated[
    str,
    _pattern(r"^(100|[0-9]{1,2}(\.[0-9]+)?) ?%$"),
    AfterValidator(lambda text: text.replace(" ", "")),  # `95 %` is printed as `95%` everywhere
]
KindWord = Annotated[str, _pattern(r"^[a-z][a-z_-]*$")]
FeedName = Annotated[str, _pattern(r"^[a-z][a-z_-]*(\.[A-Z]{2,16})?$")]  # imaging, imaging.CT
ModalityWord = Annotated[str, _pattern(r"^[A-Z]{2,16}$")]
VersionName = Annotated[str, _pattern(r"^[0-9]+(\.[0-9]+)*$")]
CharacterRange = Annotated[str, _pattern(r"^[1-9][0-9]*(-[1-9][0-9]*)?$")]  # 1-8, or one: 9
Doi = Annotated[str, _pattern(r"^10\..+/.+$")]
Url = Annotated[str, _pattern(r"^https?://\S+$")]


def _day(value: Any) -> Any:
    """Accept ISO text only: pydantic alone would read the number 2020 as seconds since 1970."""
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError("not a date: write year, month and day, such as 2026-05-31")
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise ValueError("not a date: the calendar has no such day") from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(f"not a date: years run from {FIRST_YEAR} to {LAST_YEAR}")
    return day


_PER_YEAR = {"working day": 262, "day": 366, "week": 53, "month": 12, "year": 1}


def _length(length: Duration) -> Duration:
    if length.amount > 100 * _PER_YEAR.get(length.unit, 10_000):
        raise ValueError("is longer than 100 years")
    return length


def _span(length: Duration) -> Duration:
    if length.unit == "working day" or length.clock is not None:
        raise ValueError(f"is not allowed here: {length.unit}s are for windows; use days or weeks")
    return _length(length)


def _working_days(length: Duration) -> Duration:
    if length.unit != "working day":
        such = "working days, such as 5 working days"
        same = Duration(length.amount, "working day") if length.unit == "day" else such
        raise ValueError(f"is not in working days: write {same}")
    return length


def _written(pattern: str, *examples: str) -> WithJsonSchema:
    """Return the JSON Schema that editors check, narrower than that of a plain duration."""
    return WithJsonSchema({"type": "string", "pattern": pattern, "examples": list(examples)})


Day = Annotated[date, BeforeValidator(_day), _written("^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "2026-05-31")]
Length = Annotated[Duration, AfterValidator(_length)]  # for windows: every unit
Span = Annotated[  # whole days and longer
    Duration,
    AfterValidator(_span),
    _written("^[0-9]{1,4} (day|week|month|year)s?$", "42 days", "6 weeks", "1 month"),
]
WorkingDays = Annotated[
    Duration,
    AfterValidator(_working_days),
    _written("^[0-9]{1,4} working days?$", "5 working days"),
]


class Strict(BaseModel):
    """A part of a file: unknown keys are errors, and instances are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


# Also in the JSON Schema, so that an editor underlines a second key.
ONE_KEY: dict[str, Any] = {"minProperties": 1, "maxProperties": 1}


def one_of(model: BaseModel, names: tuple[str, ...]) -> None:
    """Raise ValueError unless exactly one of the keys is given."""
    given = [n for n in names if getattr(model, n) is not None]
    if len(given) != 1:
        detail = "none is written" if not given else " and ".join(given) + " are used together"
        raise ValueError(f"exactly one of {', '.join(names)} is required; {detail}")
