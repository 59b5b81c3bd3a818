"""People's entries about a case: each form once, on the state they saw, with its entry in the
trail.

A form posts to its own address and leads back to its page. `done` in that address states what
happened, so that a reload shows it again and nothing is stored elsewhere.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect

from qi_checker.errors import UserError
from qi_checker.nightly.exception_requests import RequestedException, check_request
from qi_checker.store.desk.models import NO_DAY, WorkItem
from qi_checker.store.exceptions import Person
from qi_checker.store.people.reads import thread
from qi_checker.store.people.writes import SentBefore
from qi_checker.store.transaction import StoreRefused
from qi_checker.web.access import Role
from qi_checker.web.case import show
from qi_checker.web.cases import again, items_of
from qi_checker.web.clock import day_of, number_of, this_moment
from qi_checker.web.i18n import gettext
from qi_checker.web.night import last_night
from qi_checker.web.pages import local
from qi_checker.web.runtime import runtime, store
from qi_checker.web.state import differences, state_of
from qi_checker.web.urls_of import link
from qi_checker.web.words import problem_words
from qi_checker.web.worklist_filters import Filters


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


# ---- exceptions and sign-offs ------------------------------------------------------------------


def request_exception(request: HttpRequest, case_id: str) -> HttpResponse:
    """Request an exception, if it can ever count."""

    def write(sent: Sent) -> str:
        if not sent.text("reason"):
            raise Wrong([("reason", gettext("Choose a reason."))])
        requested = RequestedException(
            case_id,
            sent.text("requirement"),
            sent.text("reason"),
            sent.day("valid_from") if sent.text("valid_from") else last_night().day,
            sent.day("expires_on"),
        )
        try:
            check_request(requested, runtime().settings, store())
        except StoreRefused:
            raise
        except UserError as error:
            raise Wrong([(_field(p.where), problem_words(p)) for p in error.problems]) from None
        store().exceptions.request(
            case_id,
            requested.requirement,
            requested.reason,
            valid_from=requested.valid_from,
            expires_on=requested.expires_on,
            by=sent.by,
            at=this_moment(),
            note=sent.text("note")[:4000],
        )
        return "done=requested"

    return about_case(request, case_id, "exception", write)


def _field(where: str) -> str:
    """Return the form field of an option of the command line."""
    return {"--reason": "reason", "--expires-on": "expires_on", "requirement": "requirement"}.get(
        where, ""
    )


def decide(request: HttpRequest, case_id: str, number: int) -> HttpResponse:
    """Approve, refuse or confirm somebody else's request."""
    return _decide(request, case_id, number, ("approve", "refuse", "reconfirm"))


def revoke(request: HttpRequest, case_id: str, number: int) -> HttpResponse:
    """End an exception as of today."""
    return _decide(request, case_id, number, ("revoke",))


def _decide(
    request: HttpRequest, case_id: str, number: int, steps: tuple[str, ...]
) -> HttpResponse:
    def write(sent: Sent) -> str:
        step, held = sent.text("step"), store().exceptions
        name = next((w.exception_id for w in held.all(case_id) if w.number == number), None)
        if name is None or step not in steps:
            raise Http404
        why = sent.text("why")
        if step in ("refuse", "revoke") and not why:
            raise Wrong([("why", gettext("Give a reason."))])
        if step == "approve":
            held.approve(name, by=sent.by, at=this_moment())
        elif step == "reconfirm":
            held.reconfirm(name, by=sent.by, at=this_moment())
        elif step == "refuse":
            held.refuse(name, by=sent.by, at=this_moment(), why=why)
        else:
            held.revoke(name, by=sent.by, at=this_moment(), why=why)
        again(case_id)  # in the transaction of its entry: one record covers both
        outcomes = {"approve": "approved", "refuse": "refused", "reconfirm": "reconfirmed"}
        return f"done={outcomes.get(step, 'revoked')}"

    return about_case(request, case_id, f"decide{number}", write)


def sign_off(request: HttpRequest, case_id: str) -> HttpResponse:
    """Sign off the case in its current state; void as soon as its evidence changes."""

    def write(sent: Sent) -> str:
        item = sent.item()
        if sent.text("evidence") != item.evidence:
            raise Wrong([("", gettext("The case has changed since: look at it again."))])
        store().sign_off(
            case_id, item.protocol, by=sent.by, at=this_moment(), note=sent.text("note")[:4000]
        )
        return "done=signed"

    return about_case(request, case_id, "sign_off", write, each=True)


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
    team = str(request.POST.get("team", ""))
    team = team if team in request.who.roles else ""
    query: dict[str, Any] = Filters.of(dict(parse_qsl(str(request.POST.get("query", ""))))).query
    name = str(request.POST.get("name", ""))[:80]
    store().people.save_view(name, urlencode(query), team, by=by, at=this_moment())
