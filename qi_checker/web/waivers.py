"""Exceptions and sign-offs: requested by one person, decided by another, bound to what they saw."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.http import HttpRequest, HttpResponse

from qi_checker.judging.exceptions import last_day
from qi_checker.store.desk.models import WorkItem
from qi_checker.store.exceptions import Waiver
from qi_checker.web import i18n
from qi_checker.web.access import BY_NAME
from qi_checker.web.cases import Live
from qi_checker.web.i18n import gettext
from qi_checker.web.night import last_night, warnings
from qi_checker.web.pages import done, render
from qi_checker.web.runtime import store
from qi_checker.web.sheet import HELD
from qi_checker.web.translations import exception_reason, titles_of
from qi_checker.web.urls_of import link
from qi_checker.web.words import STATES

_OPEN = ("requested", "reconfirm")
_STEPS = ("approve", "refuse", "reconfirm", "revoke")


@dataclass(frozen=True)
class WaiverView:
    """An exception in its current state, and the steps that the viewer may take."""

    number: int
    id: str
    case_id: str
    url: str
    requirement: str
    reason: str
    note: str
    days: str
    state: str
    state_words: str
    requested: str
    decided: str
    marks: tuple[str, ...]
    mine: bool
    steps: tuple[str, ...]


@dataclass(frozen=True)
class ExceptionsView:
    """The exceptions of a case, and the possible requests."""

    waivers: tuple[WaiverView, ...]
    requirements: tuple[tuple[str, str], ...]
    reasons: tuple[tuple[str, str], ...]
    until: str  # the default last day of a new exception


@dataclass(frozen=True)
class ExceptionsPage:
    """Exceptions that wait for a decision, then all others."""

    open: tuple[WaiverView, ...]
    others: tuple[WaiverView, ...]


def exceptions_view(request: HttpRequest, case_id: str, lives: Sequence[Live]) -> ExceptionsView:
    """Return the stored exceptions of a case, and the form for a new one."""
    versions = [x.trace.case.version for x in lives if x.trace is not None]
    held = {r.id for x in lives if x.trace for r in x.trace.requirements if r.status in HELD}
    asked = {leaf.id: leaf.title for v in versions if v.exceptions for leaf in v.leaves}
    asked = dict(sorted(asked.items(), key=lambda pair: pair[0] in held))  # open requirements first
    reasons = sorted({reason for v in versions if v.exceptions for reason in v.exceptions.reasons})
    today = last_night().day
    day = max((x.item.surgery_day for x in lives), default=today) + timedelta(days=14)
    last_days = [last for v in versions if (last := last_day(v.exceptions, today))]
    return ExceptionsView(
        waivers=tuple(_view(request, w, asked) for w in store().exceptions.all(case_id)),
        requirements=tuple(asked.items()),
        reasons=(("", gettext("choose a reason")), *((r, exception_reason(r)) for r in reasons)),
        until=min([day, *last_days]).isoformat(),
    )


def _view(request: HttpRequest, w: Waiver, titles: dict[str, str]) -> WaiverView:
    mine = w.requested_by == request.who.login
    said = gettext("From %(first)s to %(last)s")
    days = {"first": i18n.day(w.valid_from, "long"), "last": i18n.day(w.expires_on, "long")}
    return WaiverView(
        number=w.number,
        id=w.exception_id,
        case_id=w.case_id,
        url=link("case", w.case_id),
        requirement=titles.get(w.requirement, w.requirement),
        reason=exception_reason(w.reason),
        note=w.note,
        days=said % days,
        state=w.state,
        state_words=gettext(STATES.get(w.state, w.state)),
        requested=f"{w.requested_by}, {i18n.clock(w.requested_at)}",
        decided=f"{w.approved_by}, {i18n.clock(w.approved_at)}" if w.approved_at else "",
        marks=tuple(gettext(mark) for mark in w.marks),
        mine=mine,
        steps=_steps(request, w, mine),
    )


def _steps(request: HttpRequest, w: Waiver, mine: bool) -> tuple[str, ...]:
    """Return the viewer's possible steps: never a decision on one's own request."""
    who, steps = request.who, []
    if who.may(BY_NAME["decide"], "POST") and not mine:
        steps += {"requested": ["approve", "refuse"], "reconfirm": ["reconfirm"]}.get(w.state, [])
    ends = w.state in ("approved", "reconfirm") or (w.state == "requested" and mine)
    if who.may(BY_NAME["revoke"], "POST") and ends:
        steps.append("revoke")
    return tuple(steps)


def exceptions(request: HttpRequest) -> HttpResponse:
    """Show every exception of one's sites, those that wait for a decision first."""
    waivers = store().exceptions.all()
    there = WorkItem.objects.filter(case_id__in={w.case_id for w in waivers})
    titles: dict[str, str] = {}
    for protocol, held in there.values_list("protocol", "requirements"):
        titles |= {r["id"]: r["title"] for r in json.loads(held)} | titles_of(protocol)
    if request.sites.names is not None:
        mine = set(request.sites.narrow(there).values_list("case_id", flat=True))
        waivers = [w for w in waivers if w.case_id in mine]
    views = [_view(request, w, titles) for w in reversed(waivers)]
    page = ExceptionsPage(
        open=tuple(v for v in views if v.state in _OPEN),
        others=tuple(v for v in views if v.state not in _OPEN)[:200],
    )
    return render(request, "exceptions", page, messages=(*done(request), *warnings(last_night())))
