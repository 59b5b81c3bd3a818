"""Exceptions: two people, a role, an end, and another look when surgery moves."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from qi_checker.errors import UserError
from qi_checker.protocol.records import EXCEPTIONS
from qi_checker.store import Store
from qi_checker.store.exceptions import Person
from tests.helpers.store import PROTOCOL, finding, hours, night

ASH, OAK = Person("ash", "coordinator"), Person("oak", "approver")


def asked(store: Store, **more: Any) -> str:
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
    exception = asked(store, note="claustrophobia")
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
        (Person("ASH ", "approver"), "who asked"),
        (Person("elm", "coordinator"), "role coordinator"),
        (Person(" ", "approver"), "who asked"),
    ],
)
def test_not_everybody_may_approve(store: Store, by: Person, why: str) -> None:
    exception = asked(store)
    with pytest.raises(UserError, match=why):
        store.exceptions.approve(exception, by=by, at=hours(2))
    assert state(store) == "requested"
    assert [entry.action for entry in store.trail.entries()] == ["exception_requested"]


def test_what_is_over_is_over(store: Store) -> None:
    exception = asked(store)
    store.exceptions.refuse(exception, by=OAK, at=hours(2), why="no need")
    with pytest.raises(UserError, match="qi-1 is refused"):
        store.exceptions.approve(exception, by=OAK, at=hours(3))
    assert store.exceptions.table() == []


def test_a_revoked_one_says_since_when(store: Store) -> None:
    exception = asked(store)
    store.exceptions.approve(exception, by=OAK, at=hours(2))
    store.exceptions.revoke(exception, by=ASH, at=hours(30), why="done after all")
    (row,) = store.exceptions.table()
    assert (row["approved_by"], row["revoked_at"]) == ("oak", "2026-03-02T10:00:00+00:00")
    (before,) = store.exceptions.table(until=hours(3))
    assert (before["approved_by"], before["revoked_at"]) == ("oak", "")


def test_a_move_of_surgery_asks_for_another_look(store: Store) -> None:
    store.keep(night(finding()))
    exception = asked(store)
    store.exceptions.approve(exception, by=OAK, at=hours(2))
    assert store.exceptions.table({"C1": date(2026, 3, 20)})[0]["approved_by"] == "oak"
    assert store.exceptions.table({"C1": date(2026, 3, 27)})[0]["approved_by"] == ""
    store.keep(night(finding(), as_of="2026-03-02", surgery="2026-03-27"))
    assert state(store) == "reconfirm"
    with pytest.raises(UserError, match="who asked"):
        store.exceptions.reconfirm(exception, by=Person("ash", "approver"), at=hours(30))
    store.exceptions.reconfirm(exception, by=OAK, at=hours(31))
    assert (state(store), store.exceptions.table()[0]["approved_by"]) == ("approved", "oak")
    actions = [entry.action for entry in store.trail.entries() if entry.action != "run_kept"]
    assert actions == ["exception_requested", "exception_approved", "exception_reconfirmed"]


def test_what_cannot_be_asked_for(store: Store) -> None:
    with pytest.raises(UserError, match="ends before it begins"):
        asked(store, expires_on=date(2026, 2, 1))
    with pytest.raises(UserError, match="nobody asks"):
        asked(store, by=Person(" ", "coordinator"))
    with pytest.raises(UserError, match="no such exception"):
        store.exceptions.approve("qi-99", by=OAK, at=hours(1))
    with pytest.raises(UserError, match="no such exception"):
        store.exceptions.approve("SYN-X-1", by=OAK, at=hours(1))


def test_it_is_given_as_it_stood_at_a_moment(store: Store) -> None:
    """What a night that is repeated later needs: only what had been done by then."""
    asked(store)
    store.exceptions.approve("qi-1", by=OAK, at=hours(5))
    store.exceptions.refuse(asked(store, at=hours(6)), by=OAK, at=hours(8), why="no need")

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
    exception = asked(store)
    store.exceptions.approve(exception, by=OAK, at=hours(2))
    store.keep(night(finding(), as_of="2026-03-02", surgery="2026-03-27"))
    store.exceptions.reconfirm(exception, by=OAK, at=hours(31))
    first, second = date(2026, 3, 20), date(2026, 3, 27)

    def stands(day: date, hour: int) -> str:
        return store.exceptions.standing({"C1": day}, hours(hour))[0].state

    assert (stands(first, 30), stands(second, 30)) == ("approved", "reconfirm")
    assert (stands(first, 31), stands(second, 31)) == ("reconfirm", "approved")


def test_the_cases_of_the_latest_night_are_known(store: Store) -> None:
    assert store.known_cases([PROTOCOL]) == []
    store.keep(night(finding("C1"), finding("C2")))
    store.keep(night(finding("C2"), finding("C3"), as_of="2026-03-02", surgery="2026-03-27"))
    store.keep(night(finding("C9"), as_of="2026-02-01"))  # a past night, kept afterwards
    assert store.known_cases([PROTOCOL]) == ["C2", "C3"]
    assert store.known_cases(["another"]) == []
