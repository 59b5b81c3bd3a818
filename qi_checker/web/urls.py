"""Every address of the application, and who may go there."""

from __future__ import annotations

from django.urls import path
from django.utils.module_loading import import_string

from qi_checker.web.access import EVERYBODY, WARD, A, C, Page, Q, R, S, Scope

OPEN, SELF, SITE, ALL, TOKEN = Scope

PAGES: tuple[Page, ...] = (
    Page("health", "healthz", "health.health", OPEN, EVERYBODY, (), "that the process answers"),
    Page("ready", "readyz", "health.ready", OPEN, EVERYBODY, (), "that the store answers"),
    Page("sign_in", "sign-in", "signin.sign_in", OPEN, EVERYBODY, EVERYBODY, "sign in"),
    Page("oidc_begin", "oidc/begin", "oidc.begin", OPEN, EVERYBODY, (), "sign in at the provider"),
    Page("oidc_callback", "oidc/callback", "oidc.callback", OPEN, EVERYBODY, (), "come back"),
    Page("sign_out", "sign-out", "signin.sign_out", SELF, (), EVERYBODY, "sign out"),
    Page("session", "session", "signin.session", SELF, EVERYBODY, EVERYBODY, "stay signed in"),
    Page("account", "account", "account.account", SELF, EVERYBODY, EVERYBODY, "one's settings"),
    Page("worklist", "", "worklist.worklist", SITE, WARD, (), "what to do, most urgent first"),
    Page("day_list", "day-list", "daylist.day_list", SITE, WARD, (), "a day by theatre, to print"),
    Page("changes", "changes", "writes.changes", SITE, (), WARD, "acknowledge changes"),
    Page("views", "views", "writes.view", SITE, (), WARD, "keep or remove a view of the list"),
    Page("case", "cases/<str:case_id>", "case.case", SITE, WARD, (), "a case"),
    Page("sheet", "cases/<str:case_id>/sheet", "case.sheet", SITE, WARD, (), "a case to print"),
    Page("what_if", "cases/<str:case_id>/what-if", "case.what_if", SITE, WARD, (), "another date"),
    Page("note", "cases/<str:case_id>/notes", "writes.note", SITE, (), WARD, "add a note"),
    Page(
        "contact", "cases/<str:case_id>/contacts", "writes.contact", SITE, (), (C, S), "log a call"
    ),
    Page("look", "cases/<str:case_id>/looks", "writes.look", SITE, (), WARD, "mark as looked at"),
    Page("wait", "cases/<str:case_id>/waits", "writes.wait", SITE, (), (C,), "let a case wait"),
    Page("undo", "cases/<str:case_id>/undo", "writes.undo", SITE, (), WARD, "take something back"),
    Page(
        "request_exception",
        "cases/<str:case_id>/exceptions",
        "waivers.request_exception",
        SITE,
        (),
        (C, S),
        "ask for an exception",
    ),
    Page(
        "decide",
        "cases/<str:case_id>/exceptions/<int:number>",
        "waivers.decide",
        SITE,
        (),
        (R, Q),
        "approve, refuse or confirm an exception",
    ),
    Page(
        "revoke",
        "cases/<str:case_id>/exceptions/<int:number>/revoke",
        "waivers.revoke",
        SITE,
        (),
        (C, S, R, Q),
        "revoke an exception",
    ),
    Page(
        "sign_off", "cases/<str:case_id>/sign-off", "waivers.sign_off", SITE, (), (S, Q), "sign off"
    ),
    Page("exceptions", "exceptions", "waivers.exceptions", SITE, WARD, (), "all exceptions"),
    Page(
        "ious", "cases/<str:case_id>/ious", "ious.entry", SITE, (C, S), (C, S), "ultrasound entry"
    ),
    Page("ious_list", "ultrasound", "ious.overview", SITE, (C, S, Q), (), "operations and entries"),
    Page(
        "ious_file",
        "ultrasound/ious.csv",
        "ious.download",
        ALL,
        (C, Q),
        (),
        "the last entry of every operation, as a file",
    ),
    Page("demand", "demand", "demand.demand", SITE, (R, C, Q), (), "slots needed by week"),
    Page("month", "month", "files.month", ALL, WARD, (), "the report of a month"),
    Page("study", "before-after", "files.study", ALL, WARD, (), "a before/after comparison"),
    Page("files", "files", "files.files", ALL, (C, Q), (), "files of the night"),
    Page("file", "files/<path:name>", "files.file", ALL, (C, Q), (), "download a file"),
    Page("find", "find", "find.find", SITE, (), WARD, "find the cases of a patient"),
    Page("protocols", "protocols", "runs.protocols", SELF, EVERYBODY, (), "what is asked"),
    Page("runs", "nights", "runs.runs", ALL, (Q, A), (), "nights and their checks"),
    Page("run", "nights/<int:number>", "runs.run", ALL, (Q, A), (), "one night"),
    Page("people", "people", "people.people", ALL, (A,), (A,), "accounts, sites, recipients"),
    Page("person", "people/<int:number>", "people.person", ALL, (A,), (A,), "one account"),
    Page("trail", "trail", "trail.trail", ALL, (Q, A), (Q, A), "search and verify the trail"),
    Page("tokens", "tokens", "tokens.tokens", SITE, WARD, WARD, "calendar addresses"),
    Page("services", "services", "tokens.services", ALL, (A,), (A,), "tokens of services"),
    Page(
        "calendar", "calendar/<str:token>.ics", "ical.calendar", TOKEN, EVERYBODY, (), "deadlines"
    ),
)

API = "api/v1"  # every operation requires the token of a service: api.py
BY_NAME = {page.name: page for page in PAGES}

urlpatterns = [
    *(
        path(page.path, import_string(f"qi_checker.web.{page.view}"), name=page.name)
        for page in PAGES
    ),
    path(f"{API}/", import_string("qi_checker.web.api.api").urls),
]

handler400 = "qi_checker.web.trouble.bad_request"
handler403 = "qi_checker.web.trouble.forbidden"
handler404 = "qi_checker.web.trouble.not_found"
handler500 = "qi_checker.web.trouble.failed"

__all__ = ["BY_NAME", "PAGES", "urlpatterns"]
