"""Windows that are legal, and that hardly anybody means."""

from __future__ import annotations

from collections.abc import Iterator

from qi_checker.protocol.checks.lengths import Limit, days, excludes, excludes_mostly
from qi_checker.protocol.lint.finding import Finding
from qi_checker.protocol.models import Requirement
from qi_checker.protocol.windows import Span, Window
from qi_checker.protocol.yaml_nodes import Steps


def lint_windows(requirement: Requirement, path: Steps) -> Iterator[Finding]:
    """Every rule about the window of a requirement."""
    where = (*path, "window")
    yield from _no_limit(requirement, where)
    yield from _lead_time(requirement, path)
    yield from _same_day(requirement, path)
    for n, span in enumerate(requirement.window.spans):
        yield from _hardly_opens(span, (*where, "and", n - 1) if n else where)


def _no_limit(requirement: Requirement, where: Steps) -> Iterator[Finding]:
    """An event of any age counts; where one is forbidden that may be meant."""
    if not requirement.forbidden and not _limited(requirement.window):
        yield where, "the window has no limit", "An event of any age counts"


def _limited(window: Window) -> bool:
    sides = {span.before is not None for span in window.spans}
    return len(sides) == 2 or any(span.far is not None for span in window.spans)


def _lead_time(requirement: Requirement, path: Steps) -> Iterator[Finding]:
    """What takes longer to arrange than the window is long is arranged before the case is known."""
    far, lead = _far(requirement.window), requirement.lead_time
    if lead is None or far is None or requirement.window.before is None:
        return
    # A working week has five days; holidays only make it worse.
    if lead.amount * 7 // 5 > days(far.length)[1] - far.strict:
        what = f"{lead} are longer than the window"
        yield (*path, "lead_time"), what, "It would have to be arranged before the window opens"


def _same_day(requirement: Requirement, path: Steps) -> Iterator[Finding]:
    """`allow` lets an event count that may have followed; beside a clock limit it does nothing."""
    if requirement.same_day != "allow":
        return
    where = (*path, "same_day")
    if any(_asks_order(span) for span in requirement.window.spans):
        why = "An event of the same day may have been after the operation"
        yield where, "events of the day of surgery count without a clock time", why
    else:
        why = "The window needs clock times, or does not ask what came first on a day"
        yield where, "`same_day: allow` decides nothing", why


def _asks_order(span: Span) -> bool:
    """Whether the order of event and anchor on one day decides without clock times."""
    clock = any(length and length.clock is not None for length in (span.far, span.near))
    return not clock and span.or_after is None and not (span.near and days(span.near)[0])


def _hardly_opens(span: Span, path: Steps) -> Iterator[Finding]:
    """One day, or no day in some months: rarely what a committee decided."""
    far, near = _far(span), _near(span)
    if far is None or near is None:
        return
    key = "at_least" if span.at_least else "more_than"
    if excludes_mostly(near, far):
        what = f"in some months no day is {near.length} and {far.length} away"
        yield (*path, key), what, "A month has 28 to 31 days"
    elif excludes(Limit(near.length, strict=True), far):
        yield (*path, key), "one day counts, and no other", ""


def _far(span: Span) -> Limit | None:
    return Limit(span.far, span.less_than is not None) if span.far else None


def _near(span: Span) -> Limit | None:
    return Limit(span.near, span.more_than is not None) if span.near else None
