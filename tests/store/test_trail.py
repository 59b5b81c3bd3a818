"""The audit trail shows every change made behind its back, and the database refuses most of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import DatabaseError, connections, transaction

from qi_checker.errors import UserError
from qi_checker.store import Store
from qi_checker.store.models import TrailEntry
from qi_checker.store.trail import Anchor
from tests.helpers.store import AT, finding, hours, night

TABLE = "qi_store_trailentry"
COPIED = (
    f"INSERT INTO {TABLE} SELECT 7, at, actor, action, payload, payload_sha256, previous, hash "
    f"FROM {TABLE} WHERE sequence = 6"
)


def filled(store: Store, number: int = 6) -> Store:
    for n in range(number):
        store.trail.append(hours(n), "ash", "looked", {"case": f"C{n}"})
    return store


def behind(store: Store, *statements: str) -> None:
    """What somebody with all rights in the database does, the triggers taken away first."""
    connection = connections[store.alias]
    with connection.cursor() as cursor:
        for trigger in ("qi_trail_update", "qi_trail_delete"):
            if connection.vendor == "sqlite":
                cursor.execute(f"DROP TRIGGER {trigger}")
            elif trigger == "qi_trail_update":
                cursor.execute(f"ALTER TABLE {TABLE} DISABLE TRIGGER ALL")
        for statement in statements:
            cursor.execute(statement)


def test_a_whole_trail_is_whole(store: Store) -> None:
    end = filled(store).trail.end()
    verified = store.trail.verify(end)
    assert (verified.whole, verified.entries, verified.end) == (True, 6, end)
    assert store.trail.verify(Anchor(2, list(store.trail.entries())[1].hash)).whole


def test_an_empty_trail_is_whole(store: Store) -> None:
    assert store.trail.verify().whole


@pytest.mark.parametrize(
    ("statements", "fault"),
    [
        ([f"UPDATE {TABLE} SET actor = 'oak' WHERE sequence = 3"], "entry 3 was changed"),
        ([f"UPDATE {TABLE} SET at = '2020-01-01' WHERE sequence = 1"], "entry 1 was changed"),
        (
            [f"UPDATE {TABLE} SET payload = '{{}}' WHERE sequence = 4"],
            "payload of entry 4 was changed",
        ),
        (
            [f"UPDATE {TABLE} SET payload = NULL WHERE sequence = 4"],
            "payload of entry 4 was removed",
        ),
        ([f"DELETE FROM {TABLE} WHERE sequence = 3"], "between 2 and 4 are missing"),
        ([f"DELETE FROM {TABLE} WHERE sequence < 3"], "the entries up to 2 are missing"),
        ([f"DELETE FROM {TABLE} WHERE sequence > 4"], "the end was cut off"),
        ([f"DELETE FROM {TABLE}"], "the end was cut off"),
        (
            [
                f"UPDATE {TABLE} SET sequence = 99 WHERE sequence = 2",
                f"UPDATE {TABLE} SET sequence = 2 WHERE sequence = 3",
                f"UPDATE {TABLE} SET sequence = 3 WHERE sequence = 99",
            ],
            "entry 2 does not follow entry 1",
        ),
        (
            [COPIED],
            "entry 7 does not follow entry 6",
        ),
    ],
)
def test_what_was_done_to_it_shows(store: Store, statements: list[str], fault: str) -> None:
    anchor = filled(store).trail.end()
    behind(store, *statements)
    verified = store.trail.verify(anchor)
    assert not verified.whole
    assert fault in verified.faults[0]


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows.filter(sequence=1).update(actor="oak"),
        lambda rows: rows.filter(sequence=1).update(payload=None),
        lambda rows: rows.filter(sequence=1).delete(),
    ],
)
def test_the_database_refuses(store: Store, change: Callable[..., object]) -> None:
    filled(store)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(using=store.alias):
        change(TrailEntry.objects.using(store.alias))
    assert store.trail.verify().entries == 6


def test_postgresql_refuses_to_empty_it(store: Store) -> None:
    if connections[store.alias].vendor == "sqlite":
        return  # it knows no TRUNCATE
    filled(store)
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(using=store.alias),
        connections[store.alias].cursor() as cursor,
    ):
        cursor.execute(f"TRUNCATE {TABLE}")


def test_a_payload_may_be_erased_if_an_entry_tells(store: Store) -> None:
    filled(store).trail.erase([2, 3])
    assert "payload of entry 2 was removed" in store.trail.verify().faults[0]
    store.trail.append(hours(9), "oak", "pseudonymised", {"sequences": [2, 3]})
    verified = store.trail.verify()
    assert (verified.faults, verified.erased) == ((), 2)
    assert verified.noted == ("entry 7: pseudonymised by oak at 2026-03-01T13:00:00",)
    with pytest.raises(DatabaseError), transaction.atomic(using=store.alias):
        TrailEntry.objects.using(store.alias).filter(sequence=4).update(payload=None)


def test_what_an_erased_payload_was_cannot_be_tried_out(store: Store) -> None:
    """Ids of cases are few: without a random part every one of them could be hashed."""
    filled(store, 2)
    first, second = (json.loads(str(e.payload)) for e in store.trail.entries())
    assert first["salt"] != second["salt"] and len(first["salt"]) == 32


def test_a_time_needs_its_zone(store: Store) -> None:
    with pytest.raises(UserError, match="time zone"):
        store.trail.append(datetime(2026, 3, 1), "ash", "looked", {})


def test_a_night_is_told_with_its_digest(store: Store) -> None:
    stored = store.keep(night(finding()))
    (entry,) = store.trail.entries()
    entry_payload = json.loads(entry.payload)
    assert (entry.action, entry.at) == ("run_kept", AT.isoformat(timespec="microseconds"))
    assert (entry_payload["run"], entry_payload["digest"]) == (
        stored.run_id,
        store.runs()[0].digest,
    )
