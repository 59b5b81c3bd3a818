"""Administration: accounts and their roles; sites and recipients from the settings."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect

from qi_checker.errors import UserError
from qi_checker.store.desk.models import WorkItem
from qi_checker.store.transaction import StoreRefused
from qi_checker.web import accounts, i18n
from qi_checker.web.clock import number_of
from qi_checker.web.i18n import N_, gettext
from qi_checker.web.models import Membership, User
from qi_checker.web.pages import ROLES, Message, render
from qi_checker.web.runtime import runtime
from qi_checker.web.words import problem_words

_DONE = {
    "added": N_("The account is created."),
    "given": N_("The role is given."),
    "taken": N_("The role is taken away."),
    "shut": N_("The account is closed; its sessions have ended."),
    "opened": N_("The account is open."),
    "password": N_("The password is changed; its sessions have ended."),
}


@dataclass(frozen=True)
class PersonLine:
    """One account in the list."""

    id: int
    login: str
    name: str
    kind: str
    open: bool
    roles: tuple[str, ...]
    last: str


@dataclass(frozen=True)
class PeoplePage:
    """Every account, the form for a new one, and the sites and mail recipients of nightly.yaml."""

    people: tuple[PersonLine, ...]
    roles: tuple[tuple[str, str], ...]
    sites: tuple[tuple[str, int, int], ...]  # site, upcoming operations, people of that site only
    recipients: tuple[tuple[str, str], ...]
    errors: tuple[tuple[str, str], ...] = ()
    typed: dict[str, str] | None = None

    def value(self, name: str) -> str:
        return (self.typed or {}).get(name, "")


@dataclass(frozen=True)
class PersonPage:
    """One account and its possible changes."""

    person: PersonLine
    memberships: tuple[tuple[int, str, str, str], ...]  # number, role, site, given by
    roles: tuple[tuple[str, str], ...]
    sites: tuple[str, ...]
    local: bool
    errors: tuple[tuple[str, str], ...] = ()


def people(request: HttpRequest) -> HttpResponse:
    """Show the list, or create an account."""
    if request.method == "POST":
        return _add(request)
    return render(request, "people", _people(), messages=_done(request))


def _done(request: HttpRequest) -> tuple[Message, ...]:
    said = _DONE.get(request.GET.get("done", ""))
    return (Message("good", gettext(said)),) if said else ()


def _people(
    errors: tuple[tuple[str, str], ...] = (), typed: dict[str, str] | None = None
) -> PeoplePage:
    users = User.objects.order_by("login").prefetch_related("memberships")
    digest = runtime().settings.config.digest
    recipients = digest.recipients if digest is not None else {}
    return PeoplePage(
        people=tuple(_line(user) for user in users),
        roles=_roles(),
        sites=_sites(),
        recipients=tuple((role, ", ".join(given)) for role, given in sorted(recipients.items())),
        errors=errors,
        typed=typed,
    )


def _roles() -> tuple[tuple[str, str], ...]:
    return tuple((key, gettext(title)) for key, title in ROLES.items())


def _sites() -> tuple[tuple[str, int, int], ...]:
    upcoming = Counter(WorkItem.objects.filter(upcoming=True).values_list("site", flat=True))
    alone = Counter(Membership.objects.exclude(site="").values_list("site", flat=True))
    names = sorted({*upcoming, *alone} - {""})
    return tuple((name, upcoming[name], alone[name]) for name in names)


def _line(user: User) -> PersonLine:
    every = gettext("all sites")
    roles = sorted(f"{gettext(ROLES[m.role])} ({m.site or every})" for m in user.memberships.all())
    kind = gettext("hospital account") if user.sub else gettext("local account")
    last = i18n.clock(user.last_login) if user.last_login else "–"
    return PersonLine(user.pk, user.login, user.name, kind, user.is_active, tuple(roles), last)


def _add(request: HttpRequest) -> HttpResponse:
    typed = {k: str(v) for k, v in request.POST.items() if k != "password"}
    by = request.who.person(request.page, "POST")
    try:
        login, password = request.POST.get("login", ""), request.POST.get("password", "")
        user = accounts.add(login, request.POST.get("name", ""), password, by)
        if request.POST.get("role"):
            accounts.grant(user, request.POST["role"], request.POST.get("site", ""), by)
    except StoreRefused:
        raise
    except UserError as error:
        errors = tuple((p.where, problem_words(p)) for p in error.problems)
        return render(request, "people", _people(errors, typed), status=422)
    return HttpResponseRedirect(f"/people/{user.pk}?done=added")


def person(request: HttpRequest, number: int) -> HttpResponse:
    """Show or change one account: its roles, its state, its password."""
    user = User.objects.filter(pk=number).first()
    if user is None:
        raise Http404
    if request.method == "POST":
        return _change(request, user)
    return render(request, "person", _person(user), messages=_done(request))


def _person(user: User, errors: tuple[tuple[str, str], ...] = ()) -> PersonPage:
    every = gettext("all sites")
    rows = [
        (m.pk, gettext(ROLES[m.role]), m.site or every, m.given_by) for m in user.memberships.all()
    ]
    return PersonPage(
        person=_line(user),
        memberships=tuple(sorted(rows)),
        roles=_roles(),
        sites=tuple(name for name, _, _ in _sites()),
        local=not user.sub,
        errors=errors,
    )


def _change(request: HttpRequest, user: User) -> HttpResponse:
    by, wanted = request.who.person(request.page, "POST"), str(request.POST.get("do", ""))
    try:
        if wanted == "given":
            accounts.grant(user, request.POST.get("role", ""), request.POST.get("site", ""), by)
        elif wanted == "taken":
            membership = user.memberships.filter(pk=_number(request.POST.get("membership"))).first()
            if membership is not None:
                accounts.take(membership, by)
        elif wanted in ("shut", "opened"):
            accounts.set_active(user, wanted == "opened", by)
        elif wanted == "password" and not user.sub:
            accounts.set_password(user, request.POST.get("password", ""), by)
        else:
            raise Http404
    except StoreRefused:
        raise
    except UserError as error:
        errors = tuple((p.where, problem_words(p)) for p in error.problems)
        return render(request, "person", _person(user, errors), status=422)
    return HttpResponseRedirect(f"/people/{user.pk}?done={wanted}")


def _number(text: str | None) -> int:
    return number_of(text or "") or 0
