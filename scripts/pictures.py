"""Pictures of every kind of page for the documentation: `make pictures`.

Each is a screenshot of the sample page that the tests keep, in headless Chromium. Beside them
`pages.sha256` says what each was made from; a test compares it with today's pages, so that a picture
of yesterday's page is noticed.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from tests.helpers.browser import chromium
from tests.unit.test_reporting_context import RENDER
from tests.unit.test_reporting_golden import PAGES, made

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
HASHES = FOLDER / "pages.sha256"
# The kinds of pages, and how much of each is shown: pixels of a window 1,000 wide.
KINDS = {
    "audit": 900,
    "checklist": 620,
    "case": 900,
    "monthly": 1500,
    "monthly_protected": 700,
    "study": 1200,
    "study_protected": 700,
    "digest": 520,
    "sheets": 420,
    "rulebook": 420,
    "rule": 900,
    "rule_diff": 620,
    "elements": 900,
}
# The template of each page that is not named like its kind.
TEMPLATES = {
    "monthly_protected": "monthly/protected.html.j2",
    "study_protected": "study/protected.html.j2",
    "rule_diff": "authoring/diff.html.j2",
    "elements": "style/elements.html.j2",
}


def page_of(kind: str) -> str:
    """Return the sample page of a kind."""
    return made(kind) if kind in PAGES else RENDER[TEMPLATES[kind]]()


def sha256_of(kind: str) -> str:
    return hashlib.sha256(page_of(kind).encode()).hexdigest()


def main() -> None:
    """Draw every picture anew."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        for kind, height in KINDS.items():
            page = browser.new_page(viewport={"width": 1000, "height": height})
            page.set_content(page_of(kind))
            page.screenshot(path=str(FOLDER / f"{kind}.png"))
            page.close()
    lines = [f"{sha256_of(kind)}  {kind}\n" for kind in KINDS]
    HASHES.write_text("".join(lines), encoding="utf-8")
    print(f"{len(KINDS)} pictures in {FOLDER}")


if __name__ == "__main__":
    main()
