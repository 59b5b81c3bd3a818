"""Errors: the message for the person, and the log entry, which are never the same.

A page says what happened to the submitted form: it was saved or not. Values of a request, of a case
or of an exception are never logged: only the kind of failure, its place in the program, and a
number that the page shows, too.
"""

from __future__ import annotations

import json
import secrets
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass

from django.core.exceptions import DisallowedHost
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse, JsonResponse

from qi_checker.errors import UserError
from qi_checker.store.transaction import StoreRefused, refusal
from qi_checker.web.clock import real_moment
from qi_checker.web.i18n import N_, gettext
from qi_checker.web.pages import ROLES, render

Handler = Callable[[HttpRequest], HttpResponse]
_UNSENT = ("csrfmiddlewaretoken",)


@dataclass(frozen=True)
class TroublePage:
    """What happened, and what to do; `again` are the fields of a form that was not accepted."""

    title: str
    what: str
    advice: str
    again: tuple[tuple[str, str], ...] = ()
    action: str = ""
    number: str = ""
    retry: bool = False


_STORE = {
    "busy": (
        N_("Being updated"),
        N_("The results of the night are being saved."),
        N_("Try again in a few seconds."),
    ),
    "full": (
        N_("The disk is full"),
        N_(
            "Nothing can be saved at the moment. Cases cannot be opened either, because every reading is recorded."
        ),
        N_("Tell the administrator of this server. Use the phone for what is urgent."),
    ),
    "read_only": (
        N_("The database is read-only"),
        N_(
            "Nothing can be saved at the moment. Cases cannot be opened either, because every reading is recorded."
        ),
        N_("Tell the administrator of this server. Use the phone for what is urgent."),
    ),
}
_OTHER = (
    N_("The database does not answer"),
    N_("Nothing can be shown or saved at the moment."),
    N_("Tell the administrator of this server. Last night's lists are in the mail."),
)


class Trouble:
    """Middleware: exceptions of views become a page, or JSON for the API."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Handle an exception of a view, as Django's hook."""
        return answer_of(request, error)


def answer_of(request: HttpRequest, error: BaseException | None) -> HttpResponse | None:
    """Return the page of an error that is not a bug; None for a bug."""
    if isinstance(error, StoreRefused):
        return store_refused(request, error)
    if isinstance(error, DatabaseError | InterfaceError):
        return store_refused(request, refusal("default", error))
    if isinstance(error, UserError):
        return user_error(request, error)
    return None


def store_refused(request: HttpRequest, error: StoreRefused) -> HttpResponse:
    """Answer when the store is busy, full or unreachable. The page keeps the typed values."""
    log("store", kind=error.kind)
    title, what, advice = (gettext(text) for text in _STORE.get(error.kind, _OTHER))
    if request.method == "POST":
        what += " " + gettext("What you sent was not saved.")
    page = TroublePage(title, what, advice, *_again(request), retry=error.kind == "busy")
    response = _answer(request, page, 503)
    if page.retry:
        response["Retry-After"] = "3"
    return response


def user_error(request: HttpRequest, error: UserError) -> HttpResponse:
    """Answer an impossible request with all its problems."""
    what = " ".join(str(problem) for problem in error.problems)
    return _answer(request, TroublePage(gettext("That was not possible"), what, ""), 400)


def _again(request: HttpRequest) -> tuple[tuple[tuple[str, str], ...], str]:
    if request.method != "POST" or "password" in request.POST:
        return (), ""
    fields = [(k, v) for k, vs in request.POST.lists() for v in vs if k not in _UNSENT]
    return tuple(fields), request.path


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400; without a page for another host name, since the page would use that name."""
    if isinstance(exception, DisallowedHost):
        return HttpResponse(
            "This server has another name.\n", status=400, content_type="text/plain"
        )
    page = TroublePage(gettext("That was not understood"), "", gettext("Go back and try again."))
    return _answer(request, page, 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 403, with the permitted roles, to show whom to ask."""
    page = getattr(request, "page", None)
    roles = ", ".join(gettext(ROLES[r.value]) for r in page.roles(request.method)) if page else ""
    what = gettext("Your roles do not allow this.")
    advice = gettext("It is for: %s.") % roles if roles else ""
    return _answer(request, TroublePage(gettext("Not allowed"), what, advice), 403)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form without a valid CSRF token: from before signing out, or another site."""
    what = gettext("The form was too old. What you sent was not saved.")
    advice = gettext("Check what you typed and send it again.")
    page = TroublePage(gettext("Send it again"), what, advice, *_again(request))
    return _answer(request, page, 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 404, the same for what does not exist and for what is not visible."""
    what = gettext("There is no such page or case, or it is not one of yours.")
    return _answer(request, TroublePage(gettext("Not found"), what, ""), 404)


def failed(request: HttpRequest) -> HttpResponse:
    """Answer 500: a bug; the number finds it in the log."""
    kind, error, trace = sys.exc_info()
    known = answer_of(request, error)  # of the middleware, such as an unreadable session
    if known is not None:
        return known
    number = secrets.token_hex(4)
    last = traceback.extract_tb(trace)[-1:] if trace else []
    where = f"{last[0].filename.rpartition('/')[2]}:{last[0].lineno}" if last else ""
    log("failed", number=number, error=kind.__name__ if kind else "", where=where)
    what = gettext("This is an error in the program.")
    advice = gettext("Give the administrator of this server the number %s.") % number
    return _answer(request, TroublePage(gettext("Something went wrong"), what, advice), 500)


def log(event: str, **facts: str) -> None:
    """One line of JSON on stderr, for systemd and containers; never a value of a request."""
    line = {"at": real_moment().isoformat(timespec="seconds"), "event": event, **facts}
    print(json.dumps(line), file=sys.stderr, flush=True)


def _answer(request: HttpRequest, page: TroublePage, status: int) -> HttpResponse:
    if request.path_info.startswith("/api/"):
        return JsonResponse({"detail": page.what or page.title}, status=status)
    return render(request, "trouble", page, status=status)
