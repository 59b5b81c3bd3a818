"""The sample of patients whose rows are counted, and the SQL of conditions on their dates."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from qi_checker.engines.inputs.database import Database
from qi_checker.engines.inputs.needs import Needs
from qi_checker.engines.inputs.task import Prepared

# Above this number, events of a sample of patients are checked: a quarter of a million rows
# estimate a share well enough, and a full pass over eight million would cost a tenth of an audit.
LOOKED_AT = 250_000
NEAR = 90  # days before an operation


@dataclass(frozen=True)
class Sample:
    """The records of one run, in their database; one in `one_in` patients is counted."""

    db: Database
    needs: Needs
    prepared: Prepared

    @cached_property
    def one_in(self) -> int:
        return max(1, -(-self.prepared.census["events"].used // LOOKED_AT))

    @property
    def today(self) -> str:
        """Return the SQL of the evaluated day."""
        return f"DATE '{self.needs.as_of.date}'"

    def has(self, patient: str) -> str:
        """Return the SQL of whether a patient is in the sample."""
        if self.one_in == 1:
            return f"{patient} IS NOT NULL"
        return f"mod({self.db.hashed(patient)}, {self.one_in}) = 0"

    def used(self, table: str) -> str:
        """Return the SQL of whether a row of a table is usable."""
        census = self.prepared.census[table]
        return f"_row NOT IN (SELECT _row FROM rejected_{table})" if census.rejected else "true"


def is_midnight(clock: str, day: str) -> str:
    return f"{clock} = CAST({day} AS TIMESTAMP)"


def is_night(clock: str, day: str) -> str:
    """Return the SQL of whether a time is between 22:00 and 6:00, except exactly midnight."""
    hour = f"extract(hour FROM {clock})"
    return f"({hour} >= 22 OR {hour} < 6) AND NOT ({is_midnight(clock, day)})"


def swapped(day: str) -> str:
    """Return the SQL of a date with day and month swapped, NULL if that gives no other date."""
    parts = {p: f"CAST(extract({p} FROM {day}) AS INTEGER)" for p in ("year", "month", "day")}
    return (
        f"CASE WHEN {parts['day']} <= 12 AND {parts['day']} <> {parts['month']} "
        f"THEN make_date({parts['year']}, {parts['day']}, {parts['month']}) END"
    )
