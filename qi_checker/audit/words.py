"""Sentences of the audit, shared by page and terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qi_checker.audit.views import AuditPage, RequirementTotals
from qi_checker.render.rates import counted, with_interval

_LISTS = ("action", "failed", "undetermined", "exempt", "others")
_TAKEN_OUT = "– "


@dataclass(frozen=True)
class FlowStep:
    """One step on the way to the denominator."""

    words: str
    number: str  # with a minus if it is subtracted
    taken_out: bool


def flow_steps(page: AuditPage) -> tuple[FlowStep, ...]:
    """Return the denominator flow, ready to print; the audit marks subtracted steps with a dash."""
    steps = []
    for words, number in page.flow:
        out = words.startswith(_TAKEN_OUT)
        text = f"− {number:,}" if out else f"{number:,}"
        steps.append(FlowStep(words.removeprefix(_TAKEN_OUT), text, out))
    return tuple(steps)


def _in_time(totals: Sequence[RequirementTotals]) -> str:
    if any(t.group for t in totals):
        return "fulfilled the protocol in time"
    if any(t.forbidden for t in totals):
        if len(totals) == 1:
            return (
                f"had {totals[0].title[:1].lower()}{totals[0].title[1:]} where there must be none"
            )
        return f"met {'both' if len(totals) == 2 else f'all {len(totals)}'} requirements"
    if len(totals) == 1:
        return f"had {totals[0].title} in time"
    return "had both in time" if len(totals) == 2 else f"had all {len(totals)} in time"


def finding(page: AuditPage) -> str:
    """Summarise the audit in one sentence."""
    rate, whole = page.rate, counted(page.rate)
    if not rate.eligible:
        return "There are no eligible cases, so there is no rate."
    if not whole:
        return (
            f"Every eligible operation ({rate.eligible:,}) is covered by an approved exception, "
            "so there is no rate."
        )
    noun = "operation" if whole == 1 else "operations"
    if page.provenance.no_data and not rate.compliant:
        missing = " and ".join(page.provenance.no_data)
        return (
            f"No data: the records contain no event of the required kind ({missing}), so "
            f"nothing can be said about {whole:,} eligible {noun}."
        )
    who = f"eligible {noun}" + (" without an exception" if rate.with_exception else "")
    brackets = with_interval(rate) or "too few for a percentage"
    return f"{rate.compliant:,} of {whole:,} {who} {_in_time(page.requirements)} ({brackets})."


def against_target(page: AuditPage) -> str:
    """Compare with the target, but claim only what the interval supports."""
    low, high = page.rate.low, page.rate.high
    if page.provenance.no_data:
        return ""
    if not page.target or not with_interval(page.rate) or low is None or high is None:
        return f"Target: {page.target}." if page.target else ""
    target = float(page.target.rstrip(" %")) / 100
    if low >= target:
        return f"Target of {page.target} met (95% CI entirely at or above it)."
    if high < target:
        return f"Target of {page.target} not met (95% CI entirely below it)."
    return f"The interval includes the target of {page.target}: too few cases to say on which side."


def nothing_to_do(page: AuditPage) -> str:
    """Describe an empty list of actions, with the records that were checked."""
    ahead = dict(page.flow).get("– still to come", 0)
    if not ahead:
        sentence = (
            "The records hold no planned operation of this protocol, so there was nothing to check."
        )
    else:
        sentence = "No upcoming operation needs action."
    return (
        f"{sentence} Based on {page.provenance.rests_on}." if page.provenance.rests_on else sentence
    )


def list_sizes(page: AuditPage) -> dict[str, int]:
    """Return the number of cases in each list, including cases that the page did not receive."""
    return {name: len(getattr(page, name)) for name in _LISTS} | dict(page.list_sizes)
