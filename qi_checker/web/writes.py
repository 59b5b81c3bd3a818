"""People's entries about a case: each form once, on the state they saw, with its entry in the
trail.

A form posts to its own address and leads back to its page. `done` in that address states what
happened, so that a reload shows it again and nothing is stored elsewhere.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from qi_checker.errors import UserError
from qi_checker.store.desk.models import NO_DAY, WorkItem
from qi_checker.store.exceptions import Person
from qi_checker.store.people.reads import thread
from qi_checker.store.people.writes import SentBefore
from qi_checker.store.transaction import StoreRefused
from qi_checker.web.access import Role
from qi_checker.web.cases import items_of
from qi_checker.web.clock import day_of, number_of, this_moment
from qi_checker.web.i18n import N_, gettext
from qi_checker.web.night import last_night
from qi_checker.web.pages import Message, local
from qi_checker.web.runtime import store
from qi_checker.web.state import differences, state_of
from qi_checker.web.urls_of import link
from qi_checker.web.words import problem_words

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


class Wrong(Exception):
    """The typed values are invalid: fields and the error of each."""

    def __init__(self, errors: list[tuple[str, str]]) -> None:
        self.errors = errors
        super().__init__("a form cannot be taken")


@dataclass(frozen=True)
class Sent:
    """A submitted form about a case."""

    request: HttpRequest
    case_id: str
    items: list[WorkItem]
    by: Person

    def text(self, name: str) -> str:
        return str(self.request.POST.get(name, "")).strip()

    def item(self) -> WorkItem:
        """Return the work item of the form's protocol, or the first."""
        named = self.text("protocol")
        return next((i for i in self.items if i.protocol == named), self.items[0])

    def day(self, name: str) -> date:
        """Parse a date field. Raise Wrong if it is invalid."""
        parsed = day_of(self.text(name))
        if parsed is None:
            raise Wrong([(name, gettext("Enter a date such as 2026-03-31."))])
        return parsed


def about_case(
    request: HttpRequest,
    case_id: str,
    form: str,
    write: Callable[[Sent], str],
    *,
    each: bool = False,
) -> HttpResponse:
    """Process a form about a case. `write` saves it, and returns the value of `done`.

    `each`: the page has one such form for each protocol of the case. Raises Http404 for a case that
    is not visible to the user.
    """
    from qi_checker.web.case import show

    items = items_of(request, case_id)
    person = request.who.person(request.page, "POST", items[0].site)
    sent = Sent(request, case_id, items, person)
    if each:
        form = f"{form}-{sent.item().protocol}"
    back = local(sent.text("next") or link("case", case_id))
    changed = []
    if "seen" in request.POST:
        changed = differences(sent.text("seen"), state_of(items, thread("default", case_id)))
    if changed:
        return show(request, case_id, form=form, changed=tuple(changed), status=409)
    try:
        with store().people.once(token_of(request), this_moment(), back):
            result = write(sent)
    except SentBefore as before:
        return HttpResponseRedirect(before.result or back)
    except Wrong as error:
        return show(request, case_id, form=form, errors=tuple(error.errors), status=422)
    except StoreRefused:
        raise
    except UserError as error:
        errors = tuple(("", problem_words(p)) for p in error.problems)
        return show(request, case_id, form=form, errors=errors, status=422)
    return HttpResponseRedirect(_with(back, result))


def token_of(request: HttpRequest) -> str:
    """Return the token of a form, by which it is accepted once; a new one if it has none."""
    return str(request.POST.get("token", ""))[:64] or secrets.token_urlsafe(16)


def _with(address: str, outcome: str) -> str:
    """Add what was done to an address."""
    parts = urlsplit(address)
    kept = [(k, v) for k, v in parse_qsl(parts.query) if k not in ("done", "n")]
    added = [*kept, *parse_qsl(outcome)]
    return f"{parts.path}?{urlencode(added)}#main" if added else parts.path


def done(request: HttpRequest) -> tuple[Message, ...]:
    """Return the result of the previous form, with a way to undo it if possible."""
    message = DONE.get(request.GET.get("done", ""))
    return (Message("good", gettext(message)),) if message else ()


def undoable(query: Mapping[str, str]) -> tuple[str, str] | None:
    """Return kind and number of an entry that can be undone."""
    kind, number = query.get("done", ""), query.get("n", "")
    return (kind, number) if kind in _UNDONE and number.isdecimal() else None


# ---- the forms ----------------------------------------------------------------------------------


def note(request: HttpRequest, case_id: str) -> HttpResponse:
    """Add a note to the thread."""

    def write(sent: Sent) -> str:
        to_role = sent.text("to_role")
        if to_role not in {"", *(r.value for r in Role)}:
            raise Wrong([("to_role", gettext("Select one of the roles."))])
        if not sent.text("text"):
            raise Wrong([("text", gettext("Write a note."))])
        number = store().people.note(
            case_id, to_role, sent.text("text"), by=sent.by, at=this_moment()
        )
        return f"done=note&n={number}"

    return about_case(request, case_id, "note", write)


def contact(request: HttpRequest, case_id: str) -> HttpResponse:
    """Record a call."""

    def write(sent: Sent) -> str:
        whom = sent.text("whom")
        if not whom:
            raise Wrong([("whom", gettext("Say whom you called."))])
        number = store().people.contact(
            case_id, sent.text("outcome"), whom, sent.text("said"), by=sent.by, at=this_moment()
        )
        return f"done=contact&n={number}"

    return about_case(request, case_id, "contact", write)


def look(request: HttpRequest, case_id: str) -> HttpResponse:
    """Record that a case was reviewed. The form has the evidence of the page."""

    def write(sent: Sent) -> str:
        item = sent.item()
        if sent.text("evidence") != item.evidence:
            raise Wrong([("", gettext("The case has changed since: look at it again."))])
        number = store().people.look(
            case_id, item.protocol, item.evidence, by=sent.by, at=this_moment()
        )
        return f"done=look&n={number}"

    return about_case(request, case_id, "look", write)


def wait(request: HttpRequest, case_id: str) -> HttpResponse:
    """Take a case off the list until a day."""

    def write(sent: Sent) -> str:
        item, night = sent.item(), last_night()
        until = sent.day("until")
        last = item.act_by if item.act_by != NO_DAY else None
        try:
            number = store().people.wait(
                case_id,
                item.protocol,
                until,
                sent.text("why"),
                today=night.day,
                last=last,
                by=sent.by,
                at=this_moment(),
            )
        except StoreRefused:
            raise
        except UserError as error:
            raise Wrong([("until", problem_words(p)) for p in error.problems]) from None
        return f"done=wait&n={number}"

    return about_case(request, case_id, "wait", write, each=True)


def undo(request: HttpRequest, case_id: str) -> HttpResponse:
    """Undo one's own entry."""

    def write(sent: Sent) -> str:
        number = number_of(sent.text("number")) or 0
        store().people.undo(sent.text("kind"), number, by=sent.by, at=this_moment())
        return "done=undone"

    return about_case(request, case_id, "undo", write)


# ---- beside cases -------------------------------------------------------------------------------


def changes(request: HttpRequest) -> HttpResponse:
    """Acknowledge changes: of one case, or of everything on the page."""
    by = request.who.person(request.page, "POST")
    case_id = str(request.POST.get("case_id", ""))
    if case_id:
        items_of(request, case_id)  # raises Http404 if it is not visible to the user
    back = local(request.POST.get("next", "/"))
    shown = _shown_runs(request)
    try:
        with store().people.once(token_of(request), this_moment(), back):
            for protocol, run_id in shown:
                store().people.acknowledge(protocol, run_id, case_id, by=by, at=this_moment())
    except SentBefore:
        return HttpResponseRedirect(back)
    return HttpResponseRedirect(_with(back, "done=known"))


def _shown_runs(request: HttpRequest) -> list[tuple[str, int]]:
    """Return the runs of the page, so that changes of a later night are not acknowledged unseen."""
    there = {known.protocol: known.run_id for known in last_night().known}
    runs = []
    for text in request.POST.getlist("run"):
        written, _, protocol = text.partition(" ")
        number = number_of(written)
        if number is not None and protocol in there:
            runs.append((protocol, min(number, there[protocol])))
    return runs


def view(request: HttpRequest) -> HttpResponse:
    """Save the filters of the list under a name, or remove a view."""
    by = request.who.person(request.page, "POST")
    back = local(request.POST.get("next", "/"))
    outcome = "done=view"
    try:
        with store().people.once(token_of(request), this_moment(), back):
            number = number_of(str(request.POST.get("remove", "")))
            if number is not None:
                store().people.remove_view(number, by=by, at=this_moment())
                outcome = "done=view_removed"
            else:
                _keep_view(request, by)
    except SentBefore:
        return HttpResponseRedirect(back)
    return HttpResponseRedirect(_with(back, outcome))


def _keep_view(request: HttpRequest, by: Person) -> None:
    from qi_checker.web.worklist import Filters

    team = str(request.POST.get("team", ""))
    team = team if team in request.who.roles else ""
    query: dict[str, Any] = Filters.of(dict(parse_qsl(str(request.POST.get("query", ""))))).query
    name = str(request.POST.get("name", ""))[:80]
    store().people.save_view(name, urlencode(query), team, by=by, at=this_moment())


__all__ = ["DONE", "Sent", "Wrong", "about_case", "changes", "contact", "done", "look", "note"]
