"""Another date of surgery on the page of a case: the result for it, and a strip of the next days.

A what-if is a plain form (`?to=2026-04-20`). With JavaScript the answer is updated while somebody
types; without it, a button reloads the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.http import HttpRequest, HttpResponse
from markupsafe import Markup

from qi_checker.protocol.as_of import AsOf
from qi_checker.render.words import Sign
from qi_checker.web import i18n
from qi_checker.web.cases import Day, Live, kept_live, latest_good, next_days
from qi_checker.web.clock import day_of
from qi_checker.web.fresh import kept
from qi_checker.web.i18n import gettext
from qi_checker.web.pages import templates
from qi_checker.web.words import sign_of, status_words, verdict_words


@dataclass(frozen=True)
class StripDay:
    """One of the next sixty days, as a cell of the strip."""

    iso: str
    label: str
    key: str  # met, booked, open, old
    words: str
    now: bool
    month: str  # at the first day of a month


@dataclass(frozen=True)
class Strip:
    """The next sixty days, judged by one protocol."""

    days: tuple[StripDay, ...]
    protocol: str


@dataclass(frozen=True)
class WhatIf:
    """The result of the case for another date of surgery."""

    to: str
    protocol: str
    answer: str
    # Title, before, after, signs, sentence.
    flips: tuple[tuple[str, str, str, Sign, Sign, str], ...]
    verdict: str
    sign: Sign
    latest: str
    strip: Markup
    wrong: str = ""


def what_if(request: HttpRequest, case_id: str) -> HttpResponse:
    """Answer `to` as a fragment for the script; not a separate reading in the trail."""
    lives = kept_live(request, case_id)
    to, named = request.GET.get("to", ""), request.GET.get("protocol", "")
    current = next((x for x in lives if x.item.protocol == named), None)
    answer = _what_if(current, to) if current is not None else None
    text = templates().get_template("web/what_if.html.j2").render(page=answer, case_id=case_id)
    return HttpResponse(text, content_type="text/html; charset=utf-8")


def requested(request: HttpRequest, current: Live) -> WhatIf | None:
    """Return the what-if of a case that can still be moved, for the requested date."""
    if not current.item.upcoming or current.item.status != "scheduled" or current.trace is None:
        return None
    to = request.GET.get("to", "") if request.method == "GET" else ""
    named = request.GET.get("protocol", current.item.protocol)
    return _what_if(current, to if named == current.item.protocol else "")


def _what_if(current: Live, to: str) -> WhatIf:
    """Return the strip of the next days, and the result for one of them."""
    item = current.item
    first = AsOf.parse(current.known.as_of).date
    days = next_days(current, first)
    chosen, wrong = _date(to, first)
    good = latest_good(days)
    shown = _strip(current, first, days, chosen)
    latest = i18n.day(good, "long") if good else gettext("none of them")
    base = WhatIf(to, item.protocol, "", (), "", sign_of(""), latest, shown, wrong)
    moved = current.on(chosen) if chosen is not None else None
    if moved is None or current.trace is None or chosen is None:
        return base
    before = {r.id: str(r.status) for r in current.trace.requirements}
    flips = tuple(
        (
            r.requirement.title,
            status_words(before.get(r.id, "not_applicable")),
            status_words(str(r.status)),
            sign_of(before.get(r.id, "not_applicable")),
            sign_of(str(r.status)),
            str(r.finding["sentence"]),
        )
        for r in moved.requirements
    )
    verdict = str(moved.verdict)
    template = gettext("On %(day)s: %(verdict)s.")
    words = template % {"day": i18n.day(chosen, "long"), "verdict": verdict_words(verdict).lower()}
    return WhatIf(
        chosen.isoformat(), item.protocol, words, flips, verdict, sign_of(verdict), latest, shown
    )


def _date(to: str, first: date) -> tuple[date | None, str]:
    if not to:
        return None, ""
    chosen = day_of(to)
    if chosen is None:
        return None, gettext("Enter a date such as 2026-03-31.")
    if chosen < first:
        return None, gettext("Surgery cannot be moved into the past.")
    if chosen > first + timedelta(days=3 * 366):
        return None, gettext("That date is too far ahead.")
    return chosen, ""


_KEYS = {
    "compliant": "met",
    "compliant_with_exception": "met",
    "pending": "booked",
    "action_needed": "open",
    "undetermined": "open",
}


def _strip(current: Live, first: date, days: Sequence[Day], chosen: date | None) -> Markup:
    """Render the strip once for a case, then mark the chosen day in it."""

    def written() -> str:
        template = templates().get_template("web/strip.html.j2")
        return template.render(strip=Strip(_cells(days), current.item.protocol))

    text = kept(("strip", current.key, first, i18n.current()), written)
    address = f'" href="?to={chosen}&amp;'
    return Markup(text.replace(address, f" chosen{address}"))


def _cells(days: Sequence[Day]) -> tuple[StripDay, ...]:
    cells, month = [], 0
    for day in days:
        begins = day.day.month != month
        month = day.day.month
        cells.append(
            StripDay(
                iso=day.day.isoformat(),
                label=i18n.day(day.day, "long"),
                key=_KEYS.get(day.verdict, "old"),
                words=verdict_words(day.verdict),
                now=day.now,
                month=i18n.month(day.day) if begins else "",
            )
        )
    return tuple(cells)
