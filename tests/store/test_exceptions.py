"""Exceptions: two people, a role, an end, and another look when surgery moves."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from qi_checker.errors import UserError
from qi_checker.protocol.records import EXCEPTIONS
from qi_checker.protocol.site import Site
from qi_checker.store import Database, Store, open_store
from qi_checker.store.exceptions import Person
from tests.helpers.store import PROTOCOL, finding, hours, night

ASH, OAK = Person("ash", "coordinator"), Person("oak", "approver")


def request_one(store: Store, **more: Any) -> str:
    given: dict[str, Any] = {
        "valid_from": date(2026, 3, 1),
        "expires_on": date(2026, 4, 1),
        "by": ASH,
        "at": hours(1),
    }
    return store.exceptions.request("C1", "mri", "other", **given | more)


def state(store: Store) -> str:
    return store.exceptions.all("C1")[0].state


def test_what_was_approved_is_given_to_the_evaluation(store: Store) -> None:
    exception = request_one(store, note="claustrophobia")
    assert (state(store), store.exceptions.table()[0]["approved_by"]) == ("requested", "")
    store.exceptions.approve(exception, by=OAK, at=hours(2))
    (row,) = store.exceptions.table()
    assert list(row) == list(EXCEPTIONS.names)
    assert row == {
        "exception_id": "qi-1",
        "case_id": "C1",
        "requirement": "mri",
        "reason": "other",
        "note": "claustrophobia",
        "requested_by": "ash",
        "requested_at": "2026-03-01T05:00:00+00:00",
        "approved_by": "oak",
        "approved_at": "2026-03-01T06:00:00+00:00",
        "valid_from": "2026-03-01",
        "expires_on": "2026-04-01",
        "revoked_at": "",
        "recorded_at": "",
    }


@pytest.mark.parametrize(
    ("by", "why"),
    [
        (Person("ASH ", "approver"), "the requester"),
        (Person("elm", "coordinator"), "role coordinator"),
        (Person(" ", "approver"), "the requester"),
    ],
)
def test_not_everybody_may_approve(store: Store, by: Person, why: str) -> None:
    exception = request_one(store)
    with pytest.raises(UserError, match=why):
        store.exceptions.approve(exception, by=by, at=hours(2))
    assert state(store) == "requested"
    assert [entry.action for entry in store.trail.entries()] == ["exception_requested"]


def test_what_is_over_is_over(store: Store) -> None:
    exception = request_one(store)
    store.exceptions.refuse(exception, by=OAK, at=hours(2), why="no need")
    with pytest.raises(UserError, match="qi-1 is refused"):
        store.exceptions.approve(exception, by=OAK, at=hours(3))
    assert store.exceptions.table() == []


def test_a_revoked_one_says_since_when(store: Store) -> None:
    exception = request_one(store)
    store.exceptions.approve(exception, by=OAK, at=hours(2))
    store.exceptions.revoke(exception, by=ASH, at=hours(30), why="done after all")
    (row,) = store.exceptions.table()
    assert (row["approved_by"], row["revoked_at"]) == ("oak", "2026-03-02T10:00:00+00:00")
    (before,) = store.exceptions.table(until=hours(3))
    assert (before["approved_by"], before["revoked_at"]) == ("oak", "")


def test_a_move_of_surgery_asks_for_another_look(store: Store) -> None:
    store.keep(night(finding()))
    exception = request_one(store)
    store.exceptions.approve(exception, by=OAK, at=hours(2))
    assert store.exceptions.table({"C1": date(2026, 3, 20)})[0]["approved_by"] == "oak"
    assert store.exceptions.table({"C1": date(2026, 3, 27)})[0]["approved_by"] == ""
    store.keep(night(finding(), as_of="2026-03-02", surgery="2026-03-27"))
    assert state(store) == "reconfirm"
    with pytest.raises(UserError, match="the requester"):
        store.exceptions.reconfirm(exception, by=Person("ash", "approver"), at=hours(30))
    store.exceptions.reconfirm(exception, by=OAK, at=hours(31))
    assert (state(store), store.exceptions.table()[0]["approved_by"]) == ("approved", "oak")
    actions = [entry.action for entry in store.trail.entries() if entry.action != "run_kept"]
    assert actions == ["exception_requested", "exception_approved", "exception_reconfirmed"]


def test_what_cannot_be_asked_for(store: Store) -> None:
    with pytest.raises(UserError, match="ends before it starts"):
        request_one(store, expires_on=date(2026, 2, 1))
    with pytest.raises(UserError, match="it has no requester"):
        request_one(store, by=Person(" ", "coordinator"))
    with pytest.raises(UserError, match="no such exception"):
        store.exceptions.approve("qi-99", by=OAK, at=hours(1))
    with pytest.raises(UserError, match="no such exception"):
        store.exceptions.approve("SYN-X-1", by=OAK, at=hours(1))


def test_it_is_given_as_it_stood_at_a_moment(store: Store) -> None:
    """What a night that is repeated later needs: only what had been done by then."""
    request_one(store)
    store.exceptions.approve("qi-1", by=OAK, at=hours(5))
    store.exceptions.refuse(request_one(store, at=hours(6)), by=OAK, at=hours(8), why="no need")

    def states(hour: int, day: date | None = None) -> list[str]:
        days = {"C1": day} if day else {}
        return [w.state for w in store.exceptions.standing(days, hours(hour))]

    assert [states(hour) for hour in (0, 1, 5, 6, 8)] == [
        [],
        ["requested"],
        ["approved"],
        ["approved", "requested"],
        ["approved", "refused"],
    ]
    assert [len(store.exceptions.table(until=hours(hour))) for hour in (0, 1, 7, 8)] == [0, 1, 2, 1]
    assert store.exceptions.case_ids() == ["C1"]


def test_a_reconfirmation_is_of_its_date_only(store: Store) -> None:
    """Moved, looked at again, and moved back: every date has to be looked at."""
    store.keep(night(finding()))
    exception = request_one(store)
    store.exceptions.approve(exception, by=OAK, at=hours(2))
    store.keep(night(finding(), as_of="2026-03-02", surgery="2026-03-27"))
    store.exceptions.reconfirm(exception, by=OAK, at=hours(31))
    first, second = date(2026, 3, 20), date(2026, 3, 27)

    def state_on(day: date, hour: int) -> str:
        return store.exceptions.standing({"C1": day}, hours(hour))[0].state

    assert (state_on(first, 30), state_on(second, 30)) == ("approved", "reconfirm")
    assert (state_on(first, 31), state_on(second, 31)) == ("reconfirm", "approved")


def test_the_cases_of_the_latest_night_are_known(store: Store) -> None:
    assert store.known_cases([PROTOCOL]) == []
    store.keep(night(finding("C1"), finding("C2")))
    store.keep(night(finding("C2"), finding("C3"), as_of="2026-03-02", surgery="2026-03-27"))
    store.keep(night(finding("C9"), as_of="2026-02-01"))  # a past night, kept afterwards
    assert store.known_cases([PROTOCOL]) == ["C2", "C3"]
    assert store.known_cases(["another"]) == []


# ---- ids, people, times --------------------------------------------------------------------------


@pytest.mark.parametrize("written", ["qi-1", "QI-1", "1", " 1 ", "01", "qi-001"])
def test_an_id_is_a_number_however_it_is_written(store: Store, written: str) -> None:
    """What was done is done and is told: no step may end as a failure afterwards."""
    request_one(store)
    assert store.exceptions.approve(written, by=OAK, at=hours(2)).state == "approved"
    assert store.exceptions.reconfirm(written, by=OAK, at=hours(3)).exception_id == "qi-1"
    assert store.exceptions.revoke(written, by=ASH, at=hours(4), why="").state == "revoked"
    request_one(store)
    refused = store.exceptions.refuse(written.replace("1", "2"), by=OAK, at=hours(4), why="")
    assert (refused.exception_id, refused.state) == ("qi-2", "refused")


@pytest.mark.parametrize(
    "written", ["", "qi-", "qi-0", "-1", "1.0", "1; DROP TABLE", "9" * 30, "x1"]
)
def test_what_is_no_id_is_none(store: Store, written: str) -> None:
    request_one(store)
    with pytest.raises(UserError, match="no such exception"):
        store.exceptions.approve(written, by=OAK, at=hours(2))


@pytest.mark.parametrize(
    ("asks", "approves", "why"),
    [
        ("Jos\u00e9", "Jose\u0301", "the requester"),
        ("stra\u00dfe", "STRASSE", "the requester"),
        ("oak", "\u043e\u0430\u043a", "the requester"),
        ("oak", "o\u200bak", "the requester"),
        ("oaks", "\u043eak", "letters of two alphabets"),
    ],
)
def test_four_eyes_are_those_of_two_people(
    store: Store, asks: str, approves: str, why: str
) -> None:
    exception = request_one(store, by=Person(asks, "nurse"))
    for decide in (store.exceptions.approve, store.exceptions.reconfirm):
        with pytest.raises(UserError):
            decide(exception, by=Person(approves, "approver"), at=hours(2))
    with pytest.raises(UserError, match=why):
        store.exceptions.approve(exception, by=Person(approves, "approver"), at=hours(2))


def test_nobody_decides_before_it_was_asked_for(store: Store) -> None:
    """A clock that was set back must not make an approval that is older than its request."""
    exception = request_one(store, at=hours(5))
    with pytest.raises(UserError, match=r"the clock shows .* is of .*09:00:00"):
        store.exceptions.approve(exception, by=OAK, at=hours(4))
    store.exceptions.approve(exception, by=OAK, at=hours(5))
    for at in (hours(1), hours(4)):
        with pytest.raises(UserError, match="Check the clock of this machine"):
            store.exceptions.revoke(exception, by=ASH, at=at, why="")
    assert state(store) == "approved"


def test_a_clock_that_was_set_back_is_marked(store: Store) -> None:
    request_one(store, at=hours(5))
    request_one(store, at=hours(4))
    marks = [waiver.marks for waiver in store.exceptions.all()]
    assert marks == [(), ("dated before an earlier step: a clock was wrong",)]


@pytest.mark.parametrize(
    ("zone", "surgery", "hour", "late"),
    [
        ("UTC", "2026-03-02", 19, False),  # 23:00 of the day before
        ("UTC", "2026-03-02", 43, False),  # the day itself, the time of surgery unknown
        ("UTC", "2026-03-02", 44, True),  # the first hour of the day after
        ("UTC", "2026-03-02T08:00", 28, False),  # 08:00
        ("UTC", "2026-03-02T08:00", 29, True),
        ("America/Toronto", "2026-03-02T08:00", 29, False),  # 04:00 there
        ("America/Toronto", "2026-03-02T02:00Z", 21, False),  # 1 March, 21:00 there; asked at 20:00
        ("America/Toronto", "2026-03-02T02:00Z", 23, True),  # asked at 22:00 of that evening
    ],
)
def test_a_waiver_that_was_asked_for_after_surgery_says_so(
    database: Database, zone: str, surgery: str, hour: int, late: bool
) -> None:
    store = open_store(database, Site(timezone=zone))
    planned = [{"case_id": "C1", "surgery_at": surgery}]
    store.keep(night(finding(), schedules=planned))
    request_one(store, at=hours(hour))
    marks = ("requested after surgery",) if late else ()
    assert store.exceptions.all()[0].marks == marks
    assert store.export_case("C1")["exceptions"][0]["marks"] == list(marks)
    store.close()


@pytest.mark.parametrize(
    ("zone", "day"), [("America/Toronto", date(2026, 3, 12)), ("Asia/Tokyo", date(2026, 3, 13))]
)
def test_the_day_of_surgery_is_that_of_the_site(database: Database, zone: str, day: date) -> None:
    """The first ten characters of a moment with an offset may be another day."""
    store = open_store(database, Site(timezone=zone))
    for number, at in enumerate(("2026-03-13T01:30Z", "2026-03-13 01:30:00+00"), start=1):
        planned = [{"case_id": "C1", "surgery_at": at}]
        store.keep(night(finding(), as_of=f"2026-03-0{number}", schedules=planned))
        assert store.planned(["C1"]) == {"C1": day}
    exception = request_one(store)
    assert store.exceptions.approve(exception, by=OAK, at=hours(2)).surgery_day == day
    assert {d for _, d in store.earlier_schedules(PROTOCOL, "2026-03-09", ["C1"])} == {day}
    assert store.exceptions.standing({"C1": day})[0].state == "approved"
    store.close()
