"""One table: page, role, scope. It is the source of addresses, refusals, the permission test and
docs/web.md.

A page is found by its address; then the roles of the person decide whether it is allowed, and for
which sites. A case of another site is answered like an id that does not exist. Somebody who is not
signed in learns nothing, not even which addresses exist: every request leads to the sign-in page.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from django.db.models import QuerySet

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


OPEN, SELF, SITE, ALL, TOKEN = Scope

PAGES: tuple[Page, ...] = (
    Page("health", "healthz", "health.health", OPEN, EVERYBODY, (), "liveness check"),
    Page("ready", "readyz", "health.ready", OPEN, EVERYBODY, (), "readiness check"),
    Page("sign_in", "sign-in", "signin.sign_in", OPEN, EVERYBODY, EVERYBODY, "sign in"),
    Page(
        "oidc_begin",
        "oidc/begin",
        "oidc.begin",
        OPEN,
        EVERYBODY,
        (),
        "sign in through the provider",
    ),
    Page(
        "oidc_callback",
        "oidc/callback",
        "oidc.callback",
        OPEN,
        EVERYBODY,
        (),
        "return from the provider",
    ),
    Page("sign_out", "sign-out", "signin.sign_out", SELF, (), EVERYBODY, "sign out"),
    Page("session", "session", "signin.session", SELF, EVERYBODY, EVERYBODY, "stay signed in"),
    Page("account", "account", "account.account", SELF, EVERYBODY, EVERYBODY, "own settings"),
    Page("worklist", "", "worklist.worklist", SITE, WARD, (), "work list, most urgent first"),
    Page(
        "day_list",
        "day-list",
        "daylist.day_list",
        SITE,
        WARD,
        (),
        "operations of a day by theatre, for print",
    ),
    Page("changes", "changes", "writes.changes", SITE, (), WARD, "acknowledge changes"),
    Page("views", "views", "writes.view", SITE, (), WARD, "save or remove a view of the list"),
    Page("case", "cases/<str:case_id>", "case.case", SITE, WARD, (), "one case"),
    Page("sheet", "cases/<str:case_id>/sheet", "case.sheet", SITE, WARD, (), "a case, for print"),
    Page(
        "what_if",
        "cases/<str:case_id>/what-if",
        "what_if.what_if",
        SITE,
        WARD,
        (),
        "a case on another date of surgery",
    ),
    Page("note", "cases/<str:case_id>/notes", "writes.note", SITE, (), WARD, "add a note"),
    Page(
        "contact", "cases/<str:case_id>/contacts", "writes.contact", SITE, (), (C, S), "log a call"
    ),
    Page(
        "look",
        "cases/<str:case_id>/looks",
        "writes.look",
        SITE,
        (),
        WARD,
        "mark a case as reviewed",
    ),
    Page("wait", "cases/<str:case_id>/waits", "writes.wait", SITE, (), (C,), "postpone a case"),
    Page("undo", "cases/<str:case_id>/undo", "writes.undo", SITE, (), WARD, "undo an entry"),
    Page(
        "request_exception",
        "cases/<str:case_id>/exceptions",
        "writes.request_exception",
        SITE,
        (),
        (C, S),
        "request an exception",
    ),
    Page(
        "decide",
        "cases/<str:case_id>/exceptions/<int:number>",
        "writes.decide",
        SITE,
        (),
        (R, Q),
        "approve, refuse or confirm an exception",
    ),
    Page(
        "revoke",
        "cases/<str:case_id>/exceptions/<int:number>/revoke",
        "writes.revoke",
        SITE,
        (),
        (C, S, R, Q),
        "revoke an exception",
    ),
    Page(
        "sign_off",
        "cases/<str:case_id>/sign-off",
        "writes.sign_off",
        SITE,
        (),
        (S, Q),
        "sign off a case",
    ),
    Page("exceptions", "exceptions", "waivers.exceptions", SITE, WARD, (), "all exceptions"),
    Page(
        "ious", "cases/<str:case_id>/ious", "ious.entry", SITE, (C, S), (C, S), "ultrasound entry"
    ),
    Page(
        "ious_list",
        "ultrasound",
        "ious.overview",
        SITE,
        (C, S, Q),
        (),
        "operations with their ultrasound entries",
    ),
    Page(
        "ious_file",
        "ultrasound/ious.csv",
        "ious.download",
        ALL,
        (C, Q),
        (),
        "latest entry of every operation, as a file",
    ),
    Page("demand", "demand", "demand.demand", SITE, (R, C, Q), (), "slots needed per week"),
    Page("month", "month", "files.month", ALL, WARD, (), "monthly report"),
    Page("study", "before-after", "files.study", ALL, WARD, (), "before/after comparison"),
    Page("files", "files", "files.files", ALL, (C, Q), (), "files of the last night"),
    Page("file", "files/<path:name>", "files.file", ALL, (C, Q), (), "download a file"),
    Page("find", "find", "find.find", SITE, (), WARD, "find the cases of a patient"),
    Page(
        "protocols",
        "protocols",
        "runs.protocols",
        SELF,
        EVERYBODY,
        (),
        "requirements of each protocol",
    ),
    Page("runs", "nights", "runs.runs", ALL, (Q, A), (), "nights and their checks"),
    Page("run", "nights/<int:number>", "runs.run", ALL, (Q, A), (), "one night"),
    Page("people", "people", "people.people", ALL, (A,), (A,), "accounts, sites, recipients"),
    Page("person", "people/<int:number>", "people.person", ALL, (A,), (A,), "one account"),
    Page("trail", "trail", "trail.trail", ALL, (Q, A), (Q, A), "search and verify the trail"),
    Page("tokens", "tokens", "tokens.tokens", SITE, WARD, WARD, "calendar addresses"),
    Page("services", "services", "tokens.services", ALL, (A,), (A,), "tokens for services"),
    Page(
        "calendar",
        "calendar/<str:token>.ics",
        "ical.calendar",
        TOKEN,
        EVERYBODY,
        (),
        "calendar of deadlines",
    ),
)

BY_NAME = {page.name: page for page in PAGES}
