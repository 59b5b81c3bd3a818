"""Middleware of every request: headers, permissions, the age of the session, the client's address."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from csp.constants import HEADER
from csp.utils import build_policy
from django.contrib.auth import get_user, logout
from django.core.exceptions import SuspiciousOperation
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    JsonResponse,
)
from django.urls import Resolver404, resolve

from qi_checker.errors import UserError
from qi_checker.nightly.config import seconds
from qi_checker.store.transaction import reading
from qi_checker.web.access import BY_NAME, Scope, Who
from qi_checker.web.clock import real_moment
from qi_checker.web.runtime import runtime
from qi_checker.web.trouble import forbidden

Handler = Callable[[HttpRequest], HttpResponse]
_UNASKED = ("/healthz", "/readyz")  # monitoring may use another name of the host
_NOTHING = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
_EVERY = 60  # seconds between records of a session's use, since each is a write


def policy(get_response: Handler) -> Handler:
    """Send the content security policy. It is the same for every answer, so it is built once."""
    value = build_policy()

    def restricted(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers[HEADER] = value
        return response

    return restricted


def headers(get_response: Handler) -> Handler:
    """Forbid caching by browsers and proxies, except of style sheets (no personal data)."""

    def answered(request: HttpRequest) -> HttpResponse:
        if request.path_info not in _UNASKED:
            request.get_host()  # raises DisallowedHost
        response = get_response(request)
        if not response.streaming:
            response.headers.setdefault("Content-Length", str(len(response.content)))
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("Permissions-Policy", _NOTHING)
        response.headers.setdefault("X-Frame-Options", "DENY")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("X-Robots-Tag", "noindex")
        return response

    return answered


def characters(get_response: Handler) -> Handler:
    """Refuse a NUL anywhere: PostgreSQL and file systems reject it, and nobody types one."""

    def read(request: HttpRequest) -> HttpResponse:
        forms = [request.GET, *([request.POST] if request.method == "POST" else [])]
        texts = (text for form in forms for name, texts in form.lists() for text in (name, *texts))
        if "\0" in request.path_info or any("\0" in text for text in texts):
            raise SuspiciousOperation("a NUL")
        return get_response(request)

    return read


def account(get_response: Handler) -> Handler:
    """Read the account at once, not lazily: every page needs it, and a lazy object costs more."""

    def known(request: HttpRequest) -> HttpResponse:
        request.user = get_user(request)
        return get_response(request)

    return known


def session(get_response: Handler) -> Handler:
    """End a session that was not used for `idle`, or is older than `longest`."""
    web = runtime().web
    idle, longest = seconds(web.idle), seconds(web.longest)

    def aged(request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return get_response(request)
        now = real_moment().timestamp()
        used = float(request.session.get("used", now))
        if now - used > idle or now - float(request.session.get("began", now)) > longest:
            return _ended(request)
        # Asking for the remaining time must not extend it: the script asks before it warns.
        asks = request.path_info == "/session" and request.method == "GET"
        if now - used > _EVERY and not asks:
            _note(request, now)
        return get_response(request)

    return aged


def _ended(request: HttpRequest) -> HttpResponse:
    logout(request)
    query = {"ended": "1"}
    if request.method in ("GET", "HEAD") and request.path_info not in ("/session", "/sign-in"):
        query["next"] = request.get_full_path()
    return HttpResponseRedirect("/sign-in?" + urlencode(query))


def _note(request: HttpRequest, now: float) -> None:
    """Record the use of a session. While a night is being stored, the next click does it."""
    request.session["used"] = now
    try:
        with reading("default"):
            request.session.save()
    except UserError:
        pass
    finally:
        request.session.modified = False


def guard(get_response: Handler) -> Handler:
    """Middleware that stops unauthorised requests."""

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
            return forbidden(request)
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


def client_address(request: HttpRequest) -> str:
    """Return the address of the client, as the outermost of our own proxies saw it."""
    proxies = runtime().web.proxies
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    addresses = [a.strip() for a in forwarded if a.strip()]
    if proxies and len(addresses) >= proxies:
        return str(addresses[-proxies])
    return str(request.META.get("REMOTE_ADDR") or "127.0.0.1")
