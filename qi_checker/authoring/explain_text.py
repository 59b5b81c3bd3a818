"""Print which clause decided about a case, for a terminal."""

from __future__ import annotations

from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING

from qi_checker.authoring.explain import (
    EventLine,
    Explanation,
    LimitLine,
    PartLine,
    RequirementLine,
    SpanLine,
)
from qi_checker.authoring.places import Clause
from qi_checker.render import words
from qi_checker.render.terminal import safe, say

if TYPE_CHECKING:
    from rich.console import Console

_SHOWN = 12  # events shown per requirement; the JSON has them all


def explanation_text(found: Explanation, console: Console) -> None:
    """Print verdict, population, then each requirement with the clause that decided."""
    verdict = f"{words.label(found.verdict)} ({words.VERDICTS[found.verdict]})"
    say(console, f"Case {found.case_id}: {verdict}", "bold")
    at = found.surgery_at[11:16]
    say(console, f"Surgery {words.day(found.surgery_date)} {at}".rstrip())
    say(console, f"As of {words.moment(found.as_of)}")
    where = f"{found.protocol}, version {found.version}: {found.in_force.where}"
    console.print(safe(console, where), soft_wrap=True)
    if found.ruled_out:
        say(console, f"Does not apply to this case: {words.REASONS[found.ruled_out]}.")
    say(console)
    _tree(console, 0, "Population: ", found.applies_to)
    for exclusion in found.exclusions:
        _tree(console, 0, f"Excluded, {exclusion.title}: ", exclusion.when)
    for requirement in found.requirements:
        _requirement(requirement, console)


def _requirement(one: RequirementLine, console: Console) -> None:
    say(console)
    status = f"{words.label(one.status)} ({words.REASONS[one.reason]})"
    say(console, f"{one.title} ({one.id}): {status}", "bold")
    _decided(one.decided_by, console)
    _line(console, 1, f"status {one.step} of 9: {one.step_words}")
    _line(console, 1, one.sentence)
    if one.applies_if is not None:
        _tree(console, 1, "applies if: ", one.applies_if)
    for span in one.spans:
        _span(span, console)
    _open(one, console)
    for event in one.events[:_SHOWN]:
        _event(event, console)
    if len(one.events) > _SHOWN:
        _line(console, 1, f"and {words.count(len(one.events) - _SHOWN, 'more event')}")
    if one.others:
        _line(console, 1, f"{words.count(one.others, 'event')} of the same kind: something else")
    for exception in one.exceptions:
        validity = f"ignored: {exception.ignored}" if exception.ignored else "valid"
        _line(console, 1, f"exception {exception.exception_id} ({exception.source}): {validity}")


def _span(span: SpanLine, console: Console) -> None:
    anchor = span.anchor.replace("T", " ") or "not known"
    _line(console, 1, f"window: {span.words}; {span.counted_from}: {anchor}", span.clause)
    for limit in span.limits:
        _line(console, 2, f"{limit.clause.path}: {limit.clause.value} {_day(limit)}", limit.clause)


def _day(limit: LimitLine) -> str:
    if not limit.day:
        return "needs a clock time that is not known"
    return f"counts {limit.side} {limit.day.replace('T', ' ')}"


def _open(one: RequirementLine, console: Console) -> None:
    if one.live is None:
        return
    opens = words.day(one.window_opens) or "any day"
    closes = words.day(one.window_closes) or "any day"
    still = "there is still time" if one.live else "no time is left"
    _line(console, 1, f"open from {opens} to {closes}: {still}")


def _event(event: EventLine, console: Console) -> None:
    id = event.event_id or "a row without an id"
    decides = ", decides" if event.chosen else ""
    at = f", {event.at}" if event.at else ""
    _line(console, 1, f"{id} ({event.source}): {event.status}{at}{decides}")
    passed = [c.name for c in event.criteria if not c.why]
    if passed:
        _line(console, 2, f"passed: {', '.join(passed)}")
    for criterion in event.criteria:
        if criterion.why:
            outcome = f"{criterion.name} {words.OUTCOMES[criterion.outcome]}: {criterion.why}"
            _line(console, 2, f"{outcome}; {criterion.clause.path}", criterion.clause)


def _tree(console: Console, depth: int, prefix: str, part: PartLine) -> None:
    name = part.clause.path.rpartition(".")[2]
    value = "" if part.parts else f" {part.clause.value}"
    found = f"; found {part.found}" if part.found else ""
    _line(console, depth, f"{prefix}{name}{value}: {part.outcome}{found}", part.clause)
    for inner in part.parts:
        _tree(console, depth + 1, "", inner)


def _decided(clause: Clause, console: Console) -> None:
    """Print the deciding place without wrapping, so that an editor can open it."""
    if not clause.where:
        _line(console, 1, f"decided by {clause.path}")
        return
    value = clause.value or "not written, so its default applies"
    _line(console, 1, f"decided by {clause.path}: {value}")
    console.print(safe(console, f"  at {clause.where}"), soft_wrap=True)


def _line(console: Console, depth: int, text: str, clause: Clause | None = None) -> None:
    """Print a line followed by its place in the file; both wrap with a deeper indent."""
    place = ""
    if clause is not None and clause.where:
        place = f" [{Path(clause.where).name}]"
    indent = "  " * depth
    width = max(24, console.width)
    lines = wrap(
        text + place,
        width,
        initial_indent=indent,
        subsequent_indent=indent + "  ",
        break_on_hyphens=False,
    )
    for line in lines:
        say(console, line)
