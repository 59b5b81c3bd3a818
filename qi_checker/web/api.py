"""The JSON API, /api/v1: read only, with a token for each service; documented in its own OpenAPI.

It gives what the pages give, for the sites of the token, and tells the trail of every case that is read
in the name of the service. Dates are ISO, words are those of the files (docs/records.md).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI, Query, Schema
from ninja.errors import ValidationError
from ninja.security import HttpBearer
from pydantic import Field

from qi_checker import __version__
from qi_checker.store.desk.models import NO_DAY, DeskAction, WorkItem
from qi_checker.store.exceptions import Person
from qi_checker.web.access import Sites
from qi_checker.web.cases import live, strip
from qi_checker.web.clock import number_of, this_moment
from qi_checker.web.models import Token
from qi_checker.web.night import last_night
from qi_checker.web.runtime import store
from qi_checker.web.tokens import API, held, sites_of
from qi_checker.web.worklist import visible, waits

MOST = 500


class Bearer(HttpBearer):
    """`Authorization: Bearer TOKEN`."""

    def authenticate(self, request: HttpRequest, token: str) -> Token | None:
        return held(API, token)


class Wrong(Schema):
    """Why an answer is not what was asked for."""

    detail: str


class Action(Schema):
    """One thing to do about a case; dates are empty where they do not apply."""

    requirement: str
    action: str
    text: str
    owner: str
    from_: date | None = Field(None, alias="from", serialization_alias="from")
    until: date | None = None
    act_by: date | None = None


class Requirement(Schema):
    """How one requirement stands."""

    id: str
    title: str
    status: str
    reason: str


class Item(Schema):
    """A case of one protocol."""

    case_id: str
    protocol: str
    patient_id: str
    site: str
    surgeon: str
    room: str
    surgery_at: str
    status: str
    verdict: str
    act_by: date | None = Field(None, description="Last day of the most urgent action.")
    latest_surgery_date: date | None = Field(
        None, description="Until then surgery may slip, and everything still holds."
    )
    requirements: list[Requirement]
    actions: list[Action]


class WorkList(Schema):
    """A page of the list. `next` is `after` of the page behind it, or null."""

    as_of: str
    items: list[Item]
    next: str | None = None


class Finding(Schema):
    """A requirement of a case as it is judged now."""

    requirement: str
    status: str
    reason: str
    sentence: str
    event_id: str | None = None
    event_date: date | None = None
    days_before: int | None = None
    window_opens: date | None = None
    window_closes: date | None = None
    valid_through: date | None = None
    act_by: date | None = None


class Case(Schema):
    """A case with its findings, for each protocol."""

    as_of: str
    item: Item
    findings: list[Finding]


class Day(Schema):
    """What a case would be if surgery were on a day."""

    day: date
    verdict: str
    statuses: dict[str, str]


class Moved(Schema):
    """The next days of a case, from the day that the night judged on."""

    case_id: str
    protocol: str
    days: list[Day]


class Asked(Schema):
    """What narrows the list."""

    site: str = ""
    surgeon: str = ""
    desk: str = Field("", description="Owner of an action.")
    limit: int = Field(100, ge=1, le=MOST)
    after: str = Field("", max_length=200, description="`next` of the page before.")


class Ahead(Schema):
    """How far to look ahead."""

    days: int = Field(60, ge=1, le=366)


_TOLD = {401: Wrong, 404: Wrong, 422: Wrong, 503: Wrong}


def _documented(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The description of the API is for who has a token, too: a stranger learns nothing."""

    @wraps(view)
    def described(request: HttpRequest, **more: Any) -> HttpResponse:
        if Bearer()(request) is None:
            return JsonResponse({"detail": "a token is needed"}, status=401)
        return view(request, **more)

    return described


api = NinjaAPI(
    title="qi-checker",
    version=__version__,
    description="Open cases of the last night, and what to do about them. Read only.",
    auth=Bearer(),
    docs_url=None,
    docs_decorator=_documented,
    urls_namespace="api",
)


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """422 in one line; no value of a request is repeated."""
    said = "; ".join(f"{'.'.join(map(str, e['loc'][1:]))}: {e['msg']}" for e in error.errors)
    answer: HttpResponse = api.create_response(request, {"detail": said}, status=422)
    return answer


@api.exception_handler(Http404)
def nobody(request: HttpRequest, error: Http404) -> HttpResponse:
    """404; the same for what never was and for what is of another site."""
    answer: HttpResponse = api.create_response(request, {"detail": "not found"}, status=404)
    return answer


@api.get("/worklist", response={200: WorkList, **_TOLD}, by_alias=True, summary="The work list")
def worklist(request: HttpRequest, asked: Query[Asked]) -> dict[str, Any]:
    """Upcoming cases, most urgent first; those that wait are left out."""
    night = last_night()
    items = visible(sites_of(request.auth)).exclude(waits(night.day))
    for name in ("site", "surgeon"):
        if getattr(asked, name):
            items = items.filter(**{name: getattr(asked, name)})
    if asked.desk:
        mine = DeskAction.objects.filter(owner=asked.desk).values("item_id")
        items = items.filter(pk__in=mine)
    if asked.after:
        items = items.filter(pk__in=_behind(items, asked.after))
    found = list(items.order_by("act_by", "surgery_day", "case_id", "protocol")[: asked.limit + 1])
    more = len(found) > asked.limit
    last = found[asked.limit - 1] if more else None
    return {
        "as_of": night.as_of.isoformat() if night.as_of else "",
        "items": [_item(item) for item in found[: asked.limit]],
        "next": str(last.pk) if last is not None else None,
    }


def _behind(items: Any, after: str) -> Any:
    """The items behind one, by its number; all where there is no such one any more."""
    from qi_checker.web.worklist import behind

    last = WorkItem.objects.filter(pk=number_of(after)).first()
    if last is None:
        return items.values("pk")
    key = (last.act_by, last.surgery_day, last.case_id, last.protocol)
    return items.filter(behind(key)).values("pk")


def _item(item: WorkItem) -> dict[str, Any]:
    actions = [
        {k: v or None if k in _DATES else v for k, v in a.items()} for a in json.loads(item.actions)
    ]
    return {
        "case_id": item.case_id,
        "protocol": item.protocol,
        "patient_id": item.patient_id,
        "site": item.site,
        "surgeon": item.surgeon,
        "room": item.room,
        "surgery_at": item.surgery_at,
        "status": item.status,
        "verdict": item.verdict,
        "act_by": item.act_by if item.act_by != NO_DAY else None,
        "latest_surgery_date": item.latest,
        "requirements": json.loads(item.requirements),
        "actions": actions,
    }


_DATES = ("from", "until", "act_by")


@api.get("/cases/{case_id}", response={200: list[Case], **_TOLD}, by_alias=True, summary="A case")
def case(request: HttpRequest, case_id: str) -> list[dict[str, Any]]:
    """A case as it is judged now, for each protocol that applies to it."""
    found = []
    for one in live(_items(request, case_id), english=True):
        findings = one.trace.findings if one.trace is not None else []
        found.append(
            {
                "as_of": one.known.as_of,
                "item": _item(one.item),
                "findings": [dict(f) for f in findings],
            }
        )
    return found


@api.get(
    "/cases/{case_id}/days", response={200: list[Moved], **_TOLD}, summary="Other dates of surgery"
)
def days(request: HttpRequest, case_id: str, ahead: Query[Ahead]) -> list[dict[str, Any]]:
    """What the case would be on each of the next days."""
    from qi_checker.protocol.as_of import AsOf

    found = []
    for one in live(_items(request, case_id), english=True):
        first = AsOf.parse(one.known.as_of).date
        each = [
            {"day": d.day, "verdict": d.verdict, "statuses": dict(d.statuses)}
            for d in strip(one, first, ahead.days)
        ]
        found.append({"case_id": case_id, "protocol": one.item.protocol, "days": each})
    return found


def _items(request: HttpRequest, case_id: str) -> list[WorkItem]:
    token: Token = request.auth
    sites: Sites = sites_of(token)
    items = [
        i for i in WorkItem.objects.filter(case_id=case_id).order_by("protocol") if i.site in sites
    ]
    if not items:
        raise Http404
    service = Person(f"service {token.name}", "service")
    store().people.read_case(case_id, service, this_moment(), "api")
    return items
