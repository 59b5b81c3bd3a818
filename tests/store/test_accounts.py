"""Accounts, roles and tokens of the web application are bound to the trail; docs/store.md.

Their tables are made here as its migrations make them: Django is set up for the store alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import date
from typing import Any

import pytest
from django.db import connections

from qi_checker.store import Database, Store, open_store
from qi_checker.store.accounts import bound_row
from qi_checker.store.models import TrailEntry
from tests.helpers.store import finding, hours, night

_MADE = "'2026-03-01 04:00:00+00'", "'2026-03-01 04:00:00'"  # as each database keeps a time
TABLES = {
    "qi_web_user": """id BIGINT PRIMARY KEY, login TEXT, password TEXT, name TEXT, iss TEXT, sub TEXT,
        is_active BOOLEAN, created_at {time}, last_login {time}, language TEXT""",
    "qi_web_membership": """id BIGINT PRIMARY KEY, user_id BIGINT, role TEXT, site TEXT,
        given_by TEXT""",
    "qi_web_token": """id BIGINT PRIMARY KEY, digest TEXT, kind TEXT, name TEXT, site TEXT,
        made_by TEXT, made_at {time}, revoked_at {time}""",
}
ROWS = (
    """INSERT INTO qi_web_user SELECT 1, 'ash', 'argon2$x', 'Ash', '', '', true, {at}, NULL, ''""",
    """INSERT INTO qi_web_user SELECT 2, 'oak', 'argon2$y', 'Oak', '', '', false, {at}, {at}, ''""",
    "INSERT INTO qi_web_membership VALUES (1, 1, 'coordinator', 'North', 'oak')",
    "INSERT INTO qi_web_token SELECT 1, 'abc', 'api', 'theatre', '', 'oak', {at}, NULL",
    "INSERT INTO qi_web_token SELECT 2, 'def', 'calendar', '', 'North', 'ash', {at}, {at}",
)
FORGERIES = {
    "another role": (
        "UPDATE qi_web_membership SET role = 'administrator'",
        "role 1 (administrator of ash, North) was changed",
    ),
    "another site": (
        "UPDATE qi_web_membership SET site = ''",
        "role 1 (coordinator of ash, all sites) was changed",
    ),
    "a role that nobody gave": (
        "INSERT INTO qi_web_membership VALUES (9, 2, 'surgeon', '', 'oak')",
        "role 9 (surgeon of oak, all sites) was added: no entry of the trail records it",
    ),
    "a role that is gone": ("DELETE FROM qi_web_membership", "role 1 was removed"),
    "an account that nobody made": (
        "INSERT INTO qi_web_user SELECT 7, 'eve', 'p', '', '', '', true, {at}, NULL, ''",
        "account 7 (eve) was added: no entry of the trail records it",
    ),
    "an account that is gone": ("DELETE FROM qi_web_user WHERE id = 2", "account 2 was removed"),
    "another password": (
        "UPDATE qi_web_user SET password = 'argon2$z' WHERE id = 1",
        "account 1 (ash) was changed",
    ),
    "an account that was opened": (
        "UPDATE qi_web_user SET is_active = true WHERE id = 2",
        "account 2 (oak) was changed",
    ),
    "a token that works again": (
        "UPDATE qi_web_token SET revoked_at = NULL WHERE id = 2",
        "token 2 (calendar of every desk, North) was changed",
    ),
    "a time that is none": (
        "UPDATE qi_web_token SET made_at = {other} WHERE id = 1",
        "token 1 (api theatre, all sites) was changed",
    ),
}


def execute(store: Store, statement: str) -> None:
    connection = connections[store.alias]
    postgres = connection.vendor == "postgresql"
    words = {
        "time": "TIMESTAMPTZ" if postgres else "DATETIME",
        "at": f"TIMESTAMPTZ {_MADE[0]}" if postgres else _MADE[1],
        "other": "TIMESTAMPTZ '2026-03-02 04:00:00+00'" if postgres else "'no time'",
    }
    with connection.cursor() as cursor:
        cursor.execute(statement.format(**words))


@pytest.fixture
def upgraded(store: Store) -> Iterator[Store]:
    """A store with a night and accounts from before they were bound, opened by this version."""
    for name, columns in TABLES.items():
        execute(store, f"CREATE TABLE {name} ({columns})")
    for row in ROWS:
        execute(store, row)
    store.keep(night(finding()))
    again(store)
    yield store
    for name in TABLES:
        execute(store, f"DROP TABLE {name}")


def again(store: Store) -> None:
    """Open the store as if this version had never seen it."""
    execute(store, "DELETE FROM django_migrations WHERE app = 'qi_store' AND name >= '0006'")
    store.migrate()


def test_what_an_upgrade_finds_is_bound_once(upgraded: Store) -> None:
    found = upgraded.verify()
    assert found.faults == ()
    assert {"account 1", "account 2", "role 1", "token 1", "token 2"} <= found.bound.keys()
    assert found.noted == ("entry 2: accounts_bound by qi-checker at 2026-03-01T04:00:00",)
    again(upgraded)
    assert upgraded.verify().faults == ("entry 3 binds all rows again",)


def test_a_second_start_binds_nothing(upgraded: Store) -> None:
    upgraded.migrate()
    assert TrailEntry.objects.using(upgraded.alias).count() == 2


@pytest.mark.parametrize("what", FORGERIES)
def test_a_forged_account_is_found(upgraded: Store, what: str) -> None:
    statement, fault = FORGERIES[what]
    execute(upgraded, statement)
    assert upgraded.verify().faults == (fault,)


def test_what_is_no_right_may_change(upgraded: Store) -> None:
    execute(upgraded, "UPDATE qi_web_user SET language = 'fr', last_login = {at}")
    assert upgraded.verify().whole


def change(
    store: Store, statement: str, action: str, label: str, hour: int = 9, **more: Any
) -> None:
    was = bound_row(store.alias, label, 1)
    execute(store, statement)
    bound = bound_row(store.alias, label, 1)
    more = {"was": was} | more
    store.trail.append(hours(hour), "oak", action, {"account": "ash"}, bound, **more)


@pytest.mark.parametrize(
    ("action", "fault"),
    [
        ("account_shut", None),
        ("account_opened", None),
        ("password_set", None),
        ("account_added", "entry 3 says that account 1 changed"),
        ("note_undone", "entry 3 says that account 1 changed"),
        ("role_given", "entry 3 says that account 1 changed"),
    ],
)
def test_only_some_entries_may_change_an_account(
    upgraded: Store, action: str, fault: str | None
) -> None:
    change(upgraded, "UPDATE qi_web_user SET is_active = false", action, "account")
    found = upgraded.verify()
    assert found.faults == ((fault,) if fault else ())


def test_a_change_does_not_hide_what_was_forged_before_it(upgraded: Store) -> None:
    change(
        upgraded,
        "UPDATE qi_web_user SET password = 'argon2$n' WHERE id = 1",
        "password_set",
        "account",
    )
    assert len(upgraded.verify().noted) == 1
    execute(upgraded, "UPDATE qi_web_user SET login = 'eve' WHERE id = 1")
    change(
        upgraded,
        "UPDATE qi_web_user SET password = 'argon2$m' WHERE id = 1",
        "password_set",
        "account",
    )
    assert upgraded.verify().noted[1:] == (
        "entry 4: account 1 was not what the trail said before it",
    )


def test_nothing_is_noted_of_a_change_that_outlives_what_bound_the_row(upgraded: Store) -> None:
    """A purge erases the entry that bound the account, not that of a later change."""
    renamed = "UPDATE qi_web_user SET name = 'A' WHERE id = 1"
    change(upgraded, renamed, "account_renamed", "account", hour=40)
    upgraded.purge(date(2026, 3, 2), hours(48), "oak")
    found = upgraded.verify()
    assert found.erased == 2
    assert [said for said in found.noted if "was not what" in said] == []


@pytest.mark.parametrize(
    ("action", "fault"),
    [("role_taken", None), ("account_shut", "entry 3 says that role 1 was removed")],
)
def test_only_some_entries_may_remove_a_role(
    upgraded: Store, action: str, fault: str | None
) -> None:
    change(upgraded, "DELETE FROM qi_web_membership", action, "role", unbound=["role 1"])
    assert upgraded.verify().faults == ((fault,) if fault else ())


def test_they_stay_bound_when_entries_are_erased(upgraded: Store) -> None:
    upgraded.keep(night(finding("C2"), as_of="2026-03-02"))
    upgraded.purge(date(2026, 3, 2), hours(48), "oak")
    upgraded.pseudonymise("C2", b"k" * 16, hours(49), "oak")
    assert upgraded.verify().whole
    execute(upgraded, "UPDATE qi_web_membership SET site = ''")
    assert upgraded.verify().faults == ("role 1 (coordinator of ash, all sites) was changed",)


def test_a_backup_has_them_bound(upgraded: Store, tmp_path: Any) -> None:
    if connections[upgraded.alias].vendor != "sqlite":
        return  # PostgreSQL has its own program for that: tests/store/test_retention.py
    upgraded.backup(tmp_path / "copy.db")
    with closing(open_store(Database.file(tmp_path / "copy.db"))) as copy:
        assert copy.verify().bound == upgraded.verify().bound
