"""One table: page, role, scope. It is the source of addresses, refusals, the permission test and
docs/web.md.

A page is found by its address; then the roles of the person decide whether it is allowed, and for
which sites. A case of another site is answered like an id that does not exist. Somebody who is not
signed in learns nothing, not even which addresses exist: every request leads to the sign-in page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    JsonResponse,
)
from django.urls import Resolver404, resolve

from qi_checker.store.exceptions import Person
from qi_checker.web.models import Membership, User


class Role(StrEnum):
    """The role of a person at the hospital; its value is the word in settings and in the trail."""

    COORDINATOR = "coordinator"
    SURGEON = "surgeon"
    RADIOLOGIST = "radiologist"
    QUALITY = "quality_lead"
    ADMIN = "administrator"


C, S, R, Q, A = Role
WARD = (C, S, R, Q)  # roles that see cases; the administrator does not
EVERYBODY = tuple(Role)


class Scope(StrEnum):
    """The part of the hospital that a page shows to an authorised person."""

    OPEN = "anybody, signed out too"
    SELF = "one's own account"
    SITE = "cases of one's sites"
    ALL = "the whole hospital: only with a role for all sites"
    TOKEN = "what its token names"


@dataclass(frozen=True)
class Page:
    """One address. Roles in `read` may open it, roles in `write` may send its form; empty:
    nobody."""

    name: str
    path: str
    view: str  # module of this package, and function
    scope: Scope
    read: tuple[Role, ...]
    write: tuple[Role, ...]
    what: str

    def roles(self, method: str) -> tuple[Role, ...]:
        return self.write if method == "POST" else self.read

    @property
    def methods(self) -> list[str]:
        return (["GET", "HEAD"] if self.read else []) + (["POST"] if self.write else [])


@dataclass(frozen=True)
class Sites:
    """The visible sites of a person; `names` is None for all sites."""

    names: frozenset[str] | None

    def __contains__(self, site: object) -> bool:
        return self.names is None or site in self.names

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Filter rows with a column `site` to the visible sites."""
        return rows if self.names is None else rows.filter(site__in=sorted(self.names))


class Who:
    """A person who is signed in, with the current roles."""

    def __init__(self, user: User) -> None:
        self.user = user

    @cached_property
    def memberships(self) -> list[Membership]:
        held = self.user.held
        return list(self.user.memberships.all()) if held is None else held

    @property
    def login(self) -> str:
        return str(self.user.login)

    @cached_property
    def roles(self) -> list[str]:
        """Return the roles without repeats, in the order of `Role`."""
        mine = {m.role for m in self.memberships}
        return [role.value for role in Role if role.value in mine]

    @cached_property
    def key(self) -> frozenset[tuple[str, str]]:
        """Return the roles with their sites: pages differ by them."""
        return frozenset((m.role, m.site) for m in self.memberships)

    def sites(self, roles: Iterable[Role]) -> Sites:
        """Return the sites for which the person has one of these roles."""
        names = [m.site for m in self.memberships if m.role in set(roles)]
        return Sites(None if "" in names else frozenset(names))

    def may(self, page: Page, method: str) -> bool:
        """Whether a page may be opened, or its form sent."""
        if page.scope is Scope.SELF:
            return True
        sites = self.sites(page.roles(method))
        if page.scope is Scope.ALL:
            return sites.names is None
        return sites.names is None or bool(sites.names)

    def person(self, page: Page, method: str, site: str = "") -> Person:
        """Return the person who acts on a case of a site, in the first permitted role."""
        for role in page.roles(method):
            for m in self.memberships:
                if m.role == role.value and m.site in ("", site):
                    return Person(self.login, role.value)
        return Person(self.login, self.roles[0] if self.roles else "")


Handler = Callable[[HttpRequest], HttpResponse]


def guard(get_response: Handler) -> Handler:
    """Middleware that stops unauthorised requests."""
    from qi_checker.web.urls import BY_NAME

    def guarded(request: HttpRequest) -> HttpResponse:
        request.who = Who(request.user) if request.user.is_authenticated else None
        request.page = None
        try:
            match = resolve(request.path_info)
        except Resolver404:
            return _stranger(request) if request.who is None else get_response(request)
        if match.namespaces:
            return get_response(request)  # the API requires a token itself
        page = request.page = BY_NAME[match.url_name]
        method = "GET" if request.method == "HEAD" else request.method
        public = page.scope in (Scope.OPEN, Scope.TOKEN)
        if request.who is None and not public:
            return _stranger(request)
        if method not in page.methods:
            return HttpResponseNotAllowed(page.methods)
        if public:
            return get_response(request)
        if not request.who.may(page, method):
            home = BY_NAME["runs"]
            if page.path == "" and request.who.may(home, "GET"):
                return HttpResponseRedirect(f"/{home.path}")  # people without cases start there
            return refused(request)
        request.sites = request.who.sites(page.roles(method))
        return get_response(request)

    return guarded


def _stranger(request: HttpRequest) -> HttpResponse:
    """Redirect to the sign-in page, and back afterwards for a GET."""
    if request.path_info.startswith("/api/"):
        return JsonResponse({"detail": "a token is needed"}, status=401)
    back = request.get_full_path() if request.method in ("GET", "HEAD") else "/"
    query = "" if back == "/" else "?" + urlencode({"next": back})
    return HttpResponseRedirect("/sign-in" + query)


def refused(request: HttpRequest) -> HttpResponse:
    """Answer 403, with the permitted roles, to show whom to ask."""
    from qi_checker.web.trouble import forbidden

    return forbidden(request)
