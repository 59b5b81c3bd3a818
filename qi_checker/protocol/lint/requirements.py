"""Suspicious things of one requirement, but for its windows."""

from __future__ import annotations

from collections.abc import Iterator

from qi_checker.protocol.lint.finding import Finding
from qi_checker.protocol.models import Requirement
from qi_checker.protocol.site import Site
from qi_checker.protocol.yaml_nodes import Steps


def lint_requirement(requirement: Requirement, path: Steps) -> Iterator[Finding]:
    """Every rule about a requirement."""
    yield from _region(requirement, path)
    yield from _advice(requirement, path)
    yield from _counted_twice(requirement, path)


def silent_feeds(requirement: Requirement, path: Steps, site: Site) -> Iterator[Finding]:
    """Where absence is the good news, a source that has stopped to deliver must not bring it."""
    why = "State in feeds how old its newest record may be; else a source that is silent looks good"
    kind = requirement.event.kind
    if requirement.forbidden and kind not in site.feeds:
        yield (*path, "forbidden"), f"the site says nothing about the feed of {kind}", why
    for n, between in enumerate(requirement.none_between):
        kind = between.event.kind
        if kind not in site.feeds:
            where = (*path, "none_between", n, "event")
            yield where, f"the site says nothing about the feed of {kind}", why


def _region(requirement: Requirement, path: Steps) -> Iterator[Finding]:
    """A scan of another part of the body would count."""
    event = requirement.event
    if event.kind == "imaging" and not event.region and not event.codes:
        why = "A scan of the head would count; give a region or codes"
        yield (*path, "event"), "the region is left open", why


def _advice(requirement: Requirement, path: Steps) -> Iterator[Finding]:
    """The same advice twice is a slip of copying."""
    for n, advice in enumerate(requirement.warn):
        if any(advice.when == other.when for other in requirement.warn[:n]):
            yield (*path, "warn", n, "when"), f"`{advice.id}` repeats another advice's when", ""


def _counted_twice(requirement: Requirement, path: Steps) -> Iterator[Finding]:
    """Without a distance two records of one event are two events."""
    if requirement.count is not None and requirement.apart is None:
        why = "A study that is stored under two numbers counts twice; give apart"
        yield (*path, "count"), f"{requirement.count} events may be on the same day", why
