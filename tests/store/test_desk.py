"""The desk: written where something changed, removed where a case is gone, part of no history."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from django.db import connections

from qi_checker.errors import UserError
from qi_checker.store import Store
from qi_checker.store.desk.models import NO_DAY, CaseFile, DeskAction, Known, WorkItem
from qi_checker.store.desk.rewriting import DeskNight, Entry, Rewritten, Todo, rewrite
from tests.helpers.store import AT, PROTOCOL, finding, night

KNOWN = {
    "as_of": "2026-03-01",
    "sha256": "r1",
    "context": "{}",
    "origin": "{}",
    "feeds": "[]",
    "warnings": "[]",
    "upcoming": 2,
    "problems": "[]",
}


def entry(case_id: str = "C1", rows: str = "e1", **columns: Any) -> Entry:
    item = {
        "patient_id": "P1",
        "site": "North",
        "surgeon": "Oak",
        "room": "OR 1",
        "surgery_at": "2026-03-20T08:00",
        "surgery_day": date(2026, 3, 20),
        "status": "scheduled",
        "upcoming": True,
        "verdict": "action_needed",
        "act_by": date(2026, 3, 10),
        "latest": None,
        "requirements": "[]",
        "actions": "[]",
        "said": "[]",
        "evidence": "v" * 64,
    }
    todo = [Todo("mri", "order", "MRI desk", None, date(2026, 3, 20), date(2026, 3, 10))]
    return Entry(case_id, json.dumps({"rows": rows}), rows, item | columns, todo)


def put(store: Store, *entries: Entry, run: int = 1, changes: dict[str, str] | None = None) -> Any:
    return rewrite(store.alias, DeskNight(PROTOCOL, run, KNOWN, entries, changes or {}))


def ids(store: Store, model: Any = WorkItem) -> list[str]:
    return sorted(model.objects.using(store.alias).values_list("case_id", flat=True))


def test_only_what_changed_is_written(store: Store) -> None:
    assert put(store, entry("C1"), entry("C2")) == Rewritten(2, 0, 0)
    numbers = dict(WorkItem.objects.using(store.alias).values_list("case_id", "id"))
    done = put(store, entry("C1"), entry("C2", rows="e2"), run=2)
    assert done == Rewritten(1, 0, 1)
    now = dict(WorkItem.objects.using(store.alias).values_list("case_id", "id"))
    assert now["C1"] == numbers["C1"] and now["C2"] != numbers["C2"]
    assert Known.objects.using(store.alias).get().run_id == 2


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE qi_desk_workitem SET verdict = 'compliant' WHERE case_id = 'C1'",
        "UPDATE qi_desk_workitem SET act_by = '9999-12-31' WHERE case_id = 'C1'",
        "UPDATE qi_desk_workitem SET latest = '2026-04-01' WHERE case_id = 'C1'",
        "UPDATE qi_desk_workitem SET actions = '[1]' WHERE case_id = 'C1'",
        "UPDATE qi_desk_casefile SET rows = '{}' WHERE case_id = 'C1'",
        "UPDATE qi_desk_casefile SET sha256 = 'x' WHERE case_id = 'C1'",
        "DELETE FROM qi_desk_casefile WHERE case_id = 'C1'",
        "UPDATE qi_desk_deskaction SET owner = 'nobody' WHERE id = 1",
        "DELETE FROM qi_desk_deskaction WHERE id = 1",
    ],
)
def test_the_next_night_mends_what_somebody_wrote_behind_its_back(
    store: Store, statement: str
) -> None:
    put(store, entry("C1"), entry("C2"))
    made = desk_rows(store)
    with connections[store.alias].cursor() as cursor:
        cursor.execute(statement.replace("id = 1", f"id = {made['actions'][0][0]}"))
    assert put(store, entry("C1"), entry("C2"), run=2) == Rewritten(1, 0, 1)
    assert {name: [r[1:] for r in rows] for name, rows in desk_rows(store).items()} == {
        name: [r[1:] for r in rows] for name, rows in made.items()
    }


def desk_rows(store: Store) -> dict[str, list[Any]]:
    """Every line, case and action of the desk, each with its number first."""
    items, files = WorkItem.objects.using(store.alias), CaseFile.objects.using(store.alias)
    actions = DeskAction.objects.using(store.alias).order_by("item__case_id", "id")
    return {
        "items": list(items.order_by("case_id").values_list()),
        "files": list(files.order_by("case_id").values_list()),
        "actions": list(actions.values_list("id", "item__case_id", "owner", "act_by")),
    }


def test_every_writing_of_the_desk_is_counted(store: Store) -> None:
    """A night that is repeated has the same run, and may put other rows on the desk all the same."""
    put(store, entry("C1"))
    put(store, entry("C1", rows="e2"))
    assert Known.objects.using(store.alias).get().written == 2


def test_a_case_that_is_gone_leaves_nothing(store: Store) -> None:
    put(store, entry("C1"), entry("C2"))
    assert put(store, entry("C2")).removed == 1
    assert ids(store) == ids(store, CaseFile) == ["C2"]
    assert DeskAction.objects.using(store.alias).count() == 1


def test_another_protocol_keeps_its_own(store: Store) -> None:
    put(store, entry("C1"))
    rewrite(store.alias, DeskNight("other", 5, KNOWN, [entry("C1")], {}))
    put(store)
    assert [i.protocol for i in WorkItem.objects.using(store.alias).all()] == ["other"]


def test_what_changed_stays_until_something_else_does(store: Store) -> None:
    put(store, entry("C1"))
    put(store, entry("C1"), run=2, changes={"C1": '[{"words": "moved"}]'})
    put(store, entry("C1", rows="e2"), run=3)
    item = WorkItem.objects.using(store.alias).get()
    assert (item.changed_run, json.loads(item.changes)[0]["words"]) == (2, "moved")


def test_what_somebody_did_since_is_judged_anew_by_the_night(store: Store) -> None:
    put(store, entry("C1"))
    WorkItem.objects.using(store.alias).update(live=True, verdict="compliant_with_exception")
    assert put(store, entry("C1"), run=2).written == 1
    item = WorkItem.objects.using(store.alias).get()
    assert (item.live, item.verdict) == (False, "action_needed")


def test_no_last_day_sorts_behind_all_others(store: Store) -> None:
    nothing = entry("C2", act_by=NO_DAY, actions="[]")
    put(store, nothing, entry("C1"))
    ordered = WorkItem.objects.using(store.alias).order_by("act_by", "surgery_day", "case_id")
    assert [item.case_id for item in ordered] == ["C1", "C2"]


def test_a_case_is_exported_with_its_desk_and_taken_off_it(store: Store) -> None:
    store.keep(night(finding()))
    put(store, entry("C1"))
    document = store.export_case("C1")
    assert document["desk_items"][0]["patient_id"] == "P1" and document["desk_actions"]
    new = store.pseudonymise("C1", b"k" * 32, AT, "root")
    assert ids(store) == ids(store, CaseFile) == []
    assert "desk_items" not in store.export_case(new)


def test_a_case_that_only_the_desk_knows_is_held(store: Store) -> None:
    put(store, entry("C9"))
    assert store.export_case("C9")["desk_rows"]
    with pytest.raises(UserError):
        store.export_case("C8")
