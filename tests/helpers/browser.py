"""Headless Chromium for tests of pages; scripts/browser.sh installs it where it can."""

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
    """Start a headless browser; it may run as root, since it shows only our own pages."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()
