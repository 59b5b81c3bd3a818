"""What the content security policy forbids, no page has: charts and reports of the night, too."""

from __future__ import annotations

import shutil
from pathlib import Path

from playwright.sync_api import Page

from tests.helpers.browser import chromium, needs_browser
from tests.helpers.commands import PROJECT
from tests.helpers.walker import walking
from tests.helpers.web import a_case, copied, served

pytestmark = needs_browser
GOLDEN = PROJECT / "tests" / "golden" / "html"
LISTEN = """
window.forbidden = [];
document.addEventListener("securitypolicyviolation",
    e => window.forbidden.push(`${e.effectiveDirective} ${e.sourceFile} ${e.sample}`));
"""


def forbidden(page: Page) -> list[str]:
    return list(page.evaluate("window.forbidden"))


def test_no_page_has_what_the_policy_forbids(ward: Path, tmp_path: Path) -> None:
    """Reports are those of the golden pages: every kind of chart that a month and a study have."""
    config = copied(ward, tmp_path / "site")
    reports = config.parent / "state" / "reports"
    for name, page in (("report-2026-02", "monthly.html"), ("study-ct", "study.html")):
        (reports / name).mkdir()
        shutil.copy(GOLDEN / page, reports / name / "index.html")
    case_id = a_case(config)
    with chromium() as browser, served(config) as site, walking(browser, site) as walk:
        walk.page.add_init_script(LISTEN)
        walk.sign_in("quality_lead")
        case = f"/cases/{case_id}"
        for path in ("/", case, f"{case}/sheet", "/month", "/before-after", "/demand", "/trail"):
            walk.go(path)
            assert forbidden(walk.page) == [], path
        walk.go("/month")
        chart = walk.page.locator("svg.chart").first
        drawn = chart.evaluate(
            """svg => [...svg.querySelectorAll("path")].some(
                p => getComputedStyle(p).stroke === "rgb(0, 94, 184)" ||
                     getComputedStyle(p).stroke === "rgb(89, 89, 89)")"""
        )
        assert drawn  # in its colours, that is: they are attributes, not styles
        walk.page.evaluate("document.body.setAttribute('style', 'color: red')")
        walk.page.wait_for_function("window.forbidden.length === 1")  # so the listener hears
        walk.errors.clear()
