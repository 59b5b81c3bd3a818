"""The work list: what to do, until when, by whom, for which case, and why; most urgent first.

A line is a case of one protocol. All filters are in the address, so a view can be saved, shared and
opened in two tabs; the session stores nothing. Pages start at a key, not at an offset, so every page
reads the list from its index at the same cost.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse

from qi_checker.store.desk.models import NO_DAY, DeskAction, WorkItem
from qi_checker.store.people import reads
from qi_checker.web import i18n
from qi_checker.web.access import Sites
from qi_checker.web.fresh import Version, kept, version
from qi_checker.web.i18n import N_, gettext, ngettext
from qi_checker.web.night import Night, last_night, warnings
from qi_checker.web.pages import KeptPage, done
from qi_checker.web.rules import modalities
from qi_checker.web.runtime import runtime
from qi_checker.web.translations import Text, actions_of, owner_words, titled, titles_of
from qi_checker.web.urls_of import link
from qi_checker.web.words import CONTACTS, reason_words, status_words, verdict_words

PAGE = 50
GROUPS = (
    ("overdue", N_("Overdue"), N_("the last day to arrange it has passed")),
    ("today", N_("Today"), N_("the last day to arrange it is today")),
    ("soon", N_("Soon"), N_("the last day is near")),
    ("later", N_("Later"), N_("there is still time")),
    ("ready", N_("Nothing to do"), N_("everything is there, booked or excepted")),
)
FILTERS = ("q", "surgeon", "desk", "site", "modality", "status", "week", "when", "show")
_SHOWN = ("", "changed", "waiting")
Actions = Sequence[tuple[Mapping[str, Any], Text]]  # as stored, and as text


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
class Command:
    """One action; `other` if the list is filtered by a different desk."""

    text: str
    language: str  # of the text, if it differs from that of the page
    owner: str
    until: str
    other: bool


@dataclass(frozen=True)
class Line:
    """One case of the list."""

    case_id: str
    protocol: str
    url: str
    patient_id: str
    until: str
    left: str
    tone: str
    commands: tuple[Command, ...]
    surgery: str
    room: str
    surgeon: str
    why: str
    verdict: str
    changed: str
    look: str
    look_void: bool
    contact: str
    wait: str
    evidence: str
    run: str  # the run that changed it, and its protocol


@dataclass(frozen=True)
class Group:
    """Lines of equal urgency; `count` is the number in the whole list, not on this page."""

    key: str
    title: str
    meaning: str
    count: int
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Choice:
    """One filter: its options, and its value."""

    name: str
    title: str
    options: tuple[tuple[str, str], ...]
    value: str


@dataclass(frozen=True)
class WorkListPage:
    """The list with its filters, counts and views."""

    summary: str
    groups: tuple[Group, ...]
    choices: tuple[Choice, ...]
    filters: Filters
    tabs: tuple[tuple[str, str, int, bool], ...]  # address, title, count, here
    found: int
    of: int
    more: str
    first: bool
    views: tuple[tuple[int, str, str, bool], ...]  # number, name, address, mine
    teams: tuple[tuple[str, str], ...]
    runs: tuple[str, ...]  # what "I know all" acknowledges
    back: str
    unread: Mapping[str, int] = field(default_factory=dict)  # notes by case


def worklist(request: HttpRequest) -> HttpResponse:
    """Show the list, with the filters of the address."""
    who = request.who
    at, night, filters = version(who.login), last_night(), Filters.of(request.GET)
    messages, freshness = (*done(request), *warnings(night)), night.freshness()
    asks = (filters, request.GET.get("after", ""), request.sites.names, i18n.current())
    mine = (who.login, who.user.name, who.user.shortcuts, who.key)
    key = ("worklist", at.counts, at.lines, night.key, night.day, *asks, *mine)

    def page() -> WorkListPage:
        return kept(key, lambda: _page(request, at, night, filters))

    def written() -> KeptPage:
        summary = f"{page().summary} {freshness}."
        value = replace(page(), summary=summary, unread=dict(unread))
        return KeptPage.of(request, "worklist", value, messages)

    unread = kept((*key, at.unread), lambda: _unread(request, page()))
    kept_page = kept((*key, unread, messages, freshness), written)
    return kept_page.answer(request)


def _unread(request: HttpRequest, page: WorkListPage) -> tuple[tuple[str, int], ...]:
    """Return the number of unread notes by case."""
    cases = [line.case_id for group in page.groups for line in group.lines]
    found = reads.unread("default", cases, request.who.login, request.who.roles)
    return tuple(sorted(found.items()))


def _page(request: HttpRequest, at: Version, night: Night, filters: Filters) -> WorkListPage:
    """Build the page, without the parts that change with the clock."""
    sites: Sites = request.sites
    login, mine = request.who.login, visible(sites)
    items = narrowed(mine, filters, night, login)
    seen = (night.key, night.day, sites.names, i18n.current(), login)
    key = ("figures", at.counts, *seen, filters)
    found = kept(key, lambda: figures(mine, items, night, login))
    page = cut(items, request.GET.get("after", ""))
    lines, more = lines_of(request, page, night, filters)
    return WorkListPage(
        summary=summary_of(found),
        groups=grouped(lines, found.groups, night.day),
        choices=choices(at, night, sites, filters),
        filters=filters,
        tabs=tabs(found, filters),
        found=sum(found.groups.values()),
        of=found.of,
        more=more,
        first=not request.GET.get("after"),
        views=views(request),
        teams=tuple((role, role) for role in request.who.roles),
        runs=tuple(f"{k.run_id} {k.protocol}" for k in night.known),
        back=link("worklist", query=filters.query),
    )


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
    one, horizon = timedelta(days=1), horizon_of(day)
    return {
        "overdue": (date.min, day - one),
        "today": (day, day),
        "soon": (day + one, horizon),
        "later": (horizon + one, NO_DAY - one),
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


def cut(items: QuerySet[Any], after: str) -> list[WorkItem]:
    """Return the items after a key: one page, and one more to show whether the list goes on."""
    order = ("act_by", "surgery_day", "case_id", "protocol")
    items = items.order_by(*order)
    if key := _key(after):
        items = items.filter(after_key(key))
    return list(items.only(*_COLUMNS)[: PAGE + 1])


_COLUMNS = (
    "protocol",
    "case_id",
    "patient_id",
    "site",
    "surgeon",
    "room",
    "surgery_at",
    "surgery_day",
    "verdict",
    "act_by",
    "actions",
    "said",
    "requirements",
    "evidence",
    "changed_run",
    "changes",
)


def _key(after: str) -> tuple[date, date, str, str] | None:
    try:
        act_by, surgery, case_id, protocol = json.loads(after)
        if (
            "\0" in (text := f"{case_id}{protocol}") or not text.encode()
        ):  # raises for half a character
            return None
        return date.fromisoformat(act_by), date.fromisoformat(surgery), str(case_id), str(protocol)
    except (ValueError, TypeError, RecursionError):
        return None


def after_key(key: tuple[date, date, str, str]) -> Q:
    """Return the condition that an item comes after a key, in the order of the list."""
    act_by, surgery, case_id, protocol = key
    same = Q(act_by=act_by, surgery_day=surgery)
    return (
        Q(act_by__gt=act_by)
        | Q(act_by=act_by, surgery_day__gt=surgery)
        | same & Q(case_id__gt=case_id)
        | same & Q(case_id=case_id, protocol__gt=protocol)
    )


def lines_of(
    request: HttpRequest, page: Sequence[WorkItem], night: Night, filters: Filters
) -> tuple[list[tuple[WorkItem, Line]], str]:
    """Return the lines of a page, and the address of the next page."""
    shown = page[:PAGE]
    marks = reads.marks("default", [i.case_id for i in shown], night.day)
    acknowledged = _unseen_of(shown, request.who.login)
    known = {k.protocol: k for k in night.known}
    lines = []
    for item in shown:
        actions = actions_of(item, known.get(item.protocol))
        changed = item.pk in acknowledged
        lines.append((item, _line(item, actions, night.day, marks, filters.desk, changed)))
    if len(page) <= PAGE:
        return lines, ""
    last = shown[-1]
    key = [str(last.act_by), str(last.surgery_day), last.case_id, last.protocol]
    return lines, link("worklist", query={**filters.query, "after": json.dumps(key)})


def _unseen_of(items: Sequence[WorkItem], login: str) -> set[int]:
    found = WorkItem.objects.filter(pk__in=[i.pk for i in items])
    return set(found.filter(reads.unseen("default", login)).values_list("pk", flat=True))


def _line(
    item: WorkItem,
    actions: Actions,
    day: date,
    marks: reads.Marks,
    desk: str,
    changed: bool,
) -> Line:
    key = (item.case_id, item.protocol)
    look, contact, wait = (
        marks.looks.get(key),
        marks.contacts.get(item.case_id),
        marks.waits.get(key),
    )
    group = group_of(item.act_by, day)
    return Line(
        case_id=item.case_id,
        protocol=item.protocol,
        url=link("case", item.case_id),
        patient_id=item.patient_id,
        until=i18n.day(item.act_by) if item.act_by != NO_DAY else "",
        left=days_left(item.act_by, day),
        tone={"overdue": "late", "today": "now"}.get(group, ""),
        commands=tuple(_command(action, text, desk) for action, text in actions),
        surgery=i18n.day(item.surgery_day),
        room=item.room,
        surgeon=item.surgeon,
        why=" ".join(dict.fromkeys(_why(action) for action, _ in actions)),
        verdict=verdict_words(item.verdict),
        changed=" ".join(changes_of(item)) if changed else "",
        look=f"{look.by}, {i18n.clock(look.at)}" if look else "",
        look_void=bool(look and look.evidence != item.evidence),
        contact=gettext(CONTACTS[contact.outcome]) if contact else "",
        wait=i18n.day(wait.until) if wait else "",
        evidence=item.evidence,
        run=f"{item.changed_run} {item.protocol}",
    )


def _command(action: Mapping[str, Any], text: Text, desk: str) -> Command:
    until = date.fromisoformat(action["act_by"]) if action["act_by"] else None
    other = bool(desk) and action["owner"] != desk
    owner = owner_words(action["owner"])
    return Command(text.text, text.language, owner, i18n.day(until), other)


def _why(action: Mapping[str, str]) -> str:
    """Return the reason of the finding as a sentence."""
    reason = reason_words(action["reason"]) if action.get("reason") else ""
    return f"{reason[:1].upper()}{reason[1:]}." if reason else ""


def changes_of(item: WorkItem) -> tuple[str, ...]:
    """Return the changes of a case in the last night: a new date once, then each requirement."""
    titles = {r["id"]: r["title"] for r in json.loads(item.requirements)}
    titles |= titles_of(item.protocol)
    found: dict[str, None] = {}
    for change in json.loads(item.changes):
        before, after = change.get("before_surgery"), change.get("after_surgery")
        if before and after and before != after:
            template = gettext("Surgery was moved from %(before)s to %(after)s.")
            before, after = i18n.planned(before, "short"), i18n.planned(after, "short")
            found[template % {"before": before, "after": after}] = None
        before, after = change.get("before_status"), change.get("after_status")
        if before and after and before != after:
            words = {"title": titles.get(change["requirement"], change["requirement"])}
            words |= {"before": status_words(before), "after": status_words(after)}
            found[gettext("%(title)s: was “%(before)s”, now “%(after)s”.") % words] = None
    return tuple(found)


def days_left(act_by: date, day: date) -> str:
    """Format the time left: `2 days`, `today`, `3 days late`."""
    if act_by == NO_DAY:
        return ""
    number = (act_by - day).days
    if number == 0:
        return gettext("today")
    if number < 0:
        return ngettext("%(num)d day late", "%(num)d days late", -number) % {"num": -number}
    return ngettext("%(num)d day", "%(num)d days", number) % {"num": number}


def grouped(
    lines: Sequence[tuple[WorkItem, Line]], counts: Mapping[str, int], day: date
) -> tuple[Group, ...]:
    """Group the lines of this page under their headings."""
    found = []
    for key, title, meaning in GROUPS:
        own = tuple(line for item, line in lines if group_of(item.act_by, day) == key)
        if own:
            found.append(Group(key, gettext(title), gettext(meaning), counts[key], own))
    return tuple(found)


def summary_of(found: Figures) -> str:
    """Summarise in one line how much there is to do."""
    return ngettext(
        "%(num)d action for %(cases)d of %(all)d operations needs somebody now.",
        "%(num)d actions for %(cases)d of %(all)d operations need somebody now.",
        found.actions,
    ) % {"num": found.actions, "cases": found.now, "all": found.operations}


def _options(sites: Sites) -> dict[str, tuple[str, ...]]:
    """Return the options of the filters."""
    items = visible(sites)
    found = {
        name: tuple(sorted(v for v in items.values_list(name, flat=True).distinct() if v))
        for name in ("surgeon", "site")
    }
    owners = DeskAction.objects.filter(item__in=items).values_list("owner", flat=True).distinct()
    weeks = sorted(
        {d.isocalendar()[:2] for d in items.values_list("surgery_day", flat=True).distinct()}
    )
    return found | {
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


def tabs(found: Figures, filters: Filters) -> tuple[tuple[str, str, int, bool], ...]:
    """Return the tabs: the whole list, changed cases, and waiting cases."""
    counts = {
        "": found.of - found.waiting,
        "changed": found.changed,
        "waiting": found.waiting,
    }
    titles = {"": N_("All"), "changed": N_("Changed since I looked"), "waiting": N_("Waiting")}
    query = {k: v for k, v in filters.query.items() if k != "show"}
    return tuple(
        (
            link("worklist", query={**query, "show": key}),
            gettext(titles[key]),
            counts[key],
            filters.show == key,
        )
        for key in _SHOWN
    )


def views(request: HttpRequest) -> tuple[tuple[int, str, str, bool], ...]:
    """Return the saved views of a person and of their teams."""
    login = request.who.login
    return tuple(
        (view.id, view.name, f"/?{view.query}", view.login == login)
        for view in reads.saved_views("default", login, request.who.roles)
    )
