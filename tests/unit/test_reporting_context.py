"""The contract between views and templates: nothing unknown is used, nothing is left unused."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from jinja2 import StrictUndefined, UndefinedError

from qi_checker.audit import views as audit_views
from qi_checker.audit.pages import audit_page, rulebook_page
from qi_checker.authoring import diff as rule_diff
from qi_checker.authoring import diff_keys as rule_diff_keys
from qi_checker.authoring import rule_page
from qi_checker.authoring.diff_page import rule_diff_page
from qi_checker.cases import views as case_views
from qi_checker.cases.pages import case_page, checklist_page, sheets_page
from qi_checker.cases.views import ChecklistAction
from qi_checker.digest import screen as digest_screen
from qi_checker.digest.mail import digest_html
from qi_checker.monthly.folder import monthly_page
from qi_checker.monthly.protected import protect_monthly
from qi_checker.monthly.protected_files import protected_monthly_page
from qi_checker.protocol.date_format import ACCEPTED
from qi_checker.render import html, views
from qi_checker.render.elements import elements_page
from qi_checker.statistics.small_numbers import PROFILES
from qi_checker.study.folder import study_page
from qi_checker.study.protected import protect_study
from qi_checker.study.protected_files import protected_page
from tests.helpers import monthly, rule_diffs, sheets
from tests.helpers.digests import night
from tests.helpers.study import reconstructed

# Fields that no page shows, each for a reason.
NOT_SHOWN = {
    ("RequirementSheet", "id"): "a key for programs; a person reads the title",
    ("RequirementTotals", "id"): "a key for programs; a person reads the title",
    ("ChecklistAction", "action"): "a key for programs; a person reads the sentence",
    ("ChecklistItem", "requirement"): "a key for programs; a person reads the action",
}
# A rejected record decides: none of the candidates is the chosen one.
_DOUBT = dataclasses.replace(
    sheets.CT, status="unknown", reason="rejected_record", event_id="E-9", candidates=()
)
UNDECIDED = dataclasses.replace(sheets.CASE, requirements=(_DOUBT,))
_ACTION = ChecklistAction(
    "mri", "order", "Order the MRI", sheets.AS_OF, 0, "today", "MRI booking desk", True, "too_old"
)
_ITEM = dataclasses.replace(
    sheets.CHECKLIST.items[0],
    actions=(_ACTION, _ACTION),
    procedure="Right hepatectomy",
    surgeon="Dr Ash",
    theatre="OR 4",
    shown=(("name", "Robin Sample"),),
)
TWO_ACTIONS = dataclasses.replace(sheets.CHECKLIST, items=(_ITEM,))


def shown_study() -> str:
    with tempfile.TemporaryDirectory() as folder:
        return study_page(reconstructed(Path(folder)))


def shown_protected() -> str:
    with tempfile.TemporaryDirectory() as folder:
        return protected_page(protect_study(reconstructed(Path(folder)), PROFILES["cms11"]))


RENDER: dict[str, Callable[[], str]] = {
    "cases/case.html.j2": lambda: case_page(sheets.CASE, "../index.html"),
    "audit/audit.html.j2": lambda: audit_page(sheets.AUDIT),
    "audit/rulebook.html.j2": lambda: rulebook_page(sheets.RULEBOOK),
    "cases/checklist.html.j2": lambda: checklist_page(sheets.CHECKLIST),
    "cases/sheets.html.j2": lambda: sheets_page(sheets.SHEETS),
    "authoring/rule.html.j2": lambda: rule_page.rule_page(
        rule_page.rule_sheet(sheets.rule_bundle(), sheets.rule_examples())
    ),
    "authoring/diff.html.j2": lambda: rule_diff_page(rule_diffs.DIFF),
    "study/study.html.j2": shown_study,
    "monthly/monthly.html.j2": lambda: monthly_page(
        monthly.report(monthly.typical(), "2026-02", monthly.FULL, by="surgeon")
    ),
    "study/protected.html.j2": shown_protected,
    "monthly/protected.html.j2": lambda: protected_monthly_page(
        protect_monthly(monthly.report(monthly.typical(), "2026-02", monthly.FULL), PROFILES["lt5"])
    ),
    "style/elements.html.j2": elements_page,
    "digest/digest.html.j2": lambda: digest_html(night(3, 30)),
}


def _contexts() -> list[type]:
    found = []
    for module in (
        views,
        audit_views,
        case_views,
        rule_page,
        rule_diff,
        rule_diff_keys,
        digest_screen,
    ):
        found += [
            value
            for value in vars(module).values()
            if isinstance(value, type)
            and dataclasses.is_dataclass(value)
            and value.__module__ == module.__name__
            and not value.__name__.startswith("_")
        ]
    return found


def test_every_field_of_a_context_is_shown_or_left_out_on_purpose(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read: set[tuple[str, str]] = set()
    for context in _contexts():
        fields = {f.name for f in dataclasses.fields(context)}

        def get(
            self: object, name: str, fields: set[str] = fields, owner: str = context.__name__
        ) -> object:
            if name in fields:
                read.add((owner, name))
            return object.__getattribute__(self, name)

        monkeypatch.setattr(context, "__getattribute__", get)
    for render in RENDER.values():
        render()
    case_page(UNDECIDED)
    checklist_page(TWO_ACTIONS)
    every = {(c.__name__, f.name) for c in _contexts() for f in dataclasses.fields(c)}
    assert every - read == set(NOT_SHOWN)


def test_a_rejected_record_that_decides_is_named() -> None:
    assert "Record that decides" in case_page(UNDECIDED)


@pytest.mark.parametrize("name", RENDER)
def test_a_template_without_its_context_fails(name: str) -> None:
    with pytest.raises(UndefinedError):
        html.environment().get_template(name).render()


def test_unknown_names_are_errors_and_texts_are_escaped() -> None:
    env = html.environment()
    assert env.undefined is StrictUndefined
    assert env.autoescape is True
    with pytest.raises(UndefinedError):
        env.from_string("{{ sheet.no_such_field }}").render(sheet=sheets.CASE)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("on 2026-03-10.", '<time datetime="2026-03-10">Tue 10 Mar 2026</time>'),
        ("OP-2026-03-10, 2026-03-10-7", "OP-2026-03-10, 2026-03-10-7"),
        (
            "lake/2026-03-10/events.csv, 2026-03-10.csv",
            "lake/2026-03-10/events.csv, 2026-03-10.csv",
        ),
        ("on 2026-02-30.", "on 2026-02-30."),
        (f"Accepted are {ACCEPTED}.", f"Accepted are {ACCEPTED}."),
    ],
)
def test_a_data_problem_has_days_as_people_read_them(text: str, shown: str) -> None:
    template = '{% from "macros.html.j2" import problems %}{{ problems([text], "Problems") }}'
    assert shown in html.environment().from_string(template).render(text=text)


def test_every_template_compiles_and_is_used() -> None:
    env = html.environment()
    # Those of the web application have an environment of their own: tests/web.
    names = {name for name in env.list_templates() if not name.startswith("web/")}
    used = set(RENDER)
    for name in names:
        env.get_template(name)
        source, _, _ = env.loader.get_source(env, name) if env.loader else ("", None, None)
        used |= {other for other in names if f'"{other}"' in source}
    assert used == names
