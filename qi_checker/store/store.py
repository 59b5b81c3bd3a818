"""The store: one object with access to all stored data."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qi_checker.protocol.site import Site
from qi_checker.store.database import Database, connect
from qi_checker.store.night import Kept, Night

if TYPE_CHECKING:
    from qi_checker.digest.changes import Change
    from qi_checker.store.exceptions import Exceptions, Person
    from qi_checker.store.past import PastRun
    from qi_checker.store.people.writes import People
    from qi_checker.store.retention import Forgotten, Purged
    from qi_checker.store.schedules import Schedule
    from qi_checker.store.signoffs import SignedOff
    from qi_checker.store.trail import Anchor, Trail, Verified

UTC = Site(timezone="UTC")


@dataclass(frozen=True)
class Store:
    """A connected store. All methods raise UserError if the database refuses.

    `site` has the time zone of a day of surgery.
    """

    alias: str
    site: Site

    def migrate(self) -> None:
        """Set the store up, or migrate an older one to the schema of this version."""
        from qi_checker.store.schema import migrate

        migrate(self.alias)

    def keep(self, night: Night) -> Kept:
        """Store a night in one transaction: all of it, or nothing."""
        from qi_checker.store.keep import keep

        return keep(self.alias, night)

    def runs(self, protocol: str | None = None) -> list[PastRun]:
        """Return every stored run, the latest first."""
        from qi_checker.store.past import runs

        return runs(self.alias, protocol)

    def latest(self, protocol: str | None = None) -> PastRun | None:
        """Return the run in force of the latest moment."""
        there = [run for run in self.runs(protocol) if run.in_force]
        return max(there, key=lambda run: (run.as_of, run.run_id), default=None)

    def manifest(self, run_id: int) -> dict[str, Any]:
        """Return the manifest of a run, as stored."""
        manifest: dict[str, Any] = self.documents(run_id)["manifest"]
        return manifest

    def documents(self, run_id: int) -> dict[str, Any]:
        """Return `manifest`, `feeds` and `inputs` of a run."""
        from qi_checker.store.past import documents

        return documents(self.alias, run_id)

    def findings(self, run_id: int) -> Iterator[dict[str, Any]]:
        """Yield the findings of a run, by case and requirement, with dates as ISO text."""
        from qi_checker.store.past import finding_lines

        return map(json.loads, finding_lines(self.alias, run_id))

    def cases(self, run_id: int) -> Iterator[dict[str, Any]]:
        """Yield the cases of a run, by case."""
        from qi_checker.store.past import case_lines

        return map(json.loads, case_lines(self.alias, run_id))

    def actions(self, run_id: int) -> Iterator[dict[str, Any]]:
        """Yield the actions of a run, the most urgent first; none for an earlier version's run."""
        from qi_checker.store.past import action_lines

        return map(json.loads, action_lines(self.alias, run_id))

    def findings_json(self, run_id: int) -> Iterator[bytes]:
        """Yield the findings.json of a run, byte for byte, in pieces."""
        from qi_checker.store.past import findings_json

        return findings_json(self.alias, run_id)

    def changes(self, run_id: int) -> tuple[Change, ...]:
        """Return the changes of a run since the run in force before it."""
        from qi_checker.store.comparing import load_changes

        return load_changes(self.alias, run_id)

    def base(self, run_id: int) -> int | None:
        """Return the run that `changes` compares a run with; None for the first."""
        from qi_checker.store.comparing import before
        from qi_checker.store.past import run_of

        found = before(self.alias, run_of(self.alias, run_id))
        return found.id if found else None

    @property
    def trail(self) -> Trail:
        """Return the audit trail."""
        from qi_checker.store.trail import Trail

        return Trail(self.alias)

    @property
    def exceptions(self) -> Exceptions:
        """Return the exceptions: requests, approvals, revocations, and the input table."""
        from qi_checker.store.exceptions import Exceptions

        return Exceptions(self.alias, self.site)

    def schedules(self, case_id: str, protocol: str | None = None) -> list[Schedule]:
        """Return every planned date of an operation, the oldest first."""
        from qi_checker.store.schedules import schedules

        return schedules(self.alias, case_id, protocol)

    def earlier_schedules(
        self, protocol: str, as_of: str, cases: Collection[str]
    ) -> list[tuple[str, date]]:
        """Return case and planned day from nights before `as_of`, for the evaluation."""
        from qi_checker.store.schedules import earlier_schedules

        return earlier_schedules(self.alias, protocol, as_of, cases, self.site)

    def planned(self, cases: Collection[str]) -> dict[str, date]:
        """Return the planned day of surgery of these cases in the last night."""
        from qi_checker.store.schedules import planned

        return {case_id: when.lo for case_id, when in planned(self.alias, cases, self.site).items()}

    def known_cases(self, protocols: Iterable[str]) -> list[str]:
        """Return the cases of the latest night of each of these protocols, sorted."""
        from qi_checker.store.schedules import known_cases

        return known_cases(self.alias, protocols)

    def sign_off(
        self, case_id: str, protocol: str, *, by: Person, at: datetime, note: str = ""
    ) -> SignedOff:
        """Sign off a case as the latest night evaluated it."""
        from qi_checker.store.signoffs import sign_off

        return sign_off(self.alias, case_id, protocol, by=by, at=at, note=note)

    def sign_offs(self, case_id: str | None = None) -> list[SignedOff]:
        """Return sign-offs, each with the changes since; a change makes it void."""
        from qi_checker.store.signoffs import sign_offs

        return sign_offs(self.alias, case_id)

    @property
    def people(self) -> People:
        """Return people's entries about cases: notes, contacts, looks, waits, ultrasound."""
        from qi_checker.store.people.writes import People

        return People(self.alias)

    def verify(self, *anchors: Anchor | None) -> Verified:
        """Verify the trail and every row bound to it; `anchors`: ends recorded elsewhere."""
        from qi_checker.store.verifying import verify

        return verify(self.alias, anchors)

    def purge(self, before: date, at: datetime, actor: str) -> Purged:
        """Remove the nights from before a day; the trail records it."""
        from qi_checker.store.retention import purge

        return purge(self.alias, before, at, actor)

    def old_runs(self, before: date) -> tuple[int, int]:
        """Return how many runs a purge would remove, and how many exist."""
        from qi_checker.store.retention import old_runs

        return old_runs(self.alias, before)

    def forget(self, run_id: int, at: datetime, actor: str) -> Forgotten:
        """Remove one run as if it had never been stored; the trail records it."""
        from qi_checker.store.retention import forget

        return forget(self.alias, run_id, at, actor)

    def export_case(self, case_id: str) -> dict[str, Any]:
        """Return everything stored about a case, ready for JSON."""
        from qi_checker.store.privacy import export_case

        return export_case(self.alias, case_id, self.site)

    def pseudonymise(self, case_id: str, key: bytes, at: datetime, actor: str) -> str:
        """Replace the ids of a case and of its events everywhere; return the new id."""
        from qi_checker.store.privacy import pseudonymise

        return pseudonymise(self.alias, case_id, key, at, actor)

    def backup(self, path: Path) -> None:
        """Write a copy of an SQLite store while it is in use."""
        from qi_checker.store.backup import backup

        backup(self.alias, path)

    def close(self) -> None:
        """End the connection of this thread."""
        from django.db import connections

        connections[self.alias].close()


def open_store(database: Database, site: Site = UTC) -> Store:
    """Connect to a store. Raise UserError if it is missing, or newer than this program."""
    alias = connect(database)
    from qi_checker.store.schema import check

    check(alias)
    return Store(alias, site)
