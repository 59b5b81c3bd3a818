"""The page of one case: its current result, what people wrote about it, and all forms.

Every reading is an entry in the trail; if the entry cannot be written, nothing is shown. Another date of
surgery is tried in `what_if.py`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse

from qi_checker.render.words import Sign
from qi_checker.store.desk.models import NO_DAY, WorkItem
from qi_checker.store.people.reads import Thread, thread
from qi_checker.store.schedules import schedules
from qi_checker.store.transaction import writing
from qi_checker.web import i18n
from qi_checker.web.access import PAGES
from qi_checker.web.cases import Live, items_of, live
from qi_checker.web.clock import this_moment
from qi_checker.web.i18n import gettext
from qi_checker.web.night import last_night, warnings
from qi_checker.web.pages import ROLES, done, render, undoable
from qi_checker.web.runtime import runtime, store
from qi_checker.web.sheet import RequirementView, facts, requirements
from qi_checker.web.state import state_of
from qi_checker.web.translations import Text, actions_of, owner_words, title_of
from qi_checker.web.waivers import ExceptionsView, exceptions_view
from qi_checker.web.what_if import WhatIf, requested
from qi_checker.web.words import CONTACTS, sign_of, verdict_words
from qi_checker.web.worklist_lines import Command, changes_of, days_left


@dataclass(frozen=True)
class ProtocolView:
    """The result of the case by one protocol."""

    protocol: str
    title: str
    verdict: str
    verdict_words: str
    sign: Sign
    commands: tuple[Command, ...]
    until: str
    left: str
    slips: str
    requirements: tuple[RequirementView, ...]
    what_if: WhatIf | None
    stale: bool  # the protocol's files changed since the night: the night's result is shown
    live: bool
    waits_until: str
    evidence: str
    looked: str
    look_void: bool
    last_day: str  # the case cannot wait longer
    sign_offs: tuple[tuple[str, str, str, tuple[str, ...]], ...]  # by, when, note, what changed


@dataclass(frozen=True)
class Entry:
    """An entry that somebody wrote; the author (`mine`) can undo it."""

    kind: str
    number: int
    who: str
    at: str
    head: str
    text: str
    mine: bool


@dataclass(frozen=True)
class CasePage:
    """All content of the page of a case."""

    case_id: str
    patient_id: str
    surgery: str
    surgery_iso: str
    status: str
    facts: tuple[tuple[str, str], ...]
    protocols: tuple[ProtocolView, ...]
    history: tuple[tuple[str, str], ...]  # planned for, seen in
    changes: tuple[str, ...]
    entries: tuple[Entry, ...]
    exceptions: ExceptionsView
    links: tuple[tuple[str, str], ...]
    seen: str
    freshness: str
    may: frozenset[str]  # names of the pages whose forms are shown
    roles: tuple[tuple[str, str], ...]
    outcomes: tuple[tuple[str, str], ...]
    form: str = ""  # the form that was not accepted
    errors: tuple[tuple[str, str], ...] = ()
    changed: tuple[str, ...] = ()
    typed: dict[str, str] | None = None
    undo: tuple[str, str] | None = None
    ious: str = ""

    def value(self, form: str, name: str, default: str = "") -> str:
        """Return what was typed into a field of the form that was not accepted."""
        typed = (self.typed or {}) if form == self.form else {}
        return typed.get(name, default)

    def wrong(self, form: str) -> tuple[tuple[str, str], ...]:
        """Return the errors of a form."""
        return self.errors if form == self.form else ()


def case(request: HttpRequest, case_id: str) -> HttpResponse:
    """Show the page; with `to`, also the result for another date of surgery."""
    return show(request, case_id)


def show(
    request: HttpRequest,
    case_id: str,
    *,
    form: str = "",
    errors: tuple[tuple[str, str], ...] = (),
    changed: tuple[str, ...] = (),
    status: int = 200,
    template: str = "case",
) -> HttpResponse:
    """Show the page, also after a form that was not accepted."""
    items = items_of(request, case_id)
    by = request.who.person(request.page, request.method or "GET", items[0].site)
    how = "page" if template == "case" else template
    with writing("default"):  # one sync of the disk instead of two
        store().people.read_case(case_id, by, this_moment(), how)
        written = thread("default", case_id)
        if written.last_note and template == "case":
            store().people.notes_read(request.who.login, case_id, written.last_note)
    typed = {k: str(v) for k, v in request.POST.items()} if form else None
    page = _page(request, items, written, form, errors, changed, typed)
    return render(
        request,
        template,
        page,
        status=status,
        messages=(*done(request), *warnings(last_night())),
    )


def sheet(request: HttpRequest, case_id: str) -> HttpResponse:
    """Show the case for print, without forms."""
    return show(request, case_id, template="sheet")


def _page(
    request: HttpRequest,
    items: Sequence[WorkItem],
    written: Thread,
    form: str,
    errors: tuple[tuple[str, str], ...],
    changed: tuple[str, ...],
    typed: dict[str, str] | None,
) -> CasePage:
    lives = live(items)
    first, night = items[0], last_night()
    traced = next((x for x in lives if x.trace is not None), None)
    return CasePage(
        case_id=first.case_id,
        patient_id=first.patient_id,
        surgery=i18n.planned(first.surgery_at),
        surgery_iso=first.surgery_day.isoformat(),
        status=gettext(first.status),
        facts=facts(traced.trace, traced.known) if traced and traced.trace else (),
        protocols=tuple(_protocol(request, x, written, night.day) for x in lives),
        history=_history(first.case_id),
        changes=_changes(items),
        entries=entries(written, request.who.login),
        exceptions=exceptions_view(request, first.case_id, lives),
        links=_links(first),
        seen=state_of(list(items), written).signed(),
        freshness=night.freshness(),
        may=_may(request, first, night.day),
        roles=(("", gettext("everybody")), *((k, gettext(v)) for k, v in ROLES.items())),
        outcomes=tuple((k, gettext(v)) for k, v in CONTACTS.items()),
        form=form,
        errors=errors,
        changed=changed,
        typed=typed,
        undo=undoable(request.GET),
        ious=_ious(written),
    )


def _may(request: HttpRequest, item: WorkItem, day: date) -> frozenset[str]:
    """Return the pages whose forms are shown; ultrasound is entered from the day of surgery on."""
    who = request.who
    mine = (p for p in PAGES if p.write and who.may(p, "POST") and item.site in who.sites(p.write))
    return frozenset(p.name for p in mine if p.name != "ious" or item.surgery_day <= day)


def _protocol(request: HttpRequest, current: Live, written: Thread, day: date) -> ProtocolView:
    item, trace = current.item, current.trace
    wait = written.wait(item.protocol, day)
    look = next((x for x in written.looks if x.protocol == item.protocol), None)
    actions = actions_of(item, current.known)
    until = item.act_by if item.act_by != NO_DAY else None
    origin = json.loads(current.known.origin)
    title = current.judge.bundle.protocol.title if current.judge else title_of(item.protocol)
    return ProtocolView(
        protocol=item.protocol,
        title=title,
        verdict=item.verdict,
        verdict_words=verdict_words(item.verdict),
        sign=sign_of(item.verdict),
        commands=tuple(_command(action, text) for action, text in actions),
        until=i18n.day(until, "long"),
        left=days_left(item.act_by, day),
        slips=i18n.day(item.latest, "long"),
        requirements=requirements(trace, origin) if trace is not None else (),
        what_if=requested(request, current),
        stale=trace is None,
        live=item.live,
        waits_until=i18n.day(wait.until, "long") if wait else "",
        evidence=item.evidence,
        looked=f"{look.by}, {i18n.clock(look.at)}" if look else "",
        look_void=bool(look and look.evidence != item.evidence),
        last_day=until.isoformat() if until else "",
        sign_offs=_sign_offs(item),
    )


def _command(action: dict[str, Any], text: Text) -> Command:
    until = date.fromisoformat(action["act_by"]) if action["act_by"] else None
    owner = owner_words(action["owner"])
    return Command(text.text, text.language, owner, i18n.day(until, "long"), False)


def _sign_offs(item: WorkItem) -> tuple[tuple[str, str, str, tuple[str, ...]], ...]:
    return tuple(
        (s.by, i18n.clock(s.at), s.note, tuple(gettext(name) for name in s.changed))
        for s in reversed(store().sign_offs(item.case_id))
        if s.protocol == item.protocol
    )


def _history(case_id: str) -> tuple[tuple[str, str], ...]:
    """Return every planned date of surgery with the night that first had it, the latest first."""
    moments = {run.run_id: run.as_of for run in store().runs()}
    dates: dict[tuple[str, str], None] = {}
    for s in reversed(schedules("default", case_id)):
        dates[(i18n.planned(s.surgery_at), i18n.planned(moments.get(s.from_run, "")))] = None
    return tuple(dates)


def _changes(items: Sequence[WorkItem]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for item in items for text in changes_of(item)))


def _links(item: WorkItem) -> tuple[tuple[str, str], ...]:
    """Return links into other systems, with the ids of the case escaped."""
    values = {"case_id": item.case_id, "patient_id": item.patient_id}
    escaped = {name: quote(value, safe="") for name, value in values.items()}
    links = []
    for link in runtime().web.links:
        address = link.url
        for name, value in escaped.items():
            address = address.replace("{" + name + "}", value)
        links.append((link.title, address))
    return tuple(links)


def _ious(written: Thread) -> str:
    if not written.ious:
        return ""
    last = written.ious[0]
    template = gettext("Entered by %(by)s, %(at)s.")
    return template % {"by": last.by, "at": i18n.clock(last.at)}


def entries(written: Thread, login: str) -> tuple[Entry, ...]:
    """Return notes, contacts, looks and waits together, the latest first."""
    dated: list[tuple[Any, Entry]] = []

    def add(kind: str, row: Any, head: str, text: str) -> None:
        entry = Entry(kind, row.id, row.by, i18n.clock(row.at), head, text, row.by == login)
        dated.append((row.at, entry))

    for note in written.notes:
        role = gettext(ROLES.get(note.to_role, "")) if note.to_role else gettext("everybody")
        add("note", note, gettext("Note to: %s") % role, note.text)
    for call in written.contacts:
        head = gettext("%(whom)s: %(outcome)s")
        words = {"whom": call.whom, "outcome": gettext(CONTACTS[call.outcome])}
        add("contact", call, head % words, call.text)
    for look in written.looks:
        add("look", look, gettext("Looked at"), "")
    for wait in written.waits:
        add("wait", wait, gettext("Waits until %s") % i18n.day(wait.until, "long"), wait.why)
    dated.sort(key=lambda pair: pair[0], reverse=True)
    return tuple(entry for _, entry in dated)
