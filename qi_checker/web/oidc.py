"""Sign-in with the hospital's accounts: OpenID Connect, authorization code with PKCE.

mozilla-django-oidc does the exchange. Its gaps are closed here: it does not check issuer and
audience of the ID token, finds people by e-mail, and admits everybody whom the provider knows. Here
a person is identified by `iss` and `sub`, roles come from the configured claim at every sign-in,
and nobody is admitted without a role.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import jwt
import requests
from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from mozilla_django_oidc.auth import OIDCAuthenticationBackend
from mozilla_django_oidc.views import (
    OIDCAuthenticationCallbackView,
    OIDCAuthenticationRequestView,
)
from requests import RequestException

from qi_checker.nightly.config import Oidc
from qi_checker.store.accounts import bound_row
from qi_checker.store.exceptions import Person
from qi_checker.store.trail import Trail
from qi_checker.store.transaction import writing
from qi_checker.web import direct
from qi_checker.web.accounts import bound_account, identity, tell
from qi_checker.web.clock import this_moment
from qi_checker.web.models import Membership, User
from qi_checker.web.runtime import runtime

_LEEWAY = 60  # maximum difference of clocks, in seconds
_GIVEN_BY = "oidc"


class Refused(Exception):
    """The provider knows a person whom the application does not admit; `why` is a keyword."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


@cache
def _discovered(issuer: str) -> dict[str, str]:
    verify = getattr(settings, "OIDC_VERIFY_SSL", True)
    address = issuer.rstrip("/") + "/.well-known/openid-configuration"
    answer = requests.get(address, timeout=settings.OIDC_TIMEOUT, verify=verify)
    answer.raise_for_status()
    document: dict[str, str] = answer.json()
    if document.get("issuer") != issuer:
        raise SuspiciousOperation("the provider names another issuer")
    return document


def discover() -> dict[str, str]:
    """Return the endpoints of the provider, fetched once. Raise Refused if it does not answer."""
    oidc = _oidc()
    try:
        document = _discovered(oidc.issuer)
        settings.OIDC_OP_AUTHORIZATION_ENDPOINT = document["authorization_endpoint"]
        settings.OIDC_OP_TOKEN_ENDPOINT = document["token_endpoint"]
        settings.OIDC_OP_USER_ENDPOINT = document.get("userinfo_endpoint", "")
        settings.OIDC_OP_JWKS_ENDPOINT = document["jwks_uri"]
    except (RequestException, ValueError, KeyError, SuspiciousOperation):
        raise Refused("provider") from None
    return document


def _oidc() -> Oidc:
    oidc = runtime().web.oidc
    if oidc is None:
        raise Http404
    return oidc


class Backend(OIDCAuthenticationBackend):
    """Finds the account of an ID token."""

    def _verify_jws(self, payload: Any, key: Any) -> dict[str, Any]:
        """Return the claims of a token; check audience, issuer and time."""
        try:
            claims: dict[str, Any] = jwt.decode(
                payload,
                key,
                algorithms=[self.OIDC_RP_SIGN_ALGO],
                audience=self.OIDC_RP_CLIENT_ID,
                issuer=_oidc().issuer,
                leeway=_LEEWAY,
                options={"require": ["iss", "sub", "aud", "exp", "iat"]},
            )
        except jwt.PyJWTError as error:
            raise Refused("token") from error
        if claims.get("azp", self.OIDC_RP_CLIENT_ID) != self.OIDC_RP_CLIENT_ID:
            raise Refused("token")
        return claims

    def get_user(self, user_id: int) -> User | None:
        """Return the account of a session; None if it was closed since."""
        return direct.open_account(user_id)

    def get_or_create_user(
        self, access_token: str, id_token: str, payload: dict[str, Any]
    ) -> User | None:
        """Return the account of the subject, with the current roles of its groups."""
        claims = self._claims(access_token, payload)
        oidc = _oidc()
        groups = claims.get(oidc.roles_claim) or []
        groups = [groups] if isinstance(groups, str) else groups
        named = [g for g in groups if isinstance(g, str)]
        grants: set[tuple[str, str]] = {
            (grant.role, site)
            for name, grant in oidc.roles.items()
            if name in named
            for site in grant.sites or [""]
        }
        if not grants:
            raise Refused("no_role")
        with writing("default"):
            user = _account(claims, str(payload["iss"]), str(payload["sub"]))
            if not user.is_active:
                raise Refused("shut")
            _renew(user, grants)
        return user

    def _claims(self, access_token: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Return the ID token's claims; if it lacks groups, also those of the user endpoint."""
        if _oidc().roles_claim in payload or not self.OIDC_OP_USER_ENDPOINT:
            return payload
        details: dict[str, Any] = self.get_userinfo(access_token, "", payload)
        if details.get("sub") != payload["sub"]:
            raise Refused("token")
        return {**details, **payload}


def _account(claims: dict[str, Any], iss: str, sub: str) -> User:
    user: User | None = User.objects.filter(iss=iss, sub=sub).first()
    name = str(claims.get("name") or "")[:200]
    if user is None:
        login = _free(identity(str(claims.get("preferred_username") or sub))[:100])
        user = User(login=login, name=name, iss=iss, sub=sub, created_at=this_moment())
        user.set_unusable_password()
        user.save()
        tell("account_added", user, Person(login, ""), how=_GIVEN_BY)
    elif user.name != name:
        was = bound_account(user)
        user.name = name
        user.save(update_fields=["name"])
        tell("account_renamed", user, Person(user.login, ""), was=was, how=_GIVEN_BY)
    return user


def _free(login: str) -> str:
    """Return an unused login: a provider's name never becomes that of a local account."""
    taken, number = login, 1
    while User.objects.filter(login=taken).exists():
        number += 1
        taken = f"{login}-{number}"
    return taken


def _renew(user: User, grants: set[tuple[str, str]]) -> None:
    """Replace the provider's earlier roles by its current ones; other roles stay."""
    held = {(m.role, m.site): m for m in user.memberships.filter(given_by=_GIVEN_BY)}
    gone = [held[key] for key in sorted(held.keys() - grants)]
    was: dict[str, str] = {}
    for membership in gone:
        was |= bound_row("default", "role", membership.pk)
        membership.delete()
    unbound = [*was]
    bound: dict[str, str] = {}
    for role, site in sorted(grants - held.keys()):
        membership, new = Membership.objects.get_or_create(
            user=user, role=role, site=site, defaults={"given_by": _GIVEN_BY}
        )
        row = bound_row("default", "role", membership.pk)
        bound |= row
        was |= {} if new else row
    if held.keys() != grants:
        roles = sorted(f"{role} {site}".strip() for role, site in grants)
        Trail("default").append(
            this_moment(),
            user.login,
            "roles_renewed",
            {"account": user.login, "roles": ", ".join(roles)},
            bound,
            unbound,
            was,
        )


class Begin(OIDCAuthenticationRequestView):
    """Redirects to the provider. The target is kept with the state, so that two tabs do not mix."""

    def get(self, request: HttpRequest) -> HttpResponse:
        response = super().get(request)
        back = request.GET.get("next", "")
        if url_has_allowed_host_and_scheme(back, allowed_hosts=None) and back.startswith("/"):
            state = list(request.session["oidc_states"])[-1]
            request.session["oidc_states"][state]["next"] = back
            request.session.modified = True
        return response


class Callback(OIDCAuthenticationCallbackView):
    """Handles the return from the provider."""

    def get(self, request: HttpRequest) -> HttpResponse:
        state = request.session.get("oidc_states", {}).get(request.GET.get("state", ""), {})
        self.back = state.get("next", "/")
        response: HttpResponse = super().get(request)
        return response

    @property
    def success_url(self) -> str:
        from qi_checker.web.signin import begun

        begun(self.request, self.user, "oidc")
        return str(self.back)


def begin(request: HttpRequest) -> HttpResponse:
    """Start the sign-in at the provider."""
    try:
        discover()
        response: HttpResponse = Begin.as_view()(request)
    except Refused as error:
        return _refused(error.why)
    return response


def callback(request: HttpRequest) -> HttpResponse:
    """Finish the sign-in, or refuse the person."""
    try:
        discover()
        response: HttpResponse = Callback.as_view()(request)
    except Refused as error:
        return _refused(error.why)
    except (SuspiciousOperation, RequestException, ValueError, KeyError):
        return _refused("token")
    return response


def _refused(why: str) -> HttpResponse:
    return HttpResponseRedirect(f"/sign-in?refused={why}")
