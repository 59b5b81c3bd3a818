"""The statuses that the language allows for a requirement, and why the others cannot occur.

From section 7 of docs/evaluation.md. `error` is a failure of the program and never required.
"""

from __future__ import annotations

from qi_checker.protocol.models import Requirement, Version
from qi_checker.protocol.vocabulary import Status


def impossible(requirement: Requirement, version: Version) -> dict[Status, str]:
    """Return the statuses that cannot occur, each with the reason."""
    result: dict[Status, str] = {}
    endless = all(s.after is not None and s.far is None for s in requirement.window.spans)
    planned = "booked" in requirement.event.status
    if version.exceptions is None:
        result[Status.EXEMPT] = "the version accepts no exceptions"
    if requirement.forbidden:
        result[Status.BOOKED] = "a forbidden event is not waited for"
        result[Status.EXPIRED] = "a forbidden event cannot be too old"
        if endless:
            result[Status.MET] = "its window never closes"
        return result
    if planned:
        result[Status.BOOKED] = "an appointment already counts as done"
    if not _can_be_too_old(requirement):
        result[Status.EXPIRED] = "nothing is ever too old for its window"
    if endless:
        result[Status.EXPIRED] = result[Status.MISSING] = "its window never closes"
    return result


def _can_be_too_old(requirement: Requirement) -> bool:
    """Whether the first span counts back, and any span has a first date."""
    spans = requirement.window.spans
    return spans[0].before is not None and any(s.far or s.after is not None for s in spans)


def possible(requirement: Requirement, version: Version) -> list[Status]:
    """Return the statuses that an example can reach, in the order of the contract."""
    ruled_out = impossible(requirement, version)
    return [s for s in Status if s is not Status.ERROR and s not in ruled_out]
