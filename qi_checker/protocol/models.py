"""The models of a protocol in YAML, checked field by field. Unknown keys are errors.

The descriptions become the JSON Schema that editors show (`qi-checker rules schema`). Windows are
in `windows.py`, populations and events in `selectors.py`, single values in `fields.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    ConfigDict,
    Discriminator,
    Field,
    PrivateAttr,
    StrictBool,
    Tag,
    model_validator,
)

from qi_checker.protocol.fields import (
    ONE_KEY,
    Day,
    Doi,
    Percent,
    Slug,
    Span,
    Strict,
    Text,
    Url,
    VersionName,
    Word,
    WorkingDays,
    one_of,
)
from qi_checker.protocol.paths import is_device
from qi_checker.protocol.selectors import CodesIn, Condition, EventSelector, RequirementCondition
from qi_checker.protocol.vocabulary import ActionKind
from qi_checker.protocol.windows import Window, column_key


class Exclusion(Strict):
    """Cases that the protocol excludes; they are counted and shown under this title."""

    id: Slug = Field(description="Unique within the version.")
    title: Text = Field(description="Title shown beside the count: Emergency surgery.")
    when: Condition = Field(description="Which cases are left out.")


class WarningWhen(Strict):
    """When the advice is shown; exactly one key."""

    model_config = ConfigDict(json_schema_extra=ONE_KEY)

    description: list[Word] | None = Field(
        None, min_length=1, description="The description holds one of these words, in any case."
    )
    codes: CodesIn | None = Field(None, description="The event has a code of this list.")
    role: Literal["warns"] | None = Field(None, description="imaging.csv gives the code this role.")

    @model_validator(mode="after")
    def _check(self) -> WarningWhen:
        one_of(self, tuple(type(self).model_fields))
        return self


class Advice(Strict):
    """A sentence shown with the chosen event; it never changes a status."""

    id: Slug = Field(description="Unique within the requirement.")
    title: Text = Field(description="The sentence that is shown.")
    when: WarningWhen = Field(description="Which chosen events it is shown for.")


class Apart(Strict):
    """How far apart the events of a `count` must be."""

    at_least: Span = Field(description="Days between two of them: 42 days.")


class NoneBetween(Strict):
    """What invalidates an event if it happened between the event and the anchor."""

    id: Slug = Field(description="Unique within the requirement.")
    title: Text = Field(description="As it reads in a sentence: chemotherapy.")
    event: EventSelector = Field(description="What must not have happened.")
    then: Literal["warn", "fail"] = Field(
        description="warn shows advice; fail means that the event does not count."
    )


class Owners(Strict):
    """Who acts, by kind of action; the first owner acts where a kind has no owner."""

    order: Text = Field(description="Who orders it, and acts where the other keys are not given.")
    book: Text | None = Field(None, description="Who books and moves appointments.")
    records: Text | None = Field(
        None, description="Who obtains dates and reports that are missing."
    )
    data: Text | None = Field(None, description="Who corrects rows and feeds.")
    decide: Text | None = Field(
        None, description="Who decides about another day of surgery or an exception."
    )

    def of(self, key: str) -> str:
        """Return the owner of a kind of action: order, book, records, data or decide."""
        found: str | None = getattr(self, key)
        return found or self.order


def _owner_shape(value: Any) -> str:
    return "owners" if isinstance(value, dict | Owners) else "text"


class Requirement(Strict):
    """One required event, in its window."""

    model_config = ConfigDict(
        json_schema_extra={
            "dependentRequired": {"apart": ["count"]},
            "if": {"properties": {"forbidden": {"const": True}}, "required": ["forbidden"]},
            "then": {
                "properties": dict.fromkeys(("count", "apart", "none_between", "lead_time"), False)
            },
        }
    )

    id: Slug = Field(description="Unique within the version; findings carry it.")
    title: Text = Field(description="As it reads in a sentence: CT of the liver.")
    event: EventSelector = Field(description="Which events count.")
    window: Window = Field(description="When the event must be.")
    same_day: Literal["unknown", "allow", "refuse"] = Field(
        "unknown", description="An event on the day of surgery where a clock time is not known."
    )
    pet_ct: Literal["refuse", "allow"] = Field(
        "refuse", description="Whether the CT of a PET/CT counts as CT."
    )
    lead_time: WorkingDays | None = Field(
        None, description="Time needed to arrange it: 5 working days. Else the site's."
    )
    owner: Annotated[
        Annotated[Text, Tag("text")] | Annotated[Owners, Tag("owners")], Discriminator(_owner_shape)
    ] = Field(description="Who acts: one text for everything, or a map by kind of action.")
    warn: list[Advice] = Field([], description="Advice that never changes a status.")
    applies_if: RequirementCondition | None = Field(
        None, description="Applies only to cases for which this holds."
    )
    forbidden: StrictBool = Field(False, description="true: there must be no such event.")
    count: Annotated[int, Field(strict=True, ge=2, le=20)] | None = Field(
        None, description="Number of events needed, if more than one: 2."
    )
    apart: Apart | None = Field(None, description="How far apart they must be; with count.")
    none_between: list[NoneBetween] = Field(
        [], description="What must not have happened between the event and the anchor."
    )

    @property
    def earliest_counts(self) -> bool:
        """Whether the earliest event is chosen: anything between the anchor and this event also
        lies between the anchor and every later event."""
        fails = any(line.then == "fail" for line in self.none_between)
        return fails and self.window.after is not None and self.count is None

    def owner_of(self, key: str) -> str:
        """Return who acts: order, book, records, data or decide."""
        return self.owner.of(key) if isinstance(self.owner, Owners) else self.owner

    @property
    def owners(self) -> tuple[str, ...]:
        """Return everybody who may have to act, starting with whoever orders."""
        keys = (action.owner for action in ActionKind)
        return tuple(dict.fromkeys(self.owner_of(key) for key in keys))


def _shape(value: Any) -> str:
    """Distinguish a group from a requirement, so that errors refer to the one that was meant."""
    if isinstance(value, dict):
        return "group" if "all_of" in value or "any_of" in value else "requirement"
    return "group" if isinstance(value, Group) else "requirement"


class Group(Strict):
    """`all_of` or `any_of` over requirements; exactly one of the two."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["all_of"]}, {"required": ["any_of"]}]}
    )

    title: Text | None = Field(None, description="What the group requires, in a few words.")
    all_of: list[Member] | None = Field(None, min_length=1, description="Every one is needed.")
    any_of: list[Member] | None = Field(None, min_length=2, description="One of these is enough.")

    @model_validator(mode="after")
    def _check(self) -> Group:
        one_of(self, ("all_of", "any_of"))
        return self

    @property
    def members(self) -> list[Member]:
        return self.all_of or self.any_of or []


Member = Annotated[
    Annotated[Requirement, Tag("requirement")] | Annotated[Group, Tag("group")],
    Discriminator(_shape),
]
Group.model_rebuild()


class Period(Strict):
    """Days on which a version applies, both inclusive; the last version has no `to`."""

    from_: Day = Field(alias="from", description="First day: 2020-01-01.")
    to: Day | None = Field(None, description="Last day; every version but the last has one.")

    @model_validator(mode="after")
    def _check(self) -> Period:
        if self.to is not None and self.to < self.from_:
            raise ValueError("the last day, to, is before the first, from")
        return self


class ExceptionPolicy(Strict):
    """Which waivers the protocol accepts."""

    reasons: list[Slug] = Field(min_length=1, description="Reasons that are accepted.")
    at_most: Span | None = Field(
        None, description="Longest span from valid_from to expires_on: 90 days."
    )


class Version(Strict):
    """One dated version of the protocol; the one in force on the anchor date applies."""

    version: VersionName = Field(description='Name of the version, in quotes: "1.0".')
    in_force: Period = Field(description="The days on which it applies.")
    applies_to: Condition = Field(description="Cases that the protocol applies to.")
    exclude: list[Exclusion] = Field(
        [], description="Excluded cases, in order; the first match counts."
    )
    requirements: list[Member] = Field(
        min_length=1, description="Requirements, or groups of them; all are needed."
    )
    exceptions: ExceptionPolicy | None = Field(
        None, description="Which waivers are accepted; without it none are."
    )
    sensitivity: list[Span] = Field([], description="Other windows to evaluate beside it.")
    _columns: dict[str, str] = PrivateAttr(default_factory=dict)  # titles, from the protocol

    @cached_property
    def titles(self) -> dict[str, str]:
        """Return titles for sentences: of requirements by id, of columns by `column_key`."""
        columns = {column_key(name): title for name, title in self._columns.items()}
        return columns | {leaf.id: leaf.title for leaf in self.leaves}

    @cached_property
    def leaves(self) -> tuple[Requirement, ...]:
        """Return every requirement in the order written, including those inside groups."""
        return tuple(_leaves(self.requirements))


def _leaves(members: list[Member]) -> Iterator[Requirement]:
    for member in members:
        if isinstance(member, Requirement):
            yield member
        else:
            yield from _leaves(member.members)


class Source(Strict):
    """Where the rule comes from, and how strong the evidence is."""

    citation: Text = Field(description="Authors, title, year.")
    doi: Doi | None = Field(None, description="Without https://doi.org/: 10.1000/182.")
    url: Url | None = Field(None, description="Where it can be read.")
    level: Text = Field(description="Honest about the evidence: local protocol, guideline ...")


def _no_device(name: str) -> str:
    if is_device(name):
        raise ValueError(f"{name} is the name of a device on Windows: no file can be called so")
    return name


class ColumnWords(Strict):
    """The readable title of a column of the cases or events."""

    title: Text = Field(description="A few words that go into a sentence: date of birth.")


class Protocol(Strict):
    """A protocol: what it requires, for which cases, since when, and on whose authority."""

    id: Annotated[Slug, AfterValidator(_no_device)] = Field(
        description="Name of the protocol and of its folder."
    )
    title: Text = Field(description="A few words, for headings.")
    statement: Text = Field(description="The rule in one sentence.")
    source: list[Source] = Field(min_length=1, description="Where the rule comes from.")
    owner: Text = Field(description="Who decides about the protocol.")
    target: Percent | None = Field(None, description="Target rate: 95%.")
    columns: dict[Word, ColumnWords] = Field(
        {},
        description="Titles of columns of cases and events, for sentences: {born_on: {title: ...}}.",
    )
    versions: list[Version] = Field(min_length=1, description="Oldest first, never overwritten.")

    @model_validator(mode="after")
    def _titles(self) -> Protocol:
        for version in self.versions:
            version._columns = {name: words.title for name, words in self.columns.items()}
        return self

    def in_force(self, day: date) -> Version | None:
        """Return the version in force on a day, or None."""
        for v in self.versions:
            if v.in_force.from_ <= day and (v.in_force.to is None or day <= v.in_force.to):
                return v
        return None
