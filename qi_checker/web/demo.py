"""Accounts of the demonstration: one for each role, with the login as password."""

from __future__ import annotations

from qi_checker.store.exceptions import Person
from qi_checker.web import accounts
from qi_checker.web.access import Role
from qi_checker.web.models import User

NAMES = {
    Role.COORDINATOR: "Robin (coordinator)",
    Role.SURGEON: "Sam (surgeon)",
    Role.RADIOLOGIST: "Remy (radiologist)",
    Role.QUALITY: "Quinn (quality lead)",
    Role.ADMIN: "Alex (administrator)",
}


def add_accounts() -> list[str]:
    """Create missing accounts; return their logins. The password rules do not apply here."""
    by = Person("demo", Role.ADMIN.value)
    for role, name in NAMES.items():
        login = role.value.replace("_", "-")
        if not User.objects.filter(login=login).exists():
            accounts.grant(accounts.create(login, name, login, by), role.value, "", by)
    return [role.value.replace("_", "-") for role in NAMES]
