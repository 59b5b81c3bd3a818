"""The store: one object that gives everything that is kept."""

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
    """A store that is connected. Everything raises UserError where the database refuses.

    `site` says in which time zone a day of surgery is meant.
    """

    alias: str
    site: Site

    def migrate(self) -> None:
        """Set the store up, or bring an older one to the schema of this version."""
        from qi_checker.store.schema import migrate

        migrate(self.alias)

    def keep(self, night: Night) -> Kept:
        """Keep a night in one transaction: all of it, or nothing."""
        from qi_checker.store.keep import keep

        return keep(self.alias, night)

    def runs(self, protocol: str | None = None) -> list[PastRun]:
        """Every run that is kept, the latest first."""
        from qi_checker.store.past import runs

        return runs(self.alias, protocol)

    def latest(self, protocol: str | None = None) -> PastRun | None:
        """The run of the latest moment that is in force."""
        there = [run for run in self.runs(protocol) if run.in_force]
        return max(there, key=lambda run: (run.as_of, run.run_id), default=None)

    def manifest(self, run_id: int) -> dict[str, Any]:
        """The manifest of a run, as it was given."""
        manifest: dict[str, Any] = self.documents(run_id)["manifest"]
        return manifest

    def documents(self, run_id: int) -> dict[str, Any]:
        """`manifest`, `feeds` and `inputs` of a run."""
        from qi_checker.store.past import documents

        return documents(self.alias, run_id)

    def findings(self, run_id: int) -> Iterator[dict[str, Any]]:
        """The findings of a run, by case and requirement; dates are ISO texts."""
        from qi_checker.store.past import finding_lines

        return map(json.loads, finding_lines(self.alias, run_id))

    def cases(self, run_id: int) -> Iterator[dict[str, Any]]:
        """The cases of a run, by case."""
        from qi_checker.store.past import case_lines

        return map(json.loads, case_lines(self.alias, run_id))

    def actions(self, run_id: int) -> Iterator[dict[str, Any]]:
        """The actions of a run, the most urgent first; none where an earlier version kept it."""
        from qi_checker.store.past import action_lines

        return map(json.loads, action_lines(self.alias, run_id))

    def findings_json(self, run_id: int) -> Iterator[bytes]:
        """The findings.json of a run, byte for byte, in pieces."""
        from qi_checker.store.past import findings_json

        return findings_json(self.alias, run_id)

    def changes(self, run_id: int) -> tuple[Change, ...]:
        """What changed in a run since the one in force before it."""
        from qi_checker.store.comparing import load_changes

        return load_changes(self.alias, run_id)

    def base(self, run_id: int) -> int | None:
        """The run that `changes` compares a run with; None for the first."""
        from qi_checker.store.comparing import before
        from qi_checker.store.past import run_of

        found = before(self.alias, run_of(self.alias, run_id))
        return found.id if found else None

    @property
    def trail(self) -> Trail:
        """The audit trail."""
        from qi_checker.store.trail import Trail

        return Trail(self.alias)

    @property
    def exceptions(self) -> Exceptions:
        """Requests, approvals, revocations; and the input table for the evaluation."""
        from qi_checker.store.exceptions import Exceptions

        return Exceptions(self.alias, self.site)

    def schedules(self, case_id: str, protocol: str | None = None) -> list[Schedule]:
        """Every date that an operation was planned for, the oldest first."""
        from qi_checker.store.schedules import schedules

        return schedules(self.alias, case_id, protocol)

    def earlier_schedules(
        self, protocol: str, as_of: str, cases: Collection[str]
    ) -> list[tuple[str, date]]:
        """Case and day of what was planned in nights before `as_of`, for the evaluation."""
        from qi_checker.store.schedules import earlier_schedules

        return earlier_schedules(self.alias, protocol, as_of, cases, self.site)

    def planned(self, cases: Collection[str]) -> dict[str, date]:
        """The day that surgery of these cases is planned for, as the last night saw it."""
        from qi_checker.store.schedules import planned

        return {case_id: when.lo for case_id, when in planned(self.alias, cases, self.site).items()}

    def known_cases(self, protocols: Iterable[str]) -> list[str]:
        """The cases of the latest night of each of these protocols, sorted."""
        from qi_checker.store.schedules import known_cases

        return known_cases(self.alias, protocols)

    def sign_off(
        self, case_id: str, protocol: str, *, by: Person, at: datetime, note: str = ""
    ) -> SignedOff:
        """Sign a case off as the latest night has it."""
        from qi_checker.store.signoffs import sign_off

        return sign_off(self.alias, case_id, protocol, by=by, at=at, note=note)

    def sign_offs(self, case_id: str | None = None) -> list[SignedOff]:
        """Sign-offs, each with what has changed since; one with a change is void."""
        from qi_checker.store.signoffs import sign_offs

        return sign_offs(self.alias, case_id)

    @property
    def people(self) -> People:
        """What people write about cases: notes, contacts, looks, waits, entries of ultrasound."""
        from qi_checker.store.people.writes import People

        return People(self.alias)

    def verify(self, *anchors: Anchor | None) -> Verified:
        """Read the trail and every row that is bound to it; `anchors`: ends kept elsewhere."""
        from qi_checker.store.verifying import verify

        return verify(self.alias, anchors)

    def purge(self, before: date, at: datetime, actor: str) -> Purged:
        """Remove the nights from before a day; the trail tells of it."""
        from qi_checker.store.retention import purge

        return purge(self.alias, before, at, actor)

    def old_runs(self, before: date) -> tuple[int, int]:
        """How many runs a purge would remove, and how many there are."""
        from qi_checker.store.retention import old_runs

        return old_runs(self.alias, before)

    def forget(self, run_id: int, at: datetime, actor: str) -> Forgotten:
        """Remove one run as if it had never been kept; the trail tells of it."""
        from qi_checker.store.retention import forget

        return forget(self.alias, run_id, at, actor)

    def export_case(self, case_id: str) -> dict[str, Any]:
        """Everything that is held of a case, ready for JSON."""
        from qi_checker.store.privacy import export_case

        return export_case(self.alias, case_id, self.site)

    def pseudonymise(self, case_id: str, key: bytes, at: datetime, actor: str) -> str:
        """Replace the ids of a case and of its events everywhere; gives the new id."""
        from qi_checker.store.privacy import pseudonymise

        return pseudonymise(self.alias, case_id, key, at, actor)

    def backup(self, path: Path) -> None:
        """Write a copy of an SQLite store while it is used."""
        from qi_checker.store.backup import backup

        backup(self.alias, path)

    def close(self) -> None:
        """End the connection of this thread."""
        from django.db import connections

        connections[self.alias].close()


def open_store(database: Database, site: Site = UTC) -> Store:
    """Connect to a store. Raises UserError where it is gone, or newer than this program."""
    alias = connect(database)
    from qi_checker.store.schema import check

    check(alias)
    return Store(alias, site)
