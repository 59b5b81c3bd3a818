"""Signing in and out with a local account, and the remaining time of a session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse

from qi_checker.nightly.config import seconds
from qi_checker.store.trail import Trail
from qi_checker.web.clock import real_moment, this_moment
from qi_checker.web.i18n import LANGUAGES, N_, gettext
from qi_checker.web.models import User
from qi_checker.web.pages import local, render
from qi_checker.web.runtime import runtime

_REFUSED = {
    "no_role": N_("Your account has no role here. Ask the administrator of this application."),
    "shut": N_("Your account is closed. Ask the administrator of this application."),
    "provider": N_("The sign-in service of the hospital does not answer. Try again later."),
    "token": N_("The sign-in could not be completed. Try again."),
}


@dataclass(frozen=True)
class SignInPage:
    """The form; `error` after a failed attempt, `notice` after a session ended."""

    login: str = ""
    error: str = ""
    notice: str = ""
    back: str = "/"
    local: bool = True
    provider: str = ""
    languages: tuple[tuple[str, str], ...] = tuple(LANGUAGES.items())
    demo_logins: tuple[str, ...] = ()


def sign_in(request: HttpRequest) -> HttpResponse:
    """Show the form, or process it."""
    back = local(request.POST.get("next") or request.GET.get("next") or "/")
    if request.user.is_authenticated and request.method != "POST":
        return HttpResponseRedirect(back)
    if request.method == "POST":
        return _try(request, back)
    if request.GET.get("language") in LANGUAGES:
        return _speak(request, back)
    ended = gettext("You were signed out because you were inactive. Nothing was lost.")
    refused = request.GET.get("refused", "")
    error = gettext(_REFUSED.get(refused, _REFUSED["token"])) if refused else ""
    notice = ended if request.GET.get("ended") else ""
    return render(request, "sign_in", _page(back=back, error=error, notice=notice))


def _page(**more: Any) -> SignInPage:
    run = runtime()
    oidc = run.web.oidc
    logins: tuple[str, ...] = ()
    if run.demo:
        logins = tuple(User.objects.order_by("login").values_list("login", flat=True))
    return SignInPage(
        local=run.web.local_accounts,
        provider=oidc.title if oidc is not None else "",
        demo_logins=logins,
        **more,
    )


def _try(request: HttpRequest, back: str) -> HttpResponse:
    if not runtime().web.local_accounts:
        return HttpResponseRedirect("/sign-in")
    name, password = request.POST.get("login", ""), request.POST.get("password", "")
    user = authenticate(request, username=name[:150], password=password[:1000])
    if user is None:
        error = gettext("Login or password is wrong.")
        return render(
            request, "sign_in", _page(login=name[:150], back=back, error=error), status=401
        )
    login(request, user)
    begun(request, user, "password")
    return HttpResponseRedirect(back)


def locked(request: HttpRequest, *_: object, **__: object) -> HttpResponse:
    """Answer after too many wrong passwords."""
    error = gettext("Too many wrong passwords. Try again in a quarter of an hour.")
    return render(request, "sign_in", _page(error=error), status=429)


def _speak(request: HttpRequest, back: str) -> HttpResponse:
    """Change the language before signing in."""
    to = "/sign-in" + (f"?next={back}" if back != "/" else "")
    response = HttpResponseRedirect(to)
    response.set_cookie(
        "qi_language",
        request.GET["language"],
        samesite="Lax",
        httponly=True,
        secure=runtime().secure,
    )
    return response


def begun(request: HttpRequest, user: User, how: str) -> None:
    """Record the start of the session, also in the trail."""
    request.session["began"] = request.session["used"] = real_moment().timestamp()
    Trail("default").append(
        this_moment(), user.login, "signed_in", {"account": user.login, "how": how}
    )


def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    Trail("default").append(
        this_moment(), request.who.login, "signed_out", {"account": request.who.login}
    )
    logout(request)
    response = HttpResponseRedirect("/sign-in")
    response["Clear-Site-Data"] = '"cache"'
    return response


def session(request: HttpRequest) -> HttpResponse:
    """GET: return the remaining seconds without extending them. POST: stay signed in."""
    if request.method == "POST":
        request.session["used"] = real_moment().timestamp()
        if request.headers.get("Accept") != "application/json":
            return HttpResponseRedirect(local(request.POST.get("next", "/")))
    web, at = runtime().web, real_moment().timestamp()
    idle = float(request.session["used"]) + seconds(web.idle) - at
    longest = float(request.session["began"]) + seconds(web.longest) - at
    return JsonResponse({"left": max(0, int(min(idle, longest)))})
