"""The contract between views and templates: nothing unknown is used, nothing is left unused."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from jinja2 import StrictUndefined, UndefinedError

from qi_checker.audit import rule_diff, rule_diff_keys, views
from qi_checker.audit.monthly_protected import protect_monthly
from qi_checker.audit.study_protected import protect_study
from qi_checker.reporting import digest_screen, html, rule_page
from qi_checker.reporting.digest_mail import digest_html
from qi_checker.reporting.monthly_folder import monthly_page
from qi_checker.reporting.monthly_protected import protected_monthly_page
from qi_checker.reporting.rule_diff import rule_diff_page
from qi_checker.reporting.study_folder import study_page
from qi_checker.reporting.study_protected import protected_page
from qi_checker.statistics.small_numbers import PROFILES
from tests.helpers import monthly, rule_diffs, sheets
from tests.helpers.digests import night
from tests.helpers.study import reconstructed

# Fields that no page shows, each for a reason.
NOT_SHOWN = {
    ("RequirementSheet", "id"): "a key for programs; a person reads the title",
    ("RequirementTotals", "id"): "a key for programs; a person reads the title",
}
# A rejected record decides: none of the candidates is the chosen one.
_DOUBT = dataclasses.replace(
    sheets.CT, status="unknown", reason="rejected_record", event_id="E-9", candidates=()
)
UNDECIDED = dataclasses.replace(sheets.CASE, requirements=(_DOUBT,))


def shown_study() -> str:
    with tempfile.TemporaryDirectory() as folder:
        return study_page(reconstructed(Path(folder)))


def shown_protected() -> str:
    with tempfile.TemporaryDirectory() as folder:
        return protected_page(protect_study(reconstructed(Path(folder)), PROFILES["cms11"]))


RENDER: dict[str, Callable[[], str]] = {
    "case.html.j2": lambda: html.case_page(sheets.CASE, "../index.html"),
    "audit.html.j2": lambda: html.audit_page(sheets.AUDIT),
    "rulebook.html.j2": lambda: html.rulebook_page(sheets.RULEBOOK),
    "checklist.html.j2": lambda: html.checklist_page(sheets.CHECKLIST),
    "sheets.html.j2": lambda: html.sheets_page(sheets.SHEETS),
    "rule.html.j2": lambda: html.rule_page(
        rule_page.rule_sheet(sheets.rule_bundle(), sheets.rule_examples())
    ),
    "rule_diff.html.j2": lambda: rule_diff_page(rule_diffs.DIFF),
    "study.html.j2": shown_study,
    "monthly.html.j2": lambda: monthly_page(
        monthly.report(monthly.typical(), "2026-02", monthly.FULL, by="surgeon")
    ),
    "study_protected.html.j2": shown_protected,
    "monthly_protected.html.j2": lambda: protected_monthly_page(
        protect_monthly(monthly.report(monthly.typical(), "2026-02", monthly.FULL), PROFILES["lt5"])
    ),
    "digest.html.j2": lambda: digest_html(night(3, 30)),
}


def _contexts() -> list[type]:
    found = []
    for module in (views, rule_page, rule_diff, rule_diff_keys, digest_screen):
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
    html.case_page(UNDECIDED)
    every = {(c.__name__, f.name) for c in _contexts() for f in dataclasses.fields(c)}
    assert every - read == set(NOT_SHOWN)


def test_a_rejected_record_that_decides_is_named() -> None:
    assert "Record that decides" in html.case_page(UNDECIDED)


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


def test_every_template_compiles_and_is_used() -> None:
    env = html.environment()
    names = set(env.list_templates())
    used = set(RENDER)
    for name in names:
        env.get_template(name)
        source, _, _ = env.loader.get_source(env, name) if env.loader else ("", None, None)
        used |= {other for other in names if f'"{other}"' in source}
    assert used == names
