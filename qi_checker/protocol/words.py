"""A rule in plain English, from the same clause that its SQL is compiled from.

The page that a committee signs, the case sheet and the comments in the SQL use this wording, so
that a reader finds the same sentence in all three. `titles` are those of the requirements of a
version, by id (`titles_of`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from qi_checker.protocol.models import Group, Member, NoneBetween, Requirement, Version
from qi_checker.protocol.selectors import (
    CaseCondition,
    Condition,
    EventSelector,
    RequirementCondition,
)
from qi_checker.protocol.windows import Window, anchor_words, column_words

Titles = Mapping[str, str]
NO_TITLES: Titles = {}


def titles_of(version: Version) -> dict[str, str]:
    """Return the titles of a version's requirements, by id, and of its columns."""
    return version.titles


def listed(words: Iterable[str], last: str = "or") -> str:
    """Join words: `CT`, `CT or MR`, `CT, MR or US`."""
    *most, end = words
    return f"{', '.join(most)} {last} {end}" if most else end


# ---- windows and events --------------------------------------------------------------------------


def window_words(window: Window, titles: Titles) -> str:
    """Describe a window: `within 30 days before surgery`."""
    return window.words(titles)


def event_words(event: EventSelector, titles: Titles = NO_TITLES, many: bool = False) -> str:
    """Describe an event: `completed imaging event (modality CT; region liver or abdomen)`."""
    phrase = selector_words(event, titles)
    noun = f"{_noun(event)}{'s' if many else ''}"
    return f"{noun} ({'; '.join(phrase)})" if phrase else noun


def _noun(event: EventSelector) -> str:
    return f"{listed(event.status)} {event.kind} event"


def selector_words(event: EventSelector, titles: Titles = NO_TITLES) -> list[str]:
    """Describe what an event needs besides kind and status, one phrase per criterion."""
    result = []
    if event.modality:
        result.append(f"modality {listed(event.modality)}")
    if event.region:
        result.append(f"region {listed(event.region)}")
    if event.codes:
        result.append(f"a code of the list {event.codes.in_}")
    if event.not_codes:
        result.append(f"no code of the list {event.not_codes.in_}")
    if event.allow_codes:
        result.append(f"codes of the list {event.allow_codes.in_} are allowed")
    if event.provenance:
        result.append(f"provenance {listed(event.provenance)}")
    columns = event.columns or ()
    result += [f"{column_words(c.name, titles)} {listed(c.in_)}" for c in columns]
    return result


# ---- conditions ----------------------------------------------------------------------------------


def condition_words(
    rule: Condition | RequirementCondition, titles: Titles, inside: bool = False
) -> str:
    """Return `a procedure code is in the list liver-resection and urgency is elective`."""
    for word, members in (("and", rule.all_of), ("or", rule.any_of)):
        if members:
            nested = len(members) > 1
            text = f" {word} ".join(condition_words(m, titles, nested) for m in members)
            return f"({text})" if inside and nested else text
    if isinstance(rule, RequirementCondition):
        return _event_condition(rule, titles) or _case_condition(rule, titles)
    return _case_condition(rule, titles)


def _event_condition(rule: RequirementCondition, titles: Titles) -> str:
    if rule.event is not None:
        return (
            f"there is {article(event_words(rule.event, titles))} {rule.event.window.words(titles)}"
        )
    if rule.chosen is not None:
        named = titles.get(rule.chosen.requirement, rule.chosen.requirement)
        return f"the event found for {named} was {rule.chosen.window.words(titles)}"
    return ""


def _case_condition(rule: CaseCondition, titles: Titles) -> str:
    if rule.every is not None:
        return "it is any operation"
    if rule.procedure is not None:
        return f"a procedure code is in the list {rule.procedure.in_}"
    if rule.diagnosis is not None:
        return f"a diagnosis code is in the list {rule.diagnosis.in_}"
    if rule.column is not None:
        return f"{column_words(rule.column.name, titles)} is {listed(rule.column.in_)}"
    named = ((n, getattr(rule, n)) for n in ("urgency", "site", "surgeon"))
    return next(f"{name} is {listed(values)}" for name, values in named if values)


def article(words: str) -> str:
    """Put the article in front: `an ordered event`, `a booked event`."""
    return f"{'an' if words[:1] in 'aeiou' else 'a'} {words}"


# ---- requirements --------------------------------------------------------------------------------


def heading(leaf: Requirement) -> str:
    """Return the label of a count of operations: `CT of the liver`, `No chemotherapy`."""
    return f"No {leaf.title}" if leaf.forbidden else leaf.title


def requirement_sentence(leaf: Requirement, titles: Titles) -> str:
    """Describe a whole requirement in one sentence."""
    window = window_words(leaf.window, titles)
    if leaf.forbidden:
        phrase = f"There must be no {event_words(leaf.event, titles)} {window}"
    elif leaf.count is not None:
        apart = f", at least {leaf.apart.at_least} apart" if leaf.apart else ""
        phrase = f"Needs {leaf.count} {event_words(leaf.event, titles, many=True)} {window}{apart}"
    else:
        phrase = f"Needs {article(event_words(leaf.event, titles))} {window}"
    failing = [rule for rule in leaf.none_between if rule.then == "fail"]
    since = [f"no {since_words(rule, leaf, titles)}" for rule in failing]
    phrase = ", and ".join([phrase, *since])
    if leaf.applies_if is not None:
        phrase = f"{phrase}; applies only if {condition_words(leaf.applies_if, titles)}"
    return f"{phrase}."


def since_words(rule: NoneBetween, leaf: Requirement, titles: Titles) -> str:
    """Describe `none_between`: `chemotherapy (completed therapy event) between it and surgery`."""
    anchor = anchor_words(leaf.window.anchor, titles)
    phrase = "; ".join(selector_words(rule.event, titles))
    meant = f"{_noun(rule.event)}: {phrase}" if phrase else _noun(rule.event)
    return f"{rule.title} ({meant}) between it and {anchor}"


def structure_words(version: Version) -> str:
    """Describe how requirements combine: `CT of the liver, and (MRI of the liver or PET/CT)`."""
    return _joined(version.requirements, "and", inside=False)


def _joined(members: list[Member], word: str, inside: bool) -> str:
    nested = len(members) > 1
    text = f" {word} ".join(_member(m, nested) for m in members)
    return f"({text})" if inside and nested else text


def _member(member: Member, inside: bool) -> str:
    if isinstance(member, Requirement):
        return f"no {member.title}" if member.forbidden else member.title
    logic = _joined(member.members, "and" if member.all_of else "or", inside or bool(member.title))
    return f"{member.title} {logic}" if member.title else logic


def population_words(version: Version) -> str:
    """Return `operations where a procedure code is in the list liver-resection`."""
    if version.applies_to.every is not None:
        return "all operations"
    return f"operations where {condition_words(version.applies_to, titles_of(version))}"


def exclusion_words(version: Version) -> list[tuple[str, str]]:
    """Return (title, condition) of each exclusion, in order."""
    titles = titles_of(version)
    return [(rule.title, condition_words(rule.when, titles)) for rule in version.exclude]


def group_words(version: Version, leaf: Requirement) -> str:
    """Describe the innermost any_of that contains a requirement; empty without one."""
    return _group(version.requirements, leaf, "") or ""


def _group(members: list[Member], leaf: Requirement, words: str) -> str | None:
    for member in members:
        if member is leaf:
            return words
        if isinstance(member, Group):
            inner = words
            if member.any_of is not None:
                inner = member.title or "one of these is enough"
            found = _group(member.members, leaf, inner)
            if found is not None:
                return found
    return None
