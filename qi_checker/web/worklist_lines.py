"""The lines of the work list, one page at a time.

Pages start at a key, not at an offset, so every page reads the list from its index at the same cost.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from qi_checker.store.desk.models import NO_DAY, WorkItem
from qi_checker.store.people import reads
from qi_checker.web import i18n
from qi_checker.web.i18n import gettext, ngettext
from qi_checker.web.night import Night
from qi_checker.web.translations import Text, actions_of, owner_words, titles_of
from qi_checker.web.urls_of import link
from qi_checker.web.words import CONTACTS, reason_words, status_words, verdict_words
from qi_checker.web.worklist_filters import Filters, group_of

PAGE = 50
Actions = Sequence[tuple[Mapping[str, Any], Text]]  # as stored, and as text


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
        text = f"{case_id}{protocol}"
        if "\0" in text or not text.encode():  # raises for half a character
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
    shown = WorkItem.objects.filter(pk__in=[i.pk for i in items])
    return set(shown.filter(reads.unseen("default", login)).values_list("pk", flat=True))


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
    sentences: dict[str, None] = {}
    for change in json.loads(item.changes):
        before, after = change.get("before_surgery"), change.get("after_surgery")
        if before and after and before != after:
            template = gettext("Surgery was moved from %(before)s to %(after)s.")
            before, after = i18n.planned(before, "short"), i18n.planned(after, "short")
            sentences[template % {"before": before, "after": after}] = None
        before, after = change.get("before_status"), change.get("after_status")
        if before and after and before != after:
            words = {"title": titles.get(change["requirement"], change["requirement"])}
            words |= {"before": status_words(before), "after": status_words(after)}
            sentences[gettext("%(title)s: was “%(before)s”, now “%(after)s”.") % words] = None
    return tuple(sentences)


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
