"""What the requirements of a case add up to: docs/evaluation.md, section 10."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from qi_checker.judging.cases import Case
from qi_checker.protocol.models import Member, Requirement
from qi_checker.protocol.vocabulary import RANK, VERDICT_OF_RANK, Status, Verdict

BOOKED, DUE = RANK[Status.BOOKED], RANK[Status.DUE]


def rank(member: Member, ranks: dict[str, int]) -> int | None:
    """`all_of` takes the highest rank of its members, `any_of` the lowest.

    A requirement that is not applicable is not in `ranks`, and passed over.
    """
    if isinstance(member, Requirement):
        return ranks.get(member.id)
    combine = max if member.all_of else min
    found = [r for m in member.members if (r := rank(m, ranks)) is not None]
    return combine(found, default=None)


def fulfilled(member: Member, met: dict[str, bool]) -> bool | None:
    """The same where a requirement is met or not; one that is not applicable is not in `met`."""
    if isinstance(member, Requirement):
        return met.get(member.id)
    combine = all if member.all_of else any
    found = [m for inner in member.members if (m := fulfilled(inner, met)) is not None]
    return combine(found) if found else None


def open_requirements(members: list[Member], ranks: dict[str, int]) -> Iterator[Requirement]:
    """Requirements that still need something, in branches that their `any_of` depends on."""
    for member in members:
        if isinstance(member, Requirement):
            if ranks.get(member.id, 0) >= DUE:
                yield member
        elif member.all_of:
            yield from open_requirements(member.all_of, ranks)
        else:
            best = [m for m in member.members if rank(m, ranks) == rank(member, ranks)]
            yield from open_requirements(best, ranks)


def holds_through(member: Member, ranks: dict[str, int], ends: dict[str, date]) -> date:
    """The last anchor date on which a fulfilled member still holds; `date.max` has no limit."""
    if isinstance(member, Requirement):
        return ends.get(member.id, date.max)
    known = [(m, r) for m in member.members if (r := rank(m, ranks)) is not None]
    if member.all_of:
        return min(holds_through(m, ranks, ends) for m, _ in known)
    return max(holds_through(m, ranks, ends) for m, r in known if r <= BOOKED)


def case_line(
    case: Case, findings: dict[str, dict[str, Any]], excepted: dict[tuple[str, str], date]
) -> dict[str, Any]:
    """The verdict of a case, what to do next and how far surgery may move."""
    line = {"case_id": case.id, "surgery_date": case.day, "latest_surgery_date": None}
    nothing = {"next_requirement": None, "act_by": None, "owner": None}
    ranks = {
        id: RANK[found["status"]]
        for id, found in findings.items()
        if found["status"] != Status.NOT_APPLICABLE
    }
    members = [m for m in case.version.requirements if rank(m, ranks) is not None]
    if not members:
        return line | nothing | {"verdict": str(Verdict.NOT_APPLICABLE)}
    worst = max(r for m in members if (r := rank(m, ranks)) is not None)
    line["verdict"] = str(VERDICT_OF_RANK[worst])
    if worst <= BOOKED:
        ends = _ends(case, findings, excepted)
        last = min(holds_through(m, ranks, ends) for m in members)
        line["latest_surgery_date"] = None if last == date.max else last
    still_open = [findings[r.id] for r in open_requirements(members, ranks)]
    first = min((f for f in still_open if f["act_by"]), key=lambda f: f["act_by"], default=None)
    if first is None:
        return line | nothing
    return line | {
        "next_requirement": first["requirement"],
        "act_by": first["act_by"],
        "owner": first["owner"],
    }


def _ends(
    case: Case, findings: dict[str, dict[str, Any]], excepted: dict[tuple[str, str], date]
) -> dict[str, date]:
    """How long each requirement holds; those without a limit are left out."""
    ends = {}
    for id, found in findings.items():
        if found["status"] == Status.EXEMPT:
            ends[id] = excepted[case.id, id]
        elif found["valid_through"]:
            ends[id] = found["valid_through"]
    return ends
