"""Combine the requirements of a case: docs/evaluation.md, section 10."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from qi_checker.protocol.models import Member, Requirement
from qi_checker.protocol.vocabulary import RANK, VERDICT_OF_RANK, Status, Verdict

BOOKED, DUE = RANK[Status.BOOKED], RANK[Status.DUE]
Ranks = Mapping[str, int]  # of every requirement that applies


def rank(member: Member, ranks: Ranks) -> int | None:
    """Rank a member: `all_of` takes the highest rank of its members, `any_of` the lowest.

    A requirement that is not applicable is not in `ranks`, and is skipped.
    """
    if isinstance(member, Requirement):
        return ranks.get(member.id)
    combine = max if member.all_of else min
    ranks_of_members = [r for m in member.members if (r := rank(m, ranks)) is not None]
    return combine(ranks_of_members, default=None)


def fulfilled(member: Member, met: Mapping[str, bool]) -> bool | None:
    """Combine whether requirements are met; one that is not applicable is not in `met`."""
    if isinstance(member, Requirement):
        return met.get(member.id)
    combine = all if member.all_of else any
    results = [m for inner in member.members if (m := fulfilled(inner, met)) is not None]
    return combine(results) if results else None


def verdict_of(members: Sequence[Member], ranks: Ranks) -> Verdict:
    """Return the verdict of a case; the case is an `all_of`."""
    ranks_of_members = [r for m in members if (r := rank(m, ranks)) is not None]
    return VERDICT_OF_RANK[max(ranks_of_members)] if ranks_of_members else Verdict.NOT_APPLICABLE


def open_requirements(members: Sequence[Member], ranks: Ranks) -> Iterator[Requirement]:
    """List requirements that still need something, in branches that their `any_of` depends on."""
    for member in members:
        if isinstance(member, Requirement):
            if ranks.get(member.id, 0) >= DUE:
                yield member
        elif member.all_of:
            yield from open_requirements(member.all_of, ranks)
        else:
            best = [m for m in member.members if rank(m, ranks) == rank(member, ranks)]
            yield from open_requirements(best, ranks)


def holds_through(members: Sequence[Member], ranks: Ranks, ends: Mapping[str, date]) -> date | None:
    """Return the last anchor date on which the whole case still holds; None without a limit.

    ends: the last day of each requirement that has one. Call it only if every member holds.
    """
    applicable = [m for m in members if rank(m, ranks) is not None]
    last = min((_holds_through(m, ranks, ends) for m in applicable), default=date.max)
    return None if last == date.max else last


def _holds_through(member: Member, ranks: Ranks, ends: Mapping[str, date]) -> date:
    if isinstance(member, Requirement):
        return ends.get(member.id, date.max)
    known = [(m, r) for m in member.members if (r := rank(m, ranks)) is not None]
    if member.all_of:
        return min(_holds_through(m, ranks, ends) for m, _ in known)
    return max(_holds_through(m, ranks, ends) for m, r in known if r <= BOOKED)
