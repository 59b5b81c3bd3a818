"""Render a protocol in plain English for a committee: definitions, codes and examples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from pydantic import BaseModel

from qi_checker.authoring.definitions import definitions, statuses
from qi_checker.authoring.example_words import RuleExample, in_words, unless_said
from qi_checker.authoring.requirement_rule import RequirementRule, requirement_rule
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.codes import CodeRow
from qi_checker.protocol.examples import Example
from qi_checker.protocol.models import Source, Version
from qi_checker.protocol.selectors import CodesIn
from qi_checker.protocol.vocabulary import Status
from qi_checker.protocol.words import exclusion_words, population_words, structure_words, titles_of
from qi_checker.render.html import environment

CODES_SHOWN = 100  # per list; the file has them all


@dataclass(frozen=True)
class VersionRule:
    """One dated version."""

    version: str
    first: date
    last: date | None
    population: str
    exclusions: tuple[tuple[str, str], ...]  # (title, when)
    structure: str
    requirements: tuple[RequirementRule, ...]
    exceptions: tuple[str, ...]
    exceptions_limit: str
    sensitivity: str


@dataclass(frozen=True)
class CodeListSheet:
    """A code list that the protocol uses: (system, codes) of the first ones of `total`."""

    name: str
    systems: tuple[tuple[str, tuple[CodeRow, ...]], ...]
    shown: int
    total: int


@dataclass(frozen=True)
class RuleSheet:
    """The content of a protocol's page."""

    id: str
    title: str
    statement: str
    owner: str
    target: str
    sources: tuple[Source, ...]
    versions: tuple[VersionRule, ...]
    definitions: tuple[str, ...]
    statuses: tuple[tuple[Status, str], ...]
    code_lists: tuple[CodeListSheet, ...]
    imaging_codes: tuple[tuple[str, int], ...]  # (role, codes) of imaging.csv
    examples: tuple[RuleExample, ...]
    unless_said: str  # what applies in every example unless stated otherwise
    sha256: str


def rule_sheet(bundle: Bundle, examples: Iterable[Example] = ()) -> RuleSheet:
    """Describe a checked protocol."""
    protocol = bundle.protocol
    shown = tuple(examples)
    imaging = any(v.event.kind == "imaging" for p in protocol.versions for v in p.leaves)
    roles = [code.role for code in bundle.catalogue.imaging] if imaging else []
    return RuleSheet(
        id=protocol.id,
        title=protocol.title,
        statement=protocol.statement,
        owner=protocol.owner,
        target=(protocol.target or "").replace(" ", ""),
        sources=tuple(protocol.source),
        versions=tuple(_version(v) for v in reversed(protocol.versions)),
        definitions=definitions(protocol),
        statuses=statuses(protocol),
        code_lists=tuple(_code_list(bundle, name) for name in sorted(set(_lists_used(protocol)))),
        imaging_codes=tuple((role, roles.count(role)) for role in dict.fromkeys(roles)),
        examples=tuple(in_words(e) for e in shown),
        unless_said=unless_said(shown),
        sha256=bundle.sha256,
    )


def _version(version: Version) -> VersionRule:
    policy = version.exceptions
    titles = titles_of(version)
    grouped = len(version.requirements) > 1 or len(version.leaves) > 1
    return VersionRule(
        version=version.version,
        first=version.in_force.from_,
        last=version.in_force.to,
        population=population_words(version),
        exclusions=tuple(exclusion_words(version)),
        structure=structure_words(version) if grouped else "",
        requirements=tuple(requirement_rule(r, titles) for r in version.leaves),
        exceptions=tuple(policy.reasons) if policy else (),
        exceptions_limit=str(policy.at_most) if policy and policy.at_most else "",
        sensitivity=", ".join(map(str, version.sensitivity)),
    )


def _code_list(bundle: Bundle, name: str) -> CodeListSheet:
    rows = bundle.catalogue.lists[name].rows
    shown = rows[:CODES_SHOWN]
    systems = dict.fromkeys(row.system for row in shown)
    grouped = tuple((s, tuple(row for row in shown if row.system == s)) for s in systems)
    return CodeListSheet(name, grouped, len(shown), len(rows))


def _lists_used(part: object) -> Iterator[str]:
    """Yield the names of code lists that any part of a protocol refers to."""
    if isinstance(part, CodesIn):
        yield part.in_
    elif isinstance(part, BaseModel):
        for name in type(part).model_fields:
            yield from _lists_used(getattr(part, name))
    elif isinstance(part, list):
        for item in part:
            yield from _lists_used(item)


def rule_page(context: RuleSheet) -> str:
    """Render a protocol in plain English."""
    return environment().get_template("authoring/rule.html.j2").render(rule=context)
