"""What a set of examples reaches: words of the results, and settings of protocols and sites."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from qi_checker.protocol.durations import Duration
from qi_checker.protocol.models import (
    Apart,
    ExceptionPolicy,
    Group,
    NoneBetween,
    Requirement,
    Version,
    WarningWhen,
)
from qi_checker.protocol.selectors import (
    ChosenWithin,
    Condition,
    EventSelector,
    EventWithin,
    RequirementCondition,
)
from qi_checker.protocol.site import Site
from qi_checker.protocol.windows import AnchorRef, Reach, Span, Window

MODELS: tuple[type[BaseModel], ...] = (
    AnchorRef,
    Apart,
    ChosenWithin,
    Condition,
    EventSelector,
    EventWithin,
    ExceptionPolicy,
    Group,
    NoneBetween,
    Reach,
    Requirement,
    RequirementCondition,
    Site,
    Span,
    Version,
    WarningWhen,
    Window,
)
# Groups have a title for the reader only; a source has mapped columns and values beforehand.
NOT_EVALUATED = {"Group.title", "Site.columns", "Site.tables", "Site.values"}
DATES = ("day", "week", "month", "year")
UNITS = (*DATES, "working day", "minute", "hour")
LIMITS = ("at_least", "more_than", "at_most", "less_than")
WAYS = ("before", "after")
NESTED = {"Condition": "condition", "RequirementCondition": "applies_if", "Group": "group"}


def language() -> set[str]:
    """Every setting that the models know: `Window.at_most`, `Requirement.same_day=allow` ..."""
    found = {f"{limit}: {unit}" for limit in LIMITS for unit in UNITS}
    found |= {f"reach: {unit}" for unit in UNITS}
    found |= {f"apart: {unit}" for unit in DATES}
    found |= {f"{model}.{way} a reference" for model in ("Window", "Span") for way in WAYS}
    for model in MODELS:
        for name, field in model.model_fields.items():
            if model is EventWithin and name in EventSelector.model_fields:
                continue
            words = list(_words(field.annotation))
            setting = f"{model.__name__}.{name}"
            found |= {f"{setting}={word}" for word in words} or {setting}
    found |= {f"nested {what}" for what in NESTED.values()}
    return (found | {"gap between versions"}) - NOT_EVALUATED


def _words(annotation: Any) -> Iterator[str]:
    """The words of a closed vocabulary, wherever it stands in a type."""
    if get_origin(annotation) is Literal:
        yield from get_args(annotation)
    else:
        for part in get_args(annotation):
            yield from _words(part)


def settings_of(value: Any, inside: str = "") -> Iterator[str]:
    """What a protocol or a site makes use of, in the words of `language`."""
    if isinstance(value, list):
        for item in value:
            yield from settings_of(item, inside)
    if not isinstance(value, BaseModel):
        return
    kind = type(value).__name__
    if kind in NESTED and inside == kind:
        yield f"nested {NESTED[kind]}"
    for name, field in type(value).model_fields.items():
        setting, given = f"{kind}.{name}", getattr(value, name)
        if given in (None, [], {}):
            continue
        yield from _used(setting, field.annotation, given)
        yield from settings_of(given, kind)


def _used(setting: str, annotation: Any, given: Any) -> Iterator[str]:
    words = set(_words(annotation))
    if isinstance(given, AnchorRef):
        yield f"{setting} a reference"
    elif words:
        yield from (f"{setting}={word}" for word in (given if isinstance(given, list) else [given]))
    elif given is not False:
        yield setting
    if isinstance(given, Duration):
        model, _, limit = setting.partition(".")
        yield f"{model.lower() if model in ('Apart', 'Reach') else limit}: {given.unit}"
