"""Windows that can never open: limits that exclude each other, in one span or in two."""

from __future__ import annotations

from itertools import combinations
from typing import Any

from qi_checker.protocol.checks.lengths import excludes, far, limit, near
from qi_checker.protocol.checks.parts import Part, anchor, mapping, spans
from qi_checker.protocol.complaints import Complaints
from qi_checker.protocol.yaml_nodes import Steps

NEVER = "this window never opens"


def check_window(window: dict[str, Any], path: Steps, complaints: Complaints) -> None:
    """Complain about spans that no event can lie in, and about pairs of spans."""
    parts = spans(window, path)
    for inner, span in parts:
        _check_span(span, inner, complaints)
    for one, other in combinations(parts, 2):
        _check_pair(one, other, complaints)


def _check_span(span: dict[str, Any], path: Steps, complaints: Complaints) -> None:
    least, most = near(span), far(span)
    if least and most and excludes(least, most):
        less, more = _key(span, "at_least"), _key(span, "at_most")
        what = f"{NEVER}: nothing is {less} {least.length} and {more} {most.length} away"
        complaints.add((*path, less.replace(" ", "_")), what, mend="Change one of the two")
    elif (
        most is not None
        and most.length.amount == 0
        and most.length.clock is not None
        and "before" in span
        and "or_after" not in span
    ):
        what = f"{NEVER}: what is before the anchor is more than {most.length} away"
        complaints.add((*path, "at_most"), what, mend="Give it a longer time")


def _check_pair(one: Part, other: Part, complaints: Complaints) -> None:
    """Two spans from one anchor; what dates of two anchors say together depends on the case."""
    first, second = one[1], other[1]
    anchored = anchor(first, ())[1]
    if anchored is None or anchored != anchor(second, ())[1]:
        return
    for here, there in ((first, second), (second, first)):
        if _apart(here, there):
            what = f"{NEVER}: this span and another one of it exclude each other"
            complaints.add(other[0], what, mend="Change or leave out one of the two")
            return


def _apart(here: dict[str, Any], there: dict[str, Any]) -> bool:
    """Whether the least distance of one span is beyond the reach of another."""
    after = "after" in here
    if after == ("after" in there):
        most = far(there)
    elif "or_after" not in here and "or_after" not in there:
        return True
    elif after:
        most = limit(mapping(there.get("or_after")), "at_most", "less_than")
    else:
        return False
    least = near(here)
    return least is not None and most is not None and excludes(least, most)


def _key(span: dict[str, Any], loose: str) -> str:
    strict = {"at_least": "more_than", "at_most": "less_than"}[loose]
    return (loose if loose in span else strict).replace("_", " ")
