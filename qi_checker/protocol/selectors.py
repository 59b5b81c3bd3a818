"""Selectors of cases and events."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field, model_validator

from qi_checker.protocol.fields import (
    ONE_KEY,
    KindWord,
    ModalityWord,
    Slug,
    Strict,
    Word,
    one_of,
)
from qi_checker.protocol.windows import Window


class CodesIn(Strict):
    """Membership of a code list."""

    in_: Slug = Field(alias="in", description="Name of a code list in rules/codelists.")


class ColumnIn(Strict):
    """A column that the contract does not define."""

    name: Word = Field(description="Name of the column.")
    in_: list[Word] = Field(alias="in", min_length=1, description="Values that count.")


class CaseCondition(Strict):
    """A condition on a case with one key; these are the columns that the contract defines."""

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
    every: Literal["case"] | None = Field(None, description="Holds for every case: case.")


class Condition(CaseCondition):
    """A statement about a case; exactly one key. Combine with `all_of` and `any_of`."""

    model_config = ConfigDict(json_schema_extra=ONE_KEY)

    all_of: list[Condition] | None = Field(None, min_length=1, description="Every one holds.")
    any_of: list[Condition] | None = Field(None, min_length=1, description="At least one holds.")

    @model_validator(mode="after")
    def _check(self) -> Condition:
        one_of(self, tuple(type(self).model_fields))
        return self


class EventSelector(Strict):
    """Selects events."""

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
    allow_codes: CodesIn | None = Field(
        None, description="Codes that may count here although imaging.csv says never."
    )
    status: list[Literal["completed", "booked", "ordered"]] = Field(
        ["completed"],
        min_length=1,
        description="Statuses that count as done; a plan may be enough.",
    )
    provenance: list[Literal["internal", "external"]] | None = Field(
        None, min_length=1, description="Where it was made; no value in the records is internal."
    )
    columns: list[ColumnIn] | None = Field(
        None, min_length=1, description="Other columns of the events; all of them must fit."
    )


class EventWithin(EventSelector):
    """An event in a window: what `applies_if` looks back for."""

    window: Window = Field(description="When it must have been.")


class ChosenWithin(Strict):
    """Whether the event that was chosen for another requirement lies in a window."""

    requirement: Slug = Field(description="Another requirement of the version.")
    window: Window = Field(description="When its event must have been.")


class RequirementCondition(CaseCondition):
    """When a requirement applies; exactly one key. Combine with `all_of` and `any_of`."""

    model_config = ConfigDict(json_schema_extra=ONE_KEY)

    event: EventWithin | None = Field(None, description="There is such an event.")
    chosen: ChosenWithin | None = Field(
        None, description="The event chosen for another requirement lies in a window."
    )
    all_of: list[RequirementCondition] | None = Field(
        None, min_length=1, description="Every one holds."
    )
    any_of: list[RequirementCondition] | None = Field(
        None, min_length=1, description="At least one holds."
    )

    @model_validator(mode="after")
    def _check(self) -> RequirementCondition:
        one_of(self, tuple(type(self).model_fields))
        return self
