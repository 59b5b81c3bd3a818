"""The rules of the linter: each yields what is suspicious, with the place in the file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from qi_checker.protocol.checks.parts import code_list_names, mappings, requirement_parts
from qi_checker.protocol.checks.windows import Limit, days, excludes, excludes_mostly
from qi_checker.protocol.codes import Catalogue, ImagingCode
from qi_checker.protocol.models import Exclusion, Requirement, Version
from qi_checker.protocol.records import CASES, EVENTS, Table
from qi_checker.protocol.selectors import EventSelector
from qi_checker.protocol.site import Site
from qi_checker.protocol.windows import Span, Window
from qi_checker.protocol.yaml_nodes import Steps

Finding = tuple[Steps, str, str]  # where in the file, what is suspicious, and why
Leaf = tuple[Steps, Requirement]  # path in the file, requirement


# ---- code lists ----------------------------------------------------------------------------------


def empty_lists(catalogue: Catalogue, data: Any) -> Iterator[Finding]:
    """An empty code list matches nothing: a population without cases, a rule without events."""
    for path, name in code_list_names(data):
        if not catalogue.lists[name].rows:
            yield path, f"the code list `{name}` is empty", "It matches nothing"


def unsourced_lists(catalogue: Catalogue, data: Any) -> Iterator[Finding]:
    """For a forbidden event, a code missing from the list is never noticed.

    A list with a source for every code can be compared with that source.
    """
    for version_path, version in mappings(data, "versions"):
        for path, requirement in requirement_parts(version, version_path):
            holders = list(mappings(requirement, "none_between", path))
            if requirement.get("forbidden") is True:
                holders.append((path, requirement))
            for inner, holder in holders:
                codes = {"codes": holder["event"].get("codes")}
                for where, name in code_list_names(codes, (*inner, "event")):
                    rows = catalogue.lists[name].rows
                    bare = [row.code for row in rows if not row.source]
                    if bare:
                        what = f"`{name}` gives no source for {len(bare)} of its {len(rows)} codes"
                        why = "Events with a missing code would not be found"
                        yield where, what, why


# ---- misspelt columns ----------------------------------------------------------------------------


def misspelt_columns(data: Any) -> Iterator[Finding]:
    """A column that the records lack is empty everywhere, without any message.

    Cases and events may have a site's own columns, so an unknown name cannot be refused.
    """
    for path, name in _columns(data, ()):
        table = EVENTS if "columns" in path else CASES
        near = _near(name, table)
        if near is not None:
            yield path, f"the column `{name}` looks like {near}", "It is read as your own column"


def unused_titles(data: Any) -> Iterator[Finding]:
    """The title of a column that no rule reads is misspelt or left over."""
    used = {name for _, name in _columns(data["versions"], ())}
    for name in data.get("columns") or {}:
        if name not in used:
            yield (
                ("columns", name),
                f"no rule reads the column `{name}`",
                "Its title is never shown",
            )


def _columns(data: Any, path: Steps) -> Iterator[tuple[Steps, str]]:
    """Yield path and name of every column that a protocol names."""
    if isinstance(data, list):
        for i, item in enumerate(data):
            yield from _columns(item, (*path, i))
    if not isinstance(data, dict):
        return
    for key, value in data.items():
        inner = (*path, key)
        if key == "column" and isinstance(value, str):
            yield inner, value  # an anchor
        elif key == "name" and isinstance(value, str) and "in" in data:
            yield inner, value
        else:
            yield from _columns(value, inner)


def _near(name: str, table: Table) -> str | None:
    import difflib  # few protocols name their own columns

    if name in table.names:
        return None
    return next(iter(difflib.get_close_matches(name.lower(), table.names, 1, 0.8)), None)


# ---- one requirement, except its windows --------------------------------------------------------


def lint_requirement(requirement: Requirement, path: Steps) -> Iterator[Finding]:
    """Run every rule about a requirement."""
    yield from _region(requirement, path)
    yield from _advice(requirement, path)
    yield from _counted_twice(requirement, path)


def silent_feeds(requirement: Requirement, path: Steps, site: Site) -> Iterator[Finding]:
    """A forbidden event must not count as absent because its source has stopped delivering."""
    why = "Set in feeds how old its newest record may be; otherwise a feed that stopped looks fine"
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
        why = "A scan of the head would count; add a region or codes"
        yield (*path, "event"), "there is no region", why


def vetoed(requirement: Requirement, path: Steps, catalogue: Catalogue) -> Iterator[Finding]:
    """A code that never counts for one protocol may be required by another.

    imaging.csv is shared: a pelvic MRI never counts for the liver, and is the scan before pelvic surgery.
    """
    why = "List the codes that may count here in allow_codes"
    for where, event in _events(requirement, path):
        if event.kind != "imaging":
            continue
        allowed = catalogue.lists[event.allow_codes.in_] if event.allow_codes else None
        never = [
            line
            for line in catalogue.imaging
            if line.role == "never" and not (allowed and allowed.holds(line.system, line.code))
        ]
        if event.codes:
            accepted = catalogue.lists[event.codes.in_]
            found = sorted({x.code for x in never if accepted.holds(x.system, x.code)})
            if found:
                some = ", ".join(found[:3]) + (" ..." if len(found) > 3 else "")
                what = (
                    f"imaging.csv says that {len(found)} codes of `{event.codes.in_}` never count"
                )
                yield (*where, "codes"), f"{what}: {some}", why
            continue
        for region in event.region or ():
            lines = [x for x in catalogue.imaging if _is_of(x, event, region)]
            if lines and all(line in never for line in lines):
                what = (
                    f"imaging.csv says of every code of the region `{region}` that it never counts"
                )
                yield (*where, "region"), what, why


def _events(requirement: Requirement, path: Steps) -> Iterator[tuple[Steps, EventSelector]]:
    yield (*path, "event"), requirement.event
    for n, rule in enumerate(requirement.none_between):
        yield (*path, "none_between", n, "event"), rule.event


def _is_of(line: ImagingCode, event: EventSelector, region: str) -> bool:
    """Whether a code belongs to a region and to a required modality."""
    modalities = [word.strip() for word in line.modality.split(";")]
    wanted = event.modality is None or any(word in event.modality for word in modalities)
    return wanted and region in [word.strip() for word in line.region.split(";")]


def _advice(requirement: Requirement, path: Steps) -> Iterator[Finding]:
    """The same advice twice is a copying mistake."""
    for n, advice in enumerate(requirement.warn):
        if any(advice.when == other.when for other in requirement.warn[:n]):
            yield (*path, "warn", n, "when"), f"`{advice.id}` repeats another advice's when", ""


def _counted_twice(requirement: Requirement, path: Steps) -> Iterator[Finding]:
    """Without a minimum distance, two records of one event count as two events."""
    if requirement.count is not None and requirement.apart is None:
        why = "A study stored under two numbers counts twice; add apart"
        yield (*path, "count"), f"{requirement.count} events may be on the same day", why


# ---- windows -------------------------------------------------------------------------------------


def lint_windows(requirement: Requirement, path: Steps) -> Iterator[Finding]:
    """Run every rule about the window of a requirement."""
    where = (*path, "window")
    yield from _no_limit(requirement, where)
    yield from _lead_time(requirement, path)
    yield from _same_day(requirement, path)
    for n, span in enumerate(requirement.window.spans):
        yield from _hardly_opens(span, (*where, "and", n - 1) if n else where)


def _no_limit(requirement: Requirement, where: Steps) -> Iterator[Finding]:
    """An event of any age counts; for a forbidden event that may be meant, but it must end."""
    if requirement.forbidden:
        if all(s.after is not None and s.far is None for s in requirement.window.spans):
            why = "A forbidden event would never be decided; add at_most"
            yield where, "the window never closes", why
    elif not _limited(requirement.window):
        yield where, "the window has no limit", "An event of any age counts"


def _limited(window: Window) -> bool:
    sides = {span.before is not None for span in window.spans}
    return len(sides) == 2 or any(span.far is not None for span in window.spans)


def _lead_time(requirement: Requirement, path: Steps) -> Iterator[Finding]:
    """A lead time longer than the window would mean arranging the event before the window opens."""
    far, lead = _far(requirement.window), requirement.lead_time
    if lead is None or far is None or requirement.window.before is None:
        return
    # A working week has five days; holidays only make it worse.
    if lead.amount * 7 // 5 > days(far.length)[1] - far.strict:
        what = f"{lead} are longer than the window"
        yield (*path, "lead_time"), what, "It would have to be arranged before the window opens"


def _same_day(requirement: Requirement, path: Steps) -> Iterator[Finding]:
    """`allow` counts an event that may have been after surgery; a clock limit overrides it."""
    if requirement.same_day != "allow":
        return
    where = (*path, "same_day")
    if any(_asks_order(span) for span in requirement.window.spans):
        why = "An event on the same day may have been after the operation"
        yield where, "events of the day of surgery count without a clock time", why
    else:
        why = "The window needs clock times, or the order on a day does not matter"
        yield where, "`same_day: allow` has no effect", why


def _asks_order(span: Span) -> bool:
    """Whether the order of event and anchor on the same day matters without clock times."""
    clock = any(length and length.clock is not None for length in (span.far, span.near))
    return not clock and span.or_after is None and not (span.near and days(span.near)[0])


def _hardly_opens(span: Span, path: Steps) -> Iterator[Finding]:
    """A window of one day, or of no day in some months, is rarely what a committee decided."""
    far, near = _far(span), _nearest(span)
    if far is None or near is None:
        return
    key = "at_least" if span.at_least else "more_than"
    if excludes_mostly(near, far):
        what = f"in some months no day is {near.length} and {far.length} away"
        yield (*path, key), what, "A month has 28 to 31 days"
    elif excludes(Limit(near.length, strict=True), far):
        yield (*path, key), "only one day counts", ""


def _far(span: Span) -> Limit | None:
    return Limit(span.far, span.less_than is not None) if span.far else None


def _nearest(span: Span) -> Limit | None:
    return Limit(span.near, span.more_than is not None) if span.near else None


# ---- one version, and the one before it ----------------------------------------------------------


_LONG_SPAN = 366


def lint_version(version: Version, path: Steps, leaves: Sequence[Leaf]) -> Iterator[Finding]:
    """Run every rule about a version."""
    yield from _population(version, path)
    yield from _sensitivity(version, path)
    yield from _waivers(version, path)
    yield from _waivers_too_short(version, path)
    yield from _same_requirement(leaves)
    yield from _same_title(leaves)
    yield from _owners_alike(leaves)


def _owners_alike(leaves: Sequence[Leaf]) -> Iterator[Finding]:
    """An owner spelt in two ways becomes two owners, each with half of the work on its list."""
    first: dict[str, str] = {}
    for path, requirement in leaves:
        for name in requirement.owners:
            known = first.setdefault(" ".join(name.casefold().split()), name)
            if known != name:
                why = "Its actions would be on two lists; use one spelling"
                yield (*path, "owner"), f"the owner `{name}` is spelt `{known}` elsewhere", why


def renamed(earlier: Version, leaves: Sequence[Leaf]) -> Iterator[Finding]:
    """A requirement that continues under another id looks like one that ended and a new one."""
    ids = {requirement.id for _, requirement in leaves}
    gone = [r for r in earlier.leaves if r.id not in ids]
    known = {r.id for r in earlier.leaves}
    for path, requirement in leaves:
        if requirement.id in known:
            continue
        for old in gone:
            if requirement.title == old.title or requirement.event == old.event:
                what = f"`{old.id}` of version {earlier.version} is `{requirement.id}` here"
                yield (*path, "id"), what, "Its results cannot be followed across versions"
                break


def _population(version: Version, path: Steps) -> Iterator[Finding]:
    """An exclusion that repeats the population leaves nobody; a repeated one has no effect."""
    seen: list[Exclusion] = []
    for n, exclusion in enumerate(version.exclude):
        where = (*path, "exclude", n, "when")
        if exclusion.when == version.applies_to:
            yield where, "this exclusion repeats applies_to", "No case would be left"
        same = next((x for x in seen if x.when == exclusion.when), None)
        if same is not None:
            yield where, f"this exclusion repeats `{same.id}`", "It never has an effect"
        seen.append(exclusion)


def _sensitivity(version: Version, path: Steps) -> Iterator[Finding]:
    """Check `sensitivity`: requirements whose window can be replaced; see docs/evaluation.md.

    Listing the original window too shows that both ways of counting agree.
    """
    where = (*path, "sensitivity")
    texts = [str(length) for length in version.sensitivity]
    for n, text in enumerate(texts):
        if text in texts[:n]:
            yield (*where, n), f"{text} is listed twice", ""
    anew = [r for r in version.leaves if _judged_anew(r)]
    if texts and not anew:
        why = "Only simple windows before surgery, in days or longer, can be"
        yield where, "no requirement of this version can be judged by another window", why
    limits = {str(r.window.at_most) for r in anew if r.window.at_most}
    if texts and limits and not limits & set(texts):
        why = "It makes the other windows easier to compare"
        yield where, f"{' and '.join(sorted(limits))} itself is not listed", why


def _judged_anew(requirement: Requirement) -> bool:
    taken = any(line.then == "fail" for line in requirement.none_between)
    other = requirement.count or requirement.forbidden or taken
    return requirement.window.only_days_before_surgery and not other


def _waivers(version: Version, path: Steps) -> Iterator[Finding]:
    """An exception that may last for years changes the protocol without a decision."""
    policy = version.exceptions
    if policy is None:
        return
    where = (*path, "exceptions")
    for n, reason in enumerate(policy.reasons):
        if reason in policy.reasons[:n]:
            yield (*where, "reasons", n), f"the reason {reason} is listed twice", ""
    if policy.at_most is None:
        yield where, "exceptions may last forever", "Give them at_most"
    elif days(policy.at_most)[1] > _LONG_SPAN:
        yield (*where, "at_most"), "exceptions may last for more than a year", ""


def _waivers_too_short(version: Version, path: Steps) -> Iterator[Finding]:
    """An exception must last until the day of surgery; if it cannot, it is useless."""
    if version.exceptions is None or version.exceptions.at_most is None:
        return
    where = (*path, "exceptions", "at_most")
    longest = days(version.exceptions.at_most)[1]
    if longest == 0:
        yield where, "an exception lasts only one day", "It must be the day of surgery"
        return
    for requirement in version.leaves:
        if requirement.lead_time and days(requirement.lead_time)[0] > longest:
            what = f"exceptions expire before there is time to arrange `{requirement.id}`"
            yield (
                where,
                what,
                "An exception approved in time would have expired on the day of surgery",
            )
            return


def _same_requirement(leaves: Sequence[Leaf]) -> Iterator[Finding]:
    """Two requirements for the same event are met by one scan, which then counts twice."""
    for n, (path, requirement) in enumerate(leaves):
        for _, other in leaves[:n]:
            if _asks(requirement) == _asks(other):
                what = f"this requirement is the same as `{other.id}`"
                yield (*path, "event"), what, "One event fulfils both"


def _same_title(leaves: Sequence[Leaf]) -> Iterator[Finding]:
    """Titles must be unique: pages, lists and sentences name a requirement by its title alone."""
    first: dict[str, str] = {}
    for path, requirement in leaves:
        title = " ".join(requirement.title.casefold().split())
        other = first.setdefault(title, requirement.id)
        if other != requirement.id:
            what = f"`{other}` has the same title"
            yield (*path, "title"), what, "They cannot be distinguished on a page or list"


def _asks(requirement: Requirement) -> tuple[object, ...]:
    r = requirement
    return r.event, r.window, r.applies_if, r.forbidden, r.count, r.apart
