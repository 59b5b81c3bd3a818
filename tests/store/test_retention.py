"""What is purged is gone, what stays is as it was, and the trail tells of it."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from qi_checker.errors import UserError
from qi_checker.store import Database, Store, open_store
from qi_checker.store.desk.models import NO_DAY, CaseFile, WorkItem
from qi_checker.store.exceptions import Person
from qi_checker.store.models import CaseRow, ChangeRow, Document, FindingRow, Run, TrailEntry
from qi_checker.store.people.models import Acknowledged, NotesRead
from tests.helpers.store import PROTOCOL, action, document, finding, hours, night

ASH, OAK = Person("ash", "coordinator"), Person("oak", "approver")
KEY = b"k" * 32


def month(store: Store) -> list[bytes]:
    """Nights in which something changes, the last two of them out of order; what each wrote."""
    statuses = ["due", "due", "missing", "met", "met", "due"]
    days = ["01", "02", "03", "04", "06", "05"]
    nights = [
        night(
            finding(status=s),
            finding("C2", event_id="E7"),
            as_of=f"2026-03-{d}",
            data=f"d{d}",
            actions=[action(when="today" if d > "03" else "soon"), action("C2")],
        )
        for s, d in zip(statuses, days, strict=True)
    ]
    for one in nights:
        store.keep(one)
    return [document(one) for one in nights]


def test_old_nights_go_and_the_others_stay_as_they_were(store: Store) -> None:
    written = month(store)
    done = store.purge(date(2026, 3, 4), hours(200), "oak")
    assert done.runs == 3
    assert done.rows > 0
    left = {run.run_id for run in store.runs()}
    assert left == {4, 5, 6}
    for run_id in left:
        assert b"".join(store.findings_json(run_id)) == written[run_id - 1]
    assert not FindingRow.objects.using(store.alias).filter(status="missing").exists()
    assert not ChangeRow.objects.using(store.alias).filter(run_id__lt=4).exists()
    assert store.trail.verify().whole
    last_payload = json.loads(list(store.trail.entries())[-1].payload)
    assert (last_payload["before"], last_payload["run_ids"], last_payload["runs"]) == (
        "2026-03-04",
        [1, 2, 3],
        3,
    )


def test_a_second_purge_finds_nothing(store: Store) -> None:
    month(store)
    store.purge(date(2026, 3, 4), hours(200), "oak")
    number = TrailEntry.objects.using(store.alias).count()
    assert store.purge(date(2026, 3, 4), hours(201), "oak").runs == 0
    assert TrailEntry.objects.using(store.alias).count() == number


def test_the_latest_night_stays_however_old(store: Store) -> None:
    written = month(store)
    store.purge(date(2030, 1, 1), hours(200), "oak")
    assert [run.run_id for run in store.runs()] == [5]
    assert b"".join(store.findings_json(5)) == written[4]
    used = json.loads(Run.objects.using(store.alias).get().parts)
    assert Document.objects.using(store.alias).count() <= sum(map(len, used.values()))


def test_what_ended_goes_too(store: Store) -> None:
    month(store)
    for last in (date(2026, 2, 1), date(2027, 1, 1)):
        store.exceptions.request(
            "C1", "mri", "other", valid_from=date(2026, 1, 1), expires_on=last, by=ASH, at=hours(1)
        )
    store.sign_off("C1", PROTOCOL, by=OAK, at=hours(1))
    done = store.purge(date(2026, 3, 2), hours(200), "oak")
    assert (done.exceptions, done.sign_offs) == (1, 0)
    assert [w.exception_id for w in store.exceptions.all()] == ["qi-2"]


def decided(store: Store) -> Store:
    month(store)
    store.exceptions.request(
        "C2",
        "mri",
        "other",
        valid_from=date(2026, 1, 1),
        note="Mrs Elm",
        expires_on=date(2027, 1, 1),
        by=ASH,
        at=hours(1),
    )
    store.sign_off("C2", PROTOCOL, by=OAK, at=hours(2), note="Mrs Elm")
    return store


def test_a_case_is_given_out_whole(store: Store) -> None:
    held = decided(store).export_case("C2")
    assert {name: len(held[name]) for name in held if name != "case_id"} == {
        "findings": 1,
        "cases": 1,
        "schedules": 1,
        "evidence": 1,
        "actions": 1,
        "changes": 0,
        "exceptions": 1,
        "exception_steps": 1,
        "sign_offs": 1,
        "trail": 2,
    }
    assert held["findings"][0]["row"]["event_id"] == "E7"
    assert (held["findings"][0]["from"], held["findings"][0]["to"]) == ("2026-03-01", None)
    assert "C1" not in json.dumps(held)


def test_a_pseudonym_replaces_the_case_everywhere(store: Store, tmp_path: Path) -> None:
    new = decided(store).pseudonymise("C2", KEY, hours(300), "oak")
    everything = json.dumps([store.documents(run.run_id) for run in store.runs()])
    for run in store.runs():
        everything += b"".join(store.findings_json(run.run_id)).decode()
    everything += json.dumps(store.export_case(new))
    everything += "".join(f"{e.payload}" for e in store.trail.entries())
    assert new in everything
    for gone in ('"C2"', " C2.", "E7", "Mrs Elm"):
        assert gone not in everything
    verified = store.trail.verify()
    # Both that name it, and every night: its manifest named the case, or it had rows of it.
    assert (verified.faults, verified.erased) == ((), 8)
    held = store.export_case(new)
    assert held["findings"][0]["row"]["case_id"] == new
    assert held["exceptions"][0]["case_id"] == held["sign_offs"][0]["case_id"] == new
    with pytest.raises(UserError, match="the store has nothing about"):
        store.export_case("C2")
    assert len(store.export_case("C1")["findings"]) > 3


def test_the_same_key_gives_the_same_pseudonym(store: Store) -> None:
    new = decided(store).pseudonymise("C2", KEY, hours(300), "oak")
    assert new.startswith("PSN-")
    store.keep(night(finding("C2"), as_of="2026-04-01"))
    assert store.pseudonymise("C2", KEY, hours(301), "oak") == new
    assert store.pseudonymise("C1", KEY, hours(302), "oak") != new


def test_a_case_that_was_given_a_pseudonym_is_compared_again(store: Store) -> None:
    store.keep(night(finding(), finding("C2")))
    new = store.pseudonymise("C2", KEY, hours(1), "oak")
    second = night(finding(), finding("C2"), as_of="2026-03-02")
    stored = store.keep(second)
    assert stored.counts == dict.fromkeys(("findings", "cases", "schedules", "evidence"), 1) | {
        "actions": 0
    }
    assert b"".join(store.findings_json(stored.run_id)) == document(second)
    assert [row["case_id"] for row in store.findings(1)] == ["C1", new]


def test_a_short_key_is_refused(store: Store) -> None:
    with pytest.raises(UserError, match="key is too short"):
        decided(store).pseudonymise("C2", b"short", hours(300), "oak")
    with pytest.raises(UserError, match="the store has nothing about"):
        store.pseudonymise("C9", KEY, hours(300), "oak")


def test_nothing_of_it_stays_in_the_file(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'store.db'}")
    store = open_store(database)
    store.migrate()
    store.keep(night(finding("CASE-4711", event_id="EVENT-4711")))
    store.pseudonymise("CASE-4711", KEY, hours(300), "oak")
    store.close()
    assert all(b"4711" not in file.read_bytes() for file in tmp_path.iterdir())
    store = open_store(database)
    assert CaseRow.objects.using(store.alias).count() == 1
    store.close()


def test_a_purge_leaves_no_case_on_the_desk_or_among_what_was_read(store: Store) -> None:
    """Of a protocol that is judged no more nothing else would ever remove them."""
    month(store)
    for case_id, day in (("OLD", date(2026, 1, 7)), ("C1", date(2026, 3, 20))):
        texts = dict.fromkeys(("patient_id", "site", "surgeon", "room", "status", "verdict"), "x")
        WorkItem.objects.using(store.alias).create(
            protocol="gone",
            case_id=case_id,
            surgery_at=str(day),
            surgery_day=day,
            upcoming=False,
            act_by=NO_DAY,
            requirements="[]",
            actions="[]",
            evidence="x",
            **texts,
        )
        CaseFile.objects.using(store.alias).create(
            protocol="gone", case_id=case_id, rows="{}", sha256="x"
        )
        store.people.notes_read("ash", case_id, 1)
        store.people.acknowledge(PROTOCOL, 1, case_id, by=ASH, at=hours(1))
    store.people.note("C1", "", "stays", by=ASH, at=hours(300))
    store.purge(date(2026, 3, 4), hours(400), "oak")
    for model in (WorkItem, CaseFile, NotesRead, Acknowledged):
        left = model.objects.using(store.alias).values_list("case_id", flat=True)
        assert list(left) == ["C1"], model.__name__
    assert store.verify().faults == ()
