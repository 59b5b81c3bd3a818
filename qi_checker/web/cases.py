"""One case: who may see it, its rows on the desk, and its current result."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from django.http import Http404, HttpRequest

from qi_checker.judging import CaseTrace, History, Judge
from qi_checker.protocol.as_of import AsOf
from qi_checker.store.desk.models import CaseFile, DeskAction, Known, WorkItem
from qi_checker.store.desk.reading import FileRows, history_of, judge_of, judged
from qi_checker.store.desk.rewriting import action_row
from qi_checker.store.desk.work import evidence_of, item_of, where_in
from qi_checker.store.exceptions import APPROVED, REFUSED, Waiver, table_row
from qi_checker.store.schedules import when_of
from qi_checker.store.transaction import writing
from qi_checker.web import i18n
from qi_checker.web.fresh import kept, version
from qi_checker.web.night import last_night
from qi_checker.web.runtime import bundle, runtime, store
from qi_checker.web.translations import localised

AHEAD = 60  # days that the strip of a what-if shows


@dataclass(frozen=True)
class Live:
    """The current result of a case by one protocol.

    `trace` is None if the protocol's files changed since the night; then the page shows the result of
    the night.
    """

    item: WorkItem
    known: Known
    rows: FileRows
    judge: Judge | None
    trace: CaseTrace | None
    earlier: tuple[date, ...]
    history: History | None  # the patient's events, read once for every date
    waivers: tuple[Waiver, ...] = ()  # the exceptions of the store that may count

    @cached_property
    def key(self) -> tuple[Any, ...]:
        """Return everything that the judgement of another date depends on."""
        ids = (self.item.protocol, self.known.run_id, self.known.sha256, self.item.surgery_at)
        return (*ids, self.rows.to_json(), self.earlier, self.waivers)

    def on(self, day: date) -> CaseTrace | None:
        """Judge the case as if it were planned for another day, at the same time of day."""
        if self.judge is None:
            return None
        clock = self.item.surgery_at[10:]
        rows = self.rows.moved(f"{day}{clock}")
        rows = replace(rows, exceptions=_exceptions(self.waivers, rows, self.known, day))
        return judged(self.judge, rows, self.earlier, self.history)


def items_of(request: HttpRequest, case_id: str) -> list[WorkItem]:
    """Return the work items of a case. Raise Http404 if it does not exist or is of another site."""
    items = list(WorkItem.objects.filter(case_id=case_id).order_by("act_by", "protocol"))
    items = [item for item in items if item.site in request.sites]
    if not items:
        raise Http404
    return items


def kept_live(request: HttpRequest, case_id: str) -> list[Live]:
    """Judge a case like `live`, once for each state of the store. Raise Http404 like `items_of`.

    People who try several dates request the same case many times.
    """
    at, night = version(request.who.login), last_night()
    key = ("live", case_id, at.counts, night.key, i18n.current())
    items, lives = kept(key, lambda: _every(case_id))
    if not any(item.site in request.sites for item in items):
        raise Http404
    return [one for one in lives if one.item.site in request.sites]


def _every(case_id: str) -> tuple[list[WorkItem], list[Live]]:
    items = list(WorkItem.objects.filter(case_id=case_id).order_by("act_by", "protocol"))
    return items, live(items) if items else []


def live(items: Sequence[WorkItem], english: bool = False) -> list[Live]:
    """Judge a case by each of its protocols, in the language of the page or in English."""
    protocols = [item.protocol for item in items]
    known = {k.protocol: k for k in Known.objects.filter(protocol__in=protocols)}
    files = CaseFile.objects.filter(case_id=items[0].case_id, protocol__in=protocols)
    rows = {f.protocol: FileRows.from_json(f.rows) for f in files}
    there = (i for i in items if i.protocol in rows)
    return [_live(i, known[i.protocol], rows[i.protocol], english) for i in there]


def _live(item: WorkItem, known: Known, rows: FileRows, english: bool) -> Live:
    found = bundle(item.protocol, known.sha256)
    waivers = _waivers(item.case_id)
    rows = replace(rows, exceptions=_exceptions(waivers, rows, known, None))
    if found is None:
        return Live(item, known, rows, None, None, (), None)
    language = "en" if english else i18n.current()
    found = found if english else localised(found).bundle
    judge = judge_of(found, known.as_of, runtime().settings.site, known.context, language)
    schedules = store().earlier_schedules(item.protocol, known.as_of, [item.case_id])
    earlier = tuple(day for _, day in schedules)
    history = history_of(judge, rows)
    trace = judged(judge, rows, earlier, history)
    return Live(item, known, rows, judge, trace, earlier, history, waivers)


def _waivers(case_id: str) -> tuple[Waiver, ...]:
    """Return the stored exceptions of a case; none if the settings leave them out."""
    if not runtime().settings.config.exceptions:
        return ()
    return tuple(w for w in store().exceptions.all(case_id) if w.state != REFUSED)


def _exceptions(
    waivers: Sequence[Waiver], rows: FileRows, known: Known, day: date | None
) -> list[dict[str, Any]]:
    """Return the exceptions of the records, and those of the store in their current state.

    An exception approved after the night counts here at once, as in the next night, so its approval
    is dated to `as_of`. `day`: a new date of surgery; an exception approved for another date would
    have to be reconfirmed.
    """
    ids = {w.exception_id for w in waivers}
    others = [dict(row) for row in rows.exceptions if row.get("exception_id") not in ids]
    at = AsOf.parse(known.as_of)
    return others + [_row(waiver, at, day) for waiver in waivers]


def _row(waiver: Waiver, at: AsOf, day: date | None) -> dict[str, Any]:
    row: dict[str, Any] = table_row(waiver)
    if day is not None and waiver.state == APPROVED and waiver.surgery_day not in (None, day):
        row |= {"approved_by": "", "approved_at": ""}
    for name in ("approved_at", "revoked_at"):
        moment = when_of(row[name], runtime().settings.site)
        if moment and moment.lo >= at.date:
            row[name] = str(at)
    return row | {"_row": str(-waiver.number)}


def again(case_id: str) -> None:
    """Judge a case again after an entry, so that the list shows the effect at once."""
    items = list(WorkItem.objects.filter(case_id=case_id))
    if not items:
        return
    for one in live(items, english=True):  # the desk stores English
        if one.trace is None or one.judge is None:
            continue
        known = evidence_of(one.rows.evidence, one.known.sha256)
        where = where_in(json.loads(one.known.origin))
        columns, todo = item_of(one.trace, one.judge.bundle.protocol, known, where)
        columns.pop("evidence")  # of the night: a decision does not invalidate looks and sign-offs
        with writing("default"):
            WorkItem.objects.filter(pk=one.item.pk).update(live=True, **columns)
            DeskAction.objects.filter(item=one.item).delete()
            DeskAction.objects.bulk_create(action_row(one.item, t) for t in todo)


@dataclass(frozen=True)
class Day:
    """One day of the strip: the result of the case if surgery were on that day."""

    day: date
    verdict: str
    statuses: tuple[tuple[str, str], ...]  # requirement and status
    now: bool


def strip(one: Live, first: date, days: int = AHEAD) -> Iterator[Day]:
    """Yield the result for each of the next days, weekends included: theatres may operate on them."""
    for number in range(days):
        day = first + timedelta(days=number)
        trace = one.on(day)
        if trace is None:
            return
        statuses = tuple((r.id, str(r.status)) for r in trace.requirements)
        yield Day(day, str(trace.verdict), statuses, day == one.item.surgery_day)


def next_days(one: Live, first: date) -> tuple[Day, ...]:
    """Return the strip of a case, cached while somebody tries several dates."""
    return kept(("days", one.key, first), lambda: tuple(strip(one, first)))


def latest_good(days: Sequence[Day]) -> date | None:
    """Return the last day on which everything is met, excepted or booked; None if there is none."""
    good = ("compliant", "compliant_with_exception", "pending")
    return max((d.day for d in days if d.verdict in good), default=None)
