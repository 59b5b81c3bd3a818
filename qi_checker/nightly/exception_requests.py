"""Checks whether a requested exception can ever count, so that a typing error is not accepted.

Separate from `waivers.py`, which joins records in DuckDB, because the web application uses this.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

from qi_checker.errors import Problem, UserError, did_you_mean
from qi_checker.judging.exceptions import NOT_ALLOWED, TOO_LONG, last_day, refusals
from qi_checker.nightly.load import Settings
from qi_checker.protocol.models import Version
from qi_checker.store import Store

_NEAREST = 3  # known ids to suggest for an unknown id


@dataclass(frozen=True)
class RequestedException:
    """A request for an exception: requirement, case, reason and days."""

    case_id: str
    requirement: str
    reason: str
    valid_from: date
    expires_on: date


def check_request(request: RequestedException, settings: Settings, store: Store) -> list[str]:
    """Raise UserError with all problems of the request; otherwise return warnings.

    Cases are those of the latest night; rules are the version in force on the day of surgery.
    """
    problems: list[Problem] = []
    try:
        check_case(request.case_id, [b.protocol.id for b in settings.bundles], store)
    except UserError as error:
        problems += error.problems
    day = store.planned([request.case_id]).get(request.case_id)
    problems += _rules(request, settings, day)
    if problems:
        raise UserError(problems)
    return list(_useless(request, day))


def check_case(case_id: str, protocols: Collection[str], store: Store) -> None:
    """Raise UserError where the latest night of these protocols lacks the case."""
    known = store.known_cases(protocols)
    if case_id in known:
        return
    if not known:
        raise UserError(Problem("case", "no night is stored yet", "", "Run the night first"))
    near = difflib.get_close_matches(case_id, known, n=_NEAREST, cutoff=0.6)
    advice = f"Did you mean {' or '.join(near)}?" if near else "Look for its id in the records"
    raise UserError(Problem("case", "the latest night has no such case", "", advice))


def _rules(request: RequestedException, settings: Settings, day: date | None) -> list[Problem]:
    """Return the problems in every protocol that has the requirement; none if one accepts it."""
    every = [b.protocol for b in settings.bundles]
    if day is None:
        versions = [version for protocol in every for version in protocol.versions]
    else:
        versions = [version for protocol in every if (version := protocol.in_force(day))]
    asking = [v for v in versions if request.requirement in {leaf.id for leaf in v.leaves}]
    if not asking:
        known = {leaf.id for version in versions for leaf in version.leaves}
        return [
            Problem(
                "requirement",
                "no protocol has this requirement",
                "",
                did_you_mean(request.requirement, known),
            )
        ]
    each = [list(_refusals(request, version)) for version in asking]
    return min(each, key=len)


def _refusals(request: RequestedException, version: Version) -> Iterator[Problem]:
    """Yield the reasons for which evaluation would refuse it, as messages for the requester."""
    policy = version.exceptions
    if policy is None:
        yield Problem("requirement", f"the protocol accepts no exception for {request.requirement}")
        return
    against = refusals(policy, request.reason, (request.valid_from, request.expires_on))
    if NOT_ALLOWED in against:
        yield Problem(
            "--reason",
            "the protocol does not accept this reason",
            "",
            did_you_mean(request.reason, policy.reasons),
        )
    if TOO_LONG in against:
        yield Problem(
            "--expires-on",
            f"the protocol accepts at most {policy.at_most}",
            "",
            f"Give {last_day(policy, request.valid_from)} or an earlier day",
        )


def _useless(request: RequestedException, day: date | None) -> Iterator[str]:
    if day is not None and not request.valid_from <= day <= request.expires_on:
        yield (
            f"is not valid on the day of surgery, {day}: from then on the case counts without it."
        )
