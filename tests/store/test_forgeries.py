"""What somebody with all rights in the database changes behind the program's back is found."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import connections

from qi_checker.errors import UserError
from qi_checker.store import Store
from qi_checker.store.exceptions import Person
from qi_checker.store.models import TrailEntry
from qi_checker.store.trail import START, Anchor, chained
from tests.helpers.store import PROTOCOL, action, finding, hours, night

ASH, OAK = Person("ash", "coordinator"), Person("oak", "approver")
TRAIL = "qi_store_trailentry"
FORGERIES: dict[str, tuple[tuple[str, ...], str]] = {
    "an approval by another": (
        ("UPDATE qi_store_exceptionstep SET \"by\" = 'elm' WHERE action = 'approved'",),
        "step 2 was changed",
    ),
    "an approval that was never given": (
        (
            """INSERT INTO qi_store_exceptionstep (action, at, "by", role, surgery_day, why,
               exception_id) SELECT 'approved', at, 'oak', 'approver', surgery_day, '', 2
               FROM qi_store_exceptionstep WHERE id = 1""",
        ),
        "step 4 was added",
    ),
    "a refusal that is gone": (
        ("DELETE FROM qi_store_exceptionstep WHERE id = 2",),
        "step 2 was removed",
    ),
    "a longer exception": (
        ("UPDATE qi_store_exceptionrequest SET expires_on = '2029-01-01' WHERE id = 1",),
        "exception 1 was changed",
    ),
    "an exception of another case": (
        ("UPDATE qi_store_exceptionrequest SET case_id = 'C2' WHERE id = 1",),
        "exception 1 was changed",
    ),
    "a finding with another status": (
        ("UPDATE qi_store_findingrow SET status = 'met' WHERE status = 'missing'",),
        "run 2, or a row of it, was changed",
    ),
    "a finding with another text": (
        ("UPDATE qi_store_findingrow SET row = replace(row, 'missing', 'met')",),
        "run 2, or a row of it, was changed",
    ),
    "a finding that is gone": (
        ("DELETE FROM qi_store_findingrow WHERE status = 'missing'",),
        "run 2, or a row of it, was changed",
    ),
    "a finding that was never made": (
        (
            """INSERT INTO qi_store_findingrow (protocol, case_id, from_run, to_run, row,
               requirement, status, act_by) SELECT protocol, 'C7', from_run, to_run, row,
               requirement, status, act_by FROM qi_store_findingrow WHERE id = 1""",
        ),
        "run 1, or a row of it, was changed",
    ),
    "a finding of a night that never was": (
        ("UPDATE qi_store_findingrow SET from_run = 99 WHERE status = 'missing'",),
        "run 2, or a row of it, was changed",
    ),
    "a finding that ends earlier": (
        ("UPDATE qi_store_findingrow SET to_run = 2 WHERE from_run = 2 AND status = 'missing'",),
        "run 2, or a row of it, was changed",
    ),
    "another verdict": (
        ("UPDATE qi_store_caserow SET row = replace(row, 'pending', 'compliant')",),
        "run 1, or a row of it, was changed",
    ),
    "another date of surgery": (
        ("UPDATE qi_store_schedulerow SET row = '2026-01-01T08:00'",),
        "run 1, or a row of it, was changed",
    ),
    "other evidence": (
        ("UPDATE qi_store_evidencerow SET row = 'e2'",),
        "run 1, or a row of it, was changed",
    ),
    "an action of another desk": (
        ("UPDATE qi_store_actionrow SET row = replace(row, 'Clinic', 'MRI desk')",),
        "run 1, or a row of it, was changed",
    ),
    "an action that is gone": (
        ("DELETE FROM qi_store_actionrow",),
        "run 1, or a row of it, was changed",
    ),
    "a case that the next night takes for unchanged": (
        ("UPDATE qi_store_caserow SET seal = 'x'",),
        "the seals of 2 cases of liver are not those of their rows",
    ),
    "a deleted run": (
        (
            "DELETE FROM qi_store_changerow WHERE run_id = 2",
            "DELETE FROM qi_store_run WHERE id = 2",
        ),
        "run 3, or a row of it, was changed",
    ),
    "a run that was never made": (
        (
            """INSERT INTO qi_store_run (protocol, as_of, started_at, actor, parts, digest,
               correction) SELECT protocol, '2026-02-01', started_at, actor, parts, digest,
               correction FROM qi_store_run WHERE id = 1""",
        ),
        "run 4 was added",
    ),
    "a night of another day": (
        ("UPDATE qi_store_run SET as_of = '2026-02-20' WHERE id = 1",),
        "run 1, or a row of it, was changed",
    ),
    "another manifest": (
        ("UPDATE qi_store_document SET text = replace(text, 'C2', 'C3')",),
        "a part of a manifest was changed",
    ),
    "a manifest that is gone": (
        ("DELETE FROM qi_store_document",),
        "a part of the manifest of run 1 is missing",
    ),
    "another change": (
        ("UPDATE qi_store_changerow SET row = replace(row, 'missing', 'met')",),
        "run 2, or a row of it, was changed",
    ),
    "a renamed sign-off": (
        ("UPDATE qi_store_signoff SET \"by\" = 'elm'",),
        "sign-off 1 was changed",
    ),
    "a sign-off that holds again": (
        ("UPDATE qi_store_signoff SET parts = '{}', sha256 = 'x'",),
        "sign-off 1 was changed",
    ),
    "a deleted sign-off": (("DELETE FROM qi_store_signoff",), "sign-off 1 was removed"),
    "a note in another name": (
        ("UPDATE qi_people_note SET \"by\" = 'elm'",),
        "note 1 was changed",
    ),
    "ultrasound that found less": (
        ("UPDATE qi_people_iousentry SET \"values\" = '{}'",),
        "ultrasound 1 was changed",
    ),
}


def lived(store: Store) -> Store:
    """Three nights, two exceptions, a sign-off, a note and an entry of ultrasound."""
    for day, status in (("01", "due"), ("02", "missing"), ("03", "missing")):
        rows = finding(status=status, sentence=f"It is {status}."), finding("C2")
        store.keep(night(*rows, as_of=f"2026-03-{day}", data=day, actions=[action()]))
    for case_id in ("C1", "C2"):
        store.exceptions.request(
            case_id,
            "mri",
            "other",
            valid_from=date(2026, 1, 1),
            expires_on=date(2027, 1, 1),
            by=ASH,
            at=hours(1),
        )
        if case_id == "C1":
            store.exceptions.approve("qi-1", by=OAK, at=hours(2))
    store.sign_off("C1", PROTOCOL, by=OAK, at=hours(3))
    store.people.note("C1", "", "please call", by=ASH, at=hours(4))
    store.people.ious("C1", {"performed": "yes"}, None, by=OAK, at=hours(5))
    return store


def behind(store: Store, *statements: str) -> None:
    """Done by somebody who owns the database; the triggers of the trail are taken away."""
    connection = connections[store.alias]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DROP TRIGGER IF EXISTS qi_trail_update")
            cursor.execute("DROP TRIGGER IF EXISTS qi_trail_delete")
        else:
            cursor.execute(f"ALTER TABLE {TRAIL} DISABLE TRIGGER ALL")
        for statement in statements:
            cursor.execute(statement)


def test_a_store_that_nobody_touched_is_whole(store: Store) -> None:
    found = lived(store).verify(store.trail.end())
    assert (found.faults, found.noted) == ((), ())
    assert len(found.bound) == 3 + 2 + 3 + 1 + 1 + 1


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_row_is_found(store: Store, name: str) -> None:
    statements, fault = FORGERIES[name]
    lived(store)
    behind(store, *statements)
    found = store.verify(store.trail.end())
    assert any(fault in said for said in found.faults), found.faults


@pytest.mark.parametrize("change", ["purge", "forget", "pseudonymise"])
def test_a_forged_store_is_not_bound_anew(store: Store, change: str) -> None:
    """What removes rows says what the others are now: of a forged one it must not say so."""
    lived(store)
    behind(store, "UPDATE qi_store_findingrow SET status = 'met' WHERE status = 'missing'")
    commands: dict[str, Callable[[], Any]] = {
        "purge": lambda: store.purge(date(2026, 3, 2), hours(99), "oak"),
        "forget": lambda: store.forget(1, hours(99), "oak"),
        "pseudonymise": lambda: store.pseudonymise("C2", b"k" * 32, hours(99), "oak"),
    }
    end = store.trail.end()
    with pytest.raises(UserError, match="run 2, or a row of it, was changed"):
        commands[change]()
    assert store.trail.end() == end


def append(store: Store, action: str, payload: dict[str, Any]) -> None:
    """An entry that fits the chain, as anybody can make it who may write into the table."""
    entry = chained(store.trail.end(), hours(50), "elm", action, payload)
    entry.save(using=store.alias, force_insert=True)


@pytest.mark.parametrize(
    ("action", "payload", "fault"),
    [
        ("exception_approved", {"bound": {"step 2": "f" * 64}}, "says that step 2 changed"),
        ("note", {"unbound": ["sign-off 1"]}, "says that sign-off 1 was removed"),
        ("note_undone", {"bound": {"step 2": "f" * 64}}, "says that step 2 changed"),
        ("contact_undone", {"bound": {"note 1": "f" * 64}}, "says that note 1 changed"),
        ("rows_bound", {"bound": {"step 2": "f" * 64}}, "binds all rows again"),
        ("purged", {"through": 99}, "erases what came after it"),
        ("trail_purged", {"through": 5, "hash": "f" * 64}, ""),
    ],
)
def test_an_entry_cannot_say_just_anything(
    store: Store, action: str, payload: dict[str, Any], fault: str
) -> None:
    append(lived(store), action, payload)
    assert fault in "".join(store.verify().faults)


@pytest.mark.parametrize("kind", ["note", "contact", "look", "wait"])
def test_undoing_does_not_hide_what_was_forged_before_it(store: Store, kind: str) -> None:
    add = {
        "note": lambda p, **by: p.note("C1", "", "call", **by),
        "contact": lambda p, **by: p.contact("C1", "tried", "desk", "", **by),
        "look": lambda p, **by: p.look("C1", PROTOCOL, "e", **by),
        "wait": lambda p, **by: p.wait(
            "C1", PROTOCOL, date(2026, 3, 9), "", today=date(2026, 3, 1), last=None, **by
        ),
    }[kind]
    honest, forged = (add(store.people, by=ASH, at=hours(n)) for n in (6, 7))
    store.people.undo(kind, honest, by=ASH, at=hours(8))
    assert (store.verify().faults, store.verify().noted) == ((), ())
    behind(store, f"UPDATE qi_people_{kind} SET case_id = 'C2' WHERE id = {forged}")
    store.people.undo(kind, forged, by=ASH, at=hours(9))
    assert store.verify().noted == (
        f"entry {store.verify().entries}: {kind} {forged} was not what the trail said before it",
    )


def test_a_chain_that_is_dressed_up_as_purged_does_not_pass(store: Store) -> None:
    """The program never removes an entry: a chain that begins later was cut, whatever it says."""
    lived(store)
    cut = list(store.trail.entries())[4]
    behind(store, f"DELETE FROM {TRAIL} WHERE sequence <= 5")
    append(store, "trail_purged", {"through": 5, "hash": cut.hash})
    append(store, "purged", {"through": 5, "before": "2026-01-01"})
    assert store.verify().faults == ("the entries up to 5 are missing",)


def made_anew(store: Store, *, first: int) -> None:
    """Every entry again, with the hashes that follow from another beginning."""
    entries = list(store.trail.entries())
    behind(store, f"DELETE FROM {TRAIL}")
    end = Anchor(first - 1, START) if first > 1 else None
    for old in entries:
        stored_payload = json.loads(str(old.payload))
        if old.action == "exception_approved":
            continue
        entry = chained(end, hours(1), old.actor, old.action, stored_payload)
        entry.save(using=store.alias, force_insert=True)
        end = Anchor(entry.sequence, entry.hash)


def test_a_trail_that_was_made_anew_shows_beside_what_was_written_down(store: Store) -> None:
    lived(store)
    anchor = store.trail.end()
    early = Anchor(2, list(store.trail.entries())[1].hash)
    made_anew(store, first=1)
    behind(store, "DELETE FROM qi_store_exceptionstep WHERE id = 2")
    assert store.trail.verify().whole  # nothing inside the database can show it
    assert "entry 2 differs from the one recorded" in store.verify(early).faults[0]
    assert "was cut off" in store.verify(anchor).faults[0]


def test_a_trail_that_begins_behind_what_was_written_down_does_not_pass(store: Store) -> None:
    lived(store)
    anchor = store.trail.end()
    made_anew(store, first=100)
    assert store.verify(anchor).faults[0] == "the entries up to 99 are missing"


def test_two_ends_of_one_entry_cannot_both_be_right(store: Store) -> None:
    end = lived(store).trail.end()
    assert end is not None
    other = Anchor(end.sequence, "f" * 64)
    assert "two different ends" in store.verify(end, other).faults[0]


def test_what_a_purge_changes_is_bound_anew_and_told(store: Store) -> None:
    lived(store)
    store.purge(date(2026, 3, 3), hours(24 * 9), "oak")
    found = store.verify()
    assert (found.faults, len(found.noted)) == ((), 1)
    assert "run 1" not in found.bound and "run 3" in found.bound
    store.forget(3, hours(24 * 9), "oak")
    assert store.verify().faults == ()
    behind(store, "UPDATE qi_store_exceptionstep SET role = 'x' WHERE id = 2")
    assert store.verify().faults == ("step 2 was changed",)


def test_the_hash_of_the_trail_is_what_the_documentation_says(store: Store) -> None:
    """So that somebody else can check it with a program of their own (docs/store.md)."""
    lived(store)
    previous = START
    for entry in TrailEntry.objects.using(store.alias).order_by("sequence"):
        parts = [entry.sequence, entry.at, entry.actor, entry.action]
        text = json.dumps([*parts, entry.payload_sha256, previous], separators=(",", ":"))
        assert hashlib.sha256(text.encode()).hexdigest() == entry.hash
        assert hashlib.sha256(str(entry.payload).encode()).hexdigest() == entry.payload_sha256
        previous = entry.hash
