"""The common values of all pages, and the environment of their templates.

The templates are beside those of the printed pages and share their macros and style sheet. Each
gets one typed value, `page`, and `shell`: who is signed in, the navigation, and messages to show
first. An undefined name is an error, and all text is escaped.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.urls import reverse
from jinja2 import Environment
from markupsafe import Markup, escape

from qi_checker import __version__
from qi_checker.nightly.config import seconds
from qi_checker.render.html import environment
from qi_checker.web import i18n, static
from qi_checker.web.access import BY_NAME, Role
from qi_checker.web.i18n import N_, gettext
from qi_checker.web.runtime import runtime
from qi_checker.web.translations import unreviewed
from qi_checker.web.urls_of import link

ROLES = {
    Role.COORDINATOR.value: N_("Coordinator"),
    Role.SURGEON.value: N_("Surgeon"),
    Role.RADIOLOGIST.value: N_("Radiologist"),
    Role.QUALITY.value: N_("Quality lead"),
    Role.ADMIN.value: N_("Administrator"),
}


@dataclass(frozen=True)
class Entry:
    """One place in the navigation."""

    name: str
    title: str
    here: bool

    @property
    def url(self) -> str:
        return str(reverse(self.name))


@dataclass(frozen=True)
class Message:
    """A message at the top of a page. `tone`: good, concern or neutral."""

    tone: str
    text: str
    link: str = ""
    link_text: str = ""
    language: str = ""  # of the text, where that is not the one of the page


@dataclass(frozen=True)
class Shell:
    """The frame around every page."""

    login: str
    name: str
    roles: str
    entries: tuple[Entry, ...]
    messages: tuple[Message, ...]
    language: str
    unreviewed: bool  # no native reader has reviewed the translation
    path: str
    csrf: str
    demo: bool
    organisation: str
    idle: int  # seconds until the session ends
    shortcuts: bool
    version: str = __version__
    styles: tuple[str, ...] = field(
        default_factory=lambda: (static.address("style.css"), static.address("web.css"))
    )
    script: str = field(default_factory=lambda: static.address("web.js"))
    icon: str = field(default_factory=lambda: static.address("icon.svg"))


_MENU = (
    ("worklist", N_("Work list")),
    ("exceptions", N_("Exceptions")),
    ("ious_list", N_("Ultrasound")),
    ("demand", N_("Demand")),
    ("month", N_("Month")),
    ("study", N_("Before and after")),
    ("files", N_("Files")),
    ("protocols", N_("Protocols")),
    ("runs", N_("Nights")),
    ("people", N_("People")),
    ("trail", N_("Trail")),
    ("services", N_("Services")),
)


def shell(request: HttpRequest, messages: tuple[Message, ...] = ()) -> Shell:
    """Return the frame of a page for the current person."""
    who, run = getattr(request, "who", None), runtime()
    page = getattr(request, "page", None)
    entries: list[Entry] = []
    if who is not None:
        there = [(n, t) for n, t in _MENU if n in BY_NAME and who.may(BY_NAME[n], "GET")]
        entries = [Entry(n, gettext(t), page is not None and page.name == n) for n, t in there]
    return Shell(
        login=who.login if who else "",
        name=(who.user.name or who.login) if who else "",
        roles=", ".join(gettext(ROLES[r]) for r in who.roles) if who else "",
        entries=tuple(entries),
        messages=messages,
        language=i18n.current(),
        unreviewed=unreviewed(),
        path=request.get_full_path(),
        csrf=get_token(request),
        demo=run.demo,
        organisation=run.settings.site.organisation,
        idle=int(seconds(run.web.idle)) if who else 0,
        shortcuts=bool(who and who.user.shortcuts),
    )


@cache
def templates() -> Environment:
    """Return the templates of all rooms, with the functions for those of this room."""
    env = environment().overlay(extensions=["jinja2.ext.i18n"])
    env.install_gettext_callables(  # type: ignore[attr-defined]
        i18n.gettext, i18n.ngettext, newstyle=True
    )
    env.globals = {**env.globals, "link": link, "roles": ROLES, "form_token": form_token}
    env.filters = {**env.filters, "date": i18n.day, "clock": i18n.clock, "zip_same": _pairs}
    return env


def _pairs(names: list[str]) -> list[tuple[str, str]]:
    """Return options of a choice whose values are their labels."""
    return [(name, name) for name in names]


def form_token() -> str:
    """Return the token of one form: a second submission is not accepted."""
    return secrets.token_urlsafe(16)


def render(
    request: HttpRequest,
    template: str,
    page: Any,
    *,
    status: int = 200,
    messages: tuple[Message, ...] = (),
) -> HttpResponse:
    """Render a whole page."""
    text = (
        templates()
        .get_template(f"web/{template}.html.j2")
        .render(page=page, shell=shell(request, messages))
    )
    return HttpResponse(text, status=status, content_type="text/html; charset=utf-8")


# Placeholders in a cached page for the values of each request; nobody who writes a note can guess
# them.
_CSRF, _PATH, _TOKEN = (f"{name}-{secrets.token_hex(16)}" for name in ("csrf", "path", "token"))
_MARK = re.compile(f"({_CSRF}|{_PATH}|{_TOKEN})".encode())


@dataclass(frozen=True)
class KeptPage:
    """A whole page as bytes, split at its placeholders."""

    pieces: tuple[bytes, ...]  # text and placeholder in turn

    @classmethod
    def of(
        cls, request: HttpRequest, template: str, page: Any, messages: tuple[Message, ...]
    ) -> KeptPage:
        """Render the page once, with placeholders for tokens and address."""
        frame = replace(shell(request, messages), csrf=_CSRF, path=_PATH)
        written = templates().get_template(f"web/{template}.html.j2")
        text = written.render(page=page, shell=frame, form_token=lambda: _TOKEN)
        return cls(tuple(_MARK.split(text.encode())))

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Fill the placeholders for a request; each form gets its own token."""
        path = escape(request.get_full_path()).encode()
        given = {_CSRF.encode(): get_token(request).encode(), _PATH.encode(): path}
        token, pieces = form_token(), list(self.pieces)
        for number in range(1, len(pieces), 2):
            mark = given.get(pieces[number])
            pieces[number] = f"{token}{number}".encode() if mark is None else mark
        return HttpResponse(b"".join(pieces), content_type="text/html; charset=utf-8")


# The result of a form, by the value of `done` in the address of its page.
DONE = {
    "note": N_("The note is saved."),
    "contact": N_("The contact is saved."),
    "look": N_("Marked as looked at."),
    "wait": N_("The case waits."),
    "undone": N_("Taken back."),
    "known": N_("The changes are acknowledged."),
    "view": N_("The view is saved."),
    "view_removed": N_("The view is removed."),
    "requested": N_("The exception is requested. Somebody else must approve it."),
    "approved": N_(
        "The exception is approved, and counts at once in this list; in reports from tonight."
    ),
    "refused": N_("The exception is refused."),
    "reconfirmed": N_("The exception is confirmed for the new date."),
    "revoked": N_("The exception is revoked."),
    "signed": N_("Signed off."),
    "ious": N_("The entry is saved."),
}
_UNDONE = ("note", "contact", "look", "wait")


def done(request: HttpRequest) -> tuple[Message, ...]:
    """Return the result of the previous form, with a way to undo it if possible."""
    message = DONE.get(request.GET.get("done", ""))
    return (Message("good", gettext(message)),) if message else ()


def undoable(query: Mapping[str, str]) -> tuple[str, str] | None:
    """Return kind and number of an entry that can be undone."""
    kind, number = query.get("done", ""), query.get("n", "")
    return (kind, number) if kind in _UNDONE and number.isdecimal() else None


def local(address: str) -> str:
    """Return an address of this application, or `/`, so that no shared link can lead elsewhere."""
    parts = urlsplit(address)
    plain = address.startswith("/") and not address.startswith(("//", "/\\"))
    bad = any(ord(c) < 32 for c in address) or "\\" in address
    return address if plain and not bad and not parts.netloc and not parts.scheme else "/"


def marked(text: str) -> Markup:
    """Mark our own markup as already escaped."""
    return Markup(text)
