"""What a window is counted from: other requirements of the version, and columns of the cases."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from qi_checker.errors import did_you_mean
from qi_checker.protocol.checks.parts import (
    Part,
    anchor,
    applies_if,
    mapping,
    mappings,
    requirement_parts,
    spans,
    window_parts,
)
from qi_checker.protocol.complaints import Complaints
from qi_checker.protocol.records import CASES
from qi_checker.protocol.yaml_nodes import Steps

_DATES = tuple(c.name for c in CASES.columns if c.kind == "when")

Reference = tuple[Steps, str]  # where a requirement is named, and its id


def check_references(data: Any, complaints: Complaints) -> None:
    """Every anchor can be known: the requirement is there and waits for no other in a circle."""
    versions = list(mappings(data, "versions"))
    requirements = [list(requirement_parts(version, path)) for path, version in versions]
    ids = [[r["id"] for _, r in parts if isinstance(r.get("id"), str)] for parts in requirements]
    for n, parts in enumerate(requirements):
        others = {
            name: str(version.get("version"))
            for m, (_, version) in enumerate(versions)
            for name in ids[m]
            if m != n
        }
        _check_version(parts, ids[n], others, complaints)


def _check_version(
    parts: list[Part], ids: list[str], others: dict[str, str], complaints: Complaints
) -> None:
    forbidden = {r.get("id") for _, r in parts if r.get("forbidden") is True}
    waits: dict[str, list[Reference]] = {}
    for path, requirement in parts:
        own = requirement.get("id")
        _check_anchor_columns(requirement, path, complaints)
        _check_chosen_windows(requirement, path, complaints)
        for where, name in _references(requirement, path):
            if name == own:
                what = f"`{name}` is judged by its own event, which nothing has chosen yet"
                mend = "Name another requirement, or an anchor such as surgery"
                complaints.add(where, what, mend=mend)
            elif name not in ids:
                _unknown(where, name, ids, others, complaints)
            elif name in forbidden:
                why = "There is no event to count from where none is allowed"
                complaints.add(where, f"`{name}` is forbidden", why, "Name another requirement")
            elif isinstance(own, str):
                waits.setdefault(own, []).append((where, name))
    _check_circles(waits, complaints)


def _references(requirement: dict[str, Any], path: Steps) -> Iterator[Reference]:
    """Every requirement that one requirement names: as anchor, or in `chosen`."""
    for where, value in _anchors(requirement, path):
        name = mapping(value).get("requirement")
        if isinstance(name, str):
            yield (*where, "requirement"), name
    for inner, condition in applies_if(requirement, path):
        name = mapping(condition.get("chosen")).get("requirement")
        if isinstance(name, str):
            yield (*inner, "chosen", "requirement"), name


def _anchors(requirement: dict[str, Any], path: Steps) -> Iterator[tuple[Steps, Any]]:
    for window_path, window in window_parts(requirement, path):
        for span_path, span in spans(window, window_path):
            yield anchor(span, span_path)


def _check_anchor_columns(requirement: dict[str, Any], path: Steps, complaints: Complaints) -> None:
    """A column that the contract knows as something else than a date is none."""
    for where, value in _anchors(requirement, path):
        name = mapping(value).get("column")
        if isinstance(name, str) and name in CASES.names and name not in _DATES:
            mend = f"Name a date column: {', '.join(_DATES)}, or one of your own"
            complaints.add((*where, "column"), f"the column `{name}` holds no date", mend=mend)


def _check_chosen_windows(requirement: dict[str, Any], path: Steps, complaints: Complaints) -> None:
    """An event is always no time away from itself."""
    for inner, condition in applies_if(requirement, path):
        chosen = mapping(condition.get("chosen"))
        where = (*inner, "chosen", "window")
        for span_path, span in spans(mapping(chosen.get("window")), where):
            value_path, value = anchor(span, span_path)
            name = mapping(value).get("requirement")
            if isinstance(name, str) and name == chosen.get("requirement"):
                what = f"the event of `{name}` is counted from itself"
                mend = "Name another anchor, such as surgery"
                complaints.add((*value_path, "requirement"), what, mend=mend)


def _unknown(
    where: Steps, name: str, ids: list[str], others: dict[str, str], complaints: Complaints
) -> None:
    why = ""
    if name in others:
        why = f"Version {others[name]} has it, and versions do not see each other"
    what = f"there is no requirement `{name}` in this version"
    complaints.add(where, what, why, did_you_mean(name, ids))


def _check_circles(waits: dict[str, list[Reference]], complaints: Complaints) -> None:
    """Each circle is told once, where it closes."""
    done: set[str] = set()

    def follow(name: str, way: list[str]) -> None:
        for where, target in waits.get(name, []):
            if target in way:
                circle = [*way[way.index(target) :], target]
                what = f"the requirements wait for each other: {' -> '.join(circle)}"
                mend = "Count one of them from a date of the case"
                complaints.add(where, what, mend=mend)
            elif target not in done:
                follow(target, [*way, target])
        done.add(name)

    for name in waits:
        if name not in done:
            follow(name, [name])
