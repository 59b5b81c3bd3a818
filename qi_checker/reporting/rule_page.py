"""A protocol in plain English: what a committee signs, with its definitions, codes and examples."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.codes import CodeRow
from qi_checker.protocol.examples import Example
from qi_checker.protocol.models import Group, Member, Protocol, Requirement, Source, Version
from qi_checker.protocol.selectors import Condition
from qi_checker.protocol.windows import Window
from qi_checker.reporting.example_words import RuleExample, in_words

CODES_SHOWN = 100  # per list; the file has them all


@dataclass(frozen=True)
class Outline:
    """A statement, and what it is made of."""

    text: str
    members: tuple[Outline, ...] = ()


@dataclass(frozen=True)
class RequirementRule:
    """One requirement: (term, words) in the order they are read, and advice that decides nothing."""

    id: str
    title: str
    facts: tuple[tuple[str, str], ...]
    advice: tuple[str, ...]


@dataclass(frozen=True)
class VersionRule:
    """One dated version."""

    version: str
    first: date
    last: date | None
    applies_to: Outline
    exclusions: tuple[tuple[str, Outline], ...]  # (title, when)
    structure: Outline
    requirements: tuple[RequirementRule, ...]
    exceptions: tuple[str, ...]
    exceptions_limit: str
    sensitivity: str


@dataclass(frozen=True)
class CodeListSheet:
    """A code list that the protocol uses; `rows` are the first ones of `total`."""

    name: str
    rows: tuple[CodeRow, ...]
    total: int


@dataclass(frozen=True)
class RuleSheet:
    """Everything that is printed of a protocol."""

    id: str
    title: str
    statement: str
    owner: str
    target: str
    sources: tuple[Source, ...]
    versions: tuple[VersionRule, ...]
    code_lists: tuple[CodeListSheet, ...]
    imaging_codes: tuple[tuple[str, int], ...]  # (role, codes) of imaging.csv
    examples: tuple[RuleExample, ...]
    sha256: str


def rule_sheet(bundle: Bundle, examples: Iterable[Example] = ()) -> RuleSheet:
    """Put a checked protocol into words."""
    protocol = bundle.protocol
    roles = [code.role for code in bundle.catalogue.imaging]
    return RuleSheet(
        id=protocol.id,
        title=protocol.title,
        statement=protocol.statement,
        owner=protocol.owner,
        target=protocol.target or "",
        sources=tuple(protocol.source),
        versions=tuple(_version(v) for v in reversed(protocol.versions)),
        code_lists=tuple(_code_list(bundle, name) for name in sorted(_lists_used(protocol))),
        imaging_codes=tuple((role, roles.count(role)) for role in dict.fromkeys(roles)),
        examples=tuple(in_words(e) for e in examples),
        sha256=bundle.sha256,
    )


def _version(version: Version) -> VersionRule:
    policy = version.exceptions
    return VersionRule(
        version=version.version,
        first=version.in_force.from_,
        last=version.in_force.to,
        applies_to=_condition(version.applies_to),
        exclusions=tuple((e.title, _condition(e.when)) for e in version.exclude),
        structure=Outline("Every one of these is needed", _members(version.requirements)),
        requirements=tuple(_requirement(r) for r in version.leaves),
        exceptions=tuple(policy.reasons) if policy else (),
        exceptions_limit=str(policy.at_most) if policy and policy.at_most else "",
        sensitivity=", ".join(map(str, version.sensitivity)),
    )


def _members(members: Iterable[Member]) -> tuple[Outline, ...]:
    return tuple(
        _group(member) if isinstance(member, Group) else Outline(member.title) for member in members
    )


def _group(group: Group) -> Outline:
    logic = "every one of these" if group.all_of else "one of these is enough"
    text = f"{group.title}: {logic}" if group.title else logic.capitalize()
    return Outline(text, _members(group.members))


def _condition(condition: Condition) -> Outline:
    """A statement about a case, in words."""
    if condition.all_of:
        return Outline("All of these hold", tuple(_condition(c) for c in condition.all_of))
    if condition.any_of:
        return Outline(
            "At least one of these holds", tuple(_condition(c) for c in condition.any_of)
        )
    if condition.procedure:
        return Outline(f"a procedure code of the list {condition.procedure.in_}")
    if condition.diagnosis:
        return Outline(f"a diagnosis code of the list {condition.diagnosis.in_}")
    if condition.column:
        return Outline(f"{condition.column.name} is {_either(condition.column.in_)}")
    named = ((n, getattr(condition, n)) for n in ("urgency", "site", "surgeon"))
    return next(Outline(f"{name} is {_either(values)}") for name, values in named if values)


def _either(values: Iterable[str]) -> str:
    """`CT`, `CT or MR`, `CT, MR or US`."""
    *most, last = values
    return f"{', '.join(most)} or {last}" if most else last


_SAME_DAY = {
    "unknown": "needs both clock times; without them the requirement is unknown",
    "allow": "counts, unless the clock times show that it was after the operation",
    "refuse": "does not count, unless the clock times show that it was before the operation",
}
_PET_CT = {
    "refuse": "the CT of a PET/CT does not count as CT",
    "allow": "the CT of a PET/CT counts as CT",
}


def _requirement(requirement: Requirement) -> RequirementRule:
    event = requirement.event
    facts = [("Kind of event", event.kind)]
    if event.modality:
        facts.append(("Modality", _either(event.modality)))
    if event.region:
        facts.append(("Region", _either(event.region)))
    if event.codes:
        facts.append(("Codes", f"a code of the list {event.codes.in_} is needed"))
    if event.not_codes:
        facts.append(("Never counts", f"an event with a code of the list {event.not_codes.in_}"))
    facts += [
        ("Window", _window(requirement.window)),
        ("On the day of surgery", f"an event {_SAME_DAY[requirement.same_day]}"),
    ]
    if "CT" in (event.modality or ()):
        facts.append(("PET/CT", _PET_CT[requirement.pet_ct]))
    facts += [
        ("Time to arrange it", str(requirement.lead_time or "as the site says")),
        ("Arranged by", requirement.owner),
    ]
    advice = tuple(a.title for a in requirement.warn)
    return RequirementRule(requirement.id, requirement.title, tuple(facts), advice)


def _window(window: Window) -> str:
    limit = window.at_most
    if limit and limit.unit == "day":
        return f"{window.words()}: 0 to {limit.amount} days, both ends included"
    if limit:
        return f"{window.words()}, that day included"
    return window.words()


def _code_list(bundle: Bundle, name: str) -> CodeListSheet:
    rows = bundle.catalogue.lists[name].rows
    return CodeListSheet(name, rows[:CODES_SHOWN], len(rows))


def _lists_used(protocol: Protocol) -> set[str]:
    """Names of the code lists that any version speaks of."""
    used: set[str] = set()
    for version in protocol.versions:
        for condition in (version.applies_to, *(e.when for e in version.exclude)):
            used |= _lists_of(condition)
        for leaf in version.leaves:
            asked = (leaf.event.codes, leaf.event.not_codes, *(a.when.codes for a in leaf.warn))
            used |= {codes.in_ for codes in asked if codes}
    return used


def _lists_of(condition: Condition) -> set[str]:
    own = {codes.in_ for codes in (condition.procedure, condition.diagnosis) if codes}
    return own.union(*(_lists_of(c) for c in (condition.all_of or condition.any_of or ())))
