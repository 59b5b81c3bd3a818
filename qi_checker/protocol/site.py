"""Settings that differ between hospitals: `site.yaml`."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
    WithJsonSchema,
)

from qi_checker.errors import Problem, UserError, did_you_mean
from qi_checker.protocol import time_zones
from qi_checker.protocol.durations import Duration
from qi_checker.protocol.fields import Day, FeedName, KindWord, Percent, Text, WorkingDays
from qi_checker.protocol.plausible_settings import Settings, read_settings, settings_schema


def _zone(name: str) -> str:
    try:
        time_zones.zone(name)
    except KeyError:
        # Similar abbreviations can be hours apart, so only full names are suggested.
        hint = did_you_mean(name, ["UTC", *(z for z in time_zones.names() if "/" in z)])
        if not hint.startswith("Did you mean"):
            hint = "Write an IANA name, such as America/Toronto"
        raise ValueError(f"is not a time zone. {hint}") from None
    return name


def _days(length: Duration) -> Duration:
    if length.unit != "day":
        raise ValueError("is not a number of days: write days, such as 3 days")
    return length


class Site(BaseModel):
    """Settings of one hospital. A value mapping reads `{events.modality: {MRI: MR}}`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    timezone: Annotated[
        str, StringConstraints(strict=True, min_length=1), AfterValidator(_zone)
    ] = Field(description="IANA name, such as America/Toronto; dates are counted there.")
    organisation: Annotated[
        str, StringConstraints(strict=True, strip_whitespace=True, max_length=120)
    ] = Field("", description="Name of the hospital or department on pages and in files.")
    holidays: list[Day] = Field([], description="Days that are not working days.")
    lead_time: WorkingDays | None = Field(
        None, description="Used for requirements that state none: 5 working days."
    )
    horizon: Annotated[Duration, AfterValidator(_days)] = Field(
        Duration(14, "day"),
        description="An action whose last day is at most this far ahead is urgent: 14 days.",
        json_schema_extra={"default": "14 days"},
    )
    procedures: dict[Annotated[str, StringConstraints(pattern=r"^[^:]+:.+$")], Text] = Field(
        {}, description="SYSTEM:CODE -> the name of the operation in lists."
    )
    show: list[Literal["name", "mrn", "phone"]] = Field(
        [],
        description="Columns of the cases about the patient that the checklist shows; never in mail.",
    )
    tables: dict[str, Text] = Field(
        {}, description="In a database: cases, events or exceptions -> its table or view."
    )
    columns: dict[str, dict[str, Text]] = Field(
        {}, description="Per table: contract column -> column of the local export."
    )
    values: dict[str, dict[str, Text]] = Field(
        {}, description="Per table.column: value of the local export -> contract word."
    )
    feeds: dict[KindWord, Annotated[Duration, AfterValidator(_days)]] = Field(
        {}, description="Per kind of event: how old the newest recorded_at may be, in days."
    )
    completeness: dict[FeedName, Percent] = Field(
        {},
        description="Per kind, or kind.MODALITY: the minimum share of the usual count of 28 days.",
    )
    midnight_is_date: StrictBool = Field(
        False, description="Read 2026-05-01 00:00:00 as a date without a clock time."
    )

    plausibility: Annotated[Any, WithJsonSchema(settings_schema())] = Field(
        None, description="Limits of the checks of plausibility, such as {rejected: 5%}, or off."
    )

    @property
    def checks(self) -> Settings:
        """Return the settings below `plausibility`. UserError if they cannot be read."""
        settings, wrong = read_settings(self.plausibility)
        if wrong:
            raise UserError(
                Problem(".".join(("plausibility", *one.path)), one.what, "", one.advice)
                for one in wrong
            )
        return settings

    @property
    def zone(self) -> ZoneInfo:
        return time_zones.zone(self.timezone)
