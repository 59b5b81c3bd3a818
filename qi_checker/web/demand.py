"""How many slots of each modality the upcoming operations still need, by the last day on which a
slot counts.

From the protocol's own windows: a slot after that day is useless, and so is one before the window
opens.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date

from django.http import HttpRequest, HttpResponse

from qi_checker.store.desk.models import DeskAction
from qi_checker.web import i18n
from qi_checker.web.i18n import gettext
from qi_checker.web.night import Night, last_night, warnings
from qi_checker.web.pages import render
from qi_checker.web.rules import modalities
from qi_checker.web.worklist_filters import visible, week_days

NEEDS_A_SLOT = ("order", "book", "move_booking")


@dataclass(frozen=True)
class DemandCell:
    """Slots of a modality needed by the end of a week."""

    modality: str
    number: int
    share: int  # percentage of the largest: the length of the bar
    so_far: int


@dataclass(frozen=True)
class Week:
    """One week, with the number of slots that become useless at its end."""

    name: str
    days: str
    cells: tuple[DemandCell, ...]


@dataclass(frozen=True)
class DemandPage:
    """The weeks ahead; `late` is the number of needs that no slot can meet any more."""

    weeks: tuple[Week, ...]
    modalities: tuple[str, ...]
    late: int
    total: tuple[tuple[str, int], ...]
    freshness: str


def demand(request: HttpRequest) -> HttpResponse:
    """Show the demand of all of one's sites, or of `?site=`."""
    night = last_night()
    items = visible(request.sites)
    if request.GET.get("site"):
        items = items.filter(site=request.GET["site"])
    words = {k.protocol: modalities(k.protocol, k.sha256) for k in night.known}
    todo = DeskAction.objects.filter(item__in=items, action__in=NEEDS_A_SLOT)
    rows = todo.values_list("item__protocol", "requirement", "last", "item__surgery_day")
    late, by_week = 0, defaultdict[tuple[int, int], Counter[str]](Counter)
    for protocol, requirement, last, surgery in rows:
        named = words.get(protocol, {}).get(requirement, ())
        modality = "/".join(named) or gettext("no modality")
        day = last or surgery
        if day < night.day:
            late += 1
        else:
            by_week[day.isocalendar()[:2]][modality] += 1
    return render(request, "demand", _page(by_week, late, night), messages=warnings(night))


def _page(by_week: dict[tuple[int, int], Counter[str]], late: int, night: Night) -> DemandPage:
    total: Counter[str] = sum(by_week.values(), Counter())
    names = tuple(sorted(total))
    largest = max((n for counts in by_week.values() for n in counts.values()), default=1)
    so_far: Counter[str] = Counter()
    weeks = []
    for year, number in sorted(by_week):
        counts = by_week[year, number]
        so_far += counts
        name = f"{year}-W{number:02}"
        days = week_days(name) or (date.min, date.min)
        cells = tuple(
            DemandCell(m, counts[m], round(100 * counts[m] / largest), so_far[m]) for m in names
        )
        span = gettext("%(first)s to %(last)s")
        words = span % {"first": i18n.day(days[0]), "last": i18n.day(days[1])}
        weeks.append(Week(name, words, cells))
    return DemandPage(tuple(weeks), names, late, tuple(sorted(total.items())), night.freshness())
