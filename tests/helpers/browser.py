"""Headless Chromium for tests of pages; scripts/browser.sh installs it where it may."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

CHROMIUM = next(
    (
        found
        for name in ("chromium", "chromium-browser", "google-chrome")
        if (found := shutil.which(name))
    ),
    None,
)

needs_browser = pytest.mark.skipif(
    CHROMIUM is None, reason="Chromium is missing: sh scripts/browser.sh says what to do"
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a screen; it may run as root, since only our own pages are shown."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()
