"""Lengths of time as a protocol writes them: `30 days`, `4 weeks`, `1 month`, `120 minutes`."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

_TEXT = re.compile(r"([0-9]{1,4}) (working day|minute|hour|day|week|month|year)s?")
CLOCK_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1)}


@dataclass(frozen=True, order=False)
class Duration:
    """A whole number of units. 28 days, 4 weeks and 1 month stay different, as written."""

    amount: int
    unit: str

    @classmethod
    def parse(cls, text: str) -> Duration:
        """Parse `30 days`; ValueError says what is accepted."""
        match = _TEXT.fullmatch(text.strip())
        if not match:
            raise ValueError(
                "not a duration: write a whole number and minutes, hours, days, weeks, "
                "months, years or working days, such as 30 days"
            )
        return cls(int(match[1]), match[2])

    def __str__(self) -> str:
        return f"{self.amount} {self.unit}{'' if self.amount == 1 else 's'}"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(
            cls.parse,
            core_schema.str_schema(strict=True, pattern=r"^[0-9]{1,4} [a-z ]+$"),
            serialization=core_schema.to_string_ser_schema(),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {
            "type": "string",
            "pattern": f"^{_TEXT.pattern}$",
            "description": "A whole number and minutes, hours, days, weeks, months, years or "
            "working days.",
            "examples": ["30 days", "4 weeks", "1 month", "120 minutes", "5 working days"],
        }

    @property
    def clock(self) -> timedelta | None:
        """Return a length in minutes or hours as clock time; None for calendar units."""
        per_unit = CLOCK_UNITS.get(self.unit)
        return None if per_unit is None else self.amount * per_unit

    def before(self, day: date) -> date:
        """Return the day this long before `day`; months and years clamp to the end of a month."""
        if self.unit == "day":
            return day - timedelta(days=self.amount)
        if self.unit == "week":
            return day - timedelta(weeks=self.amount)
        months = self.amount * (12 if self.unit == "year" else 1)
        return shift_months(day, -months)


def shift_months(day: date, months: int) -> date:
    """Move `day` by calendar months, clamped: 31 March - 1 month is 28 or 29 February."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
