"""Tokens: for calendars, created by anybody for a desk, and for services, created by an
administrator.

A token is shown once; its SHA-256 is stored. Revoking takes effect at once.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from qi_checker.store.accounts import bound_row
from qi_checker.store.desk.models import DeskAction, WorkItem
from qi_checker.store.exceptions import Person
from qi_checker.store.trail import Trail
from qi_checker.store.transaction import writing
from qi_checker.web import i18n
from qi_checker.web.access import WARD, Sites
from qi_checker.web.clock import number_of, this_moment
from qi_checker.web.i18n import gettext
from qi_checker.web.models import Membership, Token
from qi_checker.web.pages import Message, render
from qi_checker.web.runtime import runtime
from qi_checker.web.worklist_filters import visible

CALENDAR, API = "calendar", "api"


@dataclass(frozen=True)
class TokenLine:
    """One token; its text can no longer be read."""

    number: int
    name: str
    site: str
    made: str
    revoked: str


@dataclass(frozen=True)
class TokensPage:
    """The tokens of somebody, or of all services; `made` is shown only once."""

    kind: str
    lines: tuple[TokenLine, ...]
    names: tuple[str, ...]
    sites: tuple[str, ...]
    every: bool  # may be created for all sites
    made: str = ""
    errors: tuple[tuple[str, str], ...] = ()


def digest(token: str) -> str:
    """Return the stored form of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def held(kind: str, token: str) -> Token | None:
    """Return the presented token, unless it was revoked.

    A calendar also ends with the role of its creator; a service outlives its administrator.
    """
    token_row: Token | None = Token.objects.filter(
        digest=digest(token), kind=kind, revoked_at=None
    ).first()
    if token_row is not None and kind == CALENDAR and not _still_sees(token_row):
        return None
    return token_row


def _still_sees(token: Token) -> bool:
    """Whether the creator of a calendar may still see its cases."""
    sites = {"", token.site}
    return bool(
        Membership.objects.filter(
            user__login=token.made_by, user__is_active=True, role__in=WARD, site__in=sites
        ).exists()
    )


def sites_of(token: Token) -> Sites:
    """Return the visible sites of a token."""
    return Sites(frozenset({token.site}) if token.site else None)


def tokens(request: HttpRequest) -> HttpResponse:
    """Show the addresses of one's calendars."""
    return _page(request, CALENDAR, request.sites)


def services(request: HttpRequest) -> HttpResponse:
    """Show the tokens of services that read the API."""
    return _page(request, API, Sites(None))


def _page(request: HttpRequest, kind: str, sites: Sites) -> HttpResponse:
    made = ""
    errors: tuple[tuple[str, str], ...] = ()
    if request.method == "POST":
        by = request.who.person(request.page, "POST")
        number = number_of(str(request.POST.get("revoke", "")))
        if number is not None:
            _revoke(number, kind, by)
            return HttpResponseRedirect(f"{request.path}?done=revoked")
        made, errors = _make(request, kind, sites, by)
    rows = Token.objects.filter(kind=kind).order_by("-id")
    if kind == CALENDAR:
        rows = rows.filter(made_by=request.who.login)
    there = visible(sites)
    owners = DeskAction.objects.filter(item__in=there).values_list("owner", flat=True).distinct()
    names = WorkItem.objects.filter(upcoming=True).values_list("site", flat=True).distinct()
    page = TokensPage(
        kind=kind,
        lines=tuple(_line(token) for token in rows),
        names=tuple(sorted(o for o in owners if o)) if kind == CALENDAR else (),
        sites=tuple(sorted(s for s in names if s and s in sites)),
        every=sites.names is None,
        made=made,
        errors=errors,
    )
    message = gettext("It is revoked.") if request.GET.get("done") == "revoked" else ""
    messages = (Message("good", message),) if message else ()
    return render(request, "tokens", page, status=422 if errors else 200, messages=messages)


def _line(token: Token) -> TokenLine:
    every = gettext("all sites")
    made = f"{token.made_by}, {i18n.clock(token.made_at)}"
    revoked = i18n.clock(token.revoked_at) if token.revoked_at else ""
    return TokenLine(
        token.pk, token.name or gettext("every desk"), token.site or every, made, revoked
    )


def _make(
    request: HttpRequest, kind: str, sites: Sites, by: Person
) -> tuple[str, tuple[tuple[str, str], ...]]:
    name, site = (str(request.POST.get(n, "")).strip()[:200] for n in ("name", "site"))
    if kind == API and not name:
        return "", (("name", gettext("Name the service.")),)
    if site not in sites if site else sites.names is not None:
        return "", (("site", gettext("Select one of your sites.")),)
    token = secrets.token_urlsafe(32)
    with writing("default"):
        row = Token.objects.create(
            digest=digest(token),
            kind=kind,
            name=name,
            site=site,
            made_by=by.login,
            made_at=this_moment(),
        )
        _tell("token_made", row, by)
    if kind == CALENDAR:
        return f"{runtime().web.url.rstrip('/')}/calendar/{token}.ics", ()
    return token, ()


def _revoke(number: int, kind: str, by: Person) -> None:
    with writing("default"):
        rows = Token.objects.filter(pk=number, kind=kind, revoked_at=None)
        if kind == CALENDAR:
            rows = rows.filter(made_by=by.login)
        row = rows.first()
        if row is not None:
            was = bound_row("default", "token", row.pk)
            row.revoked_at = this_moment()
            row.save(update_fields=["revoked_at"])
            _tell("token_revoked", row, by, was)


def _tell(action: str, row: Token, by: Person, was: Mapping[str, str] | None = None) -> None:
    details = {"token": row.pk, "kind": row.kind, "site": row.site, "role": by.role}
    bound = bound_row("default", "token", row.pk)
    Trail("default").append(this_moment(), by.login, action, details, bound, was=was)
