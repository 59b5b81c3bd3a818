"""Names that must exist: columns, words of the vocabulary, code lists, other requirements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from qi_checker.errors import did_you_mean
from qi_checker.protocol.checks.parts import (
    Part,
    anchor,
    applies_if,
    code_list_names,
    conditions,
    mapping,
    mappings,
    requirement_parts,
    spans,
    window_parts,
)
from qi_checker.protocol.codes import Catalogue
from qi_checker.protocol.complaints import Complaints
from qi_checker.protocol.models import Protocol, Requirement
from qi_checker.protocol.records import CASES, EVENTS, Table
from qi_checker.protocol.selectors import Condition, EventSelector, RequirementCondition
from qi_checker.protocol.windows import AnchorRef, Window
from qi_checker.protocol.yaml_nodes import Steps


def check_column(
    table: Table,
    column: str,
    path: Steps,
    complaints: Complaints,
    own: Iterable[str] = (),
    free: Iterable[Table] = (CASES,),
) -> None:
    """Check that a table has a column; `free` tables accept any name except a near miss."""
    import difflib  # takes longer than reading a protocol, and few sites map columns

    known = (*table.names, *own)
    any_other = table in free and not difflib.get_close_matches(column, known, cutoff=0.8)
    if column not in known and not any_other:
        what = f"`{table.name}` has no column `{column}`"
        complaints.add(path, what, advice=did_you_mean(column, known), key=True)


# ---- own columns of a protocol -------------------------------------------------------------------


AnyCondition = Condition | RequirementCondition


def own_columns(protocol: Protocol) -> dict[str, set[str]]:
    """Return, per table, the columns that conditions, windows and event selectors name."""
    cases: set[str] = set()
    events: set[str] = set()
    for version in protocol.versions:
        conditions_read = [version.applies_to, *(exclusion.when for exclusion in version.exclude)]
        for condition in conditions_read:
            cases |= {c.column.name for c in _inner(condition) if c.column}
        for requirement in version.leaves:
            conditions = list(_inner(requirement.applies_if))
            cases |= {c.column.name for c in conditions if c.column}
            cases |= set(_anchor_columns(requirement, conditions))
            events |= set(_event_columns(requirement, conditions))
    return {CASES.name: cases, EVENTS.name: events}


def _inner(condition: AnyCondition | None) -> Iterator[AnyCondition]:
    """Yield a condition and those inside its groups."""
    if condition is not None:
        yield condition
        for inner in (*(condition.all_of or ()), *(condition.any_of or ())):
            yield from _inner(inner)


def _anchor_columns(requirement: Requirement, conditions: list[AnyCondition]) -> Iterator[str]:
    windows: list[Window] = [requirement.window]
    for condition in conditions:
        if isinstance(condition, RequirementCondition):
            windows += [held.window for held in (condition.event, condition.chosen) if held]
    for window in windows:
        for span in window.spans:
            if isinstance(span.anchor, AnchorRef) and span.anchor.column is not None:
                yield span.anchor.column


def _event_columns(requirement: Requirement, conditions: list[AnyCondition]) -> Iterator[str]:
    selectors: list[EventSelector] = [requirement.event]
    selectors += [between.event for between in requirement.none_between]
    for condition in conditions:
        if isinstance(condition, RequirementCondition) and condition.event is not None:
            selectors.append(condition.event)
    for selector in selectors:
        yield from (column.name for column in selector.columns or ())


# ---- which events are selected -------------------------------------------------------------------


# Kinds of the records contract that each cover events with many purposes.
_GENERAL_KINDS = ("imaging", "therapy", "visit", "lab")
_TELLS_APART = ("modality", "region", "codes", "columns")
# Words that people use for DICOM modalities.
_MEANT = {
    "MRI": "Did you mean MR?",
    "PET": "Did you mean PT?",
    "ULTRASOUND": "Did you mean US?",
    "SONOGRAPHY": "Did you mean US?",
}
# Columns of the contract that have their own key: what to write instead.
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
    """Check that every code list that is named exists."""
    for path, name in code_list_names(data):
        if name not in available:
            advice = did_you_mean(name, available)
            complaints.add(path, f"there is no code list `{name}`", advice=advice)


def check_columns(version: dict[str, Any], path: Steps, complaints: Complaints) -> None:
    """Refuse `column` for a column that has its own key, since that key knows how to read it."""
    conditions_read = [*conditions(version.get("applies_to"), (*path, "applies_to"))]
    for inner, exclusion in mappings(version, "exclude", path):
        conditions_read += conditions(exclusion.get("when"), (*inner, "when"))
    for inner, requirement in requirement_parts(version, path):
        conditions_read += applies_if(requirement, inner)
    for inner, condition in conditions_read:
        name = mapping(condition.get("column")).get("name")
        if isinstance(name, str) and name in _CASE_KEYS:
            what, advice = (
                f"`{name}` has its own key",
                f"Write {_CASE_KEYS[name]}: instead of column",
            )
            complaints.add((*inner, "column", "name"), what, advice=advice)


def check_selector(
    event: dict[str, Any], path: Steps, catalogue: Catalogue, complaints: Complaints
) -> None:
    """Check that modalities and regions are in the catalogue, and that the selector is specific."""
    _known(event, path, "modality", catalogue.modalities, complaints)
    _known(event, path, "region", catalogue.regions, complaints)
    _check_selective(event, path, complaints)
    _check_lists(event, path, catalogue, complaints)
    for inner, column in mappings(event, "columns", path):
        name = column.get("name")
        if isinstance(name, str) and name in EVENTS.names:
            what = f"`{name}` is a column of the contract, not your own"
            advice = _EVENT_KEYS.get(name, "Use a column that only your export has")
            complaints.add((*inner, "name"), what, advice=advice)


def _known(
    event: dict[str, Any], path: Steps, key: str, words: tuple[str, ...], complaints: Complaints
) -> None:
    values = event.get(key)
    for i, word in enumerate(values if isinstance(values, list) else []):
        if isinstance(word, str) and word not in words and words:
            advice = _MEANT.get(word.upper()) or did_you_mean(word, words)
            complaints.add((*path, key, i), f"`{word}` is not a known {key}", advice=advice)


def _check_selective(event: dict[str, Any], path: Steps, complaints: Complaints) -> None:
    kind = event.get("kind")
    told_apart = any(key in event for key in _TELLS_APART)
    if kind in _GENERAL_KINDS and not told_apart and not complaints.spoilt_inside(path):
        advice = "Add modality, region or codes" if kind == "imaging" else "Add codes or columns"
        complaints.add(path, f"any {kind} event would count, whatever its purpose", advice=advice)


def _check_lists(
    event: dict[str, Any], path: Steps, catalogue: Catalogue, complaints: Complaints
) -> None:
    """Refuse a list that is both required and excluded, and a key that applies to imaging only."""
    names = {
        key: mapping(event.get(key)).get("in") for key in ("codes", "not_codes", "allow_codes")
    }
    for key, why in (
        ("codes", "so that no event can count"),
        ("allow_codes", "so that it allows nothing"),
    ):
        if names["not_codes"] is not None and names[key] == names["not_codes"]:
            what = f"{key} and not_codes name the same list, {why}"
            complaints.add((*path, "not_codes"), what, advice="Use different lists")
    accepted, refused = (catalogue.lists.get(str(names[key])) for key in ("codes", "not_codes"))
    if accepted and refused and accepted.rows and all(refused.covers(*p) for p in accepted.pairs):
        what = f"not_codes refuses every code of `{accepted.name}`, so that no event can count"
        complaints.add((*path, "not_codes"), what, advice="Use different lists")
    if "allow_codes" in event and isinstance(event.get("kind"), str) and event["kind"] != "imaging":
        why = "It applies to codes of imaging.csv, which are used for imaging only"
        what = "`allow_codes` has no effect"
        complaints.add((*path, "allow_codes"), what, why, "Leave it out", key=True)


# ---- what a window is counted from ---------------------------------------------------------------


_DATES = tuple(c.name for c in CASES.columns if c.kind == "when")

Reference = tuple[Steps, str]  # where a requirement is named, and its id


def check_references(data: Any, complaints: Complaints) -> None:
    """Check that every anchor can be determined: its requirement exists, without a cycle."""
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
                what = f"`{name}` cannot count from its own event, which is not chosen yet"
                advice = "Name another requirement, or an anchor such as surgery"
                complaints.add(where, what, advice=advice)
            elif name not in ids:
                _unknown(where, name, ids, others, complaints)
            elif name in forbidden:
                why = "A forbidden event cannot be counted from"
                complaints.add(where, f"`{name}` is forbidden", why, "Name another requirement")
            elif isinstance(own, str):
                waits.setdefault(own, []).append((where, name))
    _check_circles(waits, complaints)


def _references(requirement: dict[str, Any], path: Steps) -> Iterator[Reference]:
    """Yield every requirement that one requirement names: as anchor, or in `chosen`."""
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
    """Refuse an anchor column that the contract defines as something other than a date."""
    for where, value in _anchors(requirement, path):
        name = mapping(value).get("column")
        if isinstance(name, str) and name in CASES.names and name not in _DATES:
            advice = f"Name a date column: {', '.join(_DATES)}, or one of your own"
            complaints.add(
                (*where, "column"), f"the column `{name}` contains no dates", advice=advice
            )


def _check_chosen_windows(requirement: dict[str, Any], path: Steps, complaints: Complaints) -> None:
    """Refuse a window that counts an event from itself, where the distance is always zero."""
    for inner, condition in applies_if(requirement, path):
        chosen = mapping(condition.get("chosen"))
        where = (*inner, "chosen", "window")
        for span_path, span in spans(mapping(chosen.get("window")), where):
            value_path, value = anchor(span, span_path)
            name = mapping(value).get("requirement")
            if isinstance(name, str) and name == chosen.get("requirement"):
                what = f"the event of `{name}` is counted from itself"
                advice = "Name another anchor, such as surgery"
                complaints.add((*value_path, "requirement"), what, advice=advice)


def _unknown(
    where: Steps, name: str, ids: list[str], others: dict[str, str], complaints: Complaints
) -> None:
    why = ""
    if name in others:
        why = f"Version {others[name]} has it, but versions cannot refer to each other"
    what = f"there is no requirement `{name}` in this version"
    complaints.add(where, what, why, did_you_mean(name, ids))


def _check_circles(waits: dict[str, list[Reference]], complaints: Complaints) -> None:
    """Report each cycle once, where it closes."""
    done: set[str] = set()

    def follow(name: str, way: list[str]) -> None:
        for where, target in waits.get(name, []):
            if target in way:
                circle = [*way[way.index(target) :], target]
                what = f"the requirements depend on each other in a circle: {' -> '.join(circle)}"
                advice = "Let one of them count from a date of the case"
                complaints.add(where, what, advice=advice)
            elif target not in done:
                follow(target, [*way, target])
        done.add(name)

    for name in waits:
        if name not in done:
            follow(name, [name])
