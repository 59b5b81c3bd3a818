"""The moment that an evaluation refers to. It is always an argument; nothing reads the clock."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from qi_checker.errors import Problem, UserError
from qi_checker.protocol.records import FIRST_YEAR, LAST_YEAR

_SHAPE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?)?")


@dataclass(frozen=True)
class AsOf:
    """A local date, meaning the end of that day, or a local date-time."""

    date: dt.date
    clock: dt.datetime | None = None

    @classmethod
    def parse(cls, value: str | dt.date, option: str = "--as-of") -> AsOf:
        """Read `2026-02-01` or `2026-02-01T07:30`; UserError if it is neither."""
        if isinstance(value, dt.datetime):
            return cls(value.date(), value.replace(tzinfo=None))
        if isinstance(value, dt.date):
            return cls(value)
        try:
            if not _SHAPE.fullmatch(value.strip()):
                raise ValueError
            moment = dt.datetime.fromisoformat(value.strip())
            if not FIRST_YEAR <= moment.year <= LAST_YEAR:
                raise ValueError
        except ValueError:
            raise UserError(
                Problem(
                    option, "is not a date", advice="Write it as 2026-02-01 or 2026-02-01T07:30"
                )
            ) from None
        return cls(moment.date(), moment if len(value.strip()) > 10 else None)

    def __str__(self) -> str:
        return self.clock.isoformat() if self.clock else self.date.isoformat()
