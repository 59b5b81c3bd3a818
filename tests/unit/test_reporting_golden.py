"""Pages as they are, to see in a diff what a change of a template does to them.

After a change that is meant, look at the pages and write the files anew:

    QI_CHECKER_GOLDEN=write python -m pytest tests/unit/test_reporting_golden.py

The style sheet is left out: it would change every file at once.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from qi_checker.audit.pages import audit_page, rulebook_page
from qi_checker.authoring.rule_page import rule_page, rule_sheet
from qi_checker.cases.pages import case_page, checklist_page, sheets_page
from qi_checker.digest.mail import digest_html
from qi_checker.monthly.folder import monthly_page
from qi_checker.monthly.protected import protect_monthly
from qi_checker.monthly.protected_files import protected_monthly_page
from qi_checker.statistics.small_numbers import PROFILES
from qi_checker.study.folder import study_page
from qi_checker.study.protected import protect_study
from qi_checker.study.protected_files import protected_page
from tests.helpers import monthly, sheets
from tests.helpers.digests import night
from tests.helpers.study import reconstructed

GOLDEN = Path(__file__).parents[1] / "golden" / "html"


@cache
def _study() -> str:
    with tempfile.TemporaryDirectory() as folder:
        return study_page(reconstructed(Path(folder)))


@cache
def _protected() -> str:
    with tempfile.TemporaryDirectory() as folder:
        return protected_page(protect_study(reconstructed(Path(folder)), PROFILES["cms11"]))


PAGES: dict[str, Callable[[], str]] = {
    "case": lambda: case_page(sheets.CASE, "../index.html"),
    "case-compliant": lambda: case_page(sheets.compliant_case()),
    "audit": lambda: audit_page(sheets.AUDIT),
    "audit-empty": lambda: audit_page(sheets.EMPTY_AUDIT),
    "rulebook": lambda: rulebook_page(sheets.RULEBOOK),
    "checklist": lambda: checklist_page(sheets.CHECKLIST),
    "checklist-cut": lambda: checklist_page(sheets.CHECKLIST, 4),
    "sheets": lambda: sheets_page(sheets.SHEETS),
    "rule": lambda: rule_page(rule_sheet(sheets.rule_bundle(), sheets.rule_examples())),
    "study": _study,
    "monthly": lambda: monthly_page(
        monthly.report(monthly.typical(), "2026-02", monthly.FULL, by="surgeon")
    ),
    "monthly-protected": lambda: protected_monthly_page(
        protect_monthly(monthly.report(monthly.typical(), "2026-02", monthly.FULL), PROFILES["lt5"])
    ),
    "monthly-empty": lambda: monthly_page(monthly.report(monthly.Records(), "2026-02")),
    "study-protected": _protected,
    "digest": lambda: digest_html(night(3, 3)),
}


@cache
def made(name: str) -> str:
    """Return a page, made once for all tests of a process that only look at it."""
    return PAGES[name]()


@pytest.mark.parametrize("name", PAGES)
def test_page_is_as_kept(name: str) -> None:
    text = re.sub(r"<style>.*?</style>", "<style></style>", made(name), flags=re.DOTALL)
    file = GOLDEN / f"{name}.html"
    if os.environ.get("QI_CHECKER_GOLDEN") == "write":
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


def test_no_kept_page_is_forgotten() -> None:
    assert {f.stem for f in GOLDEN.glob("*.html")} == set(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_comes_out_the_same_twice(name: str) -> None:
    assert PAGES[name]() == made(name)
