"""A protocol as YAML says it, checked field by field. Unknown keys are errors.

The descriptions become the JSON Schema that editors show (`qi-checker rules schema`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    model_validator,
)

from qi_checker.protocol.durations import Duration
from qi_checker.protocol.records import FIRST_YEAR, LAST_YEAR


def _pattern(pattern: str, **more: Any) -> StringConstraints:
    return StringConstraints(strict=True, pattern=pattern, **more)


Slug = Annotated[str, _pattern(r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=60)]
Text = Annotated[str, StringConstraints(strict=True, min_length=1, strip_whitespace=True)]
Word = Annotated[str, _pattern(r"^\S(.*\S)?$", min_length=1)]
Percent = Annotated[str, _pattern(r"^(100|[0-9]{1,2}(\.[0-9]+)?) ?%$")]
KindWord = Annotated[str, _pattern(r"^[a-z][a-z_-]*$")]
ModalityWord = Annotated[str, _pattern(r"^[A-Z]{2,16}$")]
VersionName = Annotated[str, _pattern(r"^[0-9]+(\.[0-9]+)*$")]
Doi = Annotated[str, _pattern(r"^10\..+/.+$")]
Url = Annotated[str, _pattern(r"^https?://\S+$")]


def _day(value: Any) -> Any:
    """ISO text only: pydantic alone would read the number 2020 as seconds since 1970."""
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError("not a date: write year, month and day, such as 2026-05-31")
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise ValueError("not a date: the calendar has no such day") from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(f"not a date: years run from {FIRST_YEAR} to {LAST_YEAR}")
    return day


def _span(length: Duration) -> Duration:
    if length.unit == "working day":
        raise ValueError("cannot stand here: only lead_time is in working days; use days or weeks")
    years = {"day": 366, "week": 53, "month": 12, "year": 1}
    if length.amount > 100 * years[length.unit]:
        raise ValueError("is longer than 100 years")
    return length


def _working_days(length: Duration) -> Duration:
    if length.unit != "working day":
        raise ValueError(f"is not in working days: write {Duration(length.amount, 'working day')}")
    return length


Day = Annotated[date, BeforeValidator(_day)]
Span = Annotated[Duration, AfterValidator(_span)]
WorkingDays = Annotated[Duration, AfterValidator(_working_days)]


class Strict(BaseModel):
    """A part of a file: what it does not know is an error, and it does not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


# Said in the JSON Schema, too, so that an editor underlines a second key.
_ONE_KEY: dict[str, Any] = {"minProperties": 1, "maxProperties": 1}


class CodesIn(Strict):
    """Membership of a code list."""

    in_: Slug = Field(alias="in", description="Name of a code list in rules/codelists.")


class ColumnIn(Strict):
    """A column of the cases that the contract does not know by name."""

    name: Word = Field(description="Name of a column of cases.")
    in_: list[Word] = Field(alias="in", min_length=1, description="Values that count.")


def _one_of(model: BaseModel, names: tuple[str, ...]) -> None:
    given = [n for n in names if getattr(model, n) is not None]
    if len(given) != 1:
        said = "none is given" if not given else " and ".join(given) + " are given together"
        raise ValueError(f"exactly one of {', '.join(names)} is needed; {said}")


class Condition(Strict):
    """A statement about a case; exactly one key. Combine with `all_of` and `any_of`."""

    model_config = ConfigDict(json_schema_extra=_ONE_KEY)

    procedure: CodesIn | None = Field(None, description="A procedure code of the case.")
    diagnosis: CodesIn | None = Field(None, description="A diagnosis code of the case.")
    urgency: list[Literal["elective", "urgent", "emergency"]] | None = Field(
        None, min_length=1, description="How urgent the operation is; one of these."
    )
    site: list[Word] | None = Field(None, min_length=1, description="Value of the column site.")
    surgeon: list[Word] | None = Field(
        None, min_length=1, description="Value of the column surgeon."
    )
    column: ColumnIn | None = Field(None, description="Any other column of the cases.")
    all_of: list[Condition] | None = Field(None, min_length=1, description="Every one holds.")
    any_of: list[Condition] | None = Field(None, min_length=1, description="At least one holds.")

    @model_validator(mode="after")
    def _check(self) -> Condition:
        _one_of(self, tuple(type(self).model_fields))
        return self


class Exclusion(Strict):
    """Cases that the protocol leaves out, counted and shown under their title."""

    id: Slug = Field(description="Unique within the version.")
    title: Text = Field(description="As it is shown beside the count: Emergency surgery.")
    when: Condition = Field(description="Which cases are left out.")


class EventSelector(Strict):
    """Which events can fulfil a requirement."""

    kind: KindWord = Field(description="Kind of event: imaging, therapy, visit, lab ...")
    modality: list[ModalityWord] | None = Field(
        None, min_length=1, description="DICOM modalities, any of which counts: [CT]."
    )
    region: list[Slug] | None = Field(
        None, min_length=1, description="Regions of regions.csv, any of which counts."
    )
    codes: CodesIn | None = Field(None, description="The event needs a code of this list.")
    not_codes: CodesIn | None = Field(
        None, description="An event with a code of this list never counts."
    )


class Window(Strict):
    """When the event must be, counted in calendar days back from the anchor."""

    before: Literal["surgery"] = Field(description="The anchor: the date of surgery.")
    at_most: Span | None = Field(None, description="Inclusive: 30 days means 0 to 30.")
    less_than: Span | None = Field(None, description="Strict: 4 weeks means 0 to 27 days.")

    @model_validator(mode="after")
    def _check(self) -> Window:
        if self.at_most is not None and self.less_than is not None:
            raise ValueError("at_most and less_than are given together; keep one")
        if self.less_than is not None and self.less_than.amount == 0:
            raise ValueError("less than nothing: this window never opens")
        return self

    def opens(self, anchor: date) -> date | None:
        """First date that counts, or None where the window reaches back without limit."""
        if self.at_most is not None:
            return self.at_most.before(anchor)
        if self.less_than is not None:
            return date.fromordinal(self.less_than.before(anchor).toordinal() + 1)
        return None

    def words(self) -> str:
        """`within 30 days before surgery`."""
        if self.at_most is not None:
            return f"within {self.at_most} before surgery"
        if self.less_than is not None:
            return f"less than {self.less_than} before surgery"
        return "at any time before surgery"


class WarningWhen(Strict):
    """When the advice is shown; exactly one key."""

    model_config = ConfigDict(json_schema_extra=_ONE_KEY)

    description: list[Word] | None = Field(
        None, min_length=1, description="The description holds one of these words, in any case."
    )
    codes: CodesIn | None = Field(None, description="The event has a code of this list.")
    role: Literal["warns"] | None = Field(None, description="imaging.csv gives the code this role.")

    @model_validator(mode="after")
    def _check(self) -> WarningWhen:
        _one_of(self, tuple(type(self).model_fields))
        return self


class Advice(Strict):
    """A sentence shown with the chosen event; it never changes a status."""

    id: Slug = Field(description="Unique within the requirement.")
    title: Text = Field(description="The sentence that is shown.")
    when: WarningWhen = Field(description="Which chosen events it is shown for.")


class Requirement(Strict):
    """One event that must be there, in its window."""

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
    owner: Text = Field(description="Who arranges it.")
    warn: list[Advice] = Field([], description="Advice that never changes a status.")


def _shape(value: Any) -> str:
    """Tell a group from a requirement, so that errors speak of the one that was meant."""
    if isinstance(value, dict):
        return "group" if "all_of" in value or "any_of" in value else "requirement"
    return "group" if isinstance(value, Group) else "requirement"


class Group(Strict):
    """`all_of` or `any_of` over requirements; exactly one of the two."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["all_of"]}, {"required": ["any_of"]}]}
    )

    title: Text | None = Field(None, description="What the group asks, in a few words.")
    all_of: list[Member] | None = Field(None, min_length=1, description="Every one is needed.")
    any_of: list[Member] | None = Field(None, min_length=2, description="One of these is enough.")

    @model_validator(mode="after")
    def _check(self) -> Group:
        _one_of(self, ("all_of", "any_of"))
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
    """Days on which a version applies, both inclusive; `to` is left out for the last one."""

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
    applies_to: Condition = Field(description="Cases that the protocol is for.")
    exclude: list[Exclusion] = Field([], description="Cases left out, in order; the first counts.")
    requirements: list[Member] = Field(
        min_length=1, description="Requirements, or groups of them; all are needed."
    )
    exceptions: ExceptionPolicy | None = Field(
        None, description="Which waivers are accepted; without it none is."
    )
    sensitivity: list[Span] = Field([], description="Other windows to evaluate beside it.")

    @property
    def leaves(self) -> tuple[Requirement, ...]:
        """Every requirement, in the order written, out of its groups."""
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


class Protocol(Strict):
    """A protocol: what it asks, of whom, since when, and on whose authority."""

    id: Slug = Field(description="Name of the protocol and of its folder.")
    title: Text = Field(description="A few words, for headings.")
    statement: Text = Field(description="The rule in one sentence.")
    source: list[Source] = Field(min_length=1, description="Where the rule comes from.")
    owner: Text = Field(description="Who decides about the protocol.")
    target: Percent | None = Field(None, description="Target rate: 95 %.")
    versions: list[Version] = Field(min_length=1, description="Oldest first, never overwritten.")

    def in_force(self, day: date) -> Version | None:
        """The version in force on a day, or None."""
        for v in self.versions:
            if v.in_force.from_ <= day and (v.in_force.to is None or day <= v.in_force.to):
                return v
        return None
