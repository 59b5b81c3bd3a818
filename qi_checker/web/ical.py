"""Deadlines of a desk as a calendar, with ids of cases only and no patient data."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.http import Http404, HttpRequest, HttpResponse
from icalendar import Calendar, Event

from qi_checker.protocol.as_of import AsOf
from qi_checker.store.desk.models import NO_DAY, DeskAction
from qi_checker.web.i18n import gettext
from qi_checker.web.models import Token
from qi_checker.web.night import last_night
from qi_checker.web.runtime import runtime
from qi_checker.web.tokens import CALENDAR, held, sites_of
from qi_checker.web.translations import owner_words, titles_of
from qi_checker.web.worklist_filters import visible, waits


def calendar(request: HttpRequest, token: str) -> HttpResponse:
    """Return a desk's open actions, each on its last day; 404 for a revoked or unknown token."""
    token_row = held(CALENDAR, token)
    if token_row is None:
        raise Http404
    response = HttpResponse(_text(token_row), content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="deadlines.ics"'
    return response


def _text(token: Token) -> bytes:
    night = last_night()
    items = visible(sites_of(token)).exclude(waits(night.day))
    todo = DeskAction.objects.filter(item__in=items, act_by__lt=NO_DAY).select_related("item")
    if token.name:
        todo = todo.filter(owner=token.name)
    made = Calendar()
    made.add("prodid", "-//qi-checker//deadlines//EN")
    made.add("version", "2.0")
    made.add("x-wr-calname", owner_words(token.name) or gettext("Deadlines"))
    titles = {k.protocol: titles_of(k.protocol) for k in night.known}
    runs = {k.protocol: (k.run_id, _moment(k.as_of)) for k in night.known}
    for action in todo.order_by("act_by", "item__case_id", "requirement"):
        made.add_component(_event(action, titles, runs))
    text: bytes = made.to_ical()
    return text


def _moment(as_of: str) -> datetime:
    parsed = AsOf.parse(as_of)
    clock = parsed.clock or datetime.combine(parsed.date, datetime.max.time())
    return clock.replace(tzinfo=runtime().zone, microsecond=0)


def _event(
    action: DeskAction,
    titles: Mapping[str, Mapping[str, str]],
    runs: dict[str, tuple[int, datetime]],
) -> Event:
    item = action.item
    title = titles.get(item.protocol, {}).get(action.requirement, action.requirement)
    number, at = runs[item.protocol]
    key = f"{item.protocol} {item.case_id} {action.requirement}"
    event = Event()
    event.add("uid", hashlib.sha256(key.encode()).hexdigest()[:32] + "@qi-checker")
    event.add("sequence", number)
    event.add("dtstamp", at)
    event.add("summary", gettext("%(title)s: case %(id)s") % {"title": title, "id": item.case_id})
    event.add("dtstart", action.act_by)
    event.add("dtend", action.act_by + timedelta(days=1))
    event.add("class", "PRIVATE")
    event.add("transp", "TRANSPARENT")
    event.add("url", f"{runtime().web.url.rstrip('/')}/cases/{item.case_id}")
    return event
