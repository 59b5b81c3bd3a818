"""The parts of a protocol as plain data, each with its path.

Checks read plain data, not models, so that they still work where another key is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from qi_checker.protocol.yaml_nodes import Steps

_CODE_KEYS = ("procedure", "diagnosis", "codes", "not_codes", "allow_codes")

Part = tuple[Steps, dict[str, Any]]


def mapping(data: Any) -> dict[str, Any]:
    """Return the data if it is a mapping, else an empty one."""
    return data if isinstance(data, dict) else {}


def mappings(holder: Any, key: str, path: Steps = ()) -> Iterator[Part]:
    """Yield the items of a list that are mappings, each with its path."""
    items = mapping(holder).get(key)
    for i, item in enumerate(items if isinstance(items, list) else []):
        if isinstance(item, dict):
            yield (*path, key, i), item


def requirement_parts(version: dict[str, Any], path: Steps) -> Iterator[Part]:
    """Yield every requirement of a version, including those inside groups."""
    yield from _leaves(version, "requirements", path)


def _leaves(holder: dict[str, Any], key: str, path: Steps) -> Iterator[Part]:
    for inner, member in mappings(holder, key, path):
        groups = [k for k in ("all_of", "any_of") if k in member]
        if not groups:
            yield inner, member
        for group in groups:
            yield from _leaves(member, group, inner)


def conditions(condition: Any, path: Steps) -> Iterator[Part]:
    """Yield a condition and the conditions inside its groups."""
    if isinstance(condition, dict):
        yield path, condition
        for group in ("all_of", "any_of"):
            for inner, part in mappings(condition, group, path):
                yield from conditions(part, inner)


def applies_if(requirement: dict[str, Any], path: Steps) -> Iterator[Part]:
    """Yield the conditions under which a requirement applies."""
    yield from conditions(requirement.get("applies_if"), (*path, "applies_if"))


def selector_parts(requirement: dict[str, Any], path: Steps) -> Iterator[Part]:
    """Yield every event selector: of the requirement, its condition and `none_between`."""
    holders = [(path, requirement), *applies_if(requirement, path)]
    for inner, holder in [*holders, *mappings(requirement, "none_between", path)]:
        if isinstance(holder.get("event"), dict):
            yield (*inner, "event"), holder["event"]


def window_parts(requirement: dict[str, Any], path: Steps) -> Iterator[Part]:
    """Yield every window: the requirement's own and those of its condition."""
    holders = [(path, requirement)]
    for inner, condition in applies_if(requirement, path):
        holders += [((*inner, k), mapping(condition.get(k))) for k in ("event", "chosen")]
    for inner, holder in holders:
        if isinstance(holder.get("window"), dict):
            yield (*inner, "window"), holder["window"]


def spans(window: dict[str, Any], path: Steps) -> list[Part]:
    """Return the spans of a window, in order."""
    return [(path, window), *mappings(window, "and", path)]


def anchor(span: dict[str, Any], path: Steps) -> tuple[Steps, Any]:
    """Return the path and value of a span's anchor; None if it has none or two."""
    given = [key for key in ("before", "after") if key in span]
    return ((*path, given[0]), span[given[0]]) if len(given) == 1 else (path, None)


def code_list_names(data: Any, path: Steps = ()) -> Iterator[tuple[Steps, str]]:
    """Yield path and name of every code list that plain data refers to."""
    if isinstance(data, list):
        for i, item in enumerate(data):
            yield from code_list_names(item, (*path, i))
    if not isinstance(data, dict):
        return
    for key, value in data.items():
        name = value.get("in") if isinstance(value, dict) else None
        if key in _CODE_KEYS and isinstance(name, str):
            yield (*path, key, "in"), name
        else:
            yield from code_list_names(value, (*path, key))
