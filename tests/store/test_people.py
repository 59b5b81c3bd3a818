"""What people write about cases: with its entry in the trail, once, and never after the last day."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.management import call_command

from qi_checker.errors import UserError
from qi_checker.store import Store
from qi_checker.store.exceptions import Person
from qi_checker.store.people.models import Acknowledged, IousEntry, Note
from qi_checker.store.people.reads import ious_rows, saved_views, thread, unread
from qi_checker.store.people.writes import LONGEST_TEXT, SentBefore
from tests.helpers.store import AT, PROTOCOL, finding, hours, night

ASH = Person("ash", "coordinator")
OAK = Person("oak", "surgeon")
TODAY = date(2026, 3, 1)


def actions(store: Store) -> list[str]:
    return [entry.action for entry in store.trail.entries()]


def test_every_write_has_an_entry_in_the_trail_without_its_text(store: Store) -> None:
    people = store.people
    at: dict[str, Any] = {"by": ASH, "at": AT}
    people.read_case("C1", ASH, AT, "page")
    people.note("C1", "surgeon", "please call her daughter", **at)
    people.contact("C1", "tried", "ward 5", "no answer", **at)
    people.look("C1", PROTOCOL, "e" * 64, **at)
    last = TODAY + timedelta(days=9)
    people.wait("C1", PROTOCOL, last, "holidays", today=TODAY, last=last, **at)
    people.acknowledge(PROTOCOL, 7, "C1", **at)
    people.save_view("mine", "surgeon=Oak", "", **at)
    people.ious("C1", {"performed": "yes"}, None, **at)
    assert actions(store) == [
        *("case_read", "note", "contact", "look", "wait"),
        *("changes_acknowledged", "view_saved", "ious"),
    ]
    payloads = json.dumps([entry.payload for entry in store.trail.entries()])
    assert all(text not in payloads for text in ("daughter", "ward", "answer", "holidays", "mine"))
    assert store.trail.verify().whole


def test_the_same_form_is_taken_once(store: Store) -> None:
    with store.people.once("t1", AT, "/cases/C1"):
        store.people.note("C1", "", "once", by=ASH, at=AT)
    with pytest.raises(SentBefore) as again, store.people.once("t1", AT):
        store.people.note("C1", "", "twice", by=ASH, at=AT)
    assert again.value.result == "/cases/C1"
    assert [note.text for note in thread(store.alias, "C1").notes] == ["once"]


def test_a_form_that_was_refused_can_be_sent_again(store: Store) -> None:
    with pytest.raises(UserError), store.people.once("t1", AT):
        store.people.note("C1", "", " ", by=ASH, at=AT)
    with store.people.once("t1", AT):
        store.people.note("C1", "", "now with words", by=ASH, at=AT)
    assert actions(store) == ["note"]


@pytest.mark.parametrize(
    ("until", "last"),
    [(TODAY, None), (TODAY + timedelta(days=5), TODAY + timedelta(days=4))],
    ids=["not after today", "after the last day"],
)
def test_a_wait_never_passes_the_last_day(store: Store, until: date, last: date | None) -> None:
    with pytest.raises(UserError):
        store.people.wait("C1", PROTOCOL, until, "", today=TODAY, last=last, by=ASH, at=AT)
    assert thread(store.alias, "C1").waits == ()


def test_a_wait_ends_by_itself(store: Store) -> None:
    until = TODAY + timedelta(days=3)
    store.people.wait("C1", PROTOCOL, until, "", today=TODAY, last=None, by=ASH, at=AT)
    held = thread(store.alias, "C1")
    assert held.wait(PROTOCOL, until - timedelta(days=1))
    assert held.wait(PROTOCOL, until) is None
    assert held.wait("another", TODAY) is None


def test_only_who_wrote_it_takes_it_back(store: Store) -> None:
    number = store.people.note("C1", "", "wrong patient", by=ASH, at=AT)
    with pytest.raises(UserError, match="nothing of yours"):
        store.people.undo("note", number, by=OAK, at=AT)
    with pytest.raises(UserError, match="nothing of yours"):
        store.people.undo("ious", number, by=ASH, at=AT)
    assert store.people.undo("note", number, by=ASH, at=AT) == "C1"
    store.people.undo("note", number, by=ASH, at=AT)  # the second click
    assert thread(store.alias, "C1").notes == ()
    assert actions(store) == ["note", "note_undone"]


def test_unread_are_the_notes_of_others_to_my_roles(store: Store) -> None:
    for to_role, by in (("surgeon", ASH), ("", ASH), ("radiologist", ASH), ("surgeon", OAK)):
        store.people.note("C1", to_role, "text", by=by, at=AT)

    def notes() -> int:
        return unread(store.alias, ["C1", "C2"], "oak", ["surgeon"]).get("C1", 0)

    assert notes() == 2
    store.people.notes_read("oak", "C1", thread(store.alias, "C1").last_note)
    store.people.notes_read("oak", "C1", 1)  # an older tab
    assert notes() == 0


def test_acknowledging_all_covers_single_cases(store: Store) -> None:
    store.people.acknowledge(PROTOCOL, 3, "C1", by=ASH, at=AT)
    store.people.acknowledge(PROTOCOL, 9, "C2", by=ASH, at=AT)
    store.people.acknowledge(PROTOCOL, 5, by=ASH, at=AT)
    rows = Acknowledged.objects.using(store.alias).values_list("case_id", "run_id")
    assert sorted(rows) == [("", 5), ("C2", 9)]


def test_views_are_mine_or_my_teams(store: Store) -> None:
    store.people.save_view("b", "q=1", "", by=ASH, at=AT)
    store.people.save_view("a", "q=2", "surgeon", by=OAK, at=AT)
    store.people.save_view("b", "q=3", "", by=ASH, at=AT)
    assert [(v.name, v.query) for v in saved_views(store.alias, "ash", ["surgeon"])] == [
        ("a", "q=2"),
        ("b", "q=3"),
    ]
    assert [v.name for v in saved_views(store.alias, "ash", ["coordinator"])] == ["b"]
    shared = saved_views(store.alias, "ash", ["surgeon"])[0]
    with pytest.raises(UserError):
        store.people.remove_view(shared.id, by=ASH, at=AT)


def test_corrections_are_a_chain_and_the_last_one_counts(store: Store) -> None:
    first = store.people.ious("C1", {"performed": "yes", "lesions_new": "1"}, None, by=ASH, at=AT)
    second = store.people.ious("C1", {"performed": "no"}, first, "typing error", by=OAK, at=AT)
    with pytest.raises(UserError, match="since"):
        store.people.ious("C1", {"performed": "yes"}, first, by=ASH, at=AT)
    with pytest.raises(UserError, match="since"):
        store.people.ious("C1", {"performed": "yes"}, None, by=ASH, at=AT)
    assert ious_rows(store.alias) == [(second, {"case_id": "C1", "performed": "no"})]
    assert IousEntry.objects.using(store.alias).count() == 2


def test_texts_are_bounded(store: Store) -> None:
    with pytest.raises(UserError, match="too long"):
        store.people.note("C1", "", "x" * (LONGEST_TEXT + 1), by=ASH, at=AT)
    store.people.note("C1", "", " a\r\nb\x00 ", by=ASH, at=AT)
    assert thread(store.alias, "C1").notes[0].text == "a\nb"


def test_a_case_is_exported_and_pseudonymised_with_what_people_wrote(store: Store) -> None:
    store.keep(night(finding()))
    store.people.note("C1", "", "her name", by=ASH, at=AT)
    store.people.ious("C1", {"performed": "yes"}, None, by=ASH, at=AT)
    document = store.export_case("C1")
    assert document["notes"][0]["text"] == "her name" and document["ious"]
    new = store.pseudonymise("C1", b"k" * 32, hours(1), "root")
    text = json.dumps(store.export_case(new))
    assert "her name" not in text and '"C1"' not in text
    assert store.trail.verify().whole


def test_purge_keeps_the_record_of_the_study(store: Store) -> None:
    store.people.note("C1", "", "old", by=ASH, at=AT)
    store.people.ious("C1", {"performed": "yes"}, None, by=ASH, at=AT)
    store.people.note("C1", "", "new", by=ASH, at=AT + timedelta(days=30))
    done = store.purge(date(2026, 3, 20), hours(2000), "root")
    assert done.written == 1
    assert list(Note.objects.using(store.alias).values_list("text", flat=True)) == ["new"]
    assert len(ious_rows(store.alias)) == 1


def test_the_migrations_make_the_tables_of_the_models() -> None:
    call_command(
        "makemigrations", "qi_store", "qi_people", "qi_desk", check=True, dry_run=True, verbosity=0
    )
