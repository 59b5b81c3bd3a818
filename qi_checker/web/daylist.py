"""One day's operations by theatre, to print: one line a case, with what is still open."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta

from django.http import HttpRequest, HttpResponse

from qi_checker.render.words import Sign
from qi_checker.store.desk.models import WorkItem
from qi_checker.web import i18n
from qi_checker.web.night import last_night, warnings
from qi_checker.web.pages import render
from qi_checker.web.urls_of import link
from qi_checker.web.words import sign_of, verdict_words


@dataclass(frozen=True)
class DayLine:
    """One operation: when, who, and what is still open."""

    time: str
    case_id: str
    url: str
    patient_id: str
    surgeon: str
    verdict: str
    sign: Sign
    open: tuple[str, ...]


@dataclass(frozen=True)
class Theatre:
    """The operations of a theatre, in the order of the day."""

    name: str
    site: str
    lines: tuple[DayLine, ...]


@dataclass(frozen=True)
class DayListPage:
    """One day, and the way to those beside it."""

    day: str
    iso: str
    before: str
    after: str
    theatres: tuple[Theatre, ...]
    freshness: str


def day_list(request: HttpRequest) -> HttpResponse:
    """The list of `?day=`, of tomorrow without it."""
    night = last_night()
    try:
        day = date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        day = night.day + timedelta(days=1)
    items = WorkItem.objects.filter(surgery_day=day).exclude(status="cancelled")
    mine = [
        i
        for i in items.order_by("site", "room", "surgery_at", "case_id")
        if i.site in request.sites
    ]
    rooms: dict[tuple[str, str], list[WorkItem]] = {}
    for item in mine:
        rooms.setdefault((item.site, item.room), []).append(item)
    page = DayListPage(
        day=i18n.day(day, "long"),
        iso=day.isoformat(),
        before=link("day_list", query={"day": day - timedelta(days=1)}),
        after=link("day_list", query={"day": day + timedelta(days=1)}),
        theatres=tuple(Theatre(room, site, _lines(rows)) for (site, room), rows in rooms.items()),
        freshness=night.freshness(),
    )
    return render(request, "day_list", page, messages=warnings(night))


def _lines(items: list[WorkItem]) -> tuple[DayLine, ...]:
    return tuple(
        DayLine(
            time=item.surgery_at[11:16],
            case_id=item.case_id,
            url=link("case", item.case_id),
            patient_id=item.patient_id,
            surgeon=item.surgeon,
            verdict=verdict_words(item.verdict),
            sign=sign_of(item.verdict),
            open=tuple(action["text"] for action in json.loads(item.actions)),
        )
        for item in items
    )
