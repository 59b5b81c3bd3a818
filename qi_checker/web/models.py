"""Accounts, the roles they have and for which sites, and tokens of services and calendars."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models


class User(AbstractBaseUser):
    """A person who signs in: with a password of this application, or as `iss` and `sub` of a
    provider."""

    login = models.CharField(max_length=150, unique=True)
    name = models.TextField(blank=True)
    iss = models.TextField(blank=True)
    sub = models.TextField(blank=True)
    is_active = models.BooleanField(default=True)
    language = models.CharField(max_length=2, blank=True)  # empty: as in the browser
    shortcuts = models.BooleanField(default=False)  # single keys; off by default
    created_at = models.DateTimeField()

    held: list[Membership] | None = None  # the roles, if they were read with the account

    USERNAME_FIELD: ClassVar[str] = "login"

    class Meta:
        constraints: ClassVar = (
            models.UniqueConstraint(
                fields=["iss", "sub"],
                condition=~models.Q(sub=""),
                name="qi_one_account_of_a_subject",
            ),
        )


class Membership(models.Model):
    """A role of an account, for one site or for all (empty)."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.TextField()
    site = models.TextField(blank=True)
    given_by = models.TextField()  # a login, or `oidc`: those are renewed at every sign-in

    class Meta:
        constraints: ClassVar = (
            models.UniqueConstraint(fields=["user", "role", "site"], name="qi_role_once"),
        )


class Token(models.Model):
    """The credential of a service or a calendar. Only its hash is stored."""

    digest = models.CharField(max_length=64, unique=True)
    kind = models.TextField()  # api, or calendar
    name = models.TextField()  # of the service, or of the desk whose deadlines it lists
    site = models.TextField(blank=True)  # empty: all sites
    made_by = models.TextField()
    made_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
