"""Somebody at a browser: signs in, follows the menu, and records the browser's complaints."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.browser.test_accessible import WCAG
from tests.helpers.web import Served

expect.set_options(timeout=20_000)
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@dataclass
class Walker:
    """Somebody at a browser; the browser's complaints are recorded."""

    page: Page
    site: Served
    errors: list[str] = field(default_factory=list)

    def hear(self, message: ConsoleMessage) -> None:
        """Record the messages of the browser's console, except hints."""
        if message.type in ("error", "warning"):
            self.errors.append(message.text)

    def sign_in(self, login: str) -> None:
        """Sign in with the form, as everybody does."""
        self.page.goto(f"{self.site.url}/sign-in")
        self.page.get_by_label("Login").fill(login)
        self.page.get_by_label("Password").fill(login)
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.get_by_role("button", name="Sign out")).to_be_visible()

    def go(self, path: str) -> None:
        self.page.goto(self.site.url + path)

    def menu(self, title: str) -> None:
        """Follow the menu, and check that the page is reached."""
        entry = self.page.get_by_role("navigation", name="Pages").get_by_role(
            "link", name=title, exact=True
        )
        entry.click()
        expect(entry).to_have_attribute("aria-current", "page")

    def open_case(self, number: int) -> str:
        """Open a case of the list."""
        link = self.page.locator("td.id a").nth(number)
        case_id = link.inner_text()
        link.click()
        expect(self.page.get_by_role("heading", level=1)).to_have_text(f"Case {case_id}")
        return case_id


@contextmanager
def walking(
    browser: Browser, site: Served, script: bool = True, **options: Any
) -> Iterator[Walker]:
    """Open a browser and fail on any complaint, such as a failed script or policy violation."""
    options = {"viewport": {"width": 1280, "height": 900}} | options
    context = browser.new_context(java_script_enabled=script, **options)
    context.set_default_timeout(20_000)
    walker = Walker(context.new_page(), site)
    walker.page.on("console", walker.hear)
    walker.page.on("pageerror", lambda e: walker.errors.append(str(e)))
    yield walker
    context.close()
    assert walker.errors == []


def violations(page: Page) -> list[str]:
    options = {"runOnly": {"type": "tag", "values": WCAG}, "resultTypes": ["violations"]}
    results = Axe().run(page, options=options).response["violations"]
    return [f"{v['id']}: {n['html'][:160]}" for v in results for n in v["nodes"]]
