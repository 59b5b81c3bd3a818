"""What the requirements of a case add up to: docs/evaluation.md, section 10."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from qi_checker.engines.reference.cases import Case
from qi_checker.protocol.models import Member, Requirement
from qi_checker.protocol.vocabulary import RANK, VERDICT_OF_RANK, Status, Verdict

BOOKED, DUE = RANK[Status.BOOKED], RANK[Status.DUE]


def rank(member: Member, ranks: dict[str, int]) -> int:
    """`all_of` takes the highest rank of its members, `any_of` the lowest."""
    if isinstance(member, Requirement):
        return ranks[member.id]
    combine = max if member.all_of else min
    return combine(rank(m, ranks) for m in member.members)


def fulfilled(member: Member, met: dict[str, bool]) -> bool:
    """The same where a requirement is met or not."""
    if isinstance(member, Requirement):
        return met[member.id]
    combine = all if member.all_of else any
    return combine(fulfilled(m, met) for m in member.members)


def open_requirements(members: list[Member], ranks: dict[str, int]) -> Iterator[Requirement]:
    """Requirements that still need something, in branches that their `any_of` depends on."""
    for member in members:
        if isinstance(member, Requirement):
            if ranks[member.id] >= DUE:
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
    if member.all_of:
        return min(holds_through(m, ranks, ends) for m in member.members)
    holding = [m for m in member.members if rank(m, ranks) <= BOOKED]
    return max(holds_through(m, ranks, ends) for m in holding)


def case_line(
    case: Case, findings: dict[str, dict[str, Any]], excepted: dict[tuple[str, str], date]
) -> dict[str, Any]:
    """The verdict of a case, what to do next and how far surgery may move."""
    line = {"case_id": case.id, "surgery_date": case.day, "latest_surgery_date": None}
    nothing = {"next_requirement": None, "act_by": None, "owner": None}
    if case.ruled_out:
        return line | nothing | {"verdict": str(Verdict.NOT_APPLICABLE)}
    members = case.version.requirements
    ranks = {id: RANK[found["status"]] for id, found in findings.items()}
    worst = max(rank(m, ranks) for m in members)
    line["verdict"] = str(VERDICT_OF_RANK[worst])
    if worst <= BOOKED:
        ends = _ends(case, findings, excepted)
        last = min(holds_through(m, ranks, ends) for m in members)
        line["latest_surgery_date"] = None if last == date.max else last
    still_open = [r.id for r in open_requirements(members, ranks)] if case.upcoming else []
    if not still_open:
        return line | nothing
    first = min(still_open, key=lambda id: findings[id]["act_by"])
    return line | {
        "next_requirement": first,
        "act_by": findings[first]["act_by"],
        "owner": findings[first]["owner"],
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
