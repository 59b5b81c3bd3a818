"""Results of intra-operative ultrasound, entered after surgery.

The columns are those of `ious.csv`, checked as a study checks them. A correction never overwrites:
the first entry stays, with the author and reason of the correction.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse

from qi_checker.protocol.records import IOUS, Column
from qi_checker.protocol.vocabulary import PLAN_CHANGES
from qi_checker.render.csv_files import safe
from qi_checker.store.desk.models import WorkItem
from qi_checker.store.people.models import IousEntry
from qi_checker.store.people.reads import ious_rows, thread
from qi_checker.store.trail import Trail
from qi_checker.web import i18n
from qi_checker.web.access import BY_NAME
from qi_checker.web.cases import items_of
from qi_checker.web.clock import this_moment
from qi_checker.web.i18n import N_, gettext
from qi_checker.web.night import last_night, warnings
from qi_checker.web.pages import done, render
from qi_checker.web.runtime import store
from qi_checker.web.state import differences, state_of
from qi_checker.web.urls_of import link
from qi_checker.web.writes import Sent, about_case

NO_CHANGE = PLAN_CHANGES[0]
MOST = 999
TITLES = {
    "performed": N_("Was ultrasound performed?"),
    "plan_recorded_before": N_("Was the plan recorded before?"),
    "plan_change": N_("Did the plan change?"),
    "lesions_preop": N_("Lesions known before"),
    "lesions_new": N_("New lesions"),
    "lesions_not_confirmed": N_("Lesions not confirmed"),
    "new_within_planned_resection": N_("New lesions inside the planned resection?"),
    "operator": N_("Operator"),
    "contrast": N_("Contrast given?"),
    "histology_confirmed": N_("Confirmed by histology?"),
}


@dataclass(frozen=True)
class FieldView:
    """One field. `kind`: yes_no, words, count or text."""

    name: str
    title: str
    kind: str
    value: str
    chosen: tuple[str, ...]
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class EntryLine:
    """One entry of the chain."""

    who: str
    at: str
    why: str
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class IousPage:
    """The form with the last entry in it, and the whole chain."""

    case_id: str
    surgery: str
    fields: tuple[FieldView, ...]
    chain: tuple[EntryLine, ...]
    seen: str
    why: str = ""
    errors: tuple[tuple[str, str], ...] = ()
    changed: tuple[str, ...] = ()


@dataclass(frozen=True)
class IousListPage:
    """Performed operations, and whether their results are entered."""

    open: tuple[tuple[str, str, str], ...]  # case, address, surgery
    entered: tuple[tuple[str, str, str, str], ...]  # with the author
    file: str  # address of the last entries as a file; "" for people who may not read it


def overview(request: HttpRequest) -> HttpResponse:
    """Show the operations of the last weeks, those without an entry first."""
    items = WorkItem.objects.filter(status="performed").order_by("-surgery_day", "case_id")
    visible = {i.case_id: i for i in items if i.site in request.sites}
    last = IousEntry.objects.filter(case_id__in=list(visible), iousentry=None).order_by("id")
    by = {entry.case_id: f"{entry.by}, {i18n.clock(entry.at)}" for entry in last}
    rows = [(c, link("ious", c), i18n.day(i.surgery_day, "long")) for c, i in visible.items()]
    page = IousListPage(
        open=tuple(row for row in rows if row[0] not in by),
        entered=tuple((*row, by[row[0]]) for row in rows if row[0] in by),
        file=link("ious_file") if request.who.may(BY_NAME["ious_file"], "GET") else "",
    )
    return render(request, "ious_list", page, messages=(*done(request), *warnings(last_night())))


def download(request: HttpRequest) -> HttpResponse:
    """Return the last entry of every operation as `ious.csv`; record it in the trail."""
    names = [column.name for column in IOUS.columns]
    rows = [values for _, values in ious_rows("default")]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([safe(values.get(name, "")) for name in names] for values in rows)
    by = request.who.person(request.page, "GET")
    details = {"file": "ious.csv", "role": by.role}
    Trail("default").append(this_moment(), by.login, "file_read", details)
    response = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="ious.csv"'
    return response


def entry(request: HttpRequest, case_id: str) -> HttpResponse:
    """Show the form of a case, or process it."""

    items = items_of(request, case_id)
    if request.method != "POST":
        by = request.who.person(request.page, "GET", items[0].site)
        store().people.read_case(case_id, by, this_moment(), "ious")
        return render(request, "ious", _page(items))
    values, errors = checked(request.POST)
    written = thread("default", case_id)
    before = written.ious[0] if written.ious else None
    if before is not None and not request.POST.get("why", "").strip():
        errors.append(("why", gettext("Say why it is corrected.")))
    changed = differences(request.POST.get("seen", ""), state_of(items, written))
    if errors or changed:
        page = _page(items, request.POST, tuple(errors), tuple(changed))
        return render(request, "ious", page, status=409 if changed else 422)

    def write(sent: Sent) -> str:
        store().people.ious(
            case_id,
            values,
            before.id if before else None,
            sent.text("why"),
            by=sent.by,
            at=this_moment(),
        )
        return "done=ious"

    return about_case(request, case_id, "ious", write)


def _page(
    items: list[WorkItem],
    typed: Mapping[str, str] | None = None,
    errors: tuple[tuple[str, str], ...] = (),
    changed: tuple[str, ...] = (),
) -> IousPage:
    written = thread("default", items[0].case_id)
    held = json.loads(written.ious[0].values) if written.ious else {}
    if typed is not None:
        held = _texts(typed)
    return IousPage(
        case_id=items[0].case_id,
        surgery=i18n.day(items[0].surgery_day, "long"),
        fields=tuple(_field(c, held.get(c.name, "")) for c in IOUS.columns if c.name in TITLES),
        chain=tuple(_entry_line(e) for e in written.ious),
        seen=state_of(items, written).signed(),
        why=str((typed or {}).get("why", "")),
        errors=errors,
        changed=changed,
    )


def _entry_line(entry: IousEntry) -> EntryLine:
    values = json.loads(entry.values)
    answers = tuple((gettext(TITLES[n]), words(values[n])) for n in TITLES if values.get(n))
    return EntryLine(entry.by, i18n.clock(entry.at), entry.why, answers)


def words(value: str) -> str:
    """Translate a value of a field."""
    return ", ".join(gettext(part.replace("_", " ")) for part in value.split(";"))


def _field(column: Column, value: str) -> FieldView:
    kind = {"word": "yes_no", "words": "words", "count": "count"}.get(column.kind, "text")
    options = [("yes", gettext("yes")), ("no", gettext("no"))]
    if kind == "words":
        options = [(word, gettext(word.replace("_", " "))) for word in column.words]
    chosen = tuple(value.split(";")) if value else ()
    title = gettext(TITLES[column.name])
    return FieldView(column.name, title, kind, value, chosen, tuple(options))


def _texts(typed: Mapping[str, str]) -> dict[str, str]:
    getlist = getattr(typed, "getlist", None)
    texts = {n: str(typed.get(n, "")).strip()[:200] for n in TITLES}
    if getlist is not None:
        texts["plan_change"] = ";".join(getlist("plan_change"))
    return {n: v for n, v in texts.items() if v}


def checked(typed: Mapping[str, str]) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Return the values to store, and the errors of the typed values."""
    values = _texts(typed)
    errors: list[tuple[str, str]] = []
    for column in IOUS.columns:
        value = values.get(column.name, "")
        if column.name in TITLES and value:
            errors += [(column.name, text) for text in _wrong(column, value)]
    if values.get("performed") not in ("yes", "no"):
        errors.append(("performed", gettext("Select whether ultrasound was performed.")))
    elif values["performed"] == "yes":
        errors += _needed(values)
    else:
        values = {"performed": "no"}
    return values, errors


def _wrong(column: Column, value: str) -> list[str]:
    if column.kind == "count" and not (value.isdecimal() and int(value) <= MOST):
        return [gettext("Enter a whole number up to %d.") % MOST]
    if column.kind == "words" and not set(value.split(";")) <= set(column.words):
        return [gettext("Select from the list.")]
    if column.kind == "word" and value not in ("yes", "no"):
        return [gettext("Select yes or no.")]
    return []


def _needed(values: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the errors of fields that are required for the row to count in a study."""
    errors = []
    if "plan_recorded_before" not in values:
        errors.append(
            ("plan_recorded_before", gettext("Select whether the plan was recorded before."))
        )
    changes = values.get("plan_change", "").split(";")
    if changes == [""]:
        errors.append(("plan_change", gettext("Select whether the plan changed, and how.")))
    elif NO_CHANGE in changes and len(changes) > 1:
        errors.append(("plan_change", gettext("“No change” cannot be combined with a change.")))
    return errors
