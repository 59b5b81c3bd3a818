"""The work list: what to do, until when, by whom, for which case, and why; most urgent first.

A line is a case of one protocol (`worklist_lines.py`). All filters are in the address, so a view can be
saved, shared and opened in two tabs (`worklist_filters.py`); the session stores nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from django.http import HttpRequest, HttpResponse

from qi_checker.store.desk.models import WorkItem
from qi_checker.store.people import reads
from qi_checker.web import i18n
from qi_checker.web.access import Sites
from qi_checker.web.fresh import Version, kept, version
from qi_checker.web.i18n import N_, gettext, ngettext
from qi_checker.web.night import Night, last_night, warnings
from qi_checker.web.pages import KeptPage, done
from qi_checker.web.urls_of import link
from qi_checker.web.worklist_filters import (
    GROUPS,
    Choice,
    Figures,
    Filters,
    choices,
    figures,
    group_of,
    narrowed,
    visible,
)
from qi_checker.web.worklist_lines import Line, cut, lines_of

_SHOWN = ("", "changed", "waiting")


@dataclass(frozen=True)
class Group:
    """Lines of equal urgency; `count` is the number in the whole list, not on this page."""

    key: str
    title: str
    meaning: str
    count: int
    lines: tuple[Line, ...]


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

    @property
    def on_page(self) -> int:
        return sum(len(group.lines) for group in self.groups)


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
    unread = reads.unread("default", cases, request.who.login, request.who.roles)
    return tuple(sorted(unread.items()))


def _page(request: HttpRequest, at: Version, night: Night, filters: Filters) -> WorkListPage:
    """Build the page, without the parts that change with the clock."""
    sites: Sites = request.sites
    login, mine = request.who.login, visible(sites)
    items = narrowed(mine, filters, night, login)
    seen = (night.key, night.day, sites.names, i18n.current(), login)
    key = ("figures", at.counts, *seen, filters)
    counts = kept(key, lambda: figures(mine, items, night, login))
    page = cut(items, request.GET.get("after", ""))
    lines, more = lines_of(request, page, night, filters)
    return WorkListPage(
        summary=summary_of(counts),
        groups=grouped(lines, counts.groups, night.day),
        choices=choices(at, night, sites, filters),
        filters=filters,
        tabs=tabs(counts, filters),
        found=sum(counts.groups.values()),
        of=counts.of,
        more=more,
        first=not request.GET.get("after"),
        views=views(request),
        teams=tuple((role, role) for role in request.who.roles),
        runs=tuple(f"{k.run_id} {k.protocol}" for k in night.known),
        back=link("worklist", query=filters.query),
    )


def grouped(
    lines: Sequence[tuple[WorkItem, Line]], counts: Mapping[str, int], day: date
) -> tuple[Group, ...]:
    """Group the lines of this page under their headings."""
    groups = []
    for key, title, meaning in GROUPS:
        own = tuple(line for item, line in lines if group_of(item.act_by, day) == key)
        if own:
            groups.append(Group(key, gettext(title), gettext(meaning), counts[key], own))
    return tuple(groups)


def summary_of(counts: Figures) -> str:
    """Summarise in one line how much there is to do."""
    return ngettext(
        "%(num)d action for %(cases)d of %(all)d operations needs somebody now.",
        "%(num)d actions for %(cases)d of %(all)d operations need somebody now.",
        counts.actions,
    ) % {"num": counts.actions, "cases": counts.now, "all": counts.operations}


def tabs(counts: Figures, filters: Filters) -> tuple[tuple[str, str, int, bool], ...]:
    """Return the tabs: the whole list, changed cases, and waiting cases."""
    numbers = {
        "": counts.of - counts.waiting,
        "changed": counts.changed,
        "waiting": counts.waiting,
    }
    titles = {"": N_("All"), "changed": N_("Changed since I looked"), "waiting": N_("Waiting")}
    query = {k: v for k, v in filters.query.items() if k != "show"}
    return tuple(
        (
            link("worklist", query={**query, "show": key}),
            gettext(titles[key]),
            numbers[key],
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
