"""A sign-off holds for a case as it was, and is void as soon as anything of it changes."""

from __future__ import annotations

from typing import Any

import pytest

from qi_checker.errors import UserError
from qi_checker.store import Store
from qi_checker.store.exceptions import Person
from tests.helpers.store import PROTOCOL, finding, hours, night

OAK = Person("oak", "surgeon")


def signed(store: Store) -> Store:
    store.keep(night(finding(), finding("C2")))
    assert not store.sign_off("C1", PROTOCOL, by=OAK, at=hours(1)).void
    return store


def test_a_night_that_changes_nothing_leaves_it_valid(store: Store) -> None:
    signed(store).keep(
        night(finding(), finding("C2", status="missing"), as_of="2026-03-02", data="d2")
    )
    (found,) = store.sign_offs("C1")
    assert (found.void, found.by, found.role) == (False, "oak", "surgeon")
    assert [entry.action for entry in store.trail.entries()] == [
        "run_kept",
        "signed_off",
        "run_kept",
    ]


@pytest.mark.parametrize(
    ("given", "changed"),
    [
        ({"evidence": "e2"}, ("evidence",)),
        ({"rules": "r2"}, ("protocol",)),
        ({"surgery": "2026-03-21"}, ("case", "schedule")),
    ],
)
def test_what_changed_is_named(
    store: Store, given: dict[str, Any], changed: tuple[str, ...]
) -> None:
    signed(store).keep(night(finding(), as_of="2026-03-02", **given))
    assert store.sign_offs("C1")[0].changed == changed


def test_another_finding_voids_it_until_it_is_as_before(store: Store) -> None:
    signed(store).keep(night(finding(event_id="E2"), as_of="2026-03-02"))
    assert store.sign_offs()[0].changed == ("findings",)
    store.keep(night(finding(), as_of="2026-03-03"))
    assert not store.sign_offs()[0].void


def test_a_case_that_is_gone_voids_it(store: Store) -> None:
    signed(store).keep(night(finding("C2"), as_of="2026-03-02"))
    assert store.sign_offs("C1")[0].void


def test_nobody_signs_what_is_not_there(store: Store) -> None:
    with pytest.raises(UserError, match="no such case"):
        store.sign_off("C9", PROTOCOL, by=OAK, at=hours(1))
