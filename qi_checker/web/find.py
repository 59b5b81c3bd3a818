"""Find the cases of a patient by an id: posted, so that no patient id is in an address."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse

from qi_checker.store.desk.models import WorkItem
from qi_checker.store.trail import Trail
from qi_checker.web import i18n
from qi_checker.web.clock import this_moment
from qi_checker.web.pages import render
from qi_checker.web.urls_of import link
from qi_checker.web.words import verdict_words


@dataclass(frozen=True)
class FoundPage:
    """Cases with this id, or with this patient id."""

    id: str
    cases: tuple[tuple[str, str, str, str], ...]  # case, address, surgery, verdict


def find(request: HttpRequest) -> HttpResponse:
    """Find whole ids only, so that nobody can guess ids from parts. The trail records repeated
    attempts."""
    wanted = str(request.POST.get("id", "")).strip()[:200]
    items = WorkItem.objects.none()
    if wanted:
        by_patient = WorkItem.objects.filter(patient_id=wanted)
        items = by_patient | WorkItem.objects.filter(case_id=wanted)
    visible = [
        item for item in items.order_by("surgery_day", "case_id") if item.site in request.sites
    ]
    cases = tuple(
        (
            i.case_id,
            link("case", i.case_id),
            i18n.day(i.surgery_day, "long"),
            verdict_words(i.verdict),
        )
        for i in visible
    )
    by = request.who.person(request.page, "POST")
    details = {"role": by.role, "found": len(cases)}
    Trail("default").append(this_moment(), by.login, "searched", details)
    return render(request, "found", FoundPage(wanted, cases))
