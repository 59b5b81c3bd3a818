"""The store's own exceptions: which of them a night counts.

A night adds them to the exceptions of the records, in their state at the judged moment. Later steps
are left out, so that a night gives the same result whenever it is run: tonight, once more, or as
one of many past nights. Dates of surgery are those of tonight's records.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from qi_checker.nightly.load import Settings
from qi_checker.nightly.moments import instant
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.records import THE_STORE, Records
from qi_checker.protocol.site import Site
from qi_checker.sources.joined import join_rows
from qi_checker.sources.layout import BLANKS
from qi_checker.store import Store

if TYPE_CHECKING:
    from qi_checker.store.exceptions import Waiver


@dataclass(frozen=True)
class Moved:
    """An exception that no longer counts, because surgery was moved after it was approved."""

    exception_id: str
    case_id: str
    requirement: str
    approved_for: date
    planned: date

    def words(self, requirement: str) -> str:
        """Return a sentence that calls the requirement by its id or by its title."""
        return (
            f"{self.case_id} {requirement}: {self.exception_id} was for surgery on "
            f"{self.approved_for}, now on {self.planned}."
        )


@dataclass(frozen=True)
class Waived:
    """The records with the store's exceptions, and those that somebody must review."""

    records: Records
    moved: tuple[Moved, ...] = ()

    def of(self, bundle: Bundle) -> list[str]:
        """Return sentences for the digest of a protocol: exceptions from its requirements."""
        versions = bundle.protocol.versions
        titles = {leaf.id: leaf.title for version in versions for leaf in version.leaves}
        return [
            one.words(titles[one.requirement]) for one in self.moved if one.requirement in titles
        ]


def waived(settings: Settings, store: Store, records: Records, as_of: AsOf) -> Waived:
    """Join the store's exceptions with the source's `records`, even after earlier joins."""
    from qi_checker.store.exceptions import REFUSED, table_row  # needs a store that was opened

    cases = store.exceptions.case_ids() if settings.config.exceptions else []
    if not cases:
        return Waived(records)
    days = _days(records, cases, settings.site)
    waivers = store.exceptions.standing(days, instant(as_of, settings.site.zone))
    rows = {w.number: table_row(w) for w in waivers if w.state != REFUSED}
    joined = join_rows(records, "exceptions", THE_STORE, rows)
    moved = tuple(_moved(waivers, days, as_of))
    notes = [f"Needs reconfirmation: {one.words(one.requirement)}" for one in moved]
    return Waived(Records(joined.con, joined.tables, [*joined.notes, *notes]), moved)


def _days(records: Records, cases: Sequence[str], site: Site) -> dict[str, date]:
    """Return the planned days of surgery; the first row of an id counts, as in the evaluation.

    They are read as the store reads earlier nights, since the two are compared.
    """
    from qi_checker.store.schedules import when_of

    records.con.execute("SET TimeZone = 'UTC'")
    rows = records.con.execute(
        "SELECT trim(case_id::VARCHAR, ?) AS id, surgery_at::VARCHAR FROM raw_cases "
        "WHERE id IN (SELECT unnest(?::VARCHAR[])) ORDER BY _row DESC",
        [BLANKS, list(cases)],
    ).fetchall()
    return {case_id: when.lo for case_id, at in rows if (when := when_of(at or "", site))}


def _moved(waivers: Sequence[Waiver], days: Mapping[str, date], as_of: AsOf) -> Iterator[Moved]:
    """Yield the exceptions that would count again if somebody confirmed them."""
    from qi_checker.store.exceptions import RECONFIRM

    for w in waivers:
        planned = days.get(w.case_id)
        if w.state != RECONFIRM or planned is None or w.surgery_day is None:
            continue
        if min(as_of.date, planned) <= w.expires_on:
            yield Moved(w.exception_id, w.case_id, w.requirement, w.surgery_day, planned)
