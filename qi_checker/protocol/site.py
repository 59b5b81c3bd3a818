"""What differs from hospital to hospital: `site.yaml`."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from qi_checker.errors import did_you_mean
from qi_checker.protocol.durations import Duration


def _zone(name: str) -> str:
    known = available_timezones()
    if name not in known:
        raise ValueError(f"not an IANA time zone. {did_you_mean(name, known)}"[:300])
    return name


class Site(BaseModel):
    """Settings of one hospital. A value mapping reads `{events.modality: {MRI: MR}}`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    timezone: Annotated[str, AfterValidator(_zone)] = Field(
        description="IANA name, such as America/Toronto; dates are counted there."
    )
    holidays: list[date] = Field([], description="Days that are not working days.")
    lead_time: Duration | None = Field(
        None, description="Used for requirements that state none: 5 working days."
    )
    columns: dict[str, dict[str, str]] = Field(
        {}, description="Per table: contract column -> column of the local export."
    )
    values: dict[str, dict[str, str]] = Field(
        {}, description="Per table.column: value of the local export -> contract word."
    )
    feeds: dict[str, Duration] = Field(
        {}, description="Per kind of event: how old the newest recorded_at may be, in days."
    )
    midnight_is_date: bool = Field(
        False, description="Read 2026-05-01 00:00:00 as a date without a clock time."
    )

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)
