"""The input and the result of the preparation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from qi_checker.engines.inputs.calendar import Calendar
from qi_checker.engines.inputs.database import Database
from qi_checker.engines.inputs.needs import Needs
from qi_checker.engines.inputs.reading import Census
from qi_checker.engines.observers import UNWATCHED, Watch
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.records import RawTable
from qi_checker.query import Compiled
from qi_checker.query.tables import Feeds


@dataclass
class Prepared:
    """The result of preparing: the number of rows of each table, and of those left out."""

    census: dict[str, Census] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    feeds: Feeds = field(default_factory=Feeds)
    apart: list[str] = field(default_factory=list)  # notes to report first: events set apart
    notes: list[str] = field(default_factory=list)
    dates: dict[str, str] = field(default_factory=dict)  # problems of own date columns
    # By table and column: the likely format of the dates in rejected rows.
    written: dict[tuple[str, str], str] = field(default_factory=dict)
    calendar: Calendar | None = None  # of working days; it grows on demand

    def of(self, compiled: Compiled) -> Prepared:
        """Return the part that concerns one of the protocols."""
        own = [self.dates[d] for d in compiled.own_dates if d in self.dates]
        return replace(self, notes=[*own, *self.notes])


@dataclass(frozen=True)
class Task:
    """One pass over the records, and what must be read."""

    needs: Needs
    db: Database
    tables: Mapping[str, RawTable]
    watch: Watch = UNWATCHED

    @cached_property
    def many_events(self) -> bool:
        """Whether there are too many events to keep: they are then read when needed.

        Several protocols would read them several times; then they are kept, or spilled.
        """
        most = self.db.KEEPS_MOST
        if most is None or len(self.needs.protocols) > 1:
            return False
        return bool(self.db.row("SELECT count(*) FROM raw_events")[0] > most)

    @cached_property
    def numbers_patients(self) -> bool:
        """Whether patients are numbered once, so that every protocol joins numbers, not ids."""
        return len(self.needs.protocols) > 1


def after(as_of: AsOf, lo: str, clock: str) -> str:
    """Return the SQL of whether a moment is after `as_of`; false for NULL."""
    later = f"{lo} > DATE '{as_of.date}'"
    if as_of.clock is not None:
        stamp = f"TIMESTAMP '{as_of.clock.isoformat(sep=' ')}'"
        later = f"({later} OR ({lo} = DATE '{as_of.date}' AND {clock} > {stamp}))"
    return f"coalesce({later}, false)"


def with_patient(task: Task, source: str) -> str:
    """Return a source of rows with `patient_id` and `patient`; only patients who have a case."""
    if task.numbers_patients:
        return f"{source} JOIN patients USING (patient_id)"
    return f"(SELECT *, patient_id AS patient FROM {source}) p"
