"""The trail: who did what, searched by key from its end, and its verification."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse

from qi_checker.nightly.anchors import Kept, known, verified
from qi_checker.store.models import TrailEntry
from qi_checker.store.trail import instant
from qi_checker.web import i18n
from qi_checker.web.clock import day_of, number_of, this_moment
from qi_checker.web.i18n import gettext, ngettext
from qi_checker.web.pages import Message, render
from qi_checker.web.runtime import runtime, store
from qi_checker.web.urls_of import link

PAGE = 100
_UNSHOWN = ("salt", "bound", "unbound", "was")  # for verification only


@dataclass(frozen=True)
class TrailLine:
    """One entry. About a case it has ids only."""

    number: int
    at: str
    who: str
    action: str
    details: str


@dataclass(frozen=True)
class TrailPage:
    """Entries from the end, filtered by the address."""

    lines: tuple[TrailLine, ...]
    who: str
    action: str
    case: str
    since: str
    until: str
    actions: tuple[tuple[str, str], ...]
    more: str
    wrong: str = ""


def trail(request: HttpRequest) -> HttpResponse:
    """Show the entries; a POST verifies the whole trail."""
    messages: tuple[Message, ...] = ()
    if request.method == "POST":
        messages = _verified()
        by = request.who.person(request.page, "POST")
        store().trail.append(this_moment(), by.login, "trail_verified", {"role": by.role})
    return render(request, "trail", _page(request), messages=messages)


def _verified() -> tuple[Message, ...]:
    """Return the result of `nightly verify`: the chain, bound rows, and the ends elsewhere."""
    kept = known(runtime().settings)
    result = verified(store(), kept)
    if result.faults:
        text = gettext(
            "The trail is not intact: %s. Do not run anything, and keep a copy of the store."
        )
        return tuple(Message("bad", text % fault) for fault in result.faults)
    whole = ngettext(
        "The trail is intact: %(num)d entry.",
        "The trail is intact: %(num)d entries.",
        result.entries,
    ) % {"num": result.entries}
    rows = ngettext(
        "%(num)d row is bound to it and unchanged.",
        "%(num)d rows are bound to it and unchanged.",
        len(result.bound),
    ) % {"num": len(result.bound)}
    noted = gettext("Something was removed or replaced by %s. Check that this was intended.")
    return (
        Message("good", f"{whole} {rows}"),
        _anchored(kept),
        *(Message("warn", noted % entry) for entry in result.noted),
    )


def _anchored(kept: Kept) -> Message:
    """Describe where ends of the trail are recorded, with which the verification compared it."""
    if not kept.file:
        text = gettext(
            "The end of the trail is recorded only beside the store. Anyone who can write there can "
            "make a new trail: set `anchor` in nightly.yaml."
        )
        return Message("warn", text)
    count = ngettext(
        "%(num)d end of the trail in %(file)s matches.",
        "%(num)d ends of the trail in %(file)s match.",
        len(set(kept.anchors)),
    ) % {"num": len(set(kept.anchors)), "file": kept.file}
    if kept.own:
        return Message("warn", f"{count} {gettext('This application can rewrite that file.')}")
    return Message("good", count)


def _page(request: HttpRequest) -> TrailPage:
    query = {
        n: request.GET.get(n, "").strip()[:200] for n in ("who", "action", "case", "since", "until")
    }
    rows, wrong = _narrowed(query)
    before = number_of(request.GET.get("before", ""))
    if before is not None:
        rows = rows.filter(sequence__lt=before)
    found = list(rows.order_by("-sequence")[: PAGE + 1])
    more = ""
    if len(found) > PAGE:
        more = link("trail", query={**query, "before": found[PAGE - 1].sequence})
    return TrailPage(
        lines=tuple(_line(entry) for entry in found[:PAGE]),
        actions=(("", gettext("all")), *((a, a.replace("_", " ")) for a in _actions())),
        more=more,
        wrong=wrong,
        **query,
    )


def _narrowed(query: dict[str, str]) -> tuple[Any, str]:
    rows, wrong = TrailEntry.objects.all(), ""
    if query["who"]:
        rows = rows.filter(actor=query["who"])
    if query["action"]:
        rows = rows.filter(action=query["action"])
    if query["case"]:
        rows = rows.filter(payload__contains=json.dumps(query["case"]))
    for name, days in (("since", 0), ("until", 1)):
        if not query[name]:
            continue
        day = day_of(query[name])
        if day is None:
            wrong = gettext("Enter a date such as 2026-03-31.")
            continue
        at = instant(datetime.combine(day + timedelta(days=days), time.min, runtime().zone))
        rows = rows.filter(at__gte=at) if name == "since" else rows.filter(at__lt=at)
    return rows, wrong


def _line(entry: TrailEntry) -> TrailLine:
    content = json.loads(entry.payload) if entry.payload else {}
    shown = {n: v for n, v in sorted(content.items()) if v != "" and n not in _UNSHOWN}
    summary = ", ".join(f"{name} {value}" for name, value in shown.items())
    if entry.payload is None:
        summary = gettext("erased")
    at = i18n.clock(datetime.fromisoformat(entry.at))
    return TrailLine(entry.sequence, at, entry.actor, entry.action.replace("_", " "), summary)


def _actions() -> list[str]:
    """Return the kinds of entries among the newest."""
    newest = TrailEntry.objects.order_by("-sequence").values_list("action", flat=True)[:2000]
    return sorted(set(newest))
