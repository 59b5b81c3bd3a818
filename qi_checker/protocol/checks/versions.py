"""Versions in order, without a gap; names and ids once each."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from qi_checker.protocol.checks.parts import Part, mappings, requirement_parts
from qi_checker.protocol.complaints import Complaints
from qi_checker.protocol.yaml_nodes import Steps


def check_versions(data: Any, complaints: Complaints) -> None:
    """Names once each; every period ends on the day before the next one begins."""
    versions = list(mappings(data, "versions"))
    _unique(versions, "version", "the version", complaints)
    for (path, earlier), (next_path, later) in pairwise(versions):
        _check_succession(path, earlier, next_path, later, complaints)


def check_ids(data: Any, complaints: Complaints) -> None:
    """Requirements and exclusions are known by their ids within a version, advice within its requirement."""
    for path, version in mappings(data, "versions"):
        requirements = list(requirement_parts(version, path))
        _unique(requirements, "id", "the requirement", complaints)
        _unique(list(mappings(version, "exclude", path)), "id", "the exclusion", complaints)
        for inner, requirement in requirements:
            for key, what in (("warn", "the advice"), ("none_between", "the item")):
                _unique(list(mappings(requirement, key, inner)), "id", what, complaints)


def _unique(parts: list[Part], key: str, what: str, complaints: Complaints) -> None:
    seen: dict[str, Steps] = {}
    for path, item in parts:
        name = item.get(key)
        if not isinstance(name, str):
            continue
        if name in seen:
            line = complaints.document.where((*seen[name], key)).split(":")[-2]
            said = f"{what} `{name}` is there already, on line {line}"
            complaints.add((*path, key), said, mend="Give it another name")
        else:
            seen[name] = path


def _day(version: dict[str, Any], key: str) -> date | None:
    period = version.get("in_force")
    text = period.get(key) if isinstance(period, dict) else None
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _check_succession(
    path: Steps,
    earlier: dict[str, Any],
    next_path: Steps,
    later: dict[str, Any],
    complaints: Complaints,
) -> None:
    begin, end, after = _day(earlier, "from"), _day(earlier, "to"), _day(later, "from")
    where = (*next_path, "in_force", "from")
    if begin is None or after is None:
        return
    day_before = after - timedelta(days=1)
    if after <= begin:
        what = f"this version begins on {after}, not after the one above it ({begin})"
        complaints.add(where, what, mend="Write the versions in order, oldest first")
    elif end is not None and end < begin:
        return  # told where the period itself is checked
    elif end is None:
        period = earlier.get("in_force")
        if isinstance(period, dict) and "to" not in period:
            what = f"this version has no last day, and another begins on {after}"
            complaints.add((*path, "in_force"), what, mend=f"Add to: {day_before}")
    elif end != day_before:
        what = f"this version begins on {after}, and the one above it ends on {end}"
        two = "Some days would have two versions"
        why = two if end > day_before else "The days between would have none"
        complaints.add(where, what, why, f"Begin it on {end + timedelta(days=1)}")
