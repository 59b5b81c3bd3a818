"""What one key cannot tell alone: versions in order, unique ids, words that the catalogue knows.

The checks read plain data, not models, so that they still speak where another key is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from qi_checker.errors import did_you_mean
from qi_checker.protocol.codes import Catalogue
from qi_checker.protocol.complaints import Complaints
from qi_checker.protocol.yaml_nodes import Steps

_CODE_KEYS = ("procedure", "diagnosis", "codes", "not_codes")
# Kinds of the records contract, each of which holds events of many purposes.
_GENERAL_KINDS = ("imaging", "therapy", "visit", "lab")

Part = tuple[Steps, dict[str, Any]]


def check_versions(data: Any, complaints: Complaints) -> None:
    """Names once each; every period ends on the day before the next one begins."""
    versions = list(_mappings(data, "versions"))
    _unique(versions, "version", "the version", complaints)
    for (path, earlier), (next_path, later) in pairwise(versions):
        _check_succession(path, earlier, next_path, later, complaints)


def check_ids(data: Any, complaints: Complaints) -> None:
    """Requirements and exclusions are known by their ids, within a version."""
    for path, version in _mappings(data, "versions"):
        requirements = list(requirement_parts(version, path))
        _unique(requirements, "id", "the requirement", complaints)
        _unique(list(_mappings(version, "exclude", path)), "id", "the exclusion", complaints)
        for inner, requirement in requirements:
            _unique(list(_mappings(requirement, "warn", inner)), "id", "the advice", complaints)


def check_events(data: Any, catalogue: Catalogue, complaints: Complaints) -> None:
    """Modalities and regions are words of the catalogue, and an event is told by one of them."""
    for version_path, version in _mappings(data, "versions"):
        for path, requirement in requirement_parts(version, version_path):
            event = requirement.get("event")
            if isinstance(event, dict):
                where = (*path, "event")
                _known(event, where, "modality", catalogue.modalities, complaints)
                _known(event, where, "region", catalogue.regions, complaints)
                _check_selective(event, where, complaints)
                _check_pet_ct(requirement, event, path, complaints)


def check_code_lists(data: Any, available: tuple[str, ...], complaints: Complaints) -> None:
    """Every code list that is named exists."""
    for path, name in code_list_names(data):
        if name not in available:
            mend = did_you_mean(name, available)
            complaints.add(path, f"there is no code list `{name}`", mend=mend)


def code_list_names(data: Any, path: Steps = ()) -> Iterator[tuple[Steps, str]]:
    """Path and name of every code list that plain data refer to."""
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


def requirement_parts(version: dict[str, Any], path: Steps) -> Iterator[Part]:
    """Path and plain data of every requirement of a version, out of its groups."""
    yield from _leaves(version, "requirements", path)


def _leaves(holder: dict[str, Any], key: str, path: Steps) -> Iterator[Part]:
    for inner, member in _mappings(holder, key, path):
        groups = [k for k in ("all_of", "any_of") if k in member]
        if not groups:
            yield inner, member
        for group in groups:
            yield from _leaves(member, group, inner)


def _mappings(holder: Any, key: str, path: Steps = ()) -> Iterator[Part]:
    """The items of a list that are mappings, each with its path."""
    items = holder.get(key) if isinstance(holder, dict) else None
    for i, item in enumerate(items if isinstance(items, list) else []):
        if isinstance(item, dict):
            yield (*path, key, i), item


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


def _known(
    event: dict[str, Any], path: Steps, key: str, words: tuple[str, ...], complaints: Complaints
) -> None:
    values = event.get(key)
    for i, word in enumerate(values if isinstance(values, list) else []):
        if isinstance(word, str) and word not in words and words:
            mend = _MEANT.get(word.upper()) or did_you_mean(word, words)
            complaints.add((*path, key, i), f"`{word}` is not a known {key}", mend=mend)


# Words that people use for the modalities of DICOM.
_MEANT = {
    "MRI": "Did you mean MR?",
    "PET": "Did you mean PT?",
    "ULTRASOUND": "Did you mean US?",
    "SONOGRAPHY": "Did you mean US?",
}


def _check_selective(event: dict[str, Any], path: Steps, complaints: Complaints) -> None:
    kind = event.get("kind")
    told_apart = any(key in event for key in ("modality", "region", "codes"))
    if kind in _GENERAL_KINDS and not told_apart and not complaints.spoilt_inside(path):
        mend = "Add modality, region or codes"
        complaints.add(path, f"any {kind} would count, whatever it was for", mend=mend)
    asked, refused = (dict(code_list_names({k: event.get(k)})) for k in ("codes", "not_codes"))
    if set(asked.values()) & set(refused.values()):
        what = "codes and not_codes name the same list, so that no event can count"
        complaints.add((*path, "not_codes"), what, mend="Name another list in one of them")


def _check_pet_ct(
    requirement: dict[str, Any], event: dict[str, Any], path: Steps, complaints: Complaints
) -> None:
    modality = event.get("modality")
    if "pet_ct" in requirement and isinstance(modality, list) and "CT" not in modality:
        why = "It says whether the CT of a PET/CT counts as CT, and CT is not asked for here"
        complaints.add((*path, "pet_ct"), "`pet_ct` decides nothing", why, "Leave it out", key=True)
