"""A run that is forgotten leaves everything else as if it had never been there."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from qi_checker.errors import UserError
from qi_checker.store import Store
from qi_checker.store.models import (
    ActionRow,
    CaseRow,
    ChangeRow,
    Document,
    EvidenceRow,
    FindingRow,
    Run,
    ScheduleRow,
    TrailEntry,
    TrailPermit,
)
from tests.helpers.store import document, finding, hours, night

DAYS = ("2026-03-01", "2026-03-02", "2062-02-02", "2026-03-03", "2026-03-04")
STATUS = ("due", "missing", "expired", "missing", "met")


def evenings() -> list[Any]:
    """The third is for a wrong day, with other findings, and with a case that nobody else has."""
    found = []
    for number, (day, status) in enumerate(zip(DAYS, STATUS, strict=True)):
        rows = [finding(status=status), finding("C2", status="due" if number % 2 else "met")]
        if number == 2:
            rows.append(finding("C9"))
        surgery = "2026-03-27" if number == 2 else "2026-03-20"
        found.append(night(*rows, as_of=day, surgery=surgery, data=f"d{number}"))
    return found


def held(store: Store) -> dict[str, Any]:
    """Everything of the history, with days in the place of the numbers of runs."""
    moments = dict(Run.objects.using(store.alias).values_list("id", "as_of"))
    found: dict[str, Any] = {}
    for model in (FindingRow, CaseRow, ScheduleRow, EvidenceRow, ActionRow):
        rows = model.objects.using(store.alias).order_by("case_id", "from_run", "id")
        shown = [
            (row.case_id, row.row, [day for run, day in moments.items() if _holds(row, run)])
            for row in rows
        ]
        found[model.__name__] = sorted(shown)
    found["changes"] = {
        run.as_of: [(c.case_id, c.kind, c.words) for c in store.changes(run.run_id)]
        for run in store.runs()
    }
    found["documents"] = sorted(Document.objects.using(store.alias).values_list("text", flat=True))
    return found


def _holds(row: Any, run: int) -> bool:
    return row.from_run <= run and (row.to_run is None or run < row.to_run)


@pytest.mark.parametrize("after", [0, 1, 2])
def test_the_others_are_as_if_it_had_never_been_there(store: Store, after: int) -> None:
    """As the last run, and with one or two kept after it."""
    every = evenings()[: 3 + after]
    stored = [store.keep(one) for one in every]
    done = store.forget(stored[2].run_id, hours(99), "oak")
    assert (done.run_id, done.as_of) == (stored[2].run_id, "2062-02-02") and done.rows > 0
    there = [one for one in every if one.as_of != "2062-02-02"]
    for run in store.runs():
        (as_of,) = [one for one in there if one.as_of == run.as_of]
        assert b"".join(store.findings_json(run.run_id)) == document(as_of)
    assert len(store.runs()) == len(there)
    assert store.latest() == store.runs()[0]
    entry = list(store.trail.entries())[-1]
    assert (entry.action, entry.actor) == ("run_forgotten", "oak")
    assert json.loads(entry.payload)["run"] == stored[2].run_id
    last = night(finding(status="missing"), as_of="2026-03-09", data="d9")
    store.keep(last)
    assert b"".join(store.findings_json(store.runs()[0].run_id)) == document(last)


def emptied(store: Store) -> None:
    history = (FindingRow, CaseRow, ScheduleRow, EvidenceRow, ActionRow, ChangeRow)
    permit = TrailPermit.objects.using(store.alias).create(why="test")
    for model in (*history, Run, Document, TrailEntry):
        model.objects.using(store.alias).all().delete()
    permit.delete()


def test_two_that_are_forgotten_leave_what_was_before(store: Store) -> None:
    """The middle one first: what it changed was that of the one after it, which goes, too."""
    every = evenings()[:4]
    stored = [store.keep(one) for one in every]
    for one in (stored[2], stored[3]):
        store.forget(one.run_id, hours(99), "oak")
    assert store.verify().faults == ()
    last = night(finding(status="met"), finding("C2"), as_of="2026-03-09", data="d9")
    store.keep(last)
    for run, written in zip(reversed(store.runs()), (*every[:2], last), strict=True):
        assert b"".join(store.findings_json(run.run_id)) == document(written)
    assert store.verify().faults == ()


def test_the_history_is_that_of_a_store_that_never_had_it(store: Store) -> None:
    """Row for row, change for change; also for a run that others were compared with."""
    for forgotten in range(len(DAYS)):
        emptied(store)
        every = evenings()
        stored = [store.keep(one) for one in every]
        store.forget(stored[forgotten].run_id, hours(99), "oak")
        without = held(store)
        emptied(store)
        for number, one in enumerate(every):
            if number != forgotten:
                store.keep(one)
        alone = held(store)
        assert without["changes"] == alone["changes"], forgotten
        assert without["documents"] == alone["documents"]
        for name in ("FindingRow", "CaseRow", "ScheduleRow", "EvidenceRow", "ActionRow"):
            nights = {(case, row, day) for case, row, days in without[name] for day in days}
            assert nights == {(case, row, day) for case, row, days in alone[name] for day in days}


def test_a_run_that_is_not_there_is_told(store: Store) -> None:
    with pytest.raises(UserError, match="run 7 is not stored"):
        store.forget(7, hours(1), "oak")


def test_a_purge_asks_for_a_wrong_future_night_to_be_forgotten_first(store: Store) -> None:
    for one in evenings():
        store.keep(one)
    with pytest.raises(UserError, match=r"run 3 is for 2062-02-02.*nightly forget 3"):
        store.purge(date(2026, 3, 4), hours(200), "oak")
    assert len(store.runs()) == 5
    store.forget(3, hours(200), "oak")
    assert store.purge(date(2026, 3, 4), hours(200), "oak").runs == 3
    assert [run.as_of for run in store.runs()] == ["2026-03-04"]
