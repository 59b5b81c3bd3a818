"""The JSON API, /api/v1: read-only, with a token for each service, and an OpenAPI document.

It returns the same data as the pages, for the sites of the token. Every case that is read is recorded
in the audit trail under the name of the service. Dates are ISO; values are those of the files
(docs/records.md).
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
from qi_checker.protocol.as_of import AsOf
from qi_checker.store.desk.models import NO_DAY, DeskAction, WorkItem
from qi_checker.store.exceptions import Person
from qi_checker.web.access import Sites
from qi_checker.web.cases import live, strip
from qi_checker.web.clock import number_of, this_moment
from qi_checker.web.models import Token
from qi_checker.web.night import last_night
from qi_checker.web.runtime import store
from qi_checker.web.tokens import API, held, sites_of
from qi_checker.web.worklist_filters import visible, waits
from qi_checker.web.worklist_lines import after_key

MOST = 500


class Bearer(HttpBearer):
    """`Authorization: Bearer TOKEN`."""

    def authenticate(self, request: HttpRequest, token: str) -> Token | None:
        return held(API, token)


class Error(Schema):
    """Why a request failed."""

    detail: str


class Action(Schema):
    """One action for a case; dates are null if they do not apply."""

    requirement: str
    action: str
    text: str
    owner: str
    from_: date | None = Field(None, alias="from", serialization_alias="from")
    until: date | None = None
    act_by: date | None = None


class Requirement(Schema):
    """The status of one requirement."""

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
        None, description="Last date of surgery on which every requirement is still fulfilled."
    )
    requirements: list[Requirement]
    actions: list[Action]


class WorkList(Schema):
    """A page of the list. `next` is the `after` of the next page, or null on the last one."""

    as_of: str
    items: list[Item]
    next: str | None = None


class Finding(Schema):
    """The current result of one requirement of a case."""

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
    """The result of a case if surgery were on this day."""

    day: date
    verdict: str
    statuses: dict[str, str]


class CaseDays(Schema):
    """The results of a case for the next dates of surgery, from the day of the last night on."""

    case_id: str
    protocol: str
    days: list[Day]


class WorkListQuery(Schema):
    """Filters and page of the list."""

    site: str = ""
    surgeon: str = ""
    desk: str = Field("", description="Owner of an action.")
    limit: int = Field(100, ge=1, le=MOST)
    after: str = Field("", max_length=200, description="`next` of the previous page.")


class DaysQuery(Schema):
    """The number of days to look ahead."""

    days: int = Field(60, ge=1, le=366)


_ERRORS = {401: Error, 404: Error, 422: Error, 503: Error}


def _documented(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Require a token for the description of the API, too."""

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
    """Answer 422 with all errors in one line, without the values of the request."""
    detail = "; ".join(f"{'.'.join(map(str, e['loc'][1:]))}: {e['msg']}" for e in error.errors)
    answer: HttpResponse = api.create_response(request, {"detail": detail}, status=422)
    return answer


@api.exception_handler(Http404)
def not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    """Answer 404, the same for cases that do not exist and for those of other sites."""
    answer: HttpResponse = api.create_response(request, {"detail": "not found"}, status=404)
    return answer


@api.get("/worklist", response={200: WorkList, **_ERRORS}, by_alias=True, summary="The work list")
def worklist(request: HttpRequest, query: Query[WorkListQuery]) -> dict[str, Any]:
    """Upcoming cases, most urgent first, without postponed ones."""
    night = last_night()
    items = visible(sites_of(request.auth)).exclude(waits(night.day))
    for name in ("site", "surgeon"):
        if getattr(query, name):
            items = items.filter(**{name: getattr(query, name)})
    if query.desk:
        mine = DeskAction.objects.filter(owner=query.desk).values("item_id")
        items = items.filter(pk__in=mine)
    if query.after:
        items = items.filter(pk__in=_after(items, query.after))
    found = list(items.order_by("act_by", "surgery_day", "case_id", "protocol")[: query.limit + 1])
    more = len(found) > query.limit
    last = found[query.limit - 1] if more else None
    return {
        "as_of": night.as_of.isoformat() if night.as_of else "",
        "items": [_item(item) for item in found[: query.limit]],
        "next": str(last.pk) if last is not None else None,
    }


def _after(items: Any, number: str) -> Any:
    """Return the items after one, given its number; all if it no longer exists."""
    last = WorkItem.objects.filter(pk=number_of(number)).first()
    if last is None:
        return items.values("pk")
    key = (last.act_by, last.surgery_day, last.case_id, last.protocol)
    return items.filter(after_key(key)).values("pk")


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


@api.get("/cases/{case_id}", response={200: list[Case], **_ERRORS}, by_alias=True, summary="A case")
def case(request: HttpRequest, case_id: str) -> list[dict[str, Any]]:
    """The current results of a case, for each protocol that applies to it."""
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
    "/cases/{case_id}/days",
    response={200: list[CaseDays], **_ERRORS},
    summary="Other dates of surgery",
)
def days(request: HttpRequest, case_id: str, query: Query[DaysQuery]) -> list[dict[str, Any]]:
    """The results of a case if surgery were on each of the next days."""
    found = []
    for one in live(_items(request, case_id), english=True):
        first = AsOf.parse(one.known.as_of).date
        each = [
            {"day": d.day, "verdict": d.verdict, "statuses": dict(d.statuses)}
            for d in strip(one, first, query.days)
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
