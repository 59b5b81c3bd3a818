"""Whether an exception that somebody asks for can ever count; a typing error must not pass as one.

Apart from `waivers.py`, which joins records in DuckDB: the web application asks here.
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

_NEAREST = 3  # ids that are named where one is not known


@dataclass(frozen=True)
class Asked:
    """What is asked for: from which requirement of which case, why, and for which days."""

    case_id: str
    requirement: str
    reason: str
    valid_from: date
    expires_on: date


def check_request(asked: Asked, settings: Settings, store: Store) -> list[str]:
    """Raise UserError with everything that is wrong; else what a person should know of it.

    The cases are those of the latest night, the rules the version in force on the day of surgery.
    """
    problems: list[Problem] = []
    try:
        check_case(asked.case_id, [b.protocol.id for b in settings.bundles], store)
    except UserError as error:
        problems += error.problems
    day = store.planned([asked.case_id]).get(asked.case_id)
    problems += _rules(asked, settings, day)
    if problems:
        raise UserError(problems)
    return list(_useless(asked, day))


def check_case(case_id: str, protocols: Collection[str], store: Store) -> None:
    """Raise UserError where the latest night of these protocols has no such case."""
    known = store.known_cases(protocols)
    if case_id in known:
        return
    if not known:
        raise UserError(Problem("case", "there is no night yet", "", "Run the night first"))
    near = difflib.get_close_matches(case_id, known, n=_NEAREST, cutoff=0.6)
    advice = f"Did you mean {' or '.join(near)}?" if near else "Look for its id in the records"
    raise UserError(Problem("case", "the latest night has no such case", "", advice))


def _rules(asked: Asked, settings: Settings, day: date | None) -> list[Problem]:
    """What stands against it in every protocol that has the requirement; nothing if one accepts it."""
    every = [b.protocol for b in settings.bundles]
    if day is None:
        versions = [version for protocol in every for version in protocol.versions]
    else:
        versions = [version for protocol in every if (version := protocol.in_force(day))]
    asking = [v for v in versions if asked.requirement in {leaf.id for leaf in v.leaves}]
    if not asking:
        known = {leaf.id for version in versions for leaf in version.leaves}
        return [
            Problem(
                "requirement",
                "no protocol has this requirement",
                "",
                did_you_mean(asked.requirement, known),
            )
        ]
    each = [list(_refusals(asked, version)) for version in asking]
    return min(each, key=len)


def _refusals(asked: Asked, version: Version) -> Iterator[Problem]:
    """What judging would have against it, in words for the person who asks."""
    policy = version.exceptions
    if policy is None:
        yield Problem("requirement", f"the protocol accepts no exception for {asked.requirement}")
        return
    against = refusals(policy, asked.reason, (asked.valid_from, asked.expires_on))
    if NOT_ALLOWED in against:
        yield Problem(
            "--reason",
            "the protocol does not accept that reason",
            "",
            did_you_mean(asked.reason, policy.reasons),
        )
    if TOO_LONG in against:
        yield Problem(
            "--expires-on",
            f"the protocol accepts at most {policy.at_most}",
            "",
            f"Give {last_day(policy, asked.valid_from)} or an earlier day",
        )


def _useless(asked: Asked, day: date | None) -> Iterator[str]:
    if day is not None and not asked.valid_from <= day <= asked.expires_on:
        yield (
            f"is not valid on the day of surgery, {day}: from then on the case counts without it."
        )
