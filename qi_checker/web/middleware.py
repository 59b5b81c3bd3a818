"""What every request passes: headers, the age of its session, and where it comes from."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from csp.constants import HEADER
from csp.utils import build_policy
from django.contrib.auth import get_user, logout
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from qi_checker.errors import UserError
from qi_checker.nightly.config import seconds
from qi_checker.store.transaction import reading
from qi_checker.web.clock import real_moment
from qi_checker.web.runtime import runtime

Handler = Callable[[HttpRequest], HttpResponse]
_UNASKED = ("/healthz", "/readyz")  # monitoring may come by another name of the host
_NOTHING = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
_EVERY = 60  # seconds between two notes of when a session was used: each one is a write


def policy(get_response: Handler) -> Handler:
    """Send the content security policy. It is the same for every answer, so it is built once."""
    said = build_policy()

    def restricted(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers[HEADER] = said
        return response

    return restricted


def headers(get_response: Handler) -> Handler:
    """Nothing is kept by a browser or a proxy, but for the sheets, which hold nothing of anybody."""

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
    """Refuse a NUL wherever it stands: PostgreSQL and file systems take none, and nobody types one."""

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
        # Asking how long there is must not make it longer: the script asks before it warns.
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
    """Remember that a session was used. Where a night is being kept the next click does."""
    request.session["used"] = now
    try:
        with reading("default"):
            request.session.save()
    except UserError:
        pass
    finally:
        request.session.modified = False


def client_address(request: HttpRequest) -> str:
    """The address of who comes, as the outermost of our own proxies saw it."""
    proxies = runtime().web.proxies
    told = [a.strip() for a in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if a.strip()]
    if proxies and len(told) >= proxies:
        return str(told[-proxies])
    return str(request.META.get("REMOTE_ADDR") or "127.0.0.1")
