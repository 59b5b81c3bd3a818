"""Accounts of the demonstration: one for each role, with the login as password."""

from __future__ import annotations

from qi_checker.web.access import Role
from qi_checker.web.clock import this_moment
from qi_checker.web.models import Membership, User

NAMES = {
    Role.COORDINATOR: "Robin (coordinator)",
    Role.SURGEON: "Sam (surgeon)",
    Role.RADIOLOGIST: "Remy (radiologist)",
    Role.QUALITY: "Quinn (quality lead)",
    Role.ADMIN: "Alex (administrator)",
}


def add_accounts() -> list[str]:
    """Create missing accounts; return their logins. The password rules do not apply here."""
    for role, name in NAMES.items():
        login = role.value.replace("_", "-")
        user, made = User.objects.get_or_create(
            login=login, defaults={"name": name, "created_at": this_moment()}
        )
        if made:
            user.set_password(login)
            user.save()
            Membership.objects.create(user=user, role=role.value, site="", given_by="demo")
    return [role.value.replace("_", "-") for role in NAMES]
