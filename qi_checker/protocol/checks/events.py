"""Which events are selected: words that the catalogue knows, code lists that exist, own columns."""

from __future__ import annotations

from typing import Any

from qi_checker.errors import did_you_mean
from qi_checker.protocol.checks.parts import (
    applies_if,
    code_list_names,
    conditions,
    mapping,
    mappings,
    requirement_parts,
)
from qi_checker.protocol.codes import Catalogue
from qi_checker.protocol.complaints import Complaints
from qi_checker.protocol.records import EVENTS
from qi_checker.protocol.yaml_nodes import Steps

# Kinds of the records contract, each of which holds events of many purposes.
_GENERAL_KINDS = ("imaging", "therapy", "visit", "lab")
_TELLS_APART = ("modality", "region", "codes", "columns")
# Words that people use for the modalities of DICOM.
_MEANT = {
    "MRI": "Did you mean MR?",
    "PET": "Did you mean PT?",
    "ULTRASOUND": "Did you mean US?",
    "SONOGRAPHY": "Did you mean US?",
}
# Columns of the contract that have a key of their own: what to write in their place.
_CASE_KEYS = {
    "urgency": "urgency",
    "site": "site",
    "surgeon": "surgeon",
    "procedures": "procedure",
    "diagnoses": "diagnosis",
}
_EVENT_KEYS = {
    **{n: f"Use {n}" for n in ("kind", "modality", "region", "codes", "status", "provenance")},
    "at": "Use window",
    "description": "It decides no status; use it in warn",
}


def check_code_lists(data: Any, available: tuple[str, ...], complaints: Complaints) -> None:
    """Every code list that is named exists."""
    for path, name in code_list_names(data):
        if name not in available:
            mend = did_you_mean(name, available)
            complaints.add(path, f"there is no code list `{name}`", mend=mend)


def check_columns(version: dict[str, Any], path: Steps, complaints: Complaints) -> None:
    """A column that has a key of its own is asked by that key, which knows how to read it."""
    asked = [*conditions(version.get("applies_to"), (*path, "applies_to"))]
    for inner, exclusion in mappings(version, "exclude", path):
        asked += conditions(exclusion.get("when"), (*inner, "when"))
    for inner, requirement in requirement_parts(version, path):
        asked += applies_if(requirement, inner)
    for inner, condition in asked:
        name = mapping(condition.get("column")).get("name")
        if isinstance(name, str) and name in _CASE_KEYS:
            what, mend = (
                f"`{name}` has a key of its own",
                f"Write {_CASE_KEYS[name]}: in place of column",
            )
            complaints.add((*inner, "column", "name"), what, mend=mend)


def check_selector(
    event: dict[str, Any], path: Steps, catalogue: Catalogue, complaints: Complaints
) -> None:
    """Modalities and regions are words of the catalogue, and an event is told by one of them."""
    _known(event, path, "modality", catalogue.modalities, complaints)
    _known(event, path, "region", catalogue.regions, complaints)
    _check_selective(event, path, complaints)
    _check_lists(event, path, catalogue, complaints)
    for inner, column in mappings(event, "columns", path):
        name = column.get("name")
        if isinstance(name, str) and name in EVENTS.names:
            what = f"`{name}` is a column of the contract, not one of your own"
            mend = _EVENT_KEYS.get(name, "Name a column that only your export has")
            complaints.add((*inner, "name"), what, mend=mend)


def _known(
    event: dict[str, Any], path: Steps, key: str, words: tuple[str, ...], complaints: Complaints
) -> None:
    values = event.get(key)
    for i, word in enumerate(values if isinstance(values, list) else []):
        if isinstance(word, str) and word not in words and words:
            mend = _MEANT.get(word.upper()) or did_you_mean(word, words)
            complaints.add((*path, key, i), f"`{word}` is not a known {key}", mend=mend)


def _check_selective(event: dict[str, Any], path: Steps, complaints: Complaints) -> None:
    kind = event.get("kind")
    told_apart = any(key in event for key in _TELLS_APART)
    if kind in _GENERAL_KINDS and not told_apart and not complaints.spoilt_inside(path):
        mend = "Add modality, region or codes" if kind == "imaging" else "Add codes or columns"
        complaints.add(path, f"any {kind} would count, whatever it was for", mend=mend)


def _check_lists(
    event: dict[str, Any], path: Steps, catalogue: Catalogue, complaints: Complaints
) -> None:
    """A list that is asked for and refused in one breath; a key that is read for imaging only."""
    names = {
        key: mapping(event.get(key)).get("in") for key in ("codes", "not_codes", "allow_codes")
    }
    for key, why in (
        ("codes", "so that no event can count"),
        ("allow_codes", "so that it allows nothing"),
    ):
        if names["not_codes"] is not None and names[key] == names["not_codes"]:
            what = f"{key} and not_codes name the same list, {why}"
            complaints.add((*path, "not_codes"), what, mend="Name another list in one of them")
    asked, refused = (catalogue.lists.get(str(names[key])) for key in ("codes", "not_codes"))
    if asked and refused and asked.rows and all(refused.covers(*p) for p in asked.pairs):
        what = f"not_codes refuses every code of `{asked.name}`, so that no event can count"
        complaints.add((*path, "not_codes"), what, mend="Name another list in one of them")
    if "allow_codes" in event and isinstance(event.get("kind"), str) and event["kind"] != "imaging":
        why = "It lifts what imaging.csv says of codes, and that is asked of imaging only"
        what = "`allow_codes` decides nothing"
        complaints.add((*path, "allow_codes"), what, why, "Leave it out", key=True)
