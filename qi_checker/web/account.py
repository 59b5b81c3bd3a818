"""One's own account: language, single-key shortcuts, password."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from qi_checker.errors import UserError
from qi_checker.store.exceptions import Person
from qi_checker.store.trail import Trail
from qi_checker.store.transaction import writing
from qi_checker.web import accounts
from qi_checker.web.clock import this_moment
from qi_checker.web.i18n import LANGUAGES, gettext
from qi_checker.web.pages import ROLES, Message, render


@dataclass(frozen=True)
class AccountPage:
    """The settings that can be changed, and the roles, which an administrator gives."""

    login: str
    name: str
    language: str
    languages: tuple[tuple[str, str], ...]
    shortcuts: bool
    memberships: tuple[tuple[str, str], ...]  # translated role, and site
    local: bool
    errors: tuple[tuple[str, str], ...] = ()  # field and what is wrong


def account(request: HttpRequest) -> HttpResponse:
    """Show the page, or apply the submitted changes."""
    if request.method == "POST":
        return _change(request)
    done = gettext("Your settings are saved."), gettext("Your password is changed.")
    message = {"settings": done[0], "password": done[1]}.get(request.GET.get("done", ""))
    messages = (Message("good", message),) if message else ()
    return render(request, "account", _page(request), messages=messages)


def _page(request: HttpRequest, errors: tuple[tuple[str, str], ...] = ()) -> AccountPage:
    user = request.who.user
    every = gettext("all sites")
    memberships = [(gettext(ROLES[m.role]), m.site or every) for m in request.who.memberships]
    return AccountPage(
        login=user.login,
        name=user.name,
        language=user.language,
        languages=tuple(LANGUAGES.items()),
        shortcuts=user.shortcuts,
        memberships=tuple(sorted(memberships)),
        local=user.has_usable_password(),
        errors=errors,
    )


def _change(request: HttpRequest) -> HttpResponse:
    if "new" in request.POST:
        return _password(request)
    user = request.who.user
    language = request.POST.get("language", "")
    user.language = language if language in LANGUAGES else ""
    user.shortcuts = "shortcuts" in request.POST
    with writing("default"):
        user.save(update_fields=["language", "shortcuts"])
        Trail("default").append(
            this_moment(), user.login, "settings_changed", {"account": user.login}
        )
    return HttpResponseRedirect("/account?done=settings")


def _password(request: HttpRequest) -> HttpResponse:
    user = request.who.user
    old, new, repeated = (request.POST.get(name, "") for name in ("old", "new", "repeated"))
    errors: list[tuple[str, str]] = []
    if not user.has_usable_password() or not accounts.knows(user, old):
        errors.append(("old", gettext("The old password is wrong.")))
    if new != repeated:
        errors.append(("repeated", gettext("The two new passwords differ.")))
    if not errors:
        try:
            accounts.set_password(user, new, Person(user.login, (request.who.roles or [""])[0]))
        except UserError as error:
            errors += [("new", p.what) for p in error.problems]
    if errors:
        return render(request, "account", _page(request, tuple(errors)), status=422)
    update_session_auth_hash(request, user)
    return HttpResponseRedirect("/account?done=password")
