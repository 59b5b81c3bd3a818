"""The cases of the work list: filters of the address, groups by urgency, and counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from qi_checker.store.desk.models import NO_DAY, DeskAction, WorkItem
from qi_checker.store.people import reads
from qi_checker.web import i18n
from qi_checker.web.access import Sites
from qi_checker.web.fresh import Version, kept
from qi_checker.web.i18n import N_, gettext
from qi_checker.web.night import Night
from qi_checker.web.rules import modalities
from qi_checker.web.runtime import runtime
from qi_checker.web.translations import owner_words, titled
from qi_checker.web.words import verdict_words

GROUPS = (
    ("overdue", N_("Overdue"), N_("the last day to arrange it has passed")),
    ("today", N_("Today"), N_("the last day to arrange it is today")),
    ("soon", N_("Soon"), N_("the last day is near")),
    ("later", N_("Later"), N_("there is still time")),
    ("ready", N_("Nothing to do"), N_("everything is there, booked or excepted")),
)
FILTERS = ("q", "surgeon", "desk", "site", "modality", "status", "week", "when", "show")


@dataclass(frozen=True)
class Filters:
    """The filters of the list, as in the address."""

    q: str = ""
    surgeon: str = ""
    desk: str = ""
    site: str = ""
    modality: str = ""
    status: str = ""
    week: str = ""
    when: str = ""
    show: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Filters:
        return cls(**{name: query.get(name, "").strip()[:200] for name in FILTERS})

    @property
    def query(self) -> dict[str, str]:
        return {name: value for name in FILTERS if (value := getattr(self, name))}

    @property
    def any(self) -> bool:
        return bool(self.query)


@dataclass(frozen=True)
class Choice:
    """One filter: its options, and its value."""

    name: str
    title: str
    options: tuple[tuple[str, str], ...]
    value: str


@dataclass(frozen=True)
class Figures:
    """Counts of the list. Each needs a pass over it, so they are cached for each state of it."""

    groups: Mapping[str, int]  # of the filtered list
    of: int  # lines of the whole list
    waiting: int
    changed: int
    operations: int  # an operation of two protocols is one
    now: int  # operations with an action that needs somebody now
    actions: int


def figures(mine: QuerySet[Any], items: QuerySet[Any], night: Night, login: str) -> Figures:
    """Compute all counts of the page."""
    horizon = horizon_of(night.day)
    here = mine.exclude(waits(night.day))
    now = here.filter(act_by__lte=horizon)
    return Figures(
        groups=counted(items, night.day),
        of=mine.count(),
        waiting=mine.filter(waits(night.day)).count(),
        changed=here.filter(reads.unseen("default", login)).count(),
        operations=mine.aggregate(n=Count("case_id", distinct=True))["n"],
        now=now.aggregate(n=Count("case_id", distinct=True))["n"],
        actions=DeskAction.objects.filter(item__in=now, act_by__lte=horizon).count(),
    )


def visible(sites: Sites) -> QuerySet[Any]:
    """Return the cases of these sites that are upcoming or have open actions."""
    items = WorkItem.objects.filter(Q(upcoming=True) | Q(act_by__lt=NO_DAY))
    return sites.narrow(items)


def waits(day: date) -> Exists:
    """Return the condition that a case waits; it never waits beyond its last day to act."""
    return reads.waiting("default", day)


def narrowed(items: QuerySet[Any], filters: Filters, night: Night, login: str) -> QuerySet[Any]:
    """Apply the filters of an address."""
    for name in ("surgeon", "site"):
        if getattr(filters, name):
            items = items.filter(**{name: getattr(filters, name)})
    if filters.desk or filters.modality:
        items = items.filter(_has_action(filters, night))
    if filters.status:
        items = items.filter(verdict=filters.status)
    if days := week_days(filters.week):
        items = items.filter(surgery_day__range=days)
    if filters.q:
        text = Q(case_id__icontains=filters.q) | Q(surgeon__icontains=filters.q)
        text |= Q(room__icontains=filters.q) | Q(actions__icontains=filters.q)
        if named := titled(filters.q):
            text |= Q(Exists(DeskAction.objects.filter(item=OuterRef("pk"), requirement__in=named)))
        items = items.filter(text)
    if (span := group_span(filters.when, night.day)) is not None:
        items = items.filter(act_by__range=span)
    if filters.show == "waiting":
        return items.filter(waits(night.day))
    items = items.exclude(waits(night.day))
    if filters.show == "changed":
        items = items.filter(reads.unseen("default", login))
    return items


def _has_action(filters: Filters, night: Night) -> Exists:
    todo = DeskAction.objects.filter(item=OuterRef("pk"))
    if filters.desk:
        todo = todo.filter(owner=filters.desk)
    if filters.modality:
        todo = todo.filter(requirement__in=_of_modality(filters.modality, night))
    return Exists(todo)


def _of_modality(modality: str, night: Night) -> list[str]:
    """Return the requirements for a modality in the protocols on the desk."""
    return sorted(
        {
            requirement
            for known in night.known
            for requirement, words in modalities(known.protocol, known.sha256).items()
            if modality in words
        }
    )


def week_days(week: str) -> tuple[date, date] | None:
    """Return Monday and Sunday of `2026-W11`; None if it is not a week."""
    try:
        year, _, number = week.partition("-W")
        monday = date.fromisocalendar(int(year), int(number), 1)
        return monday, monday + timedelta(days=6)
    except (ValueError, OverflowError):
        return None


def horizon_of(day: date) -> date:
    """Return the last day on which an action counts as soon, as in `cases/actions.urgency`."""
    return day + timedelta(days=runtime().settings.site.horizon.amount)


def group_span(when: str, day: date) -> tuple[date, date] | None:
    """Return first and last `act_by` of a group; None for an unknown group."""
    one_day, horizon = timedelta(days=1), horizon_of(day)
    return {
        "overdue": (date.min, day - one_day),
        "today": (day, day),
        "soon": (day + one_day, horizon),
        "later": (horizon + one_day, NO_DAY - one_day),
        "ready": (NO_DAY, NO_DAY),
        "now": (date.min, horizon),
    }.get(when)


def group_of(act_by: date, day: date) -> str:
    """Return the group of an `act_by`."""
    for key, _, _ in GROUPS:
        span = group_span(key, day)
        if span is not None and span[0] <= act_by <= span[1]:
            return key
    return "ready"


def counted(items: QuerySet[Any], day: date) -> dict[str, int]:
    """Count the cases of each group in one pass."""
    parts = {key: Count("pk", filter=Q(act_by__range=group_span(key, day))) for key, _, _ in GROUPS}
    return dict(items.aggregate(**parts))


def _options(sites: Sites) -> dict[str, tuple[str, ...]]:
    """Return the options of the filters."""
    items = visible(sites)
    names = {
        name: tuple(sorted(v for v in items.values_list(name, flat=True).distinct() if v))
        for name in ("surgeon", "site")
    }
    owners = DeskAction.objects.filter(item__in=items).values_list("owner", flat=True).distinct()
    weeks = sorted(
        {d.isocalendar()[:2] for d in items.values_list("surgery_day", flat=True).distinct()}
    )
    return names | {
        "desk": tuple(sorted(o for o in owners if o)),
        "week": tuple(f"{year}-W{number:02}" for year, number in weeks),
    }


def choices(at: Version, night: Night, sites: Sites, filters: Filters) -> tuple[Choice, ...]:
    """Return the filters with their options, without those that would filter nothing."""
    there = kept(("options", at.counts, night.key, sites.names), lambda: _options(sites))
    words = sorted(
        {w for k in night.known for each in modalities(k.protocol, k.sha256).values() for w in each}
    )
    verdicts = ("action_needed", "undetermined", "not_compliant", "pending", "compliant")
    titles = {
        "desk": N_("Desk"),
        "surgeon": N_("Surgeon"),
        "site": N_("Site"),
        "modality": N_("Modality"),
        "status": N_("Status"),
        "week": N_("Week of surgery"),
    }
    options: dict[str, Sequence[tuple[str, str]]] = {
        **{name: [(v, v) for v in values] for name, values in there.items()},
        "desk": [(owner, owner_words(owner)) for owner in there["desk"]],
        "week": [(w, week_words(w)) for w in there["week"]],
        "modality": [(w, w) for w in words],
        "status": [(v, verdict_words(v)) for v in verdicts],
    }
    every = ("", gettext("all"))
    return tuple(
        Choice(name, gettext(title), (every, *options[name]), getattr(filters, name))
        for name, title in titles.items()
        if len(options[name]) > 1 or getattr(filters, name)
    )


def week_words(week: str) -> str:
    """Format a week as `2 Mar, week 10`."""
    days = week_days(week)
    number = int(week.partition("-W")[2])
    return gettext("%(day)s, week %(number)d") % {
        "day": i18n.day(days[0] if days else None),
        "number": number,
    }
