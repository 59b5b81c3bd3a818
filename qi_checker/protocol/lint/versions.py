"""Suspicious things of one version, and of a version and the one before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from qi_checker.protocol.checks.lengths import days
from qi_checker.protocol.lint.finding import Finding, Leaf
from qi_checker.protocol.models import Exclusion, Requirement, Version
from qi_checker.protocol.yaml_nodes import Steps

_LONG_SPAN = 366


def lint_version(version: Version, path: Steps, leaves: Sequence[Leaf]) -> Iterator[Finding]:
    """Every rule about a version."""
    yield from _population(version, path)
    yield from _sensitivity(version, path)
    yield from _waivers(version, path)
    yield from _waivers_too_short(version, path)
    yield from _same_requirement(leaves)


def renamed(earlier: Version, leaves: Sequence[Leaf]) -> Iterator[Finding]:
    """A requirement that goes on under another id looks like one that ended and one that began."""
    ids = {requirement.id for _, requirement in leaves}
    gone = [r for r in earlier.leaves if r.id not in ids]
    known = {r.id for r in earlier.leaves}
    for path, requirement in leaves:
        if requirement.id in known:
            continue
        for old in gone:
            if requirement.title == old.title or requirement.event == old.event:
                what = f"`{old.id}` of version {earlier.version} is `{requirement.id}` here"
                yield (*path, "id"), what, "Its results cannot be followed from one to the other"
                break


def _population(version: Version, path: Steps) -> Iterator[Finding]:
    """An exclusion that repeats the population leaves nobody; one that repeats another, nothing."""
    seen: list[Exclusion] = []
    for n, exclusion in enumerate(version.exclude):
        where = (*path, "exclude", n, "when")
        if exclusion.when == version.applies_to:
            yield where, "this exclusion repeats applies_to", "No case would be left"
        same = next((x for x in seen if x.when == exclusion.when), None)
        if same is not None:
            yield where, f"this exclusion repeats `{same.id}`", "It can never be the first to hold"
        seen.append(exclusion)


def _sensitivity(version: Version, path: Steps) -> Iterator[Finding]:
    """Other windows are for requirements whose own window they can replace; see docs/evaluation.md.

    The window itself among them shows that both ways of counting agree.
    """
    where = (*path, "sensitivity")
    texts = [str(length) for length in version.sensitivity]
    for n, text in enumerate(texts):
        if text in texts[:n]:
            yield (*where, n), f"{text} is listed twice", ""
    anew = [r for r in version.leaves if _judged_anew(r)]
    if texts and not anew:
        why = "Only windows of days or longer before surgery are, of one event that must be there"
        yield where, "no requirement of this version can be judged by another window", why
    limits = {str(r.window.at_most) for r in anew if r.window.at_most}
    if texts and limits and not limits & set(texts):
        why = "Beside it, the other windows are easier to judge"
        yield where, f"{' and '.join(sorted(limits))} itself is not listed", why


def _judged_anew(requirement: Requirement) -> bool:
    taken = any(line.then == "fail" for line in requirement.none_between)
    other = requirement.count or requirement.forbidden or taken
    return requirement.window.only_days_before_surgery and not other


def _waivers(version: Version, path: Steps) -> Iterator[Finding]:
    """An exception that may last for years is a change of the protocol that nobody decided."""
    policy = version.exceptions
    if policy is None:
        return
    where = (*path, "exceptions")
    for n, reason in enumerate(policy.reasons):
        if reason in policy.reasons[:n]:
            yield (*where, "reasons", n), f"the reason {reason} is listed twice", ""
    if policy.at_most is None:
        yield where, "exceptions may last for ever", "Give them at_most"
    elif days(policy.at_most)[1] > _LONG_SPAN:
        yield (*where, "at_most"), "exceptions may last for more than a year", ""


def _waivers_too_short(version: Version, path: Steps) -> Iterator[Finding]:
    """An exception must last until the day of surgery; if it cannot, nobody can make use of it."""
    if version.exceptions is None or version.exceptions.at_most is None:
        return
    where = (*path, "exceptions", "at_most")
    longest = days(version.exceptions.at_most)[1]
    if longest == 0:
        yield where, "an exception holds on one day only", "It must be the day of surgery"
        return
    for requirement in version.leaves:
        if requirement.lead_time and days(requirement.lead_time)[0] > longest:
            what = f"exceptions last less long than it takes to arrange `{requirement.id}`"
            yield where, what, "One that is approved in time has ended on the day of surgery"
            return


def _same_requirement(leaves: Sequence[Leaf]) -> Iterator[Finding]:
    """Two requirements for the same event are fulfilled by one scan, and count it twice."""
    for n, (path, requirement) in enumerate(leaves):
        for _, other in leaves[:n]:
            if _asks(requirement) == _asks(other):
                what = f"this requirement asks for the same as `{other.id}`"
                yield (*path, "event"), what, "One event fulfils both"


def _asks(requirement: Requirement) -> tuple[object, ...]:
    r = requirement
    return r.event, r.window, r.applies_if, r.forbidden, r.count, r.apart
