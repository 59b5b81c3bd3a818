"""The operations of a day by theatre, for print: one line per case, with its open actions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from qi_checker.render.words import Sign
from qi_checker.store.desk.models import WorkItem
from qi_checker.web import i18n
from qi_checker.web.clock import day_of
from qi_checker.web.night import Night, last_night, warnings
from qi_checker.web.pages import render
from qi_checker.web.translations import Text, actions_of
from qi_checker.web.urls_of import link
from qi_checker.web.words import sign_of, verdict_words


@dataclass(frozen=True)
class DayLine:
    """One operation: time, patient, surgeon, and its open actions."""

    time: str
    case_id: str
    url: str
    patient_id: str
    surgeon: str
    verdicts: tuple[tuple[Sign, str], ...]  # one if its protocols agree
    open: tuple[Text, ...]


@dataclass(frozen=True)
class Theatre:
    """The operations of a theatre, in the order of the day."""

    name: str
    site: str
    lines: tuple[DayLine, ...]


@dataclass(frozen=True)
class DayListPage:
    """One day, with links to the days before and after it."""

    day: str
    iso: str
    before: str
    after: str
    theatres: tuple[Theatre, ...]
    freshness: str


def day_list(request: HttpRequest) -> HttpResponse:
    """Show the list of `?day=`; by default, of the next day with an operation at one's sites."""
    night = last_night()
    day = day_of(request.GET.get("day", ""))
    if day is None:
        day = _next(request, night.day + timedelta(days=1))
    items = _planned(request).filter(surgery_day=day)
    mine = items.order_by("site", "room", "surgery_at", "case_id")
    rooms: dict[tuple[str, str], list[WorkItem]] = {}
    for item in mine:
        rooms.setdefault((item.site, item.room), []).append(item)
    page = DayListPage(
        day=i18n.day(day, "long"),
        iso=day.isoformat(),
        before=link("day_list", query={"day": day - timedelta(days=1)}),
        after=link("day_list", query={"day": day + timedelta(days=1)}),
        theatres=tuple(
            Theatre(room, site, _lines(rows, night)) for (site, room), rows in rooms.items()
        ),
        freshness=night.freshness(),
    )
    return render(request, "day_list", page, messages=warnings(night))


def _planned(request: HttpRequest) -> QuerySet[WorkItem]:
    """Return the operations of one's sites; an operation has one item per protocol."""
    mine: QuerySet[WorkItem] = request.sites.narrow(WorkItem.objects.exclude(status="cancelled"))
    return mine


def _next(request: HttpRequest, tomorrow: date) -> date:
    """Return the first day from tomorrow on with an operation; tomorrow if there is none."""
    days = _planned(request).filter(surgery_day__gte=tomorrow).order_by("surgery_day")
    found: date | None = days.values_list("surgery_day", flat=True).first()
    return found or tomorrow


def _lines(items: list[WorkItem], night: Night) -> tuple[DayLine, ...]:
    cases: dict[str, list[WorkItem]] = {}
    for item in items:
        cases.setdefault(item.case_id, []).append(item)
    return tuple(_line(rows, night) for rows in cases.values())


def _line(items: list[WorkItem], night: Night) -> DayLine:
    """Combine the items of one operation into a line."""
    first = items[0]
    known = {k.protocol: k for k in night.known}
    actions = [text for item in items for _, text in actions_of(item, known.get(item.protocol))]
    verdicts = dict.fromkeys(item.verdict for item in items)
    return DayLine(
        time=first.surgery_at[11:16],
        case_id=first.case_id,
        url=link("case", first.case_id),
        patient_id=first.patient_id,
        surgeon=first.surgeon,
        verdicts=tuple((sign_of(v), verdict_words(v)) for v in verdicts),
        open=tuple(dict.fromkeys(actions)),
    )
