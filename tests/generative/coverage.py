"""What a set of examples reaches: words of the results, and settings of protocols and sites."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from qi_checker.protocol.durations import Duration
from qi_checker.protocol.models import ExceptionPolicy, Group, Requirement, Version, WarningWhen
from qi_checker.protocol.selectors import Condition, EventSelector
from qi_checker.protocol.site import Site
from qi_checker.protocol.windows import Window

MODELS: tuple[type[BaseModel], ...] = (
    Condition, EventSelector, ExceptionPolicy, Group, Requirement, Site, Version, WarningWhen,
    Window,
)  # fmt: skip
# Groups have a title for the reader only; a source has mapped columns and values beforehand.
NOT_EVALUATED = {"Group.title", "Site.columns", "Site.values"}
UNITS = ("day", "week", "month", "year")


def language() -> set[str]:
    """Every setting that the models know: `Window.at_most`, `Requirement.same_day=allow` ..."""
    found = {f"Window.{limit}: {unit}" for limit in ("at_most", "less_than") for unit in UNITS}
    for model in MODELS:
        for name, field in model.model_fields.items():
            words = list(_words(field.annotation))
            setting = f"{model.__name__}.{name}"
            found |= {f"{setting}={word}" for word in words} or {setting}
    return (found | {"nested condition", "nested group", "gap between versions"}) - NOT_EVALUATED


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
    if isinstance(value, Condition | Group) and inside == kind:
        yield f"nested {kind.lower()}"
    for name, field in type(value).model_fields.items():
        setting, given = f"{kind}.{name}", getattr(value, name)
        if given in (None, [], {}):
            continue
        yield from _used(setting, field.annotation, given)
        yield from settings_of(given, kind)


def _used(setting: str, annotation: Any, given: Any) -> Iterator[str]:
    words = set(_words(annotation))
    if words:
        yield from (f"{setting}={word}" for word in (given if isinstance(given, list) else [given]))
    elif given is not False:
        yield setting
    if isinstance(given, Duration):
        yield f"{setting}: {given.unit}"
