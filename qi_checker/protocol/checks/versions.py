"""Checks of the order of versions, and of keys in a requirement that contradict each other."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from qi_checker.protocol.checks.parts import Part, mapping, mappings, requirement_parts, spans
from qi_checker.protocol.checks.windows import days, far, limit, near
from qi_checker.protocol.codes import Catalogue
from qi_checker.protocol.complaints import Complaints
from qi_checker.protocol.yaml_nodes import Steps


def check_versions(data: Any, complaints: Complaints) -> None:
    """Check for unique names, and periods that each end on the day before the next one begins."""
    versions = list(mappings(data, "versions"))
    _unique(versions, "version", "the version", complaints)
    for (path, earlier), (next_path, later) in pairwise(versions):
        _check_succession(path, earlier, next_path, later, complaints)


def check_ids(data: Any, complaints: Complaints) -> None:
    """Check for unique ids: requirements and exclusions per version, advice per requirement."""
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
            message = f"{what} `{name}` already exists, on line {line}"
            complaints.add((*path, key), message, advice="Give it another name")
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
        complaints.add(where, what, advice="Write the versions in order, oldest first")
    elif end is not None and end < begin:
        return  # reported where the period itself is checked
    elif end is None:
        period = earlier.get("in_force")
        if isinstance(period, dict) and "to" not in period:
            what = f"this version has no last day, and another begins on {after}"
            complaints.add((*path, "in_force"), what, advice=f"Add to: {day_before}")
    elif end != day_before:
        what = f"this version begins on {after}, and the one above it ends on {end}"
        two = "Some days would have two versions"
        why = two if end > day_before else "The days in between would have none"
        complaints.add(where, what, why, f"Begin it on {end + timedelta(days=1)}")


# ---- keys of one requirement that contradict each other ------------------------------------------


# Keys that refer to a required event.
_OF_AN_EVENT = {
    "count": "No event is allowed, so none is counted",
    "apart": "No event is allowed, so none are apart",
    "none_between": "It concerns what follows the event, and no event is allowed",
    "lead_time": "If nothing is allowed, nothing has to be arranged",
}


def check_combinations(
    requirement: dict[str, Any], path: Steps, catalogue: Catalogue, complaints: Complaints
) -> None:
    """Complain about keys that cannot be combined."""
    if requirement.get("forbidden") is True:
        _check_forbidden(requirement, path, catalogue, complaints)
    elif "apart" in requirement and "count" not in requirement:
        what, why = "`apart` has no effect", "Only one event is required"
        complaints.add((*path, "apart"), what, why, "Add count: 2, or leave it out", key=True)
    else:
        _check_apart(requirement, path, complaints)
    modality = mapping(requirement.get("event")).get("modality")
    if "pet_ct" in requirement and isinstance(modality, list) and "CT" not in modality:
        why = "It decides whether the CT of a PET/CT counts as CT, but CT is not required here"
        complaints.add((*path, "pet_ct"), "`pet_ct` has no effect", why, "Leave it out", key=True)


def _check_forbidden(
    requirement: dict[str, Any], path: Steps, catalogue: Catalogue, complaints: Complaints
) -> None:
    for key, why in _OF_AN_EVENT.items():
        if key in requirement:
            what = f"`{key}` and forbidden are used together"
            complaints.add((*path, key), what, why, f"Leave {key} out", key=True)
    list_name = mapping(mapping(requirement.get("event")).get("codes")).get("in")
    if (
        isinstance(list_name, str)
        and list_name in catalogue.lists
        and not catalogue.lists[list_name].rows
    ):
        what = f"the code list `{list_name}` is empty, so this is always met"
        complaints.add((*path, "event", "codes", "in"), what, advice="Fill the list")


def _check_apart(requirement: dict[str, Any], path: Steps, complaints: Complaints) -> None:
    """Check that `count` events, `apart` from each other, fit into every span of the window."""
    count, apart = (
        requirement.get("count"),
        limit(mapping(requirement.get("apart")), "at_least", ""),
    )
    if not isinstance(count, int) or apart is None:
        return
    needed = (count - 1) * days(apart.length)[0]
    for _, span in spans(mapping(requirement.get("window")), ()):
        most, least = far(span), near(span)
        reach = limit(mapping(span.get("or_after")), "at_most", "less_than")
        if most is None or ("or_after" in span and reach is None):
            continue
        room = days(most.length)[1] + (days(reach.length)[1] if reach else 0)
        if needed > room - (days(least.length)[0] if least else 0):
            subject = f"{count} events {apart.length} apart"
            what = f"{subject} do not fit in the window"
            complaints.add((*path, "apart"), what, advice="Shorten it, or widen the window")
            return
