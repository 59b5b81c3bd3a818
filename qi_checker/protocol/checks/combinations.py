"""Keys of one requirement that contradict each other, or say nothing together."""

from __future__ import annotations

from typing import Any

from qi_checker.protocol.checks.lengths import days, far, limit, near
from qi_checker.protocol.checks.parts import mapping, spans
from qi_checker.protocol.codes import Catalogue
from qi_checker.protocol.complaints import Complaints
from qi_checker.protocol.yaml_nodes import Steps

# Keys that speak of the event that must be there.
_OF_AN_EVENT = {
    "count": "No event is allowed, so none is counted",
    "apart": "No event is allowed, so none are apart",
    "none_between": "It looks at what follows the event, and none is allowed",
    "lead_time": "Nothing has to be arranged where nothing is allowed",
}


def check_combinations(
    requirement: dict[str, Any], path: Steps, catalogue: Catalogue, complaints: Complaints
) -> None:
    """Complain about keys that cannot stand together."""
    if requirement.get("forbidden") is True:
        _check_forbidden(requirement, path, catalogue, complaints)
    elif "apart" in requirement and "count" not in requirement:
        what, why = "`apart` decides nothing", "One event is asked for"
        complaints.add((*path, "apart"), what, why, "Add count: 2, or leave it out", key=True)
    else:
        _check_apart(requirement, path, complaints)
    modality = mapping(requirement.get("event")).get("modality")
    if "pet_ct" in requirement and isinstance(modality, list) and "CT" not in modality:
        why = "It says whether the CT of a PET/CT counts as CT, and CT is not asked for here"
        complaints.add((*path, "pet_ct"), "`pet_ct` decides nothing", why, "Leave it out", key=True)


def _check_forbidden(
    requirement: dict[str, Any], path: Steps, catalogue: Catalogue, complaints: Complaints
) -> None:
    for key, why in _OF_AN_EVENT.items():
        if key in requirement:
            what = f"`{key}` and forbidden are given together"
            complaints.add((*path, key), what, why, f"Leave {key} out", key=True)
    asked = mapping(mapping(requirement.get("event")).get("codes")).get("in")
    if isinstance(asked, str) and asked in catalogue.lists and not catalogue.lists[asked].rows:
        what = f"the code list `{asked}` is empty, so that this is met whatever happened"
        complaints.add((*path, "event", "codes", "in"), what, mend="Fill the list")


def _check_apart(requirement: dict[str, Any], path: Steps, complaints: Complaints) -> None:
    """So many events so far apart must fit into every span of the window."""
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
            said = f"{count} events {apart.length} apart"
            what = f"{said} do not fit into the window"
            complaints.add((*path, "apart"), what, mend="Shorten it, or widen the window")
            return
