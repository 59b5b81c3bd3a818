"""Local accounts: created by an administrator, with a password. Roles come from a list."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import check_password as check_hash
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from qi_checker.errors import Problem, UserError
from qi_checker.store.accounts import bound_row
from qi_checker.store.exceptions import Person
from qi_checker.store.trail import Trail
from qi_checker.store.transaction import writing
from qi_checker.web import direct
from qi_checker.web.access import Role
from qi_checker.web.clock import this_moment
from qi_checker.web.models import Membership, User

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]{0,148}")
_ALIAS = "default"


class LocalAccounts(BaseBackend):
    """Sign-in with login and password. A wrong name takes as long as a wrong password."""

    def authenticate(
        self, request: HttpRequest | None, username: str = "", password: str = "", **other: Any
    ) -> User | None:
        if not username or not password:
            return None
        user = User.objects.filter(login=identity(username)).first()
        if user is None:
            User().set_password(password)  # takes the same time
            return None
        return user if knows(user, password) and user.is_active else None

    def get_user(self, user_id: int) -> User | None:
        """Return the account of a session; None if it was closed since."""
        return direct.open_account(user_id)


def knows(user: User, password: str) -> bool:
    """Whether this is the password of an account; a hash of an older kind is made anew."""

    def rehash(password: str) -> None:
        with writing(_ALIAS):
            was = bound_account(user)
            user.set_password(password)
            user.save(update_fields=["password"])
            tell("password_rehashed", user, Person(user.login, ""), was=was)

    return bool(check_hash(password, user.password, rehash))


def tried(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """Return the attempted name in normalised form, so that every spelling shares five attempts."""
    named = (credentials or {}).get("username") or request.POST.get("login", "")
    return identity(str(named))


def identity(login: str) -> str:
    """Normalise a login for comparison: one form of each character, without case and blanks."""
    return unicodedata.normalize("NFKC", login).casefold().strip()


def add(login: str, name: str, password: str | None, by: Person) -> User:
    """Create an account. Raise UserError if the login is taken or the password is too weak."""
    login = identity(login)
    if not _LOGIN.fullmatch(login):
        advice = "Write small letters, digits, and . _ - @"
        raise _refused("login", "this is not a login", advice)
    with writing(_ALIAS):
        if User.objects.filter(login=login).exists():
            raise _refused("login", "there is such an account already", "Choose another login")
        if password is not None:
            check_password(password, User(login=login, name=name.strip()))
        return create(login, name.strip(), password, by)


def create(login: str, name: str, password: str | None, by: Person) -> User:
    """Write an account and its entry; nothing is checked."""
    with writing(_ALIAS):
        user = User(login=login, name=name, created_at=this_moment())
        user.set_password(password)  # one that nobody can use, where it is None
        user.save()
        tell("account_added", user, by)
    return user


def check_password(password: str, user: User) -> None:
    """Raise UserError if a password is too weak for a user."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise UserError(
            [Problem("password", str(text).rstrip(".")) for text in error.messages]
        ) from None


def set_password(user: User, password: str, by: Person) -> None:
    """Give an account another password; its sessions end."""
    check_password(password, user)
    with writing(_ALIAS):
        was = bound_account(user)
        user.set_password(password)
        user.save(update_fields=["password"])
        tell("password_set", user, by, was=was)


def set_active(user: User, active: bool, by: Person) -> None:
    """Close or open an account; closing the last administrator's would lock everybody out."""
    with writing(_ALIAS):
        if not active:
            _check_last(user)
        was = bound_account(user)
        user.is_active = active
        user.save(update_fields=["is_active"])
        tell("account_opened" if active else "account_shut", user, by, was=was)


def grant(user: User, role: str, site: str, by: Person) -> None:
    """Give a role, for a site or for all (empty)."""
    if role not in {r.value for r in Role}:
        raise _refused("role", "there is no such role")
    with writing(_ALIAS):
        given = {"given_by": by.login}
        membership, new = Membership.objects.get_or_create(
            user=user, role=role, site=site.strip(), defaults=given
        )
        bound = bound_row(_ALIAS, "role", membership.pk)
        was = {} if new else bound
        tell("role_given", user, by, bound, was=was, given_role=role, site=site.strip())


def take(membership: Membership, by: Person) -> None:
    """Take a role away."""
    with writing(_ALIAS):
        if membership.role == Role.ADMIN.value and membership.site == "":
            _check_last(membership.user)
        user, role, site = membership.user, membership.role, membership.site
        was = bound_row(_ALIAS, "role", membership.pk)
        membership.delete()
        tell("role_taken", user, by, {}, [*was], was, given_role=role, site=site)


def _check_last(user: User) -> None:
    others = Membership.objects.filter(role=Role.ADMIN.value, site="", user__is_active=True)
    is_administrator = others.filter(user=user).exists()
    if is_administrator and not others.exclude(user=user).exists():
        advice = "Make somebody else administrator first"
        raise _refused("account", "this is the last administrator", advice)


def tell(
    action: str,
    user: User,
    by: Person,
    bound: Mapping[str, str] | None = None,
    unbound: Sequence[str] = (),
    was: Mapping[str, str] | None = None,
    **more: str,
) -> None:
    """Write an entry about an account; it binds the row of the account, or those of `bound`.

    unbound: names of removed rows. was: the digests of rows before they were changed or removed.
    """
    details = {"account": user.login, "role": by.role, **more}
    rows = bound_account(user) if bound is None else bound
    Trail(_ALIAS).append(this_moment(), by.login, action, details, rows, unbound, was)


def bound_account(user: User) -> dict[str, str]:
    """Return name and digest of the row of an account, as it is in the database."""
    return bound_row(_ALIAS, "account", user.pk)


def _refused(where: str, what: str, advice: str = "") -> UserError:
    return UserError(Problem(where, what, "", advice))
